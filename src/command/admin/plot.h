/*
 * The plots of the page: connections, and lines per second, of the last five minutes. The server
 * draws them, so that they are there without a script; the page's script only takes what has
 * changed. Pure.
 */
#ifndef ADMIN_PLOT_H
#define ADMIN_PLOT_H

#include "text.h"
#include "view.h"

enum plot_kind {
    PLOT_CONNECTED,
    PLOT_LINES,
    PLOT_KINDS,
};

/* An SVG, with the value of the moment above it. */
void plot_html(struct text *text, const struct admin_view *view, enum plot_kind kind);

/* A member of a JSON object: its value of the moment, the labels of its scale from the top, and its
 * points as the SVG has them. */
void plot_json(struct text *text, const struct admin_view *view, enum plot_kind kind);

#endif
