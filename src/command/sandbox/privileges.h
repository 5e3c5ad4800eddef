/*
 * Giving up the privileges that a server needs to bind: it becomes another user for good.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom to become. */
struct privileges {
    const char *name; /* the caller's */
    uid_t user;
    gid_t group;
};

#define PRIVILEGES_MESSAGE_SIZE 256

/* Looks the user up by name; a number is not looked for, for it names no groups. root is refused,
 * because nothing would be given up. False: message has one line, terminated, without an LF, that
 * says why. Reads what /etc/nsswitch.conf names, and is not thread-safe. */
bool privileges_find(struct privileges *privileges, const char *name,
                     char message[PRIVILEGES_MESSAGE_SIZE]);

/* Becomes that user: its groups, its group, itself, in this order, in the whole process. Checks
 * that there is no way back. Then exec(2) gives none either: the calling thread, and what it
 * starts, can gain no privileges any more. False: as above, and the process must not go on, for it
 * may be half-way. */
bool privileges_drop(const struct privileges *privileges, char message[PRIVILEGES_MESSAGE_SIZE]);

#endif
