/*
 * The system calls that a serving lined makes; the kernel answers all others with ENOSYS.
 */
#ifndef SYSCALL_FILTER_H
#define SYSCALL_FILTER_H

/* Puts the whole process behind the filter, for good: the threads that are there and those that
 * come. The calling thread must be unable to gain privileges (PR_SET_NO_NEW_PRIVS). 0, or an errno:
 * the kernel has no seccomp, or the machine is one that there is no filter for (ENOTSUP). */
int syscall_filter_enter(void);

#endif
