/*
 * Prints the results in words, or as one line of CSV.
 */
#ifndef REPORT_H
#define REPORT_H

#include "figures.h"
#include "settings.h"

void report_words(const struct settings *settings, const struct figures *figures);

/* The columns are documented in lined-load(1); later versions may add columns at the end. */
void report_csv(const struct settings *settings, const struct figures *figures);

#endif
