/*
 * The files that lined must still be able to remove in the sandbox: the Unix sockets that it has
 * made.
 */
#ifndef REMOVABLE_H
#define REMOVABLE_H

#include <stddef.h>

#define REMOVABLE_MAX  65
#define REMOVABLE_SIZE 108 /* of sun_path, see unix(7) */

struct removable {
    char paths[REMOVABLE_MAX][REMOVABLE_SIZE]; /* absolute, terminated */
    size_t count;
};

#endif
