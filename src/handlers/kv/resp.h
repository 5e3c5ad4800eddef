/*
 * RESP, the protocol of Redis: receiving commands. Replies are in resp_reply.h.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
#ifndef RESP_H
#define RESP_H

#include "kv_bytes.h"

#include <lined.h>

#include <stdbool.h>
#include <stddef.h>

#define RESP_ARGUMENTS_MOST (1024 * 1024)
#define RESP_ARGUMENT_BYTES 1048576 /* a plain number, for CONFIG GET */
#define RESP_ARGUMENT_MOST  ((size_t)RESP_ARGUMENT_BYTES)
#define RESP_INLINE_MOST    ((size_t)64 * 1024)        /* an inline line, including its LF */
#define RESP_COMMAND_MOST   ((size_t)16 * 1024 * 1024) /* the memory in use by a command */

/* Before a client has sent the password, as in Redis. */
#define RESP_LIMITED_ARGUMENTS_MOST 10
#define RESP_LIMITED_ARGUMENT_MOST  16384

/* The command of a connection. The next command uses the same memory, unless it is large. */
struct resp_command {
    struct kv_bytes *arguments; /* owned */
    size_t count;
    size_t room; /* number of allocated arguments */
    char *bytes; /* owned; the arguments, one after another */
    size_t used;
    size_t capacity;
    bool is_inline;  /* it came as a line, not as an array */
    bool is_limited; /* the next command has the limits below: the client has sent no password */
};

struct resp_command *resp_command_new(void);
void resp_command_free(struct resp_command *command);

/* Receives the next command, as an array or as an inline line; count is 0 for an empty one. Returns
 * LINED_OK, or the result of lined_recv_line. After a protocol error the client gets an error, and
 * the result is LINED_END. */
LINED_CHECK_RESULT int resp_read(lined_conn *conn, struct resp_command *command);

/* True if the argument is this word, in upper or lower case. */
bool resp_is(const struct kv_bytes *argument, const char *word);

/* True if the argument is an integer, see integer.h. */
bool resp_number(const struct kv_bytes *argument, long long *number);

/* A byte of the client as errors show it. Errors can reach a terminal, so it is not a control
 * character. */
char resp_shown(char byte);

#endif
