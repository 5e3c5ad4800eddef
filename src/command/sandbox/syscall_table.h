/*
 * The table of the system calls that a serving lined may make, and their arguments. Only data:
 * syscall_filter.c makes the kernel's filter from it.
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machine of the table, as the kernel names it. Other machines have no table. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define SYSCALL_TABLE_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define SYSCALL_TABLE_MACHINE AUDIT_ARCH_AARCH64
#endif

/* An argument must have this value in the bits of the mask. With a mask of 0 every value is
 * allowed.
 *
 * The kernel gets each argument in a register of 64 bits. A mask of 32 bits is for a parameter that
 * is an int in the kernel: the kernel ignores the upper half, which can have any value. To compare
 * the upper half would reject correct calls and prevent nothing. A mask of 64 bits is for an
 * address. */
struct syscall_argument {
    unsigned number; /* from 0 to 5 */
    uint64_t mask;
    uint64_t value;
    bool is_own_process; /* the value is the ID of the process that enters the filter */
};

#define SYSCALL_ARGUMENTS_MAX 2

/* The call is allowed if all arguments match. One call can have several rules. */
struct syscall_rule {
    long call;
    struct syscall_argument arguments[SYSCALL_ARGUMENTS_MAX];
};

extern const struct syscall_rule syscall_table[];
extern const size_t syscall_table_size;

/* These too if lined has made a socket file. */
extern const struct syscall_rule syscall_table_removing[];
extern const size_t syscall_table_removing_size;

/* These if there is a folder to append to, and these if there is a folder to read. */
extern const struct syscall_rule syscall_table_appending[];
extern const size_t syscall_table_appending_size;
extern const struct syscall_rule syscall_table_reading[];
extern const size_t syscall_table_reading_size;

#endif
