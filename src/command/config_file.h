/*
 * Reading the file of --config.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config.h"

/* The flags with which it is opened; the filter of system calls allows no others for reading. */
#define CONFIG_FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Reads and parses the file. config->file is path, which must stay valid. False after a failure;
 * message is then one line, without an LF, with the file, and the line and the column if the
 * contents are wrong. */
bool config_file_read(struct config *config, const char *path, char message[CONFIG_MESSAGE_SIZE]);

#endif
