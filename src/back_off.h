/* Something that is tried ever more seldom while it is in vain: each miss in a row doubles the
 * number of occasions that pass until the next try. All zero to begin with, and one thread's alone.
 */
#ifndef BACK_OFF_H
#define BACK_OFF_H

#include <stdbool.h>
#include <stdint.h>

/* After this many misses in a row, one occasion in 2^10 is tried. */
#define BACK_OFF_MISSES_MOST 10

struct back_off {
    uint16_t skip;   /* occasions until the next try */
    uint16_t misses; /* in a row, up to BACK_OFF_MISSES_MOST */
};

/* An occasion: true if it is to be tried. */
static inline bool back_off_is_due(struct back_off *back_off)
{
    if (back_off->skip == 0)
        return true;
    back_off->skip--;
    return false;
}

static inline void back_off_missed(struct back_off *back_off)
{
    if (back_off->misses < BACK_OFF_MISSES_MOST)
        back_off->misses++;
    back_off->skip = (uint16_t)((1u << back_off->misses) - 1);
}

static inline void back_off_paid(struct back_off *back_off)
{
    back_off->misses = 0;
}

#endif
