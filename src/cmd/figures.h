/*
 * The statistics of a lined: what SIGUSR1 and the summary show. Pure.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <lined.h>
#include <stdint.h>

struct figures {
    struct lined_stats server;
    uint64_t log_dropped; /* log lines that are not in the packet log */
};

/* One JSON object on one line, terminated, without an LF: every figure, each under its name in
 * lined.h; of accept's errors those that came, by the errno's name in lower case. What may be added
 * later comes as further keys. FIGURES_JSON_SIZE is PIPE_BUF, so that it is one piece in a pipe. */
#define FIGURES_JSON_SIZE 4096
void figures_json(const struct figures *figures, char text[FIGURES_JSON_SIZE]);

/* The sentence for people, terminated: what was served. */
#define FIGURES_SENTENCE_SIZE 256
void figures_sentence(const struct figures *figures, char text[FIGURES_SENTENCE_SIZE]);

#endif
