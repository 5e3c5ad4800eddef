/*
 * Variables that begin with LINED_ and are no settings: mostly typing errors. Pure.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#define NAMES_WARNING_SIZE 320

/* True: the name, which may be followed by "=value", is of lined and unknown; the warning is one
 * line, without an LF, with the known name that is most like it. place: the file, or the
 * environment; line: of the file, or 0. */
bool names_warn(const char *name, const char *place, unsigned line,
                char warning[NAMES_WARNING_SIZE]);

#endif
