/*
 * A wake-up for the task of a connection, from any thread. It stays set until the task has seen it;
 * several are one. A thread that waits polls the event beside its socket.
 */
#ifndef WAKER_H
#define WAKER_H

#include "base/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

struct waker {
    int event; /* owned; -1: the handler is not wakeable. Never changes. */

    /* Set before the event is set, and taken back before the event is cleared. So a wake-up that
     * comes between these two steps finds the flag down, and raises it: the next waker_take sees
     * it, though the event may have been cleared. */
    atomic_bool is_set;
};

/* LINED_OK or -errno. */
static inline int waker_init(struct waker *waker, bool is_wakeable)
{
    waker->event = is_wakeable ? event_open() : -1;
    atomic_init(&waker->is_set, false);
    return is_wakeable && waker->event < 0 ? waker->event : 0;
}

static inline void waker_deinit(struct waker *waker)
{
    if (waker->event >= 0)
        close(waker->event);
}

static inline bool waker_exists(const struct waker *waker)
{
    return waker->event >= 0;
}

/* Any thread, while the connection cannot be freed. */
static inline void waker_set(struct waker *waker)
{
    if (!atomic_exchange(&waker->is_set, true))
        event_set(waker->event);
}

/* True: it was set. The task's thread, before each wait. */
static inline bool waker_take(struct waker *waker)
{
    if (!waker_exists(waker) || !atomic_load(&waker->is_set) ||
        !atomic_exchange(&waker->is_set, false))
        return false;
    event_clear(waker->event);
    return true;
}

/* poll(2) has reported the event. It may be that of a wake-up that waker_take has seen already, so
 * only is_set tells whether there is another. */
static inline void waker_woke(struct waker *waker)
{
    event_clear(waker->event);
}

#endif
