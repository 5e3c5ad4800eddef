#include "names.h"

#include "settings.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_SIZE 64

/* More differences than these, and two names have nothing in common. */
#define DISTANCE_MAX 3u

static unsigned least(unsigned one, unsigned two, unsigned three)
{
    unsigned less = one < two ? one : two;

    return less < three ? less : three;
}

/* How many characters must be inserted, removed or replaced to get from one name to the other
 * (Levenshtein). Both are shorter than NAME_MAX_SIZE. */
static unsigned distance(const char *name, const char *other)
{
    unsigned row[NAME_MAX_SIZE]; /* the distances of the name so far to each begin of other */
    size_t size = strlen(other);

    for (unsigned i = 0; i <= size; i++)
        row[i] = i;
    for (unsigned n = 1; *name != '\0'; name++, n++) {
        unsigned diagonal = row[0];
        row[0] = n;
        for (size_t i = 1; i <= size; i++) {
            unsigned above = row[i];
            row[i] = least(row[i - 1] + 1, above + 1, diagonal + (other[i - 1] != *name));
            diagonal = above;
        }
    }
    return row[size];
}

/* Kubernetes and Docker set these for a service, or a linked container, that is named lined. */
static bool is_of_a_link(const char *name)
{
    return strncmp(name, "LINED_SERVICE_", 14) == 0 || strncmp(name, "LINED_PORT_", 11) == 0;
}

/* The known name that is most like the word, or NULL if none is; *is_known: it is the word. */
static const char *find_closest(const char *word, bool *is_known)
{
    const char *closest = NULL;
    unsigned closest_distance = DISTANCE_MAX + 1;
    const struct setting *setting = settings;
    const char *known = OPTIONS_PASSWORD_VARIABLE; /* the only one without an option */

    for (; known != NULL; known = setting->name == NULL ? NULL : setting++->variable) {
        unsigned different = distance(word, known);
        if (different < closest_distance) {
            closest_distance = different;
            closest = known;
        }
    }
    *is_known = closest_distance == 0;
    return closest;
}

bool names_warn(const char *name, const char *place, unsigned line,
                char warning[NAMES_WARNING_SIZE])
{
    char word[NAME_MAX_SIZE];
    char where[160];
    bool is_known;

    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
    if (strncmp(word, "LINED_", 6) != 0 || is_of_a_link(word))
        return false;
    const char *closest = find_closest(word, &is_known);
    if (is_known)
        return false;
    if (line == 0)
        snprintf(where, sizeof where, "%.100s", place);
    else
        snprintf(where, sizeof where, "%.100s:%u", place, line);
    snprintf(warning, NAMES_WARNING_SIZE, "%s: %s is no variable of lined and is ignored%s%s%s",
             where, word, closest == NULL ? "; see lined --help" : "; did you mean ",
             closest == NULL ? "" : closest, closest == NULL ? "" : "?");
    return true;
}
