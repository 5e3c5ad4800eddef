#include "refusal.h"

#include "monotonic.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a client is given to end its side, and how much of what it sends meanwhile is taken. */
#define PATIENCE_MS     1000
#define THROW_AWAY_MOST ((size_t)64 * 1024)

static void close_place(struct refusal *refusal, size_t place)
{
    size_t after = refusal->count - place;

    close(refusal->polled[place].fd);
    memmove(&refusal->polled[place], &refusal->polled[place + 1],
            after * sizeof refusal->polled[0]);
    memmove(&refusal->places[place], &refusal->places[place + 1],
            after * sizeof refusal->places[0]);
    refusal->count--;
}

void refusal_begin(struct refusal *refusal, int fd, const char *line)
{
    if (refusal->count == REFUSAL_PLACES) /* before the client can know: no more are held then */
        close_place(refusal, 1);
    /* A new connection has room for a line; where it has not, the client has reset it. */
    if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
        shutdown(fd, SHUT_WR) < 0) {
        close(fd);
        return;
    }
    refusal->count++;
    refusal->polled[refusal->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    refusal->places[refusal->count] =
        (struct refusal_place){.deadline_ms = monotonic_ms() + PATIENCE_MS};
}

/* Throws away what the client has sent. True when it has ended its side, or has sent too much. */
static bool is_done(struct refusal *refusal, size_t place)
{
    struct refusal_place *kept = &refusal->places[place];

    /* For TCP, MSG_TRUNC drops the bytes and copies nothing (tcp(7)). */
    ssize_t size = recv(refusal->polled[place].fd, NULL, THROW_AWAY_MOST, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0)
        return errno != EAGAIN && errno != EINTR;
    kept->thrown_away += (size_t)size;
    return size == 0 || kept->thrown_away >= THROW_AWAY_MOST;
}

void refusal_wait(struct refusal *refusal, int listener)
{
    refusal->polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    while (refusal->count > 0) {
        int64_t patience = refusal->places[1].deadline_ms - monotonic_ms();
        if (poll(refusal->polled, refusal->count + 1, patience > 0 ? (int)patience : 0) < 0)
            return; /* no memory, or fewer descriptors are allowed now: accepting goes on */
        int64_t now = monotonic_ms();
        for (size_t place = refusal->count; place > 0; place--) {
            if ((refusal->polled[place].revents != 0 && is_done(refusal, place)) ||
                now >= refusal->places[place].deadline_ms)
                close_place(refusal, place);
        }
        if (refusal->polled[0].revents != 0)
            return;
    }
}

int64_t refusal_deadline_ms(const struct refusal *refusal)
{
    return refusal->count > 0 ? refusal->places[1].deadline_ms : 0;
}

void refusal_expire(struct refusal *refusal)
{
    while (refusal->count > 0 && monotonic_ms() >= refusal->places[1].deadline_ms)
        close_place(refusal, 1);
}

void refusal_end(struct refusal *refusal)
{
    while (refusal->count > 0)
        close_place(refusal, refusal->count);
}
