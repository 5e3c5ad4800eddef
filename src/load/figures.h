/* The results of a load, for the report. */
#ifndef FIGURES_H
#define FIGURES_H

#include "histogram.h"
#include "usage.h"

#include <stdint.h>

struct figures {
    double seconds;             /* duration, from the first scheduled line */
    uint64_t lines;             /* answered in this time; with --churn each is a connection too */
    struct histogram latencies; /* of lines; with --churn of exchanges */
    struct usage used;
    uint64_t server_kb;         /* resident at the end, with all connections */
    uint32_t non_readers_ended; /* non-readers that the server closed */

    /* open loop */
    uint64_t unanswered;   /* scheduled lines without a reply at the end */
    struct histogram late; /* how late lined-load noticed scheduled times */

    /* hold */
    double first_seconds;      /* until all connections were open and answered */
    double again_seconds;      /* until all connections were answered again; 0 if interrupted */
    uint64_t server_kb_before; /* before the first connection */
    uint64_t server_kb_rested; /* after the silence, before the second round */
};

#endif
