#include "notify.h"

#include "base/invariant.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The timer of the watchdog expires at most every millisecond. */
#define INTERVAL_MIN_US 1000u

/* How long a send may wait for a service manager that does not read. */
#define SEND_TIMEOUT_S 1

/* Global, because the process has one service manager. Constant after notify_open, except the
 * atomic fields and is_late. */
static struct {
    int socket; /* connected; -1: there is none */
    timer_t timer;
    uint64_t interval_us;   /* of the timer; 0: there is no watchdog */
    atomic_int fd;          /* for the newline; -1: there is none, or it is written */
    atomic_bool is_stopped; /* notify_stopping was called */
    bool is_late;           /* used by the thread for signals alone: the last sign was missing */
} notify = {.socket = -1, .fd = -1};

/* A path, or, after an @, the name of an abstract socket. 0 or -errno. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
    size_t size = strlen(name);

    if (name[0] != '/' && name[0] != '@')
        return -EAFNOSUPPORT;
    if (size >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    else
        size++; /* its end */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    INVARIANT(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0);
    if (connect(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    notify.socket = fd;
    return 0;
}

static void open_socket(const char *name)
{
    if (name == NULL || *name == '\0')
        return;
    int failed = connect_to(name);
    if (failed < 0) {
        char text[ERROR_TEXT_SIZE];
        message(
            MESSAGE_WARNING,
            "cannot notify the service manager: NOTIFY_SOCKET '%.100s': %s; it must be a path or "
            "@NAME of a socket that a service manager reads",
            name, error_text(-failed, text));
    }
}

/* Sets the interval: half of WATCHDOG_USEC. False: the value is not a number. */
static bool read_interval(const char *text, const char *process, pid_t self)
{
    char own[32];
    char *end;

    if (text == NULL || *text == '\0')
        return true;
    snprintf(own, sizeof own, "%jd", (intmax_t)self);
    errno = 0;
    uint64_t microseconds = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || microseconds == 0)
        return false;
    if (process == NULL || *process == '\0' || strcmp(process, own) == 0)
        notify.interval_us =
            microseconds / 2 < INTERVAL_MIN_US ? INTERVAL_MIN_US : microseconds / 2;
    return true;
}

static bool create_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WATCHDOG_SIGNAL};

    return notify.interval_us == 0 || timer_create(CLOCK_MONOTONIC, &event, &notify.timer) == 0;
}

bool notify_set_descriptor(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    atomic_store(&notify.fd, fd);
    return true;
}

bool notify_open(char *(*get)(const char *name), pid_t self, const char **why)
{
    open_socket(get("NOTIFY_SOCKET"));
    if (notify.socket < 0)
        return true;
    if (!read_interval(get("WATCHDOG_USEC"), get("WATCHDOG_PID"), self)) {
        *why = "WATCHDOG_USEC must be a number of microseconds, 1 or more";
        return false;
    }
    if (!create_timer()) {
        *why = "cannot create a timer for WATCHDOG_USEC; see RLIMIT_SIGPENDING (ulimit -i)";
        return false;
    }
    return true;
}

bool notify_has_watchdog(void)
{
    return notify.interval_us > 0;
}

void notify_start_watchdog(void)
{
    const struct timespec interval = {.tv_sec = (time_t)(notify.interval_us / 1000000),
                                      .tv_nsec = (long)(notify.interval_us % 1000000) * 1000};
    const struct itimerspec when = {.it_interval = interval, .it_value = interval};

    if (notify_has_watchdog())
        INVARIANT(timer_settime(notify.timer, 0, &when, NULL) == 0);
}

/* A service manager that is gone, or does not read, changes nothing for the clients. Without an
 * address, because the sandbox allows no other sendto(2). */
static void send_text(const char *text)
{
    if (notify.socket >= 0)
        (void)send(notify.socket, text, strlen(text), MSG_NOSIGNAL);
}

void notify_ready(void)
{
    int fd = atomic_exchange(&notify.fd, -1);

    send_text("READY=1\nSTATUS=serving");
    if (fd < 0)
        return;
    if (write(fd, "\n", 1) != 1) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_WARNING, "cannot write to descriptor %d (--notify-fd): %s", fd,
                error_text(errno, text));
    }
    close(fd);
}

void notify_reloading(void)
{
    char text[128];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nSTATUS=reloading\nMONOTONIC_USEC=%" PRIu64,
             (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    send_text(text);
}

void notify_reloaded(bool is_done)
{
    send_text(is_done ? "READY=1\nSTATUS=serving"
                      : "READY=1\nSTATUS=serving; the last reload failed, see the messages");
}

void notify_stopping(uint64_t connections)
{
    char text[128];

    if (atomic_exchange(&notify.is_stopped, true))
        return;
    snprintf(text, sizeof text, "STOPPING=1\nSTATUS=draining %" PRIu64 " connection%s", connections,
             connections == 1 ? "" : "s");
    send_text(text);
}

void notify_watchdog(bool is_alive)
{
    if (is_alive)
        send_text("WATCHDOG=1");
    else if (!notify.is_late)
        message(MESSAGE_ERROR, "an acceptor thread does not answer: WATCHDOG=1 is not sent, so the "
                               "service manager will end lined");
    notify.is_late = !is_alive;
}
