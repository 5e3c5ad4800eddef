/*
 * What options there are: their text in --help, their names, and how each value is read. A new
 * option is a field in options.h, its text and its row in settings.c, and a row more in SETTINGS.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "options.h"

#include <stdbool.h>

/* Every option that sets something: all but --help and --version. */
struct setting {
    const char *name; /* with its dashes */
    char letter;      /* its short form, or 0 */
    bool is_flag;     /* takes no value on the command line; there it means yes */
    const char *variable;
    const char *allowed;
    bool (*read)(struct options *options, const char *value); /* false: it is not allowed */
};

enum { SETTINGS = 22 };

extern const struct setting settings[SETTINGS];

#endif
