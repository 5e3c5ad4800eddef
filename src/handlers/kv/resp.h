/*
 * RESP, the protocol of Redis: receiving commands. Replies are in kv_reply.h.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
#ifndef RESP_H
#define RESP_H

#include "kv_bytes.h"

#include <lined.h>

#include <stdbool.h>
#include <stddef.h>

#define RESP_ARGUMENTS_MAX ((size_t)1024 * 1024)

/* The memory in use by a command, besides that of its longest argument. */
#define RESP_COMMAND_MORE ((size_t)16 * 1024 * 1024)

/* Before a client has sent the password, as in Redis. */
#define RESP_LIMITED_ARGUMENTS_MAX 10
#define RESP_LIMITED_ARGUMENT_MAX  16384

/* Receives the commands of a connection. */
struct resp_reader {
    lined_conn *conn;
    size_t max_argument; /* bytes */
    size_t max_inline;   /* bytes of an inline command, with its LF */
    bool is_limited;  /* the client has not sent the password: its commands have the limits above */
    char problem[64]; /* after a protocol error, what is wrong */
};

/* A command. The next one of its connection uses the same memory, unless it is large. {0} is empty.
 */
struct resp_command {
    struct kv_bytes *arguments; /* owned */
    size_t count;
    size_t room; /* number of allocated arguments */
    char *bytes; /* owned; the arguments, one after another */
    size_t used;
    size_t capacity;
    bool is_inline; /* it came as a line, not as an array */
};

/* Frees the memory; the command is then {0}, an empty one. */
void resp_command_deinit(struct resp_command *command);

/* Frees the room for more arguments. There is at least one argument. */
void resp_command_shrink(struct resp_command *command);

/* The bytes of all arguments, and 16 for each. */
size_t resp_command_size(const struct resp_command *command);

/* Receives the next command, as an array or as an inline line; count is 0 for an empty one. Returns
 * LINED_OK, or the result of lined_recv_line. The result is LINED_END after a protocol error. */
LINED_CHECK_RESULT int resp_read(struct resp_reader *reader, struct resp_command *command);

/* True if the argument is this word, in upper or lower case. */
bool resp_is(struct kv_bytes argument, const char *word);

/* True if the argument is an integer, see integer.h. */
bool resp_number(struct kv_bytes argument, long long *number);

/* A byte of the client as errors show it. Errors can reach a terminal, so it is not a control
 * character. */
char resp_shown(char byte);

#endif
