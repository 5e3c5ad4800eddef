/*
 * The files that lined must still be able to reach in the sandbox.
 */
#ifndef ALLOWED_FILES_H
#define ALLOWED_FILES_H

#include <stddef.h>

#define REMOVABLE_MAX  65
#define REMOVABLE_SIZE 108 /* of sun_path, see unix(7) */

struct allowed_files {
    /* Files that may be removed: the Unix sockets that lined has made. */
    char paths[REMOVABLE_MAX][REMOVABLE_SIZE]; /* absolute, terminated */
    size_t count;

    const char *append_folder; /* files in it may be created and appended to; NULL: none */
    const char *read_folder;   /* files in it may be read; NULL: none */
};

#endif
