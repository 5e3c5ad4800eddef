#include "reject.h"

#include "base/monotonic.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long lined waits for the client to end its side, and how many bytes it takes until then. */
#define LINGER_MS 1000
#define DROP_MAX  ((size_t)64 * 1024)

static void close_place(struct reject_list *reject_list, size_t place)
{
    size_t after = REJECT_FIRST + reject_list->count - 1 - place;

    close(reject_list->polled[place].fd);
    memmove(&reject_list->polled[place], &reject_list->polled[place + 1],
            after * sizeof reject_list->polled[0]);
    memmove(&reject_list->places[place], &reject_list->places[place + 1],
            after * sizeof reject_list->places[0]);
    reject_list->count--;
}

void reject_begin(struct reject_list *reject_list, int fd, const char *line)
{
    /* Before this client gets its line, so that never more are open. */
    if (reject_list->count == REJECT_MAX)
        close_place(reject_list, REJECT_FIRST);
    /* A new connection has room for a line; if not, the client has reset it. */
    if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
        shutdown(fd, SHUT_WR) < 0) {
        close(fd);
        return;
    }
    size_t place = REJECT_FIRST + reject_list->count++;
    reject_list->polled[place] = (struct pollfd){.fd = fd, .events = POLLIN};
    reject_list->places[place] = (struct reject_place){.deadline_ms = monotonic_ms() + LINGER_MS};
}

/* Drops bytes that the client has sent. True: it has ended its side, or has sent too much. Without
 * MSG_TRUNC, which only TCP can do into no buffer. */
static bool is_done(struct reject_list *reject_list, size_t place)
{
    struct reject_place *kept = &reject_list->places[place];
    char unwanted[4096];

    ssize_t size = recv(reject_list->polled[place].fd, unwanted, sizeof unwanted, MSG_DONTWAIT);
    if (size < 0)
        return errno != EAGAIN && errno != EINTR;
    kept->dropped += (size_t)size;
    return size == 0 || kept->dropped >= DROP_MAX;
}

static int poll_timeout(const struct reject_list *reject_list)
{
    if (reject_list->count == 0)
        return -1;
    int64_t left = reject_list->places[REJECT_FIRST].deadline_ms - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

int reject_wait(struct reject_list *reject_list, int listener, int wake, int stop)
{
    struct pollfd *polled = reject_list->polled;

    polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = wake, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = stop, .events = POLLIN};
    do {
        if (poll(polled, REJECT_FIRST + reject_list->count, poll_timeout(reject_list)) < 0)
            return errno == EINTR ? 0 : -errno; /* no memory, or RLIMIT_NOFILE was lowered */
        int64_t now = monotonic_ms();
        for (size_t place = REJECT_FIRST + reject_list->count - 1; place >= REJECT_FIRST; place--) {
            if ((polled[place].revents != 0 && is_done(reject_list, place)) ||
                now >= reject_list->places[place].deadline_ms)
                close_place(reject_list, place);
        }
    } while ((polled[0].revents | polled[1].revents | polled[2].revents) == 0);
    return 0;
}

int64_t reject_deadline_ms(const struct reject_list *reject_list)
{
    return reject_list->count > 0 ? reject_list->places[REJECT_FIRST].deadline_ms : 0;
}

void reject_expire(struct reject_list *reject_list)
{
    while (reject_list->count > 0 &&
           monotonic_ms() >= reject_list->places[REJECT_FIRST].deadline_ms)
        close_place(reject_list, REJECT_FIRST);
}

void reject_end(struct reject_list *reject_list)
{
    while (reject_list->count > 0)
        close_place(reject_list, REJECT_FIRST + reject_list->count - 1);
}
