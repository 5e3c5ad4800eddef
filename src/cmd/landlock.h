/*
 * Landlock: the kernel's means for a process to give up rights of its own.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/* Gives up, for good, all that this kernel's Landlock knows: every file, and where it knows them,
 * TCP ports and signals to other processes. Holds the calling thread, which must be unable to gain
 * privileges (PR_SET_NO_NEW_PRIVS), and those that it starts from now on. What is open stays open.
 * 0, or an errno: ENOSYS or EOPNOTSUPP where the kernel has no Landlock. */
int landlock_deny(void);

#endif
