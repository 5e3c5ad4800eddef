/*
 * Writes the text of many threads to one descriptor, with one writer thread. Text that is appended
 * in one piece is written in one piece, and the text of one thread keeps its order. When too much
 * is pending, appending waits, or drops whole lines.
 *
 * When writing fails temporarily, as on a full disk, it is tried again. No thread waits in the
 * meantime: text without room is dropped. When writing succeeds, the line that was written in part
 * is completed.
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_writer;

/* What happens to text when there is no room. */
enum log_overflow {
    LOG_BLOCK, /* its thread waits: nothing is lost */
    LOG_DROP,  /* it is dropped; a line "Lines dropped: N" stands where N lines are missing */
};

/* Called without any lock held, and must not wait. */
struct log_events {
    /* Writing has failed permanently with this errno; all further text is dropped. Called once, on
     * the writer thread. */
    void (*failed)(int error);

    /* Writing fails with this errno, and is tried again. Called on the writer thread. */
    void (*paused)(int error);

    /* Writing succeeds again after after_ms milliseconds, in which lost lines were dropped. Called
     * on the writer thread. */
    void (*resumed)(int64_t after_ms, uint64_t lost);

    /* LOG_BLOCK: threads have waited for room for LOG_STALL_MS. Called on one of them. */
    void (*stalled)(void);

    /* The threads no longer wait, after after_ms milliseconds. Called on the writer thread. */
    void (*unstalled)(int64_t after_ms);

    /* LOG_DROP: lines were dropped. Called on the thread that appended them. */
    void (*dropped)(uint64_t lines);
};

/* How long the writer waits before it tries again. */
#define LOG_RETRY_MS 500

/* How long threads wait for room before a message reports it. */
#define LOG_STALL_MS 1000

/* True if messages go to the same pipe or socket as the log. A file and a terminal keep the text of
 * one write in one piece. Call it before the sandbox, which does not allow fstat(2). */
bool log_writer_shares(int fd, int messages);

/* Starts the writer thread. The caller keeps fd and closes it. is_shared: messages go to the same
 * pipe or socket; they then do not appear inside a log line. 0 or -errno. */
int log_writer_start(struct log_writer **started, int fd, bool is_shared,
                     enum log_overflow overflow, const struct log_events *events);

/* From the next text on, the log is written to fd, which it owns from now on: it closes fd when it
 * is replaced or freed. A line that was written in part is written again, whole. A log that has
 * ended because writing failed begins again. Any thread. */
void log_writer_switch(struct log_writer *log, int fd);

/* Lines "Lines dropped: N" are JSON objects instead, or no longer. Any thread. */
void log_writer_set_json(struct log_writer *log, bool has_json);

/* Any thread. */
void log_writer_set_overflow(struct log_writer *log, enum log_overflow overflow);

/* Appends size bytes: whole lines, at most 64 KiB. Any thread. */
void log_writer_append(struct log_writer *log, const char *text, size_t size);

/* The server drains. When timeout_ms have passed and a thread still waits for room, the reader
 * counts as stuck: no thread waits any longer, and all text is dropped, so that connections can
 * end. Any thread. */
void log_writer_drain(struct log_writer *log, uint32_t timeout_ms);

/* The same, and log_writer_stop does not wait longer either. Any thread. */
void log_writer_hurry(struct log_writer *log, uint32_t timeout_ms);

/* The time for the reader of a log that must end at once. */
#define LOG_HURRY_MS 500u

/* The process is about to end. Text that may not be written, and all text that is appended from now
 * on, counts as dropped. Any thread. */
void log_writer_abandon(struct log_writer *log);

/* True if the reader was stuck. */
bool log_writer_has_given_up(struct log_writer *log);

/* The number of lines that will never be written, for any reason. Any thread. */
uint64_t log_writer_dropped(struct log_writer *log);

/* The number of these that count as lost: all except those that LOG_DROP has left out because the
 * reader was too slow. Any thread. */
uint64_t log_writer_lost(struct log_writer *log);

/* Ends the log; no thread may append afterwards. Waits at most timeout_ms until everything is
 * written, and then without a limit until the writer has ended. If writing fails, it is tried once
 * more, at once. Returns true if the writer has ended. Returns false if the writer is stuck in
 * write(2): its thread continues, so the log must not be freed. Text that may not be written counts
 * as dropped. */
bool log_writer_stop(struct log_writer *log, uint32_t timeout_ms);

/* After log_writer_stop has returned true. */
void log_writer_free(struct log_writer *log);

#endif
