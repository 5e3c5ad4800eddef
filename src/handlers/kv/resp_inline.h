/*
 * Inline commands, the lines that people type: words between blanks, "in \"double\" quotes" with
 * escapes as in C, or 'in single ones'. As in Redis's sdssplitargs.
 */
#ifndef RESP_INLINE_H
#define RESP_INLINE_H

#include <stddef.h>

enum inline_found {
    INLINE_WORD,
    INLINE_END,        /* there are no more words */
    INLINE_UNBALANCED, /* a quote has no end, or its end is not the word's end */
};

/* Takes the next word from *rest, which ends at end, and writes its size bytes to word. They are
 * at most as many as are left. */
enum inline_found inline_next(const char **rest, const char *end, char *word, size_t *size);

#endif
