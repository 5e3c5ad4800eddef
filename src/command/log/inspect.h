/*
 * Bytes to printed notation, the one of Elixir's inspect: "hello\n" for text, <<255, 254, 10>> for
 * anything else. See docs/behaviour.md. Pure.
 *
 * Whatever the bytes are, the notation holds no control character: not C0, DEL, nor C1.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stddef.h>

/* No notation is longer, however long the line: text is cut after 4096 characters. */
#define INSPECT_MAX ((size_t)4096 * 6 + 9)

/* How many bytes the notation of size bytes takes at most. */
size_t inspect_bound(size_t size);

/* Writes the notation, not terminated, and returns its length, at most inspect_bound(size). */
size_t inspect(char *notation, const char *bytes, size_t size);

#endif
