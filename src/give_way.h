/*
 * Giving way (sched_yield(2)) before sleeping. On a core that is busy with other threads of the
 * server, what a thread is about to sleep for has often come when its turn comes round: then nobody
 * had to put it to sleep nor to wake it.
 *
 * Two things make it harmful, and both show as a long turn of the others. Where another program
 * wants the core, whoever gives way gets less than a fair share. And where a great many of our own
 * threads want it, those that happen to sleep are preferred when they wake, and who gives way waits
 * for a hundred milliseconds. So after a long turn all threads of the server, not that one alone,
 * go to sleep at once for a while, which becomes longer as long turns come again.
 */
#ifndef GIVE_WAY_H
#define GIVE_WAY_H

#include <stdatomic.h>
#include <stdint.h>

/* How long nobody gives way, after a long turn. */
#define GIVE_WAY_PAUSE_LEAST_NS 16000000
#define GIVE_WAY_PAUSE_MOST_NS  1024000000

/* Shared by the threads of a server. All zero to begin with. Hints that guard no other memory, so
 * all accesses are relaxed: an old value, or one of two written at once, costs a yield or a pause.
 */
struct give_way {
    _Atomic int64_t again_ns; /* monotonic; nobody gives way before */
    _Atomic int64_t pause_ns; /* the length of the last pause */
};

/* Gives way, unless there is a pause. Returns how long the turn of others took, in nanoseconds, or
 * -1 if it did not. */
int64_t give_way(struct give_way *shared);

/* The turn of others took from began_ns to now_ns. For the tests. */
void give_way_note_turn(struct give_way *shared, int64_t began_ns, int64_t now_ns);

#endif
