/*
 * The table of options: where their values are, names, variables, allowed values, a function that
 * reads the value, and the text of --help. A new option is a field here, and its text and its row
 * in settings.c; SETTINGS counts the rows. docs/hacking.md, "Add an option", names the documents
 * and tests.
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

enum { SETTINGS = 22 };

extern const struct setting settings[SETTINGS];

/* The text of --help, with the usage and every option. */
extern const char options_help[];

#endif
