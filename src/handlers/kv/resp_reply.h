/*
 * RESP2, the protocol of Redis: sending replies. Results are those of lined_send: after another
 * result than LINED_OK the connection ends, and its further commands are not executed.
 */
#ifndef RESP_REPLY_H
#define RESP_REPLY_H

#include <lined.h>

#include <stddef.h>

LINED_CHECK_RESULT int resp_send_simple(lined_conn *conn, const char *text); /* +OK */
LINED_CHECK_RESULT int resp_send_error(lined_conn *conn, const char *text);  /* -ERR ... */
LINED_CHECK_RESULT int resp_send_number(lined_conn *conn, long long number);
LINED_CHECK_RESULT int resp_send_bulk(lined_conn *conn, const char *bytes, size_t size);
LINED_CHECK_RESULT int resp_send_null(lined_conn *conn);
LINED_CHECK_RESULT int resp_send_array(lined_conn *conn, size_t count); /* the elements follow */

#endif
