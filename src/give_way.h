/*
 * Giving way (sched_yield(2)) before sleeping. On a core that is busy with other threads of the
 * server, what a thread is about to sleep for has often come when its turn comes round: then nobody
 * had to put it to sleep nor to wake it. But where another program wants the core too, a turn is
 * long, and whoever gives way gets less than a fair share: such a turn counts against it, and the
 * next times the thread sleeps at once.
 */
#ifndef GIVE_WAY_H
#define GIVE_WAY_H

#include "back_off.h"

#include <stdint.h>

/* Gives way, where that pays. Returns how long the turn of others took, in nanoseconds, or -1 if it
 * was not tried. */
int64_t give_way(struct back_off *back_off);

/* A turn took so long: whether giving way has paid. For the tests. */
void give_way_note_turn(struct back_off *back_off, int64_t turn_ns);

#endif
