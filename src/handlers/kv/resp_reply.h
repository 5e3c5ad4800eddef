/*
 * RESP, the protocol of Redis: sending replies. protocol is 2 or 3, the version that the connection
 * has chosen; the other replies are the same in both. Results are those of lined_send: after
 * another result than LINED_OK the connection ends, and its further commands are not executed.
 */
#ifndef RESP_REPLY_H
#define RESP_REPLY_H

#include <lined.h>

#include <stddef.h>

LINED_CHECK_RESULT int resp_send_simple(lined_conn *conn, const char *text); /* +OK */
LINED_CHECK_RESULT int resp_send_error(lined_conn *conn, const char *text);  /* -ERR ... */
LINED_CHECK_RESULT int resp_send_number(lined_conn *conn, long long number);
LINED_CHECK_RESULT int resp_send_bulk(lined_conn *conn, const char *bytes, size_t size);
LINED_CHECK_RESULT int resp_send_text(lined_conn *conn, const char *text); /* as a bulk string */
LINED_CHECK_RESULT int resp_send_null(lined_conn *conn, int protocol);
LINED_CHECK_RESULT int resp_send_array(lined_conn *conn, size_t count); /* the elements follow */

/* In RESP2 these are arrays and bulk strings. count keys, each with its value, or count elements,
 * follow. */
LINED_CHECK_RESULT int resp_send_map(lined_conn *conn, int protocol, size_t count);
LINED_CHECK_RESULT int resp_send_set(lined_conn *conn, int protocol, size_t count);
LINED_CHECK_RESULT int resp_send_verbatim(lined_conn *conn, int protocol, const char *text,
                                          size_t size);

#endif
