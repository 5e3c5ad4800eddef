/*
 * Times as text: RFC 3339, UTC, microseconds. Pure.
 */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

/* "2026-11-26T14:20:56.123456Z", not terminated. */
#define TIMESTAMP_SIZE ((size_t)27)

/* Writes the time, in microseconds since 1970; returns its end. Years from 1970 to 9999. */
char *timestamp_put(char *to, int64_t us);

#endif
