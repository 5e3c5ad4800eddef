/*
 * A folder with files of /proc and /sys, in place of the system's.
 */
#ifndef FAKE_ROOT_H
#define FAKE_ROOT_H

/* Makes the folder. */
void fake_root_make(void);

/* Removes it, and all that is in it. */
void fake_root_remove(void);

/* The path of the folder. */
const char *fake_root(void);

/* Writes a file, such as "/proc/meminfo", and makes the folders on the way. */
void fake_root_write(const char *path, const char *text);

#endif
