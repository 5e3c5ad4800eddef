/*
 * Inline commands, for typing: words between blanks, "in \"double\" quotes" with escapes as in C,
 * or 'in single quotes'. As in sdssplitargs of Redis.
 */
#ifndef RESP_INLINE_H
#define RESP_INLINE_H

#include <stddef.h>

enum inline_found {
    INLINE_WORD,
    INLINE_END,        /* no more words */
    INLINE_UNBALANCED, /* a quote is not closed, or text follows its end */
};

/* Takes the next word from *rest, which ends at end, and writes its size bytes to word. size is at
 * most the number of bytes in *rest. */
enum inline_found inline_next(const char **rest, const char *end, char *word, size_t *size);

#endif
