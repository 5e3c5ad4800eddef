/*
 * The table of system calls that a serving lined may make, and with which arguments. Data only:
 * syscall_filter.c makes the kernel's filter from it.
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machines that the table fits, as the kernel names them. Elsewhere there is no table. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define SYSCALL_TABLE_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define SYSCALL_TABLE_MACHINE AUDIT_ARCH_AARCH64
#endif

/* An argument must have this value in the bits of the mask; without a mask, any argument is right.
 *
 * The kernel gets each argument in a register of 64 bits. A mask of 32 bits is for a parameter that
 * is an int to the kernel: it drops the upper half, in which a caller may leave anything, so a
 * comparison of the upper half would refuse sound calls and would prevent nothing. A mask of 64
 * bits is for an address. */
struct syscall_argument {
    unsigned number; /* from 0 to 5 */
    uint64_t mask;
    uint64_t value;
    bool is_own_process; /* the value is the number of the process that enters the filter */
};

#define SYSCALL_ARGUMENTS_MAX 2

/* The call is allowed if each of the arguments is right. Several rules can be for one call. */
struct syscall_rule {
    long call;
    struct syscall_argument arguments[SYSCALL_ARGUMENTS_MAX];
};

extern const struct syscall_rule syscall_table[];
extern const size_t syscall_table_size;

#endif
