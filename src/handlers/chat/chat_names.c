#define _XOPEN_SOURCE 700 /* tsearch */
#include "chat_names.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many names are read before the lock is released for a moment. */
#define NAMES_AT_ONCE 64

void chat_names_init(struct chat_names *names)
{
    *names = (struct chat_names){0};
    pthread_mutex_init(&names->lock, NULL);
}

void chat_names_deinit(struct chat_names *names)
{
    pthread_mutex_destroy(&names->lock);
}

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct chat_name *)one)->text, ((const struct chat_name *)other)->text);
}

static int take_locked(struct chat_names *names, struct chat_name *name)
{
    void *found = tsearch(name, &names->taken, compare);

    if (found == NULL)
        return -ENOMEM;
    return *(struct chat_name **)found == name ? 0 : -EEXIST;
}

int chat_names_take(struct chat_names *names, struct chat_name *name)
{
    pthread_mutex_lock(&names->lock);
    int result = take_locked(names, name);
    pthread_mutex_unlock(&names->lock);
    return result;
}

/* The lock is taken for each try, because clients may have taken many of these names. */
int chat_names_take_guest(struct chat_names *names, struct chat_name *name)
{
    int result;

    do {
        pthread_mutex_lock(&names->lock);
        snprintf(name->text, sizeof name->text, "guest%u", ++names->guests);
        result = take_locked(names, name);
        pthread_mutex_unlock(&names->lock);
    } while (result == -EEXIST);
    return result;
}

void chat_names_give_back(struct chat_names *names, const struct chat_name *name)
{
    pthread_mutex_lock(&names->lock);
    tdelete(name, &names->taken, compare);
    pthread_mutex_unlock(&names->lock);
}

/* ---- the list ---- */

struct list {
    char *text; /* owned; terminated */
    size_t used;
    size_t capacity;
};

/* False: no memory. */
static bool append(struct list *list, const char *name)
{
    if (list->capacity - list->used < CHAT_NAME_SIZE + 1) {
        size_t capacity = list->capacity * 2 + 16 * CHAT_NAME_SIZE;
        char *text = realloc(list->text, capacity);
        if (text == NULL)
            return false;
        list->text = text;
        list->capacity = capacity;
    }
    list->used +=
        (size_t)snprintf(list->text + list->used, list->capacity - list->used, " %s", name);
    return true;
}

/* A search for the first name after another one. */
struct search {
    const char *after;
    const struct chat_name *next; /* the last name on the way that is greater than after, or NULL */
};

/* For tfind(3): no name equals the search, so it goes down to a leaf. It goes left at each name
 * that is greater than after; the last of these is the first name after it. */
static int turn(const void *key, const void *node)
{
    struct search *search = *(struct search *const *)key;
    const struct chat_name *name = node;

    if (strcmp(search->after, name->text) >= 0)
        return 1;
    search->next = name;
    return -1;
}

static const struct chat_name *next_locked(const struct chat_names *names, const char *after)
{
    struct search search = {.after = after};
    struct search *const key = &search;

    tfind(&key, &names->taken, turn);
    return search.next;
}

char *chat_names_list(struct chat_names *names)
{
    struct list list = {0};
    struct chat_name last = {""};
    bool has_more = true;
    bool has_memory = append(&list, ""); /* so that there is a text even without names */

    list.used = 0;
    while (has_more && has_memory) {
        pthread_mutex_lock(&names->lock);
        for (int i = 0; i < NAMES_AT_ONCE && has_more && has_memory; i++) {
            const struct chat_name *name = next_locked(names, last.text);
            has_more = name != NULL;
            if (has_more) {
                last = *name;
                has_memory = append(&list, last.text);
            }
        }
        pthread_mutex_unlock(&names->lock);
    }
    if (!has_memory) {
        free(list.text);
        return NULL;
    }
    list.text[list.used] = '\0';
    return list.text;
}
