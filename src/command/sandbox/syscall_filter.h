/*
 * The filter of system calls: allows the calls of a serving lined; all others fail with ENOSYS.
 */
#ifndef SYSCALL_FILTER_H
#define SYSCALL_FILTER_H

#include "allowed_files.h"

/* Applies the filter permanently to all present and future threads of the process. The calling
 * thread must be unable to gain privileges (PR_SET_NO_NEW_PRIVS). allowed: also allows
 * the calls that these files need; NULL: no files. A filter cannot read paths, so Landlock must
 * restrict them. Returns 0, or an errno if the kernel has no seccomp; ENOTSUP if there is no filter
 * for this machine. */
int syscall_filter_enter(const struct allowed_files *allowed);

#endif
