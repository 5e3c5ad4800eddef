/* What a load has measured, for the report. */
#ifndef FIGURES_H
#define FIGURES_H

#include "histogram.h"
#include "usage.h"

#include <stdint.h>

struct figures {
    double seconds;             /* how long it took, from the first line due */
    uint64_t lines;             /* answered in that time; with --churn each is a connection too */
    struct histogram latencies; /* of lines; with --churn of whole exchanges */
    struct usage used;
    uint64_t server_kb;         /* resident at the end, with all connections */
    uint32_t non_readers_ended; /* non-readers that the server did away with */

    /* open loop */
    uint64_t unanswered;   /* due, and not answered when it gave up */
    struct histogram late; /* how late lined-load noticed that lines were due */

    /* hold */
    double first_seconds; /* until all connections were established and answered */
    double again_seconds; /* until all had answered a second time; 0 where it was interrupted */
    uint64_t server_kb_before; /* with no connection yet */
    uint64_t server_kb_rested; /* after the silence, before they ask again */
};

#endif
