/*
 * The figures of a server in the text format 0.0.4 of Prometheus. Pure.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "text.h"
#include "view.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void metrics_text(struct text *text, const struct admin_view *view);

#endif
