/* Visiting all entries of a store in steps. A cursor has the number of a shard in its lowest bits,
 * and above them the cursor of the shard's table. */
#include "kv_store.h"

#include "kv_room.h"
#include "kv_shard.h"

/* Most buckets have fewer entries. */
#define ROOM_BEFORE 16u

/* Appends the live entries of a bucket. If there is not enough room, appends nothing and returns
 * how much is necessary; otherwise returns 0. */
static size_t append_locked(const struct kv_table *table, struct kv_entry **link,
                            struct kv_found *found)
{
    size_t count = 0;

    for (const struct kv_entry *entry = link == NULL ? NULL : *link; entry != NULL;
         entry = entry->next)
        count++;
    if (found->count + count > found->room)
        return count;
    for (; link != NULL && *link != NULL; link = &(*link)->next) {
        if (kv_table_live(table, link) == NULL)
            continue;
        kv_entry_hold(*link);
        found->entries[found->count++] = *link;
    }
    return 0;
}

/* Memory is allocated without the lock, because a long list takes milliseconds to move. */
enum kv_result kv_scan(struct kv_store *store, uint64_t *cursor, struct kv_found *found)
{
    uint64_t number = *cursor % KV_SHARDS;
    struct kv_shard *shard = &store->shards[number];
    size_t more = ROOM_BEFORE;
    uint64_t in_table;

    do {
        struct kv_entry **entries = kv_make_room(found->entries, found->count, more, &found->room,
                                                 sizeof(struct kv_entry *));
        if (entries == NULL)
            return KV_NO_MEMORY;
        found->entries = entries;
        in_table = *cursor / KV_SHARDS;
        pthread_mutex_lock(&shard->lock);
        more = append_locked(&shard->table, kv_table_scan(&shard->table, &in_table), found);
        kv_shard_unlock(shard);
    } while (more > 0);
    if (in_table != 0)
        *cursor = in_table * KV_SHARDS + number;
    else
        *cursor = number + 1 < KV_SHARDS ? number + 1 : 0;
    return KV_OK;
}
