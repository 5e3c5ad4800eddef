/*
 * The command line and the environment of lined, read into settings. Pure: opens nothing, prints
 * nothing.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command/log/log_writer.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum options_action {
    OPTIONS_SERVE,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_BAD, /* the message says what is wrong */
};

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

/* Fills options from the defaults, the environment (looked up by get, as getenv(3) does; an empty
 * variable counts as not set) and argv, which wins. argv may be permuted, as getopt_long(3) does;
 * it is not thread-safe. For OPTIONS_BAD message has one line, terminated, without an LF: what was
 * given, what is allowed. Bytes of the input that a terminal might obey are shown as '?'. */
enum options_action options_read(struct options *options, int argc, char **argv,
                                 char *(*get)(const char *name),
                                 char message[OPTIONS_MESSAGE_SIZE]);

/* What the user has set it by, for messages: the option itself, as "--port", or "LINED_PORT" where
 * that was used. */
const char *options_name(const struct options *options, const char *option);

/* The text of --help, with the usage and every option. */
extern const char options_help[];

#endif
