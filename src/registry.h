/*
 * Who is connected: the slots, the count, the one lock, and the phase that the server is in.
 *
 * The life of a connection here: registry_join before its thread is made; registry_leave before
 * its descriptor is closed, so that nobody can shut down a stranger that got the same number;
 * registry_release last of all. Between leave and release it still counts. Once released, its
 * thread touches nothing of the server but the spares, which count threads: see spares.h.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "lined.h"
#include "outbox.h"
#include "slots.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum registry_phase {
    REGISTRY_RUNNING,
    REGISTRY_DRAINING, /* who is here handles what it has received, and leaves */
    REGISTRY_CUT,      /* every socket is shut down; who is here leaves at once */
};

struct registry_entry {
    int fd; /* closed by the connection's thread alone, after registry_leave */

    /* Broadcasts reach it. Set once, by the thread that runs its callbacks; an old value leaves it
     * out of a broadcast that began at the same time. */
    atomic_bool is_open;

    uint64_t number;      /* set by registry_join; never changes after */
    struct outbox outbox; /* has a lock of its own */
};

struct registry {
    pthread_mutex_t lock;

    /* One kind of waiter each, all timed by CLOCK_MONOTONIC. */
    pthread_cond_t over;     /* registry_wait_empty, _waiters: what they wait for has come */
    pthread_cond_t departed; /* the acceptor, resting: somebody released, or the phase changed */
    pthread_cond_t cut;      /* threads that linger: the phase became REGISTRY_CUT */

    /* Written under the lock; read without it by registry_phase. It only ever goes up. */
    _Atomic int phase;

    struct slots slots;       /* lock; of registry_entry */
    size_t present;           /* lock; joined and not released */
    bool is_accepting;        /* lock; the acceptor may still bring somebody */
    size_t enders;            /* lock; threads amid lined_server_drain or _stop */
    size_t waiters;           /* lock; threads amid lined_server_wait */
    int64_t drain_deadline;   /* lock; monotonic ms; set when the drain begins */
    struct lined_stats stats; /* lock; connections, connections_cut, slow_consumers, accept_errors,
                               * and connected_peak as of the last release; the rest is 0 */
};

void registry_init(struct registry *registry);

/* Everybody must have released. */
void registry_deinit(struct registry *registry);

/* The acquire pairs with the release in the phase's change: who sees DRAINING also sees all that
 * was written before it. Seeing the old phase a moment longer is harmless: the shutdown that
 * follows every change wakes each blocked call, and the phase is read again after it. */
static inline enum registry_phase registry_phase(struct registry *registry)
{
    return (enum registry_phase)atomic_load_explicit(&registry->phase, memory_order_acquire);
}

/* The acceptor begins; it ends, for good. */
void registry_begin_accepting(struct registry *registry);
void registry_end_accepting(struct registry *registry);

/* LINED_OK; LINED_STOPPING in REGISTRY_CUT; -ENOMEM. Who joins in a drain was waiting to be
 * accepted when it began. */
int registry_join(struct registry *registry, struct registry_entry *entry);
void registry_leave(struct registry *registry, struct registry_entry *entry);
void registry_release(struct registry *registry);

/* Takes a join back, for an entry whose thread could not be made. */
void registry_withdraw(struct registry *registry, struct registry_entry *entry);

/* REGISTRY_RUNNING to REGISTRY_DRAINING, then SHUT_RD for everybody; else nothing. Whoever calls
 * this or registry_cut counts as present until it calls registry_end_ending: it may be another
 * thread than the one that waits and frees. */
void registry_drain(struct registry *registry, uint32_t timeout_ms);

/* To REGISTRY_CUT, then SHUT_RDWR for everybody. Returns how many that cuts; 0 if it was cut
 * before. */
size_t registry_cut(struct registry *registry);

/* The last thing that a call of registry_drain or registry_cut is followed by. */
void registry_end_ending(struct registry *registry);

/* How many milliseconds are left of the drain's timeout; 0: it has passed. -1 in another phase. */
int registry_drain_left_ms(struct registry *registry);

/* Waits until everybody has released and the acceptor has ended, however long that takes. */
void registry_wait_empty(struct registry *registry);

/* A call of lined_server_wait begins and ends. The end is the last that it does with the server,
 * which may be freed then. */
void registry_begin_wait(struct registry *registry);
void registry_end_wait(struct registry *registry);

/* Waits until no thread is inside lined_server_wait. */
void registry_wait_waiters(struct registry *registry);

/* Waits until somebody releases or the server stops, at most timeout_ms. */
void registry_wait_departure(struct registry *registry, uint32_t timeout_ms);

/* How many have joined and not released. */
size_t registry_present(struct registry *registry);

/* The same; but where so many are present, it waits first for those who have left and are about to
 * release: their clients may have seen the end already, and come again. They wait for no client, so
 * it takes a moment only. */
size_t registry_present_beside_leavers(struct registry *registry, size_t most);

/* Waits until fewer than so many are present, or the phase is REGISTRY_CUT: true. False when the
 * deadline, monotonic ms, passes before; 0: there is none. */
bool registry_wait_room(struct registry *registry, size_t most, int64_t deadline_ms);

/* Waits until the deadline, monotonic ms, for as long as the phase is REGISTRY_RUNNING. */
void registry_pause(struct registry *registry, int64_t deadline_ms);

/* Waits at most timeout_ms for the phase to become REGISTRY_CUT. True if it is. */
bool registry_wait_cut(struct registry *registry, uint32_t timeout_ms);

/* The entry of that number with its outbox locked, until registry_return; NULL if it has left. */
struct registry_entry *registry_borrow(struct registry *registry, uint64_t number);
void registry_return(struct registry_entry *entry);

/* The walks through all entries let the lock go after so many slots: joins and leaves wait for no
 * more than that, however many connections there are. */
#define REGISTRY_STEP 64

/* The numbers of the open entries in the slots from *at on, REGISTRY_STEP slots at most; returns
 * how many. Begin with *at 0; *is_last tells that there are no further slots. */
size_t registry_list_open(struct registry *registry, uint32_t *at, uint64_t numbers[REGISTRY_STEP],
                          bool *is_last);

/* accept(2) failed with this errno. */
void registry_count_accept_error(struct registry *registry, int error);

/* The figures that are kept here, and 0 for the others. */
void registry_stats(struct registry *registry, struct lined_stats *stats);

#endif
