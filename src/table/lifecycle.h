/*
 * The life cycle of a server and of its connections: how many are present, and the phase that the
 * server is in.
 *
 * A connection enters before its thread is made (lifecycle_enter), leaves when it takes no more
 * part (lifecycle_leave), and is released as the last thing that its thread does with it
 * (lifecycle_release). Between leave and release it still counts as present. After the release the
 * thread touches nothing of the server but the thread cache, which counts threads.
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include "conn_table.h"
#include "lined.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lifecycle_phase {
    LIFECYCLE_RUNNING,
    LIFECYCLE_DRAINING, /* each connection handles what it has received, and ends */
    LIFECYCLE_CUT,      /* every socket is shut down; each connection ends at once */
};

struct lifecycle {
    /* Set by lifecycle_init; they never change after. */
    struct conn_table *table;
    bool drain_waits; /* LINED_DRAIN_WAIT */
    int stop_event;   /* an event: set when the server drains or is cut, and never cleared */
    void (*phase_changed)(void *context);
    void *context;

    pthread_mutex_t lock; /* never held while another lock of the library is taken */

    /* One kind of waiter each, all timed by CLOCK_MONOTONIC. */
    pthread_cond_t over;     /* lifecycle_wait_empty, _wait_waiters */
    pthread_cond_t departed; /* acceptors: a connection was released, the phase changed, a wake */
    pthread_cond_t cut;      /* connections that wait for a time: the phase changed */

    /* Written under the lock; read without it by lifecycle_phase. It only ever goes up. */
    _Atomic int phase;

    /* Written under the lock; read without it by acceptors, which then read it under the lock. */
    atomic_bool is_suspended;

    bool has_drained;          /* lock; the phase is or was LIFECYCLE_DRAINING */
    uint32_t drain_timeout_ms; /* lock */
    size_t present;            /* lock; entered and not released */
    size_t leaving;            /* lock; of these, those that have left */
    size_t accepting;          /* lock; acceptors that may still bring connections */
    size_t shutdown_callers;   /* lock; threads inside lifecycle_drain or _cut */
    size_t waiters;            /* lock; threads inside lined_server_wait */
    uint64_t wakes;            /* lock; calls of lifecycle_wake_acceptors */
    int64_t drain_deadline;    /* lock; monotonic ms; set when the drain begins */
    uint64_t connections;      /* lock; how many have entered */
    uint64_t peak;             /* lock; the maximum of present, as of the last release */
    uint64_t cut_count;        /* lock; connections that the cut has found */
};

/* phase_changed(context) is called after each change of the phase, without a lock, by the thread
 * that has changed it. LINED_OK or -errno. */
int lifecycle_init(struct lifecycle *lifecycle, struct conn_table *table, uint32_t drain_timeout_ms,
                   bool drain_waits, void (*phase_changed)(void *context), void *context);

/* All connections must be released. */
void lifecycle_deinit(struct lifecycle *lifecycle);

/* The acquire pairs with the release in the phase's change: a thread that sees DRAINING also sees
 * all that was written before it. Seeing the old phase a moment longer is harmless: the shutdown(2)
 * that follows every change wakes each blocked call, and the phase is read again after it. */
static inline enum lifecycle_phase lifecycle_phase(struct lifecycle *lifecycle)
{
    return (enum lifecycle_phase)atomic_load_explicit(&lifecycle->phase, memory_order_acquire);
}

/* The phase as connections see it: if a drain waits for their clients, nothing changes for them
 * until the cut. */
static inline enum lifecycle_phase lifecycle_conn_phase(struct lifecycle *lifecycle)
{
    enum lifecycle_phase phase = lifecycle_phase(lifecycle);

    return phase == LIFECYCLE_DRAINING && lifecycle->drain_waits ? LIFECYCLE_RUNNING : phase;
}

/* True: the phase is LIFECYCLE_DRAINING, or was before the cut. */
bool lifecycle_has_drained(struct lifecycle *lifecycle);

/* For a drain that has not begun. */
void lifecycle_set_drain_timeout(struct lifecycle *lifecycle, uint32_t drain_timeout_ms);

/* Acceptors wait, or go on. */
void lifecycle_suspend(struct lifecycle *lifecycle, bool is_suspended);

/* An acceptor begins; it ends. */
void lifecycle_begin_accepting(struct lifecycle *lifecycle);
void lifecycle_end_accepting(struct lifecycle *lifecycle);

/* LINED_OK; LINED_STOPPING in LIFECYCLE_CUT; -EUSERS if max connections are present (0: no limit).
 * A connection that enters in a drain was waiting to be accepted when the drain began. */
int lifecycle_enter(struct lifecycle *lifecycle, size_t max);
void lifecycle_leave(struct lifecycle *lifecycle);
void lifecycle_release(struct lifecycle *lifecycle);

/* Takes an enter back: no thread could be made for the connection. */
void lifecycle_withdraw(struct lifecycle *lifecycle);

/* LIFECYCLE_RUNNING to LIFECYCLE_DRAINING, then SHUT_RD for every connection; in a later phase,
 * nothing. The caller counts as present until it calls lifecycle_end_shutdown: it may be another
 * thread than the one that waits and frees. */
void lifecycle_drain(struct lifecycle *lifecycle);

/* To LIFECYCLE_CUT, then SHUT_RDWR for every connection. Returns how many that cuts; 0 if they were
 * cut before. lifecycle_end_shutdown must follow. */
size_t lifecycle_cut(struct lifecycle *lifecycle);

/* The last call that a thread makes after lifecycle_drain or lifecycle_cut. */
void lifecycle_end_shutdown(struct lifecycle *lifecycle);

/* How many milliseconds of the drain timeout are left; 0: it has passed. -1 in another phase. */
int lifecycle_drain_left_ms(struct lifecycle *lifecycle);

/* Waits until all connections are released and no acceptor is left, without a limit. */
void lifecycle_wait_empty(struct lifecycle *lifecycle);

/* A call of lined_server_wait begins and ends. The end is the last that it does with the server,
 * which may be freed then. */
void lifecycle_begin_wait(struct lifecycle *lifecycle);
void lifecycle_end_wait(struct lifecycle *lifecycle);

/* Waits until no thread is inside lined_server_wait. */
void lifecycle_wait_waiters(struct lifecycle *lifecycle);

/* Waits until a connection is released or the server stops, at most timeout_ms. */
void lifecycle_wait_departure(struct lifecycle *lifecycle, uint32_t timeout_ms);

/* How many connections are present. */
size_t lifecycle_present(struct lifecycle *lifecycle);

/* The same. If it is max or more, it first waits for the connections that have left and are about
 * to be released: their clients may have seen the end already, and connect again. This is short,
 * and at most LIFECYCLE_SETTLE_MS. */
#define LIFECYCLE_SETTLE_MS 2000
size_t lifecycle_settled_present(struct lifecycle *lifecycle, size_t max);

/* Waits while accepting is suspended and the phase is LIFECYCLE_RUNNING. Results as
 * lifecycle_wait_room. */
bool lifecycle_wait_resume(struct lifecycle *lifecycle, int64_t deadline_ms, uint64_t *wakes);

/* Waits until fewer than max are present, or the phase is LIFECYCLE_CUT: true. False if the
 * deadline, monotonic ms, passes before (0: there is no deadline), or lifecycle_wake_acceptors is
 * called. */
bool lifecycle_wait_room(struct lifecycle *lifecycle, size_t max, int64_t deadline_ms,
                         uint64_t *wakes);

/* Waits until the deadline, monotonic ms, while the phase is LIFECYCLE_RUNNING, or until
 * lifecycle_wake_acceptors is called. *wakes is the acceptor's, 0 at first: a call that comes
 * between two waits ends the next one. */
void lifecycle_pause(struct lifecycle *lifecycle, int64_t deadline_ms, uint64_t *wakes);

/* Ends the waits for room and the pauses, so that each acceptor shows that it is alive. Any thread.
 */
void lifecycle_wake_acceptors(struct lifecycle *lifecycle);

/* Waits until the deadline, monotonic ms, or until the phase is no longer LIFECYCLE_RUNNING. For a
 * connection; lifecycle_pause is for acceptors, and wakes at each release. */
void lifecycle_wait_stop(struct lifecycle *lifecycle, int64_t deadline_ms);

/* Waits at most timeout_ms for LIFECYCLE_CUT. True: it is the phase. */
bool lifecycle_wait_cut(struct lifecycle *lifecycle, uint32_t timeout_ms);

/* Sets connections, connected, connected_peak and connections_cut. */
void lifecycle_stats(struct lifecycle *lifecycle, struct lined_stats *stats);

#endif
