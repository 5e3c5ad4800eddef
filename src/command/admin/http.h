/*
 * The head of an HTTP/1 request, line by line, and the head of a response. Pure.
 */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>

/* The longest head of a request, in bytes. */
#define HTTP_HEAD_MAX 8192u

/* A longer target exists nowhere: it is cut. */
#define HTTP_TARGET_SIZE 64

struct http_request {
    size_t size;  /* of the lines so far */
    bool is_head; /* HEAD: the response has no body */

    /* 0: the head is not complete. 200: it is, and the target is to be answered. Else the status
     * of the response: 400, 405 or 431. */
    int status;

    char target[HTTP_TARGET_SIZE]; /* without a query */
};

/* True: the line begins an HTTP request, well-formed or not. */
bool http_is_request(const char *line, size_t size);

/* Reads the request line or the next line of the head, including its LF; a line without an LF is
 * too long. request is all zero before the first. True: status is not 0, so no line may follow. */
bool http_read(struct http_request *request, const char *line, size_t size);

/* Adds the head of a response with a body of size bytes, after which the connection is closed.
 * more: further fields, each with CRLF, or "". */
void http_head(struct text *text, int status, const char *type, size_t size, const char *more);

/* The text of a client above the limit of connections. */
#define HTTP_BUSY                                                                                  \
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"        \
    "Connection: close\r\n\r\nbusy\n"

#endif
