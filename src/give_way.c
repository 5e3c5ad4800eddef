#define _GNU_SOURCE /* sched_getcpu */
#include "give_way.h"

#include "monotonic.h"

#include <sched.h>

static int64_t load(_Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(_Atomic int64_t *value, int64_t wanted)
{
    atomic_store_explicit(value, wanted, memory_order_relaxed);
}

/* Where it cannot be told, -1 is as good a number as any. */
static struct give_way_core *this_core(struct give_way *shared)
{
    return &shared->cores[(unsigned)sched_getcpu() % GIVE_WAY_CORES];
}

void give_way_note_turn(struct give_way_core *core, int64_t began_ns, int64_t now_ns)
{
    int64_t again = load(&core->again_ns);
    int64_t pause = load(&core->pause_ns);

    /* Who waited through the same long turn as others finds it noted. */
    if (now_ns - began_ns <= GIVE_WAY_LONG_NS || again > began_ns)
        return;
    /* It went well for less time than it was paused. The long turn itself went not well. */
    if (pause > 0 && began_ns - again < pause)
        pause = pause < GIVE_WAY_PAUSE_MOST_NS ? 2 * pause : pause;
    else
        pause = GIVE_WAY_PAUSE_LEAST_NS;
    store(&core->pause_ns, pause);
    store(&core->again_ns, now_ns + pause);
}

int64_t give_way(struct give_way *shared)
{
    struct give_way_core *core = this_core(shared);
    int64_t began = monotonic_ns();

    if (began < load(&core->again_ns))
        return -1;
    sched_yield();
    int64_t now = monotonic_ns();
    give_way_note_turn(core, began, now);
    return now - began;
}
