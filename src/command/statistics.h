/*
 * The statistics as text, for SIGUSR1 and the summary. Pure.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <lined.h>
#include <stdint.h>

struct statistics {
    struct lined_stats server;
    uint64_t log_dropped; /* log lines that are missing in the packet log */
};

/* Writes one JSON object on one line, terminated, without an LF. The keys are the names in lined.h.
 * accept_errors has the errnos that occurred, with their names in lower case, and closed the
 * reasons that occurred, in the words of lined_reason. Later versions may
 * add keys. STATISTICS_JSON_SIZE is PIPE_BUF, so that a pipe takes the line in one piece. */
#define STATISTICS_JSON_SIZE 4096
void statistics_json(const struct statistics *statistics, char text[STATISTICS_JSON_SIZE]);

/* Writes the summary in words, terminated. */
#define STATISTICS_SENTENCE_SIZE 256
void statistics_sentence(const struct statistics *statistics, char text[STATISTICS_SENTENCE_SIZE]);

#endif
