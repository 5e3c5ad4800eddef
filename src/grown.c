#include "grown.h"

#include "invariant.h"

void grown_init(struct grown *grown)
{
    *grown = (struct grown){0};
    INVARIANT(pthread_mutex_init(&grown->lock, NULL) == 0);
}

void grown_deinit(struct grown *grown)
{
    INVARIANT(grown->now == 0);
    INVARIANT(pthread_mutex_destroy(&grown->lock) == 0);
}

void grown_begin(struct grown *grown)
{
    INVARIANT(pthread_mutex_lock(&grown->lock) == 0);
    if (++grown->now > grown->crest)
        grown->crest = grown->now;
    if (grown->now >= GROWN_MOST)
        grown->is_burst = true;
    INVARIANT(pthread_mutex_unlock(&grown->lock) == 0);
}

static bool have_receded_locked(struct grown *grown)
{
    bool have_halved = grown->crest >= GROWN_MOST && grown->now <= grown->crest / 2;
    bool is_last = grown->is_burst && grown->now == 0;

    if (have_halved)
        grown->crest = grown->now;
    if (is_last)
        grown->is_burst = false;
    return have_halved || is_last;
}

bool grown_end(struct grown *grown)
{
    INVARIANT(pthread_mutex_lock(&grown->lock) == 0);
    INVARIANT(grown->now > 0);
    grown->now--;
    bool have_receded = have_receded_locked(grown);
    INVARIANT(pthread_mutex_unlock(&grown->lock) == 0);
    return have_receded;
}
