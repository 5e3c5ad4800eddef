/*
 * The file of the packet log (--log-file).
 */
#ifndef LOG_FILE_H
#define LOG_FILE_H

#include <limits.h>

/* The flags with which it is opened; the filter of system calls allows no others for writing. */
#define LOG_FILE_FLAGS (O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Opens the file to append to it; a new file has the mode 0640, less the umask. Never waits, not
 * even for the reader of a named pipe. Returns the descriptor, or -errno. */
int log_file_open(const char *path);

/* The folder of the file: "." if path has no slash. -ENAMETOOLONG, or 0. */
int log_file_folder(const char *path, char folder[PATH_MAX]);

#endif
