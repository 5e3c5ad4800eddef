/*
 * What the user of lined-load wants, read from its arguments. Pure.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum mode {
    MODE_CLOSED, /* a connection sends its next lines when earlier ones are answered */
    MODE_OPEN,   /* lines are due on a schedule */
    MODE_CHURN,  /* connect, one line, close */
    MODE_HOLD,   /* many connections that are mostly silent */
};

struct settings {
    const char *host;
    uint32_t port;
    enum mode mode;
    uint32_t connections;
    uint32_t outstanding;
    uint32_t size; /* bytes of a line, its LF counted */
    uint32_t rate; /* lines a second, all connections together; 0 but in MODE_OPEN */
    uint32_t non_readers;
    uint32_t duration_ms;
    uint32_t pid;  /* the server's; 0: not given */
    bool is_awake; /* replies are waited for without sleep */
    bool as_csv;
};

enum settings_action { SETTINGS_RUN, SETTINGS_HELP, SETTINGS_VERSION, SETTINGS_BAD };

#define SETTINGS_MESSAGE_SIZE 256

extern const char settings_help[];

/* With SETTINGS_BAD the message says what is wrong and what is allowed. */
enum settings_action settings_read(struct settings *settings, int argc, char **argv,
                                   char message[SETTINGS_MESSAGE_SIZE]);

#endif
