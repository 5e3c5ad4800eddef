/*
 * RESP2, the protocol of Redis: commands in. Replies are in resp_reply.h.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
#ifndef RESP_H
#define RESP_H

#include "kv_bytes.h"

#include <lined.h>

#include <stdbool.h>
#include <stddef.h>

#define RESP_ARGUMENTS_MOST (1024 * 1024)
#define RESP_ARGUMENT_MOST  ((size_t)1024 * 1024)
#define RESP_INLINE_MOST    ((size_t)64 * 1024)        /* an inline line, its LF counted */
#define RESP_COMMAND_MOST   ((size_t)16 * 1024 * 1024) /* all of a command's memory in use */

/* One connection's command. Its memory is used again for the next, unless it is much. */
struct resp_command {
    struct kv_bytes *arguments; /* owned */
    size_t count;
    size_t room; /* for arguments */
    char *bytes; /* owned; the arguments, one after another */
    size_t used;
    size_t capacity;
    bool is_inline; /* it came as a line, not as an array */
};

struct resp_command *resp_command_new(void);
void resp_command_free(struct resp_command *command);

/* Reads the next command, as an array or as an inline line; count is 0 for an empty one. LINED_OK,
 * or as lined_recv_line. A client that breaks the protocol is told so, and the result is LINED_END.
 */
LINED_CHECK_RESULT int resp_read(lined_conn *conn, struct resp_command *command);

/* True if the argument is this word, in upper or lower case. */
bool resp_is(const struct kv_bytes *argument, const char *word);

/* True if the argument is a whole number, see integer.h. */
bool resp_number(const struct kv_bytes *argument, long long *number);

/* A client's byte as errors show it. They can reach a terminal: nothing that it obeys. */
char resp_shown(char byte);

#endif
