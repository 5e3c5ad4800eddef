/*
 * What of a client's line others may see. Pure.
 */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stddef.h>

/* Of a line, so that what is sent to everybody is not large. */
#define CHAT_TEXT_MOST 2000

/* The line as others may see it: printable ASCII and UTF-8. Control characters would be obeyed by
 * their terminals; what a telnet client negotiates is skipped (IAC and one or two bytes, RFC 854).
 */
void chat_clean(const char *line, size_t size, char text[CHAT_TEXT_MOST + 1]);

#endif
