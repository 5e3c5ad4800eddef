#include "give_way.h"

#include "monotonic.h"

#include <sched.h>

/* All the busy connections of a core have their turns in less. Another program, which computes, is
 * given a slice of about three milliseconds. */
#define LONG_TURN_NS 2000000

void give_way_note_turn(struct back_off *back_off, int64_t turn_ns)
{
    if (turn_ns > LONG_TURN_NS)
        back_off_missed(back_off);
    else
        back_off_paid(back_off);
}

int64_t give_way(struct back_off *back_off)
{
    if (!back_off_is_due(back_off))
        return -1;
    int64_t began = monotonic_ns();
    sched_yield();
    int64_t turn = monotonic_ns() - began;
    give_way_note_turn(back_off, turn);
    return turn;
}
