/*
 * The options of the command: where their values are, their text in --help, their names, and how
 * each value is read. A new option is a field here, and its text and its row in settings.c;
 * SETTINGS counts the rows. docs/hacking.md, "Add an option", names the documents and tests.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "command/log/log_writer.h"

#include <lined.h>
#include <stdbool.h>
#include <stdint.h>

/* What max-connections and max-per-ip go up to. */
#define OPTIONS_CONNECTIONS_MOST 16777216u

#define OPTIONS_MESSAGE_SIZE 256

struct options {
    /* ip points into argv or the environment; max_connections is 0 where it is not given. */
    struct lined_options server;
    const char *handler; /* a name or a file, see handler.h; points as ip does */
    bool quiet;
    const char *user; /* whom to become, or NULL; points as ip does */
    bool no_sandbox;
    enum log_overflow log_overflow;
    uint32_t from_environment;          /* a bit for each of settings[]: its variable was used */
    char warning[OPTIONS_MESSAGE_SIZE]; /* one line for standard error; empty: there is none */
};

/* Every option that sets something: all but --help and --version. */
struct setting {
    const char *name; /* with its dashes */
    char letter;      /* its short form, or 0 */
    bool is_flag;     /* takes no value on the command line; there it means yes */
    const char *variable;
    const char *allowed;
    bool (*read)(struct options *options, const char *value); /* false: it is not allowed */
};

enum { SETTINGS = 22 };

extern const struct setting settings[SETTINGS];

/* The text of --help, with the usage and every option. */
extern const char options_help[];

#endif
