/*
 * The deadlines of a connection, and how long a receive may sleep before the next of them. Pure
 * arithmetic on monotonic milliseconds: the caller reads the clock, and only if it is needed.
 *
 * The idle deadline and the deadline of a line count from the moment at which the thread first
 * waits for the client. The time that the handler or a send took before is not the client's.
 */
#ifndef DEADLINES_H
#define DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

/* A session that never waits checks its deadline before every 16th line at the latest. */
#define DEADLINES_SKIP_MAX 15u

/* The connection's thread owns it. A time of 0 means: none. */
struct deadlines {
    uint32_t idle_ms; /* 0: no limit. These two change by deadlines_set_... only. */
    uint32_t line_ms;
    int64_t session;    /* the end of the session */
    int64_t handler;    /* the deadline that the handler has set */
    int64_t idle;       /* set while the thread waits for the client */
    int64_t line;       /* set when the thread first waits for the rest of a line */
    int64_t checked;    /* when the session's deadline was last checked between lines */
    uint32_t sleep_ms;  /* SO_RCVTIMEO as it is set; 0: recv(2) sleeps without a limit */
    uint16_t skip;      /* lines until the next check of the session's deadline */
    uint16_t skip_next; /* what skip is set to after a check */
    bool was_in_vain;   /* recv(2) has slept for sleep_ms, and nothing has come since */
};

/* now is used only if session_ms is not 0. */
void deadlines_init(struct deadlines *deadlines, uint32_t idle_ms, uint32_t line_ms,
                    uint32_t session_ms, int64_t now);

/* Changes of the options for this connection; 0: no limit. A wait that has begun to count, for the
 * idle deadline or that of a line, begins anew. */
void deadlines_set_idle(struct deadlines *deadlines, uint32_t ms);
void deadlines_set_line(struct deadlines *deadlines, uint32_t ms);
void deadlines_set_session(struct deadlines *deadlines, int64_t end, int64_t now);

/* The earlier of two times; 0 means never. */
int64_t deadlines_earlier(int64_t one, int64_t other);

/* The earlier of the end of the session and the handler's deadline; 0: there is none. */
int64_t deadlines_of_wait(const struct deadlines *deadlines);

/* True: a deadline may have passed before the next wait, so the caller must read the clock. */
static inline bool deadlines_are_running(const struct deadlines *deadlines)
{
    return (deadlines->handler | deadlines->line | deadlines->idle) != 0;
}

/* The reason of the deadline that has passed; LINED_DEADLINE if only the handler's has; LINED_OK if
 * none has. */
int deadlines_passed(const struct deadlines *deadlines, int64_t now);

/* True: the caller must read the clock before the thread waits. */
static inline bool deadlines_need_now(const struct deadlines *deadlines)
{
    return deadlines->idle_ms != 0 || deadlines->line_ms != 0 || deadlines->session != 0 ||
           deadlines->handler != 0;
}

/* The thread is about to wait; in_line: a part of a line has come. Returns how long to wait at
 * most; 0: without a limit. now is used only if there is a deadline. */
uint32_t deadlines_begin_wait(struct deadlines *deadlines, int64_t now, bool in_line);

/* Chooses sleep_ms so that a wait of that many milliseconds ends in time. True: it has changed, and
 * SO_RCVTIMEO must be set. A shorter sleep than needed is kept until it was in vain, since setting
 * it costs a call. */
bool deadlines_set_sleep(struct deadlines *deadlines, uint32_t wait);

/* Bytes came. */
static inline void deadlines_received(struct deadlines *deadlines)
{
    deadlines->idle = 0;
    deadlines->was_in_vain = false;
}

/* recv(2) has slept for sleep_ms, and nothing came. */
void deadlines_received_nothing(struct deadlines *deadlines);

/* The idle deadline and that of a line begin anew with the next wait. */
static inline void deadlines_restart(struct deadlines *deadlines)
{
    deadlines->idle = 0;
    deadlines->line = 0;
}

/* The line, or the exact bytes, that the thread waited for are complete. */
static inline void deadlines_line_ended(struct deadlines *deadlines)
{
    deadlines->line = 0;
}

/* Between two lines: true if it is time for deadlines_check. */
static inline bool deadlines_check_is_due(struct deadlines *deadlines)
{
    return deadlines->session != 0 && deadlines->skip-- == 0;
}

/* The next lines may take another time than the lines before: check before the next one. */
static inline void deadlines_reset_skip(struct deadlines *deadlines)
{
    deadlines->skip_next = 0;
    deadlines->skip = 0;
}

/* True: the session is over. Chooses after how many lines the next check comes: up to 16 if lines
 * are quick, one if a line takes long. */
bool deadlines_check(struct deadlines *deadlines, int64_t now);

static inline bool deadlines_session_is_over(const struct deadlines *deadlines, int64_t now)
{
    return deadlines->session != 0 && now >= deadlines->session;
}

/* The timeout for poll(2) of a thread that checks its socket every so many milliseconds (0: never)
 * and must not miss the session's end; -1: no limit. */
int deadlines_poll_timeout(const struct deadlines *deadlines, int64_t now, uint32_t every_ms);

#endif
