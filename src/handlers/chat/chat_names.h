/*
 * The set of the names of a chat's members; each name is in it once. Any thread may call any
 * function. No function holds the lock for more than 64 names, so a client that joins or leaves
 * waits for at most that, for any number of members.
 */
#ifndef CHAT_NAMES_H
#define CHAT_NAMES_H

#include <pthread.h>

#define CHAT_NAME_SIZE 21 /* 20 characters and a NUL */

/* Owned by its member. It does not change while it is in the set. */
struct chat_name {
    char text[CHAT_NAME_SIZE];
};

struct chat_names {
    pthread_mutex_t lock;
    void *taken;     /* lock; a tree of struct chat_name (tsearch(3)). Clients choose the names, and
                        unlike a hash table a balanced tree has no bad case that they could cause */
    unsigned guests; /* lock; number of the last guest name */
};

void chat_names_init(struct chat_names *names);

/* Call it after all names were given back. */
void chat_names_deinit(struct chat_names *names);

/* Adds the name. 0; -EEXIST: it is taken; -ENOMEM. */
int chat_names_take(struct chat_names *names, struct chat_name *name);

/* Writes the next free name of guest1, guest2, ... into name, and adds it. 0 or -ENOMEM. */
int chat_names_take_guest(struct chat_names *names, struct chat_name *name);

/* Removes the name. Afterwards only its member uses the struct. */
void chat_names_give_back(struct chat_names *names, const struct chat_name *name);

/* All names in alphabetical order, each after a blank, terminated. Names that are added or removed
 * during the call may be missing. The caller frees the text. NULL: no memory. */
char *chat_names_list(struct chat_names *names);

#endif
