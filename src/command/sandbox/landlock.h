/*
 * Landlock: the kernel's means for a process to give up rights of its own.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/* Gives up, for good, all that this kernel's Landlock knows: every file, and where it knows them,
 * TCP ports, signals to other processes and abstract unix sockets. Holds the calling thread, which
 * must be unable to gain privileges (PR_SET_NO_NEW_PRIVS), and those that it starts from now on.
 * What is open stays open. 0, and *version is what landlock_denied takes; or an errno: ENOSYS or
 * EOPNOTSUPP where the kernel has no Landlock. */
int landlock_deny(long *version);

/* What that version denies, as text: "filesystem, TCP". */
const char *landlock_denied(long version);

#endif
