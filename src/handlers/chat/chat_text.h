/*
 * Makes the text that other clients see from a line of a client. Pure.
 *
 * A line is cleaned in three steps.
 *
 * 1. Telnet commands are skipped (RFC 854): IAC and a command, with an option after WILL, WONT, DO
 *    and DONT; and a subnegotiation, from IAC SB to IAC SE (RFC 855), or to the end of the line.
 *    lined requests no option, so a client has no reason to begin a subnegotiation. IAC IAC is the
 * byte 255, and so is an IAC that is not followed by a command: text has no such byte, so step 2
 * drops it.
 *
 * 2. The bytes are decoded as UTF-8 (RFC 3629; Unicode, table 3-7). An ill-formed sequence is
 * dropped, each maximal subpart of it: some terminals interpret an overlong ESC as an ESC.
 *
 * 3. BS and DEL erase the last character, if there is one. Telnet clients that send each key at
 * once need this. Other characters are dropped if they control a terminal or deceive its reader:
 *    - C0 and C1 controls: a terminal executes them.
 *    - U+2028 and U+2029, the separators of lines and paragraphs: the following text could look
 * like the line of another client.
 *    - U+202A to U+202E and U+2066 to U+2069, embeddings, overrides and isolates: a terminal shows
 * a line in another order than it was written, on some terminals beyond the end of the line.
 *    - U+206A to U+206F, deprecated: they change the shape of the following text.
 *    - U+FEFF: a byte order mark that some clients send first; a command after it must be
 * recognized.
 *    - U+FFF9 to U+FFFB, annotations, and U+E0000 to U+E007F, tags: they hide text. Tags are also
 * used in the flags of England, Scotland and Wales, which become a black flag.
 *
 * U+200E, U+200F and U+061C are kept: text from right to left needs these marks, and each has the
 * effect of a letter of such a script, which ends with its line. Joiners and variation selectors
 * are kept for the scripts and emoji that need them.
 */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stddef.h>

/* In bytes. A longer line is cut between two characters, so that messages to all members are small.
 */
#define CHAT_TEXT_MOST 2000

/* Writes the cleaned line into text, terminated. */
void chat_clean(const char *line, size_t size, char text[CHAT_TEXT_MOST + 1]);

#endif
