/*
 * Detached threads on stacks of our own. The C library keeps the stacks of threads that have ended,
 * up to 40 MB of them with some KB of memory in each; and each keeps a block of the heap, which
 * then cannot shrink. So after many connections have come and gone, little would go back to the
 * system.
 *
 * No thread can free the stack it runs on, and nobody is told when a detached one is off it. So it
 * has the kernel clear a word when the thread has ended for good, as the C library does for
 * pthread_join (set_tid_address(2)). It leaves its stack to somebody else, who frees it afterwards.
 */
#ifndef STACK_H
#define STACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Kept at the upper end of the memory that it describes. */
struct stack {
    void *job;                 /* what its thread was started with */
    _Atomic uint32_t occupied; /* 1 from stack_leave on, until the kernel clears it */
};

/* Finds out how large a stack has to be in this program: what its libraries have as variables of
 * each thread lies there too. Before all others, and not while somebody holds the loader's lock
 * (dl_iterate_phdr(3)); more than once does no harm. What is loaded later has to do with less. */
void stack_prepare(void);

/* One with a guard page below it. LINED_OK or -errno: there is no memory. */
int stack_make(struct stack **made);

/* A detached thread on it, which runs main with the stack, and must say stack_leave before it
 * returns. LINED_OK or -errno (pthread_create(3)). */
int stack_start(struct stack *stack, void *(*main)(void *stack), void *job);

/* The thread on it is about to end; to be called by that thread, before anybody may free it. */
void stack_leave(struct stack *stack);

/* Of a stack that was left: its thread has ended, and another may be started on it. */
static inline bool stack_has_ended(const struct stack *stack)
{
    return atomic_load(&stack->occupied) == 0;
}

/* Frees a stack that was left or never started on; waits for its thread to end. NULL: nothing. */
void stack_free(struct stack *stack);

#endif
