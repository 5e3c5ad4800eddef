/*
 * What cannot be false unless the program is wrong: a pthread call's result, a lock's rule. Checked
 * in release builds too. Never for what a peer, the kernel or a user can cause.
 */
#ifndef INVARIANT_H
#define INVARIANT_H

#include <stdio.h>
#include <stdlib.h>

/* A macro because only a macro knows the expression, the file and the line. */
#define INVARIANT(expression)                                                                      \
    ((expression) ? (void)0 : invariant_broken(#expression, __FILE__, __LINE__))

_Noreturn static inline void invariant_broken(const char *expression, const char *file, int line)
{
    fprintf(stderr, "lined: %s:%d: invariant broken: %s\n", file, line, expression);
    abort();
}

#endif
