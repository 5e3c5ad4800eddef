/*
 * The command line and the environment of lined, read into a struct options. Pure: opens nothing,
 * prints nothing.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "config.h"
#include "option_rules.h" /* options_name */
#include "settings.h"

enum options_action {
    OPTIONS_SERVE,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_BAD, /* the message says what is wrong */
};

/* Fills options from the defaults, the environment and argv, which overrides the environment. get
 * returns variables, as getenv(3) does; an empty variable counts as not set. argv may be permuted,
 * as by getopt_long(3). Not thread-safe. After OPTIONS_BAD message is one line, terminated, without
 * an LF: the option, its value, and the allowed values. Bytes that could control a terminal are
 * shown as '?'. */
enum options_action options_read(struct options *options, int argc, char **argv,
                                 char *(*get)(const char *name),
                                 char message[OPTIONS_MESSAGE_SIZE]);

/* The same with a configuration, which the environment overrides; NULL: none. options then point
 * into it. */
enum options_action options_read_all(struct options *options, int argc, char **argv,
                                     char *(*get)(const char *name), const struct config *config,
                                     char message[OPTIONS_MESSAGE_SIZE]);

#endif
