/*
 * The table of the options: their names and their text in --help. A new option is a field of struct
 * options or of struct lined_options, a function in option_values.c, and a row in settings.c.
 * docs/hacking.md, "Add an option", has the documents and the tests.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "option_values.h"

#include <stdbool.h>

/* One option. --help and --version have no row. */
struct setting {
    const char *name; /* with its dashes */

    /* What --help shows as the value, such as "SECONDS". NULL: the option is a flag; it has no
     * value on the command line, where it means yes. */
    const char *argument;

    char letter;         /* short option, or 0 */
    bool can_change;     /* SIGHUP reads it again, see reload.h */
    const char *handler; /* the option is for this handler alone; NULL: for each */
    const char *variable;
    const char *allowed; /* behind "must be" */

    option_reader *read;

    const char *help; /* one paragraph */
};

extern const struct setting settings[]; /* ends with a name that is NULL */

#endif
