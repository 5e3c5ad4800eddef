/*
 * The contents of a configuration file: lines NAME=value, and comments.
 *
 * The same file works as EnvironmentFile= of systemd and --env-file of docker, which disagree about
 * quotes, backslashes and blanks at the end of a line. So these are errors here:
 *
 *     # a comment: # is the first character that is not a blank
 *     LINED_PORT=80
 *     LINED_LISTEN=*:80 unix:/run/lined.sock
 *
 * Of two lines with one name the last counts. Pure.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_SIZE_MAX     ((size_t)64 * 1024)
#define CONFIG_ENTRIES_MAX  256
#define CONFIG_MESSAGE_SIZE 256

struct config_entry {
    const char *name;
    const char *value; /* may be empty */
    unsigned line;     /* from 1 on */
};

struct config {
    const char *file; /* its name, for messages */
    char text[CONFIG_SIZE_MAX + 1];
    struct config_entry entries[CONFIG_ENTRIES_MAX]; /* they point into text */
    size_t count;
};

/* Parses the first size bytes of config->text, and changes them: names and values are terminated.
 * False: message has the file, the line and the column, and the error, without an LF. */
bool config_parse(struct config *config, size_t size, char message[CONFIG_MESSAGE_SIZE]);

/* The entry of this name; NULL: there is none. */
const struct config_entry *config_find(const struct config *config, const char *name);

#endif
