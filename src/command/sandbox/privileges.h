/*
 * Drops privileges: the process becomes another user permanently, after it has bound its port.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* The user to become. */
struct privileges {
    const char *name; /* the name of a user, or UID:GID; owned by the caller */
    bool is_numeric;  /* the name is UID:GID: there are no supplementary groups */
    uid_t user;
    gid_t group;
};

#define PRIVILEGES_MESSAGE_SIZE 256

/* Looks up the user by name, or takes the numbers of UID:GID without a look-up. root is not
 * allowed, because it gives up nothing. Returns false after a failure; message is then one line,
 * terminated, without an LF. It is not thread-safe. For a name glibc reads the sources in
 * /etc/nsswitch.conf, and musl, the C library of a static build, reads /etc/passwd. */
bool privileges_find(struct privileges *privileges, const char *name,
                     char message[PRIVILEGES_MESSAGE_SIZE]);

/* Sets the groups, the group and the user, in this order, for the whole process. Checks that the
 * process cannot become root again. Afterwards the calling thread, and threads and programs that it
 * starts, cannot gain privileges, also not with exec(2). Returns false after a failure, with a
 * message as above; the process must then exit, because only a part may be done. */
bool privileges_drop(const struct privileges *privileges, char message[PRIVILEGES_MESSAGE_SIZE]);

#endif
