/*
 * The options of the command: their values, their text in --help, their names, and how each value
 * is read. A new option is a field of struct options or of struct lined_options, and its text,
 * function and row in settings.c. docs/hacking.md, "Add an option", has the documents and the
 * tests.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "command/log/log_writer.h"

#include <lined.h>
#include <stdbool.h>
#include <stdint.h>

/* The maximum of --max-connections and --max-per-ip. */
#define OPTIONS_CONNECTIONS_MAX 16777216u

#define OPTIONS_MESSAGE_SIZE 256

struct options {
    /* ip points into argv or the environment; max_connections is 0 if the user has not set it. */
    struct lined_options server;
    const char *handler; /* a name or a file, see handler.h; points into argv or the environment */
    bool quiet;
    const char *user; /* the user to become, or NULL; points into argv or the environment */
    bool no_sandbox;
    enum log_overflow log_overflow;
    uint32_t from_environment;          /* one bit for each of settings[]: its variable was used */
    char warning[OPTIONS_MESSAGE_SIZE]; /* one line for standard error, or empty */
};

/* One option. --help and --version have no row. */
struct setting {
    const char *name; /* with its dashes */
    char letter;      /* short option, or 0 */
    bool is_flag;     /* has no value on the command line; there it means yes */
    const char *variable;
    const char *allowed;
    bool (*read)(struct options *options, const char *value); /* false: the value is not allowed */
};

/* from_environment has a bit for each. */
enum { SETTINGS_MAX = 32 };

extern const struct setting settings[]; /* ends with a name that is NULL */

/* The text of --help, with the usage and every option. */
extern const char options_help[];

#endif
