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
    size_t after = reject_list->count - place;

    close(reject_list->polled[place].fd);
    memmove(&reject_list->polled[place], &reject_list->polled[place + 1],
            after * sizeof reject_list->polled[0]);
    memmove(&reject_list->places[place], &reject_list->places[place + 1],
            after * sizeof reject_list->places[0]);
    reject_list->count--;
}

void reject_begin(struct reject_list *reject_list, int fd, const char *line)
{
    if (reject_list->count ==
        REJECT_MAX) /* before this client gets its line, so that never more are open */
        close_place(reject_list, 1);
    /* A new connection has room for a line; if not, the client has reset it. */
    if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
        shutdown(fd, SHUT_WR) < 0) {
        close(fd);
        return;
    }
    reject_list->count++;
    reject_list->polled[reject_list->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    reject_list->places[reject_list->count] =
        (struct reject_place){.deadline_ms = monotonic_ms() + LINGER_MS};
}

/* Drops the bytes that the client has sent. True: it has ended its side, or has sent too much. */
static bool is_done(struct reject_list *reject_list, size_t place)
{
    struct reject_place *kept = &reject_list->places[place];

    /* For TCP, MSG_TRUNC drops the bytes and copies nothing (tcp(7)). */
    ssize_t size = recv(reject_list->polled[place].fd, NULL, DROP_MAX, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0)
        return errno != EAGAIN && errno != EINTR;
    kept->dropped += (size_t)size;
    return size == 0 || kept->dropped >= DROP_MAX;
}

void reject_wait(struct reject_list *reject_list, int listener)
{
    reject_list->polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    while (reject_list->count > 0) {
        int64_t left = reject_list->places[1].deadline_ms - monotonic_ms();
        if (poll(reject_list->polled, reject_list->count + 1, left > 0 ? (int)left : 0) < 0)
            return; /* no memory, or RLIMIT_NOFILE was lowered: accepting goes on */
        int64_t now = monotonic_ms();
        for (size_t place = reject_list->count; place > 0; place--) {
            if ((reject_list->polled[place].revents != 0 && is_done(reject_list, place)) ||
                now >= reject_list->places[place].deadline_ms)
                close_place(reject_list, place);
        }
        if (reject_list->polled[0].revents != 0)
            return;
    }
}

int64_t reject_deadline_ms(const struct reject_list *reject_list)
{
    return reject_list->count > 0 ? reject_list->places[1].deadline_ms : 0;
}

void reject_expire(struct reject_list *reject_list)
{
    while (reject_list->count > 0 && monotonic_ms() >= reject_list->places[1].deadline_ms)
        close_place(reject_list, 1);
}

void reject_end(struct reject_list *reject_list)
{
    while (reject_list->count > 0)
        close_place(reject_list, reject_list->count);
}
