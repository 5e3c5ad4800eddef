/*
 * Text of many threads, written to one descriptor by one writer thread. What is appended in one
 * piece is written in one piece, and what one thread appends keeps its order. When too much is
 * pending, those who append wait, or what they append is dropped, as whole lines.
 *
 * Where writing fails for a time, as on a full disk, it is tried again, and no thread waits in the
 * meantime: what finds no room is dropped. When it succeeds, the line that was torn is completed.
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_writer;

/* What text gets for which there is no room. */
enum log_overflow {
    LOG_BLOCK, /* its thread waits: nothing is lost */
    LOG_DROP,  /* it is dropped; a line "Lines dropped: N" stands where N lines are missing */
};

/* Called without any lock held, and must not wait. */
struct log_events {
    /* Writing has failed with this errno for good; from now on all is dropped. Once, on the writer
     * thread. */
    void (*failed)(int error);

    /* Writing fails with this errno, and is tried again. On the writer thread. */
    void (*paused)(int error);

    /* It succeeds again, after so many milliseconds, in which so many lines were dropped. On the
     * writer thread. */
    void (*resumed)(int64_t after_ms, uint64_t lost);

    /* LOG_BLOCK: threads have waited for room for LOG_STALL_MS. On one of them. */
    void (*stalled)(void);

    /* They wait no longer, after so many milliseconds. On the writer thread. */
    void (*unstalled)(int64_t after_ms);

    /* LOG_DROP: so many lines were dropped. On the thread that appended them. */
    void (*dropped)(uint64_t lines);
};

/* How long the writer rests before it tries again. */
#define LOG_RETRY_MS 500

/* How long threads wait for room before it is said. */
#define LOG_STALL_MS 1000

/* Whether messages go to the same pipe or socket as a log; a file and a terminal keep what is
 * written at once in one piece. To be asked before the sandbox, which does not allow fstat(2). */
bool log_writer_shares(int fd, int messages);

/* Starts the writer thread; fd stays the caller's. Where it is shared with messages, they do not
 * come amid a line of the log. 0 or -errno. */
int log_writer_start(struct log_writer **started, int fd, bool is_shared,
                     enum log_overflow overflow, const struct log_events *events);

/* Appends size bytes, whole lines, 64 KiB at most. Any thread. */
void log_writer_append(struct log_writer *log, const char *text, size_t size);

/* The server drains. Whoever still waits for room when timeout_ms have passed waits no longer: the
 * reader is stuck, and from then on all is dropped, so that connections can end. Any thread. */
void log_writer_drain(struct log_writer *log, uint32_t timeout_ms);

/* The same, and log_writer_stop waits no longer either. Any thread. */
void log_writer_hurry(struct log_writer *log, uint32_t timeout_ms);

/* What the reader of a log gets that is to end at once. */
#define LOG_HURRY_MS 500u

/* The process is about to end. What is not known to be written, and all that is appended from now
 * on, is dropped. Any thread. */
void log_writer_abandon(struct log_writer *log);

/* Whether the reader was found to be stuck. */
bool log_writer_has_given_up(struct log_writer *log);

/* How many lines are not written, and never will be, for whatever reason. Any thread. */
uint64_t log_writer_dropped(struct log_writer *log);

/* How many of these are lost against the user's wish: all but those that LOG_DROP has left out
 * because the reader was too slow. Any thread. */
uint64_t log_writer_lost(struct log_writer *log);

/* Ends the log; no thread may append any more. Waits at most timeout_ms until all is written, and
 * without a limit if all is; true: the writer has ended. Where writing fails it is tried once more,
 * at once. False: the writer is stuck in write(2). It is left alone, and the log must not be freed,
 * for the process is about to end; what is not known to be written counts as dropped. */
bool log_writer_stop(struct log_writer *log, uint32_t timeout_ms);

/* After log_writer_stop has returned true. */
void log_writer_free(struct log_writer *log);

#endif
