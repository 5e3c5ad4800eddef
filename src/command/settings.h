/*
 * The options of the command: their values, their text in --help, their names, and how each value
 * is read. A new option is a field of struct options or of struct lined_options, and its text,
 * function and row in settings.c. docs/hacking.md, "Add an option", has the documents and the
 * tests.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "command/log/log_style.h"
#include "command/log/log_writer.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The maximum of --max-connections and --max-per-ip. */
#define OPTIONS_CONNECTIONS_MAX 16777216u

#define OPTIONS_MESSAGE_SIZE 256
#define OPTIONS_WHY_SIZE     160

/* How many listeners there can be, and the length of their texts together. */
#define OPTIONS_LISTEN_MAX  64
#define OPTIONS_LISTEN_SIZE 4096

/* The maximum number of settings: from_variable has a bit for each. */
enum { SETTINGS_MAX = 64 };

struct options {
    /* The texts point into argv or the environment; max_connections is 0 if the user has not set
     * it. */
    struct lined_options server;

    /* --listen: each is a text for lined_server_listen; 0 of them: ip and port. */
    const char *listen[OPTIONS_LISTEN_MAX];
    size_t listen_count;
    char listen_words[OPTIONS_LISTEN_SIZE]; /* the texts, terminated */
    size_t listen_used;                     /* bytes of listen_words */

    bool has_place; /* the user has set --ip, --port or --listen */

    const char *admin;   /* a text for lined_server_listen, or NULL: no admin listener; points into
                          * argv or the environment */
    const char *handler; /* a name or a file, see handler.h; points into argv or the environment */
    bool quiet;
    int notify_fd;    /* for the newline of notify.h; -1: the user has not set it */
    const char *user; /* the user to become, or NULL; points into argv or the environment */
    bool no_sandbox;
    enum log_overflow log_overflow;
    const char *log_file; /* NULL: standard output; points into argv or the environment */
    struct log_style log_style;
    uint32_t drain_delay_ms;
    int argc;    /* the command line, for a reload; the caller sets it */
    char **argv; /* the same */

    const char *config; /* --config, or NULL; points into argv or the environment */
    bool check_config;

    /* For each of settings[]: its value, NULL if it has its default; and where this is not the
     * command line, the variable. Both point to argv, the environment or the configuration. */
    const char *values[SETTINGS_MAX];
    uint64_t from_variable;       /* one bit for each of settings[] */
    unsigned lines[SETTINGS_MAX]; /* of the configuration; 0: the value is from elsewhere */

    const char *why;                    /* of a value that is not allowed, see struct setting */
    char why_text[OPTIONS_WHY_SIZE];    /* what why may point to */
    char warning[OPTIONS_MESSAGE_SIZE]; /* one line for standard error, or empty */
};

/* One option. --help and --version have no row. */
struct setting {
    const char *name; /* with its dashes */

    /* What --help shows as the value, such as "SECONDS". NULL: the option is a flag; it has no
     * value on the command line, where it means yes. */
    const char *argument;

    char letter;     /* short option, or 0 */
    bool can_change; /* SIGHUP reads it again, see reload.h */
    const char *variable;
    const char *allowed; /* behind "must be" */

    /* False: the value is not allowed; then it may set options->why, which replaces allowed. */
    bool (*read)(struct options *options, const char *value);

    const char *help; /* one paragraph */
};

extern const struct setting settings[]; /* ends with a name that is NULL */

#endif
