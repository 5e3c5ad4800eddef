#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "busy_poll.h"

#include "give_way.h"
#include "monotonic.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* Giving way to nobody takes a fraction of a microsecond, and another thread's turn, with a send or
 * a recv in it, several: after a longer one than this the core is not free. */
#define FREE_TURN_NS 5000

void busy_poll_share_init(struct busy_poll_share *share, uint32_t us)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

    *share = (struct busy_poll_share){.us = us, .most = count < 4 ? 1 : count / 2};
}

void busy_poll_init(struct busy_poll *poll)
{
    *poll = (struct busy_poll){.first = BUSY_POLL_SKIP_FIRST};
}

void busy_poll_note(struct busy_poll *poll, const char *bytes, size_t size)
{
    poll->had_much = size >= BUSY_POLL_MUCH && memchr(bytes, '\n', size - 1) != NULL;
}

static ssize_t nothing(void)
{
    errno = EAGAIN;
    return -1;
}

/* Looks again and again. Ends with bytes or an error, or with EAGAIN when the time is over or
 * somebody else wants the core. It pays if bytes came; but not if another program had the core so
 * long that they had to. */
static ssize_t look_until(int64_t end_ns, struct busy_poll_share *share, int fd, void *into,
                          size_t room, bool *pays)
{
    for (;;) {
        int64_t turn = give_way(&share->give_way);
        ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
        *pays = size >= 0 && turn <= GIVE_WAY_LONG_NS;
        if (size >= 0 || errno != EAGAIN)
            return size;
        if (turn < 0 || turn > FREE_TURN_NS || monotonic_ns() >= end_ns)
            return nothing();
    }
}

static ssize_t wait_awake(struct back_off *stay_awake, struct busy_poll_share *share, int fd,
                          void *into, size_t room)
{
    ssize_t size = nothing();

    if (atomic_fetch_add_explicit(&share->awake, 1, memory_order_relaxed) < share->most) {
        bool pays;
        int64_t end_ns = monotonic_ns() + (int64_t)share->us * 1000;
        size = look_until(end_ns, share, fd, into, room, &pays);
        if (pays)
            back_off_paid(stay_awake);
        else
            back_off_missed(stay_awake);
    } else {
        stay_awake->skip = BUSY_POLL_SKIP_CROWD;
    }
    atomic_fetch_sub_explicit(&share->awake, 1, memory_order_relaxed);
    return size;
}

/* Where the last packet was received tells where a sender on this machine runs: see SO_INCOMING_CPU
 * in socket(7). Where that cannot be had, it is said to be here. Leaves errno alone. -1: elsewhere,
 * on no core that is known. */
static int sender_core(int fd)
{
    int error = errno;
    int core = -1;
    socklen_t size = sizeof core;

    if (getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &core, &size) < 0)
        core = sched_getcpu();
    errno = error;
    return core;
}

static bool is_apart(struct busy_poll *poll, struct busy_poll_share *share, int fd)
{
    if (share->has_owner)
        return false;
    if (poll->unasked > 0) {
        poll->unasked--;
        return poll->is_apart;
    }
    int core = sender_core(fd);
    poll->unasked = BUSY_POLL_ASK_EVERY - 1;
    poll->is_apart = core >= 0 && !give_way_is_used(&share->give_way, core);
    return poll->is_apart;
}

/* Whether another turn is worth it after those in vain. */
static bool has_more_turns(const struct busy_poll *poll, int fd, int turns)
{
    if (!poll->had_much || turns >= BUSY_POLL_TURNS_MOST)
        return false;
    return turns > 1 || sender_core(fd) != sched_getcpu();
}

/* Gives way and looks, again if that is worth it. Returns as busy_poll_recv does, and the last turn
 * as give_way does. */
static ssize_t look_between_turns(struct busy_poll *poll, struct busy_poll_share *share, int fd,
                                  void *into, size_t room, int64_t *turn)
{
    for (int turns = 1;; turns++) {
        *turn = give_way(&share->give_way);
        if (*turn < 0)
            return nothing();
        ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
        bool is_there = size >= 0 || errno != EAGAIN;
        if (*turn <= FREE_TURN_NS)
            return size;
        if (is_apart(poll, share, fd))
            give_way_note_apart(&share->give_way, is_there);
        if (!is_there && has_more_turns(poll, fd, turns))
            continue;
        give_way_note_paid(&share->give_way, is_there);
        return is_there ? size : nothing();
    }
}

ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room)
{
    if (poll->first > 0) {
        poll->first--;
        return nothing();
    }
    int64_t turn;
    ssize_t size = look_between_turns(poll, share, fd, into, room, &turn);
    bool is_there = size >= 0 || errno != EAGAIN;
    if (turn < 0 || is_there || share->us == 0 || !back_off_is_due(&poll->stay_awake))
        return size;
    if (turn <= FREE_TURN_NS)
        return wait_awake(&poll->stay_awake, share, fd, into, room);
    back_off_missed(&poll->stay_awake);
    return nothing();
}
