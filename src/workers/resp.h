/*
 * RESP2, the protocol of Redis: commands in, replies out.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
#ifndef RESP_H
#define RESP_H

#include <lined.h>

#include <stdbool.h>
#include <stddef.h>

#define RESP_ARGUMENTS_MOST (1024 * 1024)
#define RESP_ARGUMENT_MOST  ((size_t)1024 * 1024)
#define RESP_COMMAND_MOST                                                                          \
    ((size_t)16 * 1024 * 1024) /* all of one command's memory that is used                         \
                                */

struct resp_argument {
    const char *bytes; /* any bytes; not terminated */
    size_t size;
};

/* One connection's command. Its memory is used again for the next, unless it is much. */
struct resp_command {
    struct resp_argument *arguments; /* owned */
    size_t count;
    size_t room; /* for arguments */
    char *bytes; /* owned; the arguments, one after another */
    size_t used;
    size_t capacity;
};

struct resp_command *resp_command_new(void);
void resp_command_free(struct resp_command *command);

/* Reads the next command, as an array or as an inline line; count is 0 for an empty one. LINED_OK,
 * or as lined_recv_line. A client that breaks the protocol is told so, and the result is LINED_END.
 */
int resp_read(lined_conn *conn, struct resp_command *command);

/* True if the argument is this word, in upper or lower case. */
bool resp_is(const struct resp_argument *argument, const char *word);

/* True if the argument is a whole number, see integer.h. */
bool resp_number(const struct resp_argument *argument, long long *number);

/* A client's byte as errors show it. They can reach a terminal: nothing that it obeys. */
char resp_shown(char byte);

int resp_send_simple(lined_conn *conn, const char *text); /* +OK */
int resp_send_error(lined_conn *conn, const char *text);  /* -ERR ... */
int resp_send_number(lined_conn *conn, long long number);
int resp_send_bulk(lined_conn *conn, const char *bytes, size_t size);
int resp_send_null(lined_conn *conn);
int resp_send_array(lined_conn *conn, size_t count); /* its elements follow */

#endif
