/*
 * Bytes in the notation of Elixir's inspect: "hello\n" for text, <<255, 254, 10>> for other bytes.
 * See docs/behaviour.md. Pure.
 *
 * For all bytes, the notation has no control character: not C0, DEL, nor C1.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stddef.h>

/* The maximum length of the notation, for any line: text is cut after 4096 characters. */
#define INSPECT_MAX ((size_t)4096 * 6 + 9)

/* The maximum length of the notation of size bytes. */
size_t inspect_bound(size_t size);

/* Writes the notation, not terminated, and returns its length, at most inspect_bound(size). */
size_t inspect(char *notation, const char *bytes, size_t size);

#endif
