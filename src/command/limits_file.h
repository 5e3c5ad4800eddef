/*
 * Reads limits where the kernel has them: files of /proc and /sys, and the limits of the process.
 * root is the folder of /proc and /sys: "", except in tests.
 */
#ifndef LIMITS_FILE_H
#define LIMITS_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* More than the size of each of these files. A cgroup file with many hierarchies can be larger;
 * then the first ones count. */
#define LIMITS_FILE_SIZE 4096

/* Reads the file at root, folder and name; the text is terminated. False: there is no such file. */
bool limits_file_text(char text[LIMITS_FILE_SIZE], const char *root, const char *folder,
                      const char *name);

/* The number at the beginning of the file. LIMITS_NONE: there is no such file, or it has a word,
 * such as the "max" of pids.max. */
uint64_t limits_file_number(const char *root, const char *folder, const char *name);

/* The soft limit of getrlimit(2), or LIMITS_NONE. */
uint64_t limits_rlimit(int resource);

/* max minus used, at least 0; either can be LIMITS_NONE. */
uint64_t limits_left(uint64_t max, uint64_t used);

#endif
