/*
 * Landlock: a part of the kernel with which a process gives up rights.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "allowed_files.h"

/* Gives up permanently all rights that the Landlock of this kernel knows: every file, and depending
 * on the version TCP ports, signals to other processes and abstract unix sockets. The
 * exceptions are the allowed files: each right applies to the files in the folder and below it. It
 * applies to the calling thread, which must be unable to gain privileges (PR_SET_NO_NEW_PRIVS), and
 * to the threads that it creates from now on. Open files stay open. Returns 0, and *version for
 * landlock_denied, and *rule_error: 0, or the errno because of which an allowed file is denied too.
 * Or an errno: ENOSYS or EOPNOTSUPP if the kernel has no Landlock. */
int landlock_deny(long *version, int *rule_error, const struct allowed_files *allowed);

/* The rights that this version denies, as text: "filesystem, TCP". */
const char *landlock_denied(long version);

#endif
