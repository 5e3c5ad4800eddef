#include "non_readers.h"

#include "fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void non_readers_open(struct non_readers *them, uint32_t count, uint32_t first_index,
                      const struct side *side)
{
    *them = (struct non_readers){.count = count, .first_index = first_index};
    them->fds = calloc((size_t)count + 1, sizeof *them->fds);
    them->offsets = calloc((size_t)count + 1, sizeof *them->offsets);
    if (them->fds == NULL || them->offsets == NULL)
        fail(EXIT_WRONG, "no memory for %u non-readers", count);
    for (uint32_t i = 0; i < count; i++) {
        /* Level-triggered: one call for each event, for any number of bytes that a socket accepts,
         * and no event while it accepts none. */
        struct epoll_event writable = {.events = EPOLLOUT, .data.u32 = first_index + i};
        them->fds[i] = target_connect(&side->target, first_index + i);
        if (epoll_ctl(side->epoll, EPOLL_CTL_ADD, them->fds[i], &writable) != 0)
            fail(EXIT_WRONG, "epoll_ctl: %s", strerror(errno));
    }
}

void non_readers_send(struct non_readers *them, uint32_t index, const struct side *side)
{
    uint32_t i = index - them->first_index;

    if (them->fds[i] < 0)
        return;
    ssize_t n = send(them->fds[i], texts_line(&side->texts, 0, them->offsets[i]), TEXTS_SEND_LEAST,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
        them->offsets[i] = (them->offsets[i] + (size_t)n) % side->texts.line_size;
    } else if (errno != EAGAIN && errno != EINTR) {
        close(them->fds[i]);
        them->fds[i] = -1;
        them->ended++;
    }
}

void non_readers_close(struct non_readers *them)
{
    for (uint32_t i = 0; i < them->count; i++) {
        if (them->fds[i] >= 0)
            close(them->fds[i]);
    }
    free(them->fds);
    free(them->offsets);
}
