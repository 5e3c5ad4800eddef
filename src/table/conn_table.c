#include "conn_table.h"

#include "base/invariant.h"
#include "lined.h"

#include <errno.h>
#include <sys/socket.h>

static void lock(struct conn_table *table)
{
    INVARIANT(pthread_mutex_lock(&table->lock) == 0);
}

static void unlock(struct conn_table *table)
{
    INVARIANT(pthread_mutex_unlock(&table->lock) == 0);
}

void conn_table_init(struct conn_table *table)
{
    *table = (struct conn_table){0};
    INVARIANT(pthread_mutex_init(&table->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&table->borrowed, NULL) == 0);
}

void conn_table_deinit(struct conn_table *table)
{
    INVARIANT(table->slots.used == 0);
    INVARIANT(pthread_cond_destroy(&table->borrowed) == 0);
    INVARIANT(pthread_mutex_destroy(&table->lock) == 0);
    slot_map_deinit(&table->slots);
}

int conn_table_add(struct conn_table *table, struct table_entry *entry)
{
    lock(table);
    entry->number = slot_map_add(&table->slots, entry);
    unlock(table);
    return entry->number == 0 ? -ENOMEM : LINED_OK;
}

void conn_table_remove(struct conn_table *table, struct table_entry *entry)
{
    lock(table);
    slot_map_remove(&table->slots, entry->number);
    /* No thread finds the entry any more. Threads that have found it before get its lock first. */
    while (entry->borrowers > 0)
        INVARIANT(pthread_cond_wait(&table->borrowed, &table->lock) == 0);
    unlock(table);
    /* A thread that has borrowed the entry holds its lock: taking the lock waits for its return, so
     * that the outbox can go and the descriptor can be closed. */
    INVARIANT(pthread_mutex_lock(entry->lock) == 0);
    INVARIANT(pthread_mutex_unlock(entry->lock) == 0);
}

void conn_table_begin_linger(struct conn_table *table, struct table_entry *entry)
{
    lock(table);
    entry->is_lingering = true;
    unlock(table);
}

/* Another thread holds the entry's lock, perhaps for a send. The table is not locked while this
 * thread waits; the entry stays, because conn_table_remove waits for its borrowers. */
static void wait_for_entry_locked(struct conn_table *table, struct table_entry *entry)
{
    entry->borrowers++;
    unlock(table);
    INVARIANT(pthread_mutex_lock(entry->lock) == 0);
    lock(table);
    if (--entry->borrowers == 0)
        INVARIANT(pthread_cond_broadcast(&table->borrowed) == 0);
}

struct table_entry *conn_table_borrow(struct conn_table *table, uint64_t number)
{
    lock(table);
    struct table_entry *entry = slot_map_find(&table->slots, number);
    if (entry != NULL && pthread_mutex_trylock(entry->lock) != 0)
        wait_for_entry_locked(table, entry);
    unlock(table); /* with the entry's lock held: now it cannot be removed */
    return entry;
}

void conn_table_return(struct table_entry *entry)
{
    INVARIANT(pthread_mutex_unlock(entry->lock) == 0);
}

size_t conn_table_list_open(struct conn_table *table, uint32_t *at,
                            uint64_t numbers[CONN_TABLE_STEP], bool *is_last)
{
    size_t count = 0;
    uint32_t end = *at + CONN_TABLE_STEP;

    lock(table);
    for (struct table_entry *entry; (entry = slot_map_next(&table->slots, at, end)) != NULL;) {
        if (atomic_load_explicit(&entry->is_open, memory_order_relaxed))
            numbers[count++] = entry->number;
    }
    *is_last = *at >= table->slots.size;
    unlock(table);
    return count;
}

void conn_table_shutdown(struct conn_table *table, int how)
{
    bool is_last;
    uint32_t at = 0;

    do {
        lock(table);
        uint32_t end = at + CONN_TABLE_STEP;
        for (struct table_entry *entry; (entry = slot_map_next(&table->slots, &at, end)) != NULL;)
            if (how != SHUT_RD || !entry->is_lingering)
                shutdown(entry->fd, how); /* ENOTCONN if the connection was reset */
        is_last = at >= table->slots.size;
        unlock(table);
    } while (!is_last);
}
