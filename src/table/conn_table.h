/*
 * The connections of a server by number, for callers that reach them from outside: a push, a
 * broadcast, a stop. The table locks for itself; any thread may call it.
 */
#ifndef CONN_TABLE_H
#define CONN_TABLE_H

#include "slot_map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox; /* the table only stores the pointer */

/* A connection in the table. It is a part of the connection. */
struct table_entry {
    int fd; /* closed by the connection's thread alone, after conn_table_remove: a number that the
             * kernel has given to another socket is never shut down */
    uint64_t number; /* set by conn_table_add; never changes after */

    /* The table's lock. Set once the connection only waits for the client to end its side: a drain
     * then leaves its reading side open. */
    bool is_lingering;

    unsigned
        borrowers; /* the table's lock; threads that have found the entry and wait for its lock */

    /* Broadcasts reach it. Set once, by the thread that runs its callbacks; a thread that reads the
     * old value leaves the connection out of a broadcast that began at the same time. */
    atomic_bool is_open;

    pthread_mutex_t *lock; /* the outbox's; held while the entry is borrowed */
    struct outbox *outbox;
};

struct conn_table {
    /* Never held while a thread waits for an entry's lock, which is held across sends: so no join,
     * no leave and no walk waits for them. It may be taken while an entry's lock is held. */
    pthread_mutex_t lock;
    pthread_cond_t borrowed; /* with lock; an entry has no borrowers that wait any more */
    struct slot_map slots;   /* lock; of table_entry */
};

void conn_table_init(struct conn_table *table);

/* The table must be empty. */
void conn_table_deinit(struct conn_table *table);

/* LINED_OK or -ENOMEM. */
int conn_table_add(struct conn_table *table, struct table_entry *entry);

/* Waits until a thread that has borrowed the entry returns it. */
void conn_table_remove(struct conn_table *table, struct table_entry *entry);

/* See is_lingering. */
void conn_table_begin_linger(struct conn_table *table, struct table_entry *entry);

/* The entry of that number with its lock held, until conn_table_return; NULL if it was removed. */
struct table_entry *conn_table_borrow(struct conn_table *table, uint64_t number);
void conn_table_return(struct table_entry *entry);

/* A walk through all entries unlocks the table after each step of so many slots: adding and
 * removing wait for one step at most, however many connections there are. */
#define CONN_TABLE_STEP 64

/* Lists the numbers of the open entries in the next CONN_TABLE_STEP slots from *at on; returns how
 * many. *at is 0 at first; *is_last becomes true if no slots follow. */
size_t conn_table_list_open(struct conn_table *table, uint32_t *at,
                            uint64_t numbers[CONN_TABLE_STEP], bool *is_last);

/* shutdown(2) for every socket, which wakes a thread that is blocked in recv or send. how: SHUT_RD,
 * but not for connections that linger, or SHUT_RDWR. */
void conn_table_shutdown(struct conn_table *table, int how);

#endif
