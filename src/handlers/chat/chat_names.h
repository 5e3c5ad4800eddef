/*
 * The names of a chat's members: each is taken once. Any thread may call any of these. None holds
 * the lock for more than 64 names, so that however many members there are, nobody who joins or
 * leaves waits for more than that.
 */
#ifndef CHAT_NAMES_H
#define CHAT_NAMES_H

#include <pthread.h>

#define CHAT_NAME_SIZE 21 /* 20 characters and a NUL */

/* It belongs to its member, and does not change while it is taken. */
struct chat_name {
    char text[CHAT_NAME_SIZE];
};

struct chat_names {
    pthread_mutex_t lock;
    void *taken;     /* lock; a tree of tsearch(3), of struct chat_name. A tree, not a hash table:
                      * clients choose the names, and it has no worst case that they could aim for */
    unsigned guests; /* lock; how many names were made up */
};

void chat_names_init(struct chat_names *names);

/* All names were given back. */
void chat_names_deinit(struct chat_names *names);

/* 0; -EEXIST: it is taken; -ENOMEM. */
int chat_names_take(struct chat_names *names, struct chat_name *name);

/* Writes the next free name of guest1, guest2, ... into name, and takes it. 0 or -ENOMEM. */
int chat_names_take_guest(struct chat_names *names, struct chat_name *name);

/* The name is free again, and its struct its member's alone. */
void chat_names_give_back(struct chat_names *names, const struct chat_name *name);

/* All names in the order of the alphabet, each behind a blank, terminated; those that are taken or
 * given back meanwhile may be missing. To be freed. NULL: there is no memory. */
char *chat_names_list(struct chat_names *names);

#endif
