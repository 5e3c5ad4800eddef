/*
 * Reading a whole file.
 */
#ifndef READ_ALL_H
#define READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Reads to the end, or until bytes has no room. Returns the size, or -errno. Waits for a pipe. */
ssize_t read_all(int fd, char *bytes, size_t room);

#endif
