/*
 * Lets every call of a server fail once, with each errno that it can return, until nothing more
 * fails: a server for each fault. None may crash, leak, hang, or leave the next client unserved.
 *
 *     torture-faults LINED LIBFAULT MOST CALL|all [LINED'S OPTIONS]...
 *
 * MOST limits how many faults of a call and errno are tried (0: all). Prints a line for each call,
 * and the setting of each fault that did harm; exit status 1 if one did.
 */
#define _GNU_SOURCE /* memfd_create */
#include "../faults/fault.h"
#include "visitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 10000

/* Lines that come before anything is read; and so many that their replies fill what the kernels
 * keep of them, which takes longer. */
#define FLOOD          ((size_t)512 * 1024)
#define FLOOD_STALLING ((size_t)12 * 1024 * 1024)

/* What Linux returns for these calls as lined makes them. Left out: errors that only a wrong
 * argument brings, which lined takes for bugs; and of accept, those that end the server rightly.
 * SO_RCVTIMEO, FIONREAD and getsockname cannot fail on a TCP socket, nor poll for one
 * descriptor for want of memory. */
static const struct {
    const char *call, *errnos;
} faults[] = {
    {"alloc", "ENOMEM"},
    {"mmap", "ENOMEM"},
    {"mprotect", "ENOMEM"},
    {"munmap", "ENOMEM"},
    {"socket", "EMFILE ENFILE ENOBUFS ENOMEM EACCES EAFNOSUPPORT"},
    {"bind", "EADDRINUSE EADDRNOTAVAIL EACCES"},
    {"listen", "EADDRINUSE"},
    {"accept4",
     "EINTR EAGAIN ECONNABORTED EPROTO ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ENONET "
     "ENOPROTOOPT EOPNOTSUPP EPERM ETIMEDOUT ENOSR ESOCKTNOSUPPORT EPROTONOSUPPORT EMFILE ENFILE "
     "ENOBUFS ENOMEM"},
    {"recv",
     "EINTR EAGAIN ECONNRESET ECONNREFUSED ENOTCONN ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOMEM "
     "ENOBUFS EIO"},
    {"send",
     "EINTR EAGAIN EPIPE ECONNRESET ENOTCONN ETIMEDOUT EHOSTUNREACH ENETUNREACH EPERM ENOBUFS "
     "ENOMEM"},
    {"getsockopt", "ENOBUFS"},
    {"shutdown", "ENOTCONN"},
    {"poll", "EINTR"},
    {"epoll_create1", "EMFILE ENFILE ENOMEM"},
    {"epoll_ctl", "ENOMEM ENOSPC"},
    {"epoll_wait", "EINTR"},
    {"eventfd", "EMFILE ENFILE ENODEV ENOMEM"},
    {"pthread_create", "EAGAIN ENOMEM"},
    {"write", "EINTR EAGAIN EPIPE EIO ENOSPC EDQUOT EFBIG"},
};
enum { CALLS = sizeof faults / sizeof faults[0] };

struct server {
    pid_t pid;
    int said; /* its standard error */
    uint16_t port;
    size_t text_size;
    char text[8192]; /* what it said */
};

static char *lined, **options;
static struct fault_control *control;
static char control_path[64], library_path[64];

/* ---- one server ---- */

static void become_server(int said, const char *call, const char *error, unsigned long number)
{
    static char port[] = "--port=0", drain_timeout[] = "--drain-timeout=3";
    char *arguments[64] = {lined, port, drain_timeout};
    char text[24];
    int null = open("/dev/null", O_RDWR);

    for (int i = 0; options[i] != NULL && i < 50; i++)
        arguments[3 + i] = options[i];
    snprintf(text, sizeof text, "%lu", number);
    setenv("FAULT_CALL", call, 1);
    setenv("FAULT_ERRNO", error, 1);
    setenv("FAULT_AT", text, 1);
    setenv("FAULT_CONTROL", control_path, 1);
    setenv("LD_PRELOAD", library_path, 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:exitcode=99", 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
        _exit(126);
    execv(lined, arguments);
    _exit(127);
}

/* Reads what it says; false at the end, or when nothing came in time. */
static bool hear(struct server *server)
{
    struct pollfd readable = {.fd = server->said, .events = POLLIN};

    if (poll(&readable, 1, DEADLINE_MS) <= 0)
        return false;
    size_t at = server->text_size;
    if (at >= sizeof server->text - 1)
        at = sizeof server->text / 2; /* its end is what counts */
    ssize_t size = read(server->said, server->text + at, sizeof server->text - 1 - at);
    if (size <= 0)
        return false;
    server->text_size = at + (size_t)size;
    server->text[server->text_size] = '\0';
    return true;
}

/* Starts one. Its port is 0 where it does not come to listen. */
static void start(struct server *server, const char *call, const char *error, unsigned long number)
{
    static const char listening[] = "listening on ";
    int said[2];

    *server = (struct server){.said = -1};
    if (pipe2(said, O_CLOEXEC) != 0)
        abort();
    atomic_store(&control->seen, 0);
    atomic_store(&control->fired, 0);
    atomic_store(&control->armed, 1);
    server->pid = fork();
    if (server->pid == 0)
        become_server(said[1], call, error, number);
    close(said[1]);
    server->said = said[0];
    while (hear(server)) {
        const char *at = strstr(server->text, listening);
        if (at != NULL && strchr(at, '\n') != NULL) {
            at = strchr(at, ':');
            server->port = (uint16_t)strtoul(at + 1, NULL, 10);
            return;
        }
    }
}

/* Waits for its end; returns NULL, or what was wrong with it. */
static const char *see_end(struct server *server)
{
    int status = 0;
    pid_t ended = 0;

    while (hear(server))
        continue;
    for (int i = 0; i < DEADLINE_MS / 5 && ended == 0; i++) {
        ended = waitpid(server->pid, &status, WNOHANG);
        if (ended == 0)
            poll(NULL, 0, 5);
    }
    close(server->said);
    if (ended == 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, &status, 0);
        return "did not end";
    }
    if (strstr(server->text, "Sanitizer") != NULL)
        return "a sanitizer complained";
    if (WIFSIGNALED(status))
        return "was killed by a signal";
    return WEXITSTATUS(status) <= 3 && WEXITSTATUS(status) != 2 ? NULL
                                                                : "has a strange exit status";
}

/* ---- what it goes through ---- */

/* Its clients come, one after another and together; the last ones are there when it drains. */
static const char *visit(struct server *server, size_t flood)
{
    size_t descriptors = visitor_count(server->pid, "fd");
    size_t threads = visitor_count(server->pid, "task");
    bool is_served = false;

    if (!visitor_talk(server->port, 3) && atomic_load(&control->fired) == 0)
        return "did not serve, and nothing had failed";
    visitor_flood(server->port, flood);
    /* The fault may hit this client as well, but then not the next. */
    for (int i = 0; i < 2 && !is_served; i++)
        is_served = visitor_talk(server->port, 3);
    if (!is_served)
        return "did not serve the next client";
    if (!visitor_await_count(server->pid, "fd", descriptors))
        return "has kept descriptors";
    if (!visitor_await_count(server->pid, "task", threads))
        return "has kept threads";
    int last = visitor_stay(server->port);
    kill(server->pid, SIGTERM);
    return visitor_drink(last) ? NULL : "left a client hanging in a drain";
}

/* True if the fault came to pass. */
static bool try_fault(const char *call, const char *error, unsigned long number, unsigned *failed)
{
    struct server server;

    start(&server, call, error, number);
    const char *harm = NULL;
    if (server.port != 0)
        harm = visit(&server, strcmp(call, "poll") == 0 ? FLOOD_STALLING : FLOOD);
    if (harm != NULL)
        kill(server.pid, SIGTERM);
    const char *end = see_end(&server);
    if (harm == NULL)
        harm = end;
    if (harm == NULL && server.port == 0 && atomic_load(&control->fired) == 0)
        harm = "did not start, and nothing had failed";
    if (harm != NULL) {
        (*failed)++;
        printf("HARM: %s; FAULT_CALL=%s FAULT_ERRNO=%s FAULT_AT=%lu; it said:\n%.600s\n", harm,
               call, error, number, server.text);
    }
    return atomic_load(&control->fired) > 0;
}

static unsigned try_call(const char *call, const char *errnos, unsigned long most)
{
    unsigned long tried = 0;
    unsigned failed = 0;
    char list[512];
    char *rest = list;

    snprintf(list, sizeof list, "%s", errnos);
    for (char *error; (error = strtok_r(rest, " ", &rest)) != NULL;) {
        unsigned long number = 1;
        while ((most == 0 || number <= most) && try_fault(call, error, number, &failed))
            number++;
        tried += number - 1;
    }
    printf("%s: %lu faults, %u did harm\n", call, tried, failed);
    fflush(stdout);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned failed = 0;
    bool is_known = false;

    if (argc < 5) {
        fputs("usage: torture-faults LINED LIBFAULT MOST CALL|all [OPTION]...\n", stderr);
        return 2;
    }
    lined = argv[1];
    /* By descriptor: LD_PRELOAD ends a name at a space or a colon (ld.so(8)), as paths may have. */
    int library = open(argv[2], O_RDONLY | O_CLOEXEC);
    if (library < 0) {
        fprintf(stderr, "torture-faults: %s: %s\n", argv[2], strerror(errno));
        return 2;
    }
    snprintf(library_path, sizeof library_path, "/proc/%d/fd/%d", (int)getpid(), library);
    options = argv + 5;
    signal(SIGPIPE, SIG_IGN);
    int fd = memfd_create("fault", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof *control) != 0)
        return 2;
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    snprintf(control_path, sizeof control_path, "/proc/%d/fd/%d", (int)getpid(), fd);
    if (control == MAP_FAILED)
        return 2;
    for (int i = 0; i < CALLS; i++) {
        if (strcmp(argv[4], "all") != 0 && strcmp(argv[4], faults[i].call) != 0)
            continue;
        is_known = true;
        failed += try_call(faults[i].call, faults[i].errnos, strtoul(argv[3], NULL, 10));
    }
    if (!is_known)
        fprintf(stderr, "torture-faults: '%s' is none of the calls\n", argv[4]);
    return is_known && failed == 0 ? 0 : 1;
}
