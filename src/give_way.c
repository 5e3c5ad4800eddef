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

static void set(_Atomic bool *flag, bool wanted)
{
    atomic_store_explicit(flag, wanted, memory_order_relaxed);
}

static struct give_way_core *core_of(struct give_way *shared, int cpu)
{
    return &shared->cores[(unsigned)cpu % GIVE_WAY_CORES];
}

/* Where it cannot be told, -1 is as good a number as any. */
static struct give_way_core *this_core(struct give_way *shared)
{
    return core_of(shared, sched_getcpu());
}

/* A pause. Until good_ns it went well. */
static void shut(struct give_way_core *core, int64_t good_ns, int64_t now_ns)
{
    int64_t pause = load(&core->pause_ns);

    /* It went well for less time than it was paused. */
    if (pause > 0 && good_ns - load(&core->again_ns) < pause)
        pause = pause < GIVE_WAY_PAUSE_MOST_NS ? 2 * pause : pause;
    else
        pause = GIVE_WAY_PAUSE_LEAST_NS;
    store(&core->pause_ns, pause);
    store(&core->again_ns, now_ns + pause);
    set(&core->is_shut, true);
    atomic_store_explicit(&core->misses, GIVE_WAY_MISSES_MOST / 2, memory_order_relaxed);
}

/* A pause, unless there is one: then it is one of the same crowd. */
static void shut_now(struct give_way_core *core)
{
    int64_t now = monotonic_ns();

    if (load(&core->again_ns) <= now)
        shut(core, now, now);
}

void give_way_note_turn(struct give_way_core *core, int64_t began_ns, int64_t now_ns)
{
    /* Who waited through the same long turn as others finds it noted. */
    if (now_ns - began_ns > GIVE_WAY_LONG_NS && load(&core->again_ns) <= began_ns)
        shut(core, began_ns, now_ns);
}

void give_way_note_paid(struct give_way *shared, bool paid)
{
    struct give_way_core *core = this_core(shared);
    int misses =
        atomic_load_explicit(&core->misses, memory_order_relaxed) + (paid ? -1 : GIVE_WAY_MISS);

    if (misses < GIVE_WAY_MISSES_MOST) {
        if (misses >= 0) /* else all is well, and nothing is written */
            atomic_store_explicit(&core->misses, misses, memory_order_relaxed);
        return;
    }
    shut_now(core);
}

bool give_way_is_used(struct give_way *shared, int cpu)
{
    return monotonic_ns() - load(&core_of(shared, cpu)->used_ns) < GIVE_WAY_USED_NS;
}

void give_way_note_apart(struct give_way *shared, bool paid)
{
    struct give_way_core *core = this_core(shared);
    int plenty = atomic_load_explicit(&core->plenty, memory_order_relaxed) +
                 (paid ? 1 : -GIVE_WAY_PLENTY_LESS);

    if (plenty >= GIVE_WAY_PLENTY_MOST) {
        shut_now(core);
        plenty = GIVE_WAY_PLENTY_MOST / 2;
    }
    atomic_store_explicit(&core->plenty, plenty < 0 ? 0 : plenty, memory_order_relaxed);
}

/* Returns how long the turn took. */
static int64_t yield(struct give_way_core *core, int64_t began_ns)
{
    sched_yield();
    int64_t now = monotonic_ns();
    give_way_note_turn(core, began_ns, now);
    return now - began_ns;
}

/* Alone: where the first of a crowd has a long turn, all who give way before it is over have one.
 */
static int64_t try_alone(struct give_way_core *core, int64_t began_ns)
{
    if (atomic_exchange_explicit(&core->is_tried, true, memory_order_relaxed))
        return -1;
    int64_t turn = yield(core, began_ns);
    if (turn <= GIVE_WAY_LONG_NS)
        set(&core->is_shut, false);
    set(&core->is_tried, false);
    return turn;
}

int64_t give_way(struct give_way *shared)
{
    struct give_way_core *core = this_core(shared);
    int64_t began = monotonic_ns();

    store(&core->used_ns, began);
    if (began < load(&core->again_ns))
        return -1;
    bool is_shut = atomic_load_explicit(&core->is_shut, memory_order_relaxed);
    return is_shut ? try_alone(core, began) : yield(core, began);
}
