/*
 * Giving way (sched_yield(2)) before sleeping. On a core that is busy with other threads of the
 * server, what a thread is about to sleep for has often come when its turn comes round: then nobody
 * had to put it to sleep nor to wake it.
 *
 * Four things make it harmful. Where another program wants the core, whoever gives way gets less
 * than a fair share. Where a great many of our own threads want it, those that happen to sleep are
 * preferred when they wake, and who gives way waits for a hundred milliseconds. Both show as a long
 * turn of the others. And where the client is on the same core, it has its turn only after all of
 * our threads: then nothing has come, and there are twice as many changes of threads. That shows
 * in what came. The fourth is the opposite: where something has come at each turn, from a core that
 * our threads do not use, ours is the scarce one. There a turn costs more than a sleep, and waking
 * is the sender's work, which has time for it. So after a long turn, or many in vain, or nearly
 * none in vain beside such a sender, all threads of the server, not that one alone, go to sleep at
 * once for a while, on that core; and longer as that comes again there. After the pause one of them
 * tries alone.
 */
#ifndef GIVE_WAY_H
#define GIVE_WAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How long nobody gives way. */
#define GIVE_WAY_PAUSE_LEAST_NS 16000000
#define GIVE_WAY_PAUSE_MOST_NS  1024000000

/* A turn longer than this is long. All the busy connections of a core have their turns in less, up
 * to a hundred or so. Another program, which computes, is given a slice of about three
 * milliseconds. */
#define GIVE_WAY_LONG_NS 2000000

/* A turn in vain costs more than another saves, so it counts so much, and is made up for by as many
 * that paid. With this sum there is a pause, and after it with half of it. */
#define GIVE_WAY_MISS        4
#define GIVE_WAY_MISSES_MOST 256

/* Where the sender is apart a turn that pays counts one, and one in vain is worth so many. With
 * this sum there is a pause, and after it with half of it. */
#define GIVE_WAY_PLENTY_LESS 16
#define GIVE_WAY_PLENTY_MOST 256

/* A core counts as used by our threads for so long. */
#define GIVE_WAY_USED_NS 100000000

/* What is known of a core; with more cores than places, several share one. Hints that guard no
 * other memory, so all accesses are relaxed: an old value, or one of two written at once, costs a
 * yield or a pause. */
struct give_way_core {
    char apart[96];           /* no two cores write to one cache line, nor to another's beside */
    _Atomic int64_t again_ns; /* monotonic; nobody gives way before */
    _Atomic int64_t pause_ns; /* the length of the last pause */
    _Atomic bool is_shut;     /* there was a pause, and no trial since that went well */
    _Atomic bool is_tried;    /* a thread tries */
    _Atomic int misses;       /* the sum */
    _Atomic int plenty;       /* the sum of those where the sender is apart */
    _Atomic int64_t used_ns;  /* when a thread of the server last came to give way here */
};

#define GIVE_WAY_CORES 64

/* Shared by the threads of a server. All zero to begin with. */
struct give_way {
    struct give_way_core cores[GIVE_WAY_CORES];
};

/* Gives way, unless there is a pause on this core. Returns how long the turn of others took, in
 * nanoseconds, or -1 if it did not. */
int64_t give_way(struct give_way *shared);

/* Whether what the thread was about to sleep for was there after the turn. Not to be called where
 * nobody had one: a free core is given to nobody, and costs nothing. */
void give_way_note_paid(struct give_way *shared, bool paid);

/* Whether a thread of the server has lately come to give way on that core. */
bool give_way_is_used(struct give_way *shared, int cpu);

/* The same as give_way_note_paid, of each turn beside a sender on a core that is not used. */
void give_way_note_apart(struct give_way *shared, bool paid);

/* The turn of others took from began_ns to now_ns. For the tests. */
void give_way_note_turn(struct give_way_core *core, int64_t began_ns, int64_t now_ns);

#endif
