/*
 * An event of the packet log as a JSON object (RFC 8259) on one line. Pure.
 *
 *     {"ts":"2026-11-26T14:20:56.123456Z","conn":16777216,"peer":"127.0.0.1:49152","event":"open"}
 *     {"ts":...,"conn":...,"peer":...,"event":"line","bytes":6,"line":"hello\n"}
 *     {"ts":...,"conn":...,"peer":...,"event":"line","bytes":2,"line_base64":"/wo="}
 *     {"ts":...,"conn":...,"peer":...,"event":"close","bytes":8,"reason":"disconnected"}
 *
 * A line that is UTF-8 is in "line", any other in "line_base64" (RFC 4648). If it has more than
 * JSON_LINE_TEXT_MAX bytes, only as many are there, and "cut":true follows; "bytes" counts all.
 */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include "log_event.h"

#include <stddef.h>

#define JSON_LINE_TEXT_MAX ((size_t)4096)

/* The maximum size of the object of a line of size bytes, and of any other event with size 0; the
 * peer has at most 127 bytes, and the reason at most 63. */
size_t json_line_bound(size_t size);

/* The maximum for any line. */
#define JSON_LINE_MAX (JSON_LINE_TEXT_MAX * 6 + 1280)

/* Writes the object and an LF, not terminated, and returns the size. */
size_t json_line(char *to, const struct log_event *event);

#endif
