/*
 * A lined --handler kv, and what its clients say, for tests.
 */
#ifndef KV_CLIENT_H
#define KV_CLIENT_H

#include "process.h"

#include <stddef.h>

#define MIB ((size_t)1024 * 1024)

extern struct process server;

/* Starts it with --kv-max-value 1048576, and with up to two more arguments. */
void serve(void);
void serve_with(const char *one, const char *two);

/* Drains it, and expects that no connection was cut. */
void end(void);

void ask(int client, const char *request, const char *reply);

/* A client of its own says bytes and is told this last thing. */
void part(const void *bytes, size_t size, const char *reply);

/* Every byte is in it, NUL, CR and LF too, and its parts differ. To be freed. */
char *make_big(size_t size);

/* With its length before and CR LF behind. */
void say_bulk(int client, const void *bytes, size_t size);
void expect_bulk(int client, const void *bytes, size_t size);

#endif
