/*
 * Giving way (sched_yield(2)) before sleeping. On a core that is busy with other threads of the
 * server, what a thread is about to sleep for has often come when its turn comes round: then nobody
 * had to put it to sleep nor to wake it.
 *
 * Two things make it harmful, and both show as a long turn of the others. Where another program
 * wants the core, whoever gives way gets less than a fair share. And where a great many of our own
 * threads want it, those that happen to sleep are preferred when they wake, and who gives way waits
 * for a hundred milliseconds. So after a long turn all threads of the server, not that one alone,
 * go to sleep at once for a while, on that core; and longer as long turns come again there.
 */
#ifndef GIVE_WAY_H
#define GIVE_WAY_H

#include <stdatomic.h>
#include <stdint.h>

/* How long nobody gives way, after a long turn. */
#define GIVE_WAY_PAUSE_LEAST_NS 16000000
#define GIVE_WAY_PAUSE_MOST_NS  1024000000

/* A turn longer than this is long. All the busy connections of a core have their turns in less, up
 * to a hundred or so. Another program, which computes, is given a slice of about three
 * milliseconds. */
#define GIVE_WAY_LONG_NS 2000000

/* What is known of a core; with more cores than places, several share one. Hints that guard no
 * other memory, so all accesses are relaxed: an old value, or one of two written at once, costs a
 * yield or a pause. */
struct give_way_core {
    _Atomic int64_t again_ns; /* monotonic; nobody gives way before */
    _Atomic int64_t pause_ns; /* the length of the last pause */
    char apart[48];           /* cores write to cache lines of their own */
};

#define GIVE_WAY_CORES 64

/* Shared by the threads of a server. All zero to begin with. */
struct give_way {
    struct give_way_core cores[GIVE_WAY_CORES];
};

/* Gives way, unless there is a pause on this core. Returns how long the turn of others took, in
 * nanoseconds, or -1 if it did not. */
int64_t give_way(struct give_way *shared);

/* The turn of others took from began_ns to now_ns. For the tests. */
void give_way_note_turn(struct give_way_core *core, int64_t began_ns, int64_t now_ns);

#endif
