/*
 * The command line and the environment of lined, read into a struct options. Pure: opens nothing,
 * prints nothing.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "settings.h"

enum options_action {
    OPTIONS_SERVE,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_BAD, /* the message says what is wrong */
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

#endif
