#include "give_way.h"

#include "monotonic.h"

#include <sched.h>

/* All the busy connections of a core have their turns in less, up to a hundred or so. Another
 * program, which computes, is given a slice of about three milliseconds. */
#define LONG_TURN_NS 2000000

static int64_t load(_Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(_Atomic int64_t *value, int64_t wanted)
{
    atomic_store_explicit(value, wanted, memory_order_relaxed);
}

void give_way_note_turn(struct give_way *shared, int64_t began_ns, int64_t now_ns)
{
    int64_t again = load(&shared->again_ns);
    int64_t pause = load(&shared->pause_ns);

    /* Who waited through the same long turn as others finds it noted. */
    if (now_ns - began_ns <= LONG_TURN_NS || again > began_ns)
        return;
    /* It went well for less time than it was paused. The long turn itself went not well. */
    if (pause > 0 && began_ns - again < pause)
        pause = pause < GIVE_WAY_PAUSE_MOST_NS ? 2 * pause : pause;
    else
        pause = GIVE_WAY_PAUSE_LEAST_NS;
    store(&shared->pause_ns, pause);
    store(&shared->again_ns, now_ns + pause);
}

int64_t give_way(struct give_way *shared)
{
    int64_t began = monotonic_ns();

    if (began < load(&shared->again_ns))
        return -1;
    sched_yield();
    int64_t now = monotonic_ns();
    give_way_note_turn(shared, began, now);
    return now - began;
}
