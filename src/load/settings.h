/*
 * The options of lined-load, read from its arguments. Pure.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum mode {
    MODE_CLOSED, /* a connection sends the next lines when earlier ones are answered */
    MODE_OPEN,   /* lines are sent on a schedule */
    MODE_CHURN,  /* connect, send one line, close */
    MODE_HOLD,   /* many connections that are silent most of the time */
};

struct settings {
    const char *host;
    uint32_t port;
    enum mode mode;
    uint32_t connections;
    uint32_t outstanding;
    uint32_t size; /* bytes of a line, including its LF */
    uint32_t rate; /* lines per second, all connections together; 0 except in MODE_OPEN */
    uint32_t non_readers;
    uint32_t duration_ms;
    uint32_t pid;  /* of the server; 0: not set */
    bool is_awake; /* poll for replies without sleeping */
    bool as_csv;
};

enum settings_action { SETTINGS_RUN, SETTINGS_HELP, SETTINGS_VERSION, SETTINGS_BAD };

#define SETTINGS_MESSAGE_SIZE 256

extern const char settings_help[];

/* With SETTINGS_BAD, message names the option, its value and the allowed values. */
enum settings_action settings_read(struct settings *settings, int argc, char **argv,
                                   char message[SETTINGS_MESSAGE_SIZE]);

#endif
