/*
 * Text that is put together in memory of a fixed size. Pure.
 */
#ifndef ADMIN_TEXT_H
#define ADMIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* the caller's; terminated */
    size_t size;
    size_t used;   /* without the NUL */
    bool is_short; /* there was no room for all of it: later additions have no effect */
};

/* size: at least 1. */
struct text text_in(char *bytes, size_t size);

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);

/* Adds size bytes. */
void text_bytes(struct text *text, const char *bytes, size_t size);

/* Adds words with what has a meaning in HTML, in a string of JSON, or in the value of a label of
 * Prometheus escaped. Control characters are shown as '?', so the text stays on its line. */
void text_html(struct text *text, const char *words);
void text_json(struct text *text, const char *words);
void text_label(struct text *text, const char *words);

/* Adds a number with a comma after each thousand: 1,234,567. */
void text_number(struct text *text, uint64_t number);

/* Adds a time: "7 s", "3 min 7 s", "2 h 3 min" or "5 d 2 h". */
void text_age(struct text *text, uint64_t ms);

#endif
