/*
 * The part of a client's line that is shown to other clients. Pure.
 *
 * A line is cleaned in three steps.
 *
 * 1. Telnet commands are skipped (RFC 854): IAC and a command, with an option after WILL, WONT, DO
 *    and DONT; and a subnegotiation, from IAC SB to IAC SE (RFC 855), or to the end of the line.
 *    lined asks for no option, so a client has no reason to begin one. IAC IAC is the byte 255, and
 *    so is an IAC in front of anything but a command: text has no such byte, so step 2 drops it.
 *
 * 2. The bytes are decoded as UTF-8 (RFC 3629; Unicode, table 3-7). An ill-formed sequence is
 *    dropped, each maximal subpart of it: an overlong ESC is one to some terminals.
 *
 * 3. BS and DEL, the keys that erase, take the last character back: a whole one, and none at the
 *    beginning. Telnet clients that send each key at once rely on it. Other characters are dropped
 *    if they harm a terminal or deceive its reader:
 *    - C0 and C1 controls: a terminal obeys them.
 *    - U+2028 and U+2029, the separators of lines and paragraphs: what follows could pass for the
 *      line of another client.
 *    - U+202A to U+202E and U+2066 to U+2069, embeddings, overrides and isolates: a line is read in
 *      another order than it was written in, beyond its own end on some terminals.
 *    - U+206A to U+206F, deprecated: they change the shape of what follows.
 *    - U+FEFF: a byte order mark that clients send first; a command behind it is to be a command.
 *    - U+FFF9 to U+FFFB, annotations, and U+E0000 to U+E007F, tags: they hide text. Tags are used
 *      for the flags of England, Scotland and Wales as well; these become a black flag.
 *
 * Kept are U+200E, U+200F and U+061C: text that runs from right to left needs these marks, and each
 * has the effect of a letter of such a script, which is as far as its own line. Kept are joiners
 * and variation selectors, for the scripts and emoji that need them.
 */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stddef.h>

/* In bytes. A line is cut to it, between two characters, so that what goes to all is not large. */
#define CHAT_TEXT_MOST 2000

/* Writes the line as others may see it into text, terminated. */
void chat_clean(const char *line, size_t size, char text[CHAT_TEXT_MOST + 1]);

#endif
