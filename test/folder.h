/*
 * A folder of a test, with files by name.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

/* Makes the folder. */
void folder_make(void);

/* Removes it, and the files in it. */
void folder_remove(void);

/* The path of a file in it, or with "" of the folder. Valid until four more calls. */
const char *folder_path(const char *name);

/* Replaces the contents of a file, by renaming a new one. */
void folder_write(const char *name, const char *text);

/* Reads a file, terminated; "" if there is none. */
size_t folder_read(const char *name, char *text, size_t size);

#endif
