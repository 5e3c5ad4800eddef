/*
 * Arrays that grow.
 */
#ifndef KV_ROOM_H
#define KV_ROOM_H

#include <stddef.h>
#include <stdlib.h>

/* Makes room for more elements of this size behind count. *room is the number of elements for which
 * there is room. Returns the array, which may have moved. NULL: no memory, and nothing has changed.
 */
static inline void *kv_make_room(void *array, size_t count, size_t more, size_t *room, size_t size)
{
    if (count + more <= *room)
        return array;
    size_t grown_room = count + more + (count + more) / 2 + 4;
    void *grown = realloc(array, grown_room * size);
    if (grown != NULL)
        *room = grown_room;
    return grown;
}

#endif
