/*
 * The statistics of a lined: what SIGUSR1 and the summary show. Pure.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <lined.h>
#include <stdint.h>

struct statistics {
    struct lined_stats server;
    uint64_t log_dropped; /* log lines that are not in the packet log */
};

/* One JSON object on one line, terminated, without an LF: every figure, each under its name in
 * lined.h; of accept's errors those that came, by the errno's name in lower case. What may be added
 * later comes as further keys. STATISTICS_JSON_SIZE is PIPE_BUF, so that it is one piece in a pipe.
 */
#define STATISTICS_JSON_SIZE 4096
void statistics_json(const struct statistics *statistics, char text[STATISTICS_JSON_SIZE]);

/* The sentence for people, terminated: what was served. */
#define STATISTICS_SENTENCE_SIZE 256
void statistics_sentence(const struct statistics *statistics, char text[STATISTICS_SENTENCE_SIZE]);

#endif
