#define _GNU_SOURCE /* memfd_create, dup3, fexecve */
#include "process.h"

#include "suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS    30000
#define ARGUMENTS_MOST 32
#define COPY_PIECE     (1024 * 1024)

/* Lined's copy in memory, or -1. A descriptor of this process. */
static int lined_copy = -1;

const char *process_lined(void)
{
    const char *named = getenv("TEST_LINED");

    return named == NULL ? LINED_BUILT : named;
}

/* musl is the only C library that lined is linked with statically. */
static bool is_static(void)
{
    struct process process;
    char text[1024];

    process_run(&process, -1, (const char *const[]){"--handler=./no-module.so", NULL});
    process_rest(&process.err, text, sizeof text);
    ck_assert_int_eq(process_wait(&process), 2);
    return strstr(text, "linked statically and loads no modules") != NULL;
}

bool process_skips_modules(void)
{
    if (!is_static())
        return false;
    suite_skip("a lined that is linked statically loads no modules");
    return true;
}

const char *process_error(int error)
{
    static const struct {
        int error;
        const char *text;
    } of_musl[] = {
        {EADDRINUSE, "Address in use"},
        {EADDRNOTAVAIL, "Address not available"},
        {EMFILE, "No file descriptors available"},
    };

    for (size_t i = 0; i < sizeof of_musl / sizeof of_musl[0]; i++) {
        if (error == of_musl[i].error && is_static())
            return of_musl[i].text;
    }
    return strerror(error);
}

const char *process_terminal;

/* The first terminal that the leader of a session opens becomes its controlling terminal. */
static void begin_session(void)
{
    if (setsid() < 0 || open(process_terminal, O_RDWR) < 0)
        _exit(125);
}

/* The command, or lined's copy where there is one and the command is NULL. */
static void become(const char *command, int out, int err, const char *const arguments[])
{
    char *argv[ARGUMENTS_MOST + 2] = {(char *)(uintptr_t)(command == NULL ? "lined" : command)};
    int copy = STDERR_FILENO + 1;

    for (size_t i = 0; arguments[i] != NULL && i < ARGUMENTS_MOST; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (process_terminal != NULL)
        begin_session();
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(126);
    /* What the test was started with; tests count descriptors. */
    if (command != NULL) {
        closefrom(STDERR_FILENO + 1);
        execv(command, argv);
    } else if (lined_copy == copy || dup3(lined_copy, copy, O_CLOEXEC) == copy) {
        closefrom(copy + 1);
        fexecve(copy, argv, environ);
    }
    _exit(127);
}

static void open_pipe(int ends[2])
{
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    ck_assert_int_ge(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
}

void process_copy_lined(void)
{
    int file = open(LINED_COMMAND, O_RDONLY | O_CLOEXEC);
    ssize_t size;

    lined_copy = memfd_create("lined", MFD_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert_int_ge(lined_copy, 0);
    do
        size = sendfile(lined_copy, file, NULL, COPY_PIECE);
    while (size > 0);
    ck_assert_int_eq(size, 0);
    close(file);
    ck_assert_int_eq(fchmod(lined_copy, 0555), 0);
    /* execve(2) refuses a file that is open for writing: ETXTBSY. */
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", lined_copy);
    int readable = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(readable, 0);
    close(lined_copy);
    lined_copy = readable;
}

void process_run(struct process *process, int out, const char *const arguments[])
{
    process_run_command(process, lined_copy < 0 ? LINED_COMMAND : NULL, out, arguments);
}

void process_run_command(struct process *process, const char *command, int out,
                         const char *const arguments[])
{
    int out_pipe[2] = {-1, out};
    int err_pipe[2];

    if (out < 0)
        open_pipe(out_pipe);
    open_pipe(err_pipe);
    process->pid = fork();
    ck_assert_int_ge(process->pid, 0);
    if (process->pid == 0)
        become(command, out_pipe[1], err_pipe[1], arguments);
    close(err_pipe[1]);
    if (out < 0)
        close(out_pipe[1]);
    process->out = (struct reader){.fd = out_pipe[0]};
    process->err = (struct reader){.fd = err_pipe[0]};
}

void process_serve(struct process *process, int out, const char *const arguments[])
{
    const char *all[ARGUMENTS_MOST] = {"--port", "0"};
    char line[256];

    for (size_t i = 0; arguments[i] != NULL; i++) {
        ck_assert_uint_lt(i + 3, ARGUMENTS_MOST);
        all[i + 2] = arguments[i];
    }
    process_run(process, out, all);
    process_line(&process->err, line, sizeof line);
    ck_assert_msg(strncmp(line, "lined: listening on ", 20) == 0, "it says \"%s\"", line);
    process->port = (uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10);
    ck_assert_uint_gt(process->port, 0);
    process_line(&process->err, process->confined, sizeof process->confined);
    ck_assert_msg(strstr(process->confined, "sandbox") != NULL, "it says \"%s\"",
                  process->confined);
    process_line(&process->err, process->limit, sizeof process->limit);
}

/* One byte; false at the end of file. */
static bool read_byte(struct reader *reader, char *byte)
{
    if (reader->begin == reader->end) {
        struct pollfd readable = {.fd = reader->fd, .events = POLLIN};
        if (poll(&readable, 1, DEADLINE_MS) <= 0)
            ck_abort_msg("the command wrote nothing in time");
        ssize_t n = read(reader->fd, reader->bytes, sizeof reader->bytes);
        ck_assert_int_ge(n, 0);
        reader->begin = 0;
        reader->end = (size_t)n;
        if (n == 0)
            return false;
    }
    *byte = reader->bytes[reader->begin++];
    return true;
}

void process_line(struct reader *reader, char *line, size_t size)
{
    size_t length = 0;

    for (;;) {
        ck_assert_uint_lt(length, size);
        if (!read_byte(reader, line + length))
            ck_abort_msg("end of file instead of a line");
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
}

size_t process_rest(struct reader *reader, char *text, size_t size)
{
    size_t length = 0;

    while (read_byte(reader, text + length)) {
        length++;
        ck_assert_uint_lt(length, size);
    }
    text[length] = '\0';
    return length;
}

int process_wait(struct process *process)
{
    int status;

    while (waitpid(process->pid, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    ck_assert_msg(WIFEXITED(status), "the command was killed by signal %d", WTERMSIG(status));
    if (process->out.fd >= 0)
        close(process->out.fd);
    close(process->err.fd);
    return WEXITSTATUS(status);
}

const char *process_status(const struct process *process, const char *thread, const char *field)
{
    static char line[1024];
    char path[320];
    size_t length = strlen(field);

    snprintf(path, sizeof path, "/proc/%d/%s%s/status", (int)process->pid,
             thread == NULL ? "" : "task/", thread == NULL ? "" : thread);
    FILE *status = fopen(path, "re");
    ck_assert_msg(status != NULL, "%s: %s", path, strerror(errno));
    do
        ck_assert_msg(fgets(line, sizeof line, status) != NULL, "%s lacks %s", path, field);
    while (strncmp(line, field, length) != 0 || line[length] != ':');
    fclose(status);
    line[strcspn(line, "\n")] = '\0';
    return line + length + 1 + strspn(line + length + 1, "\t ");
}

static size_t count_entries(const struct process *process, const char *folder)
{
    char path[64];
    size_t count = 0;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, folder);
    DIR *entries = opendir(path);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

size_t process_descriptors(const struct process *process)
{
    return count_entries(process, "fd");
}

size_t process_threads(const struct process *process)
{
    return count_entries(process, "task");
}
