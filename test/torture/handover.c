/* Restarts a server under clients that connect all the time: torture-handover HOW LINED ROUNDS MS
 *
 *     inherited    this process keeps the listening socket, as a service manager does; each lined
 *                  inherits it (LISTEN_FDS), and the next one starts when the last one has ended
 *     reuse-port   each lined listens itself (--reuse-port); the next one starts before the last
 *                  one drains
 *
 * Each lined serves for MS milliseconds. Prints one line of figures: connections, refused
 * (connect(2) has failed), unanswered (no whole reply). Exit status 1 if a lined did not start, or
 * did not end with status 0. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS   64
#define BACKLOG   4096
#define FIRST_FD  3           /* of the sockets that a service manager passes */
#define PATIENCE  30          /* seconds for a reply */
#define READY     "at a time" /* in the last message of a lined that starts */
#define TEXT_SIZE 64

static const char *lined;
static bool is_inherited;
static int listener; /* or, with reuse-port, a socket that keeps the port */
static uint16_t port;

static atomic_bool is_over;
static _Atomic unsigned long connections, refused, ended, resets, late;

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "handover: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_in address(uint32_t ip, uint16_t number)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(ip), .sin_port = htons(number)};
}

/* ---- clients ---- */

/* Each client has an address of its own, so that there are ports for all its connections. */
static int dial(uint32_t number)
{
    const struct sockaddr_in own = address(INADDR_LOOPBACK + 1 + number, 0);
    const struct sockaddr_in server = address(INADDR_LOOPBACK, port);
    const struct timeval patience = {.tv_sec = PATIENCE};
    const int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) < 0 ||
        bind(fd, (const struct sockaddr *)&own, sizeof own) < 0)
        give_up("a client's socket");
    if (connect(fd, (const struct sockaddr *)&server, sizeof server) == 0)
        return fd;
    if (errno != ECONNREFUSED && errno != ECONNRESET && errno != ETIMEDOUT)
        give_up("connect");
    close(fd);
    return -1;
}

/* Counts the connection as answered, or why it is not. */
static void count(ssize_t received, bool is_whole)
{
    atomic_fetch_add(&connections, 1);
    if (is_whole)
        return;
    if (received == 0)
        atomic_fetch_add(&ended, 1);
    else if (errno == EAGAIN)
        atomic_fetch_add(&late, 1);
    else
        atomic_fetch_add(&resets, 1);
}

static void exchange(int fd, uint32_t number)
{
    char line[TEXT_SIZE], expected[2 * TEXT_SIZE], reply[2 * TEXT_SIZE];
    ssize_t received = -1;
    size_t size = 0;

    int length = snprintf(line, sizeof line, "client %u\n", number);
    size_t whole = (size_t)snprintf(expected, sizeof expected, "Received: %s\n", line);
    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) == length) {
        while (size < whole && (received = recv(fd, reply + size, sizeof reply - size, 0)) > 0)
            size += (size_t)received;
    }
    count(received, size == whole && memcmp(reply, expected, whole) == 0);
    close(fd);
}

static void *be_client(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;

    while (!atomic_load(&is_over)) {
        int fd = dial(number);
        if (fd >= 0)
            exchange(fd, number);
        else
            atomic_fetch_add(&refused, 1);
    }
    return NULL;
}

/* ---- servers ---- */

static void open_listener(void)
{
    struct sockaddr_in own = address(INADDR_LOOPBACK, 0);
    socklen_t size = sizeof own;
    const int one = 1;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 ||
        (!is_inherited && setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0) ||
        bind(listener, (struct sockaddr *)&own, sizeof own) < 0 ||
        (is_inherited && listen(listener, BACKLOG) < 0) ||
        getsockname(listener, (struct sockaddr *)&own, &size) < 0)
        give_up("the listening socket");
    port = ntohs(own.sin_port);
}

_Noreturn static void become_lined(int said)
{
    char text[TEXT_SIZE];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(said, STDERR_FILENO);
    if (!is_inherited) {
        snprintf(text, sizeof text, "127.0.0.1:%u", port);
        execl(lined, "lined", "--quiet", "--reuse-port", "--listen", text, (char *)NULL);
        _exit(127);
    }
    snprintf(text, sizeof text, "%d", (int)getpid());
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    if (dup2(listener, FIRST_FD) == FIRST_FD &&
        (listener != FIRST_FD || fcntl(FIRST_FD, F_SETFD, 0) == 0))
        execl(lined, "lined", "--quiet", (char *)NULL);
    _exit(127);
}

/* Returns once it listens. */
static pid_t start(void)
{
    char text[4096];
    size_t size = 0;
    int said[2];

    if (pipe(said) < 0)
        give_up("pipe");
    pid_t pid = fork();
    if (pid == 0)
        become_lined(said[1]);
    close(said[1]);
    for (text[0] = '\0'; strstr(text, READY) == NULL; text[size] = '\0') {
        ssize_t received = read(said[0], text + size, sizeof text - 1 - size);
        if (received <= 0) {
            fprintf(stderr, "handover: lined does not start: %s\n", text);
            exit(1);
        }
        size += (size_t)received;
    }
    /* The pipe stays open, for the summary of lined is written to it. */
    return pid;
}

static void stop(pid_t pid)
{
    int status;

    if (kill(pid, SIGTERM) < 0 || waitpid(pid, &status, 0) != pid)
        give_up("the end of lined");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "handover: lined has ended with status %#x\n", (unsigned)status);
        exit(1);
    }
}

static void serve_for(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
    pthread_t clients[CLIENTS];

    if (argc != 5 || (strcmp(argv[1], "inherited") != 0 && strcmp(argv[1], "reuse-port") != 0)) {
        fprintf(stderr, "usage: torture-handover inherited|reuse-port LINED ROUNDS MS\n");
        return 2;
    }
    is_inherited = strcmp(argv[1], "inherited") == 0;
    lined = argv[2];
    open_listener();
    pid_t pid = start();
    for (uintptr_t i = 0; i < CLIENTS; i++) {
        if (pthread_create(&clients[i], NULL, be_client, (void *)i) != 0)
            give_up("a client's thread");
    }
    for (long round = strtol(argv[3], NULL, 10); round > 0; round--) {
        serve_for(strtol(argv[4], NULL, 10));
        pid_t next = is_inherited ? 0 : start();
        stop(pid);
        pid = is_inherited ? start() : next;
    }
    serve_for(strtol(argv[4], NULL, 10));
    atomic_store(&is_over, true);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    stop(pid);
    printf("connections=%lu refused=%lu unanswered=%lu ended=%lu reset=%lu late=%lu\n",
           atomic_load(&connections), atomic_load(&refused),
           atomic_load(&ended) + atomic_load(&resets) + atomic_load(&late), atomic_load(&ended),
           atomic_load(&resets), atomic_load(&late));
    return 0;
}
