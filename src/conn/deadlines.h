/*
 * How long a connection may be waited for: each deadline on its own, and how long a receive may
 * sleep before the next of them. Pure arithmetic on monotonic milliseconds: the caller reads the
 * clock, and only when it is asked for.
 *
 * The idle deadline and a line's run from when the thread first has to wait for the client: how
 * long the worker, or sending, has taken before is not held against the client.
 */
#ifndef DEADLINES_H
#define DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

/* While a session never has to wait, its deadline is looked at after so many lines at most. */
#define DEADLINES_PACE_MOST 15u

/* Belongs to the connection's thread. A moment of 0 means that there is none. */
struct deadlines {
    uint32_t idle_ms; /* as asked for, 0: no limit. Never change. */
    uint32_t line_ms;
    int64_t session;  /* when the connection is to end. Never changes. */
    int64_t task;     /* the task's own */
    int64_t idle;     /* set while the client is waited for and has sent nothing since */
    int64_t line;     /* set once the rest of a line has been waited for, until the line ends */
    int64_t looked;   /* when the session's deadline was last looked at between lines */
    uint32_t nap_ms;  /* the longest that recv(2) sleeps, as it is set; 0: for ever */
    uint16_t skip;    /* lines until the session's deadline is looked at */
    uint16_t pace;    /* what skip begins with */
    bool was_in_vain; /* recv(2) has slept so long, and nothing has come since */
};

/* now need be right only where session_ms is not 0. */
void deadlines_init(struct deadlines *deadlines, uint32_t idle_ms, uint32_t line_ms,
                    uint32_t session_ms, int64_t now);

/* True where a deadline may have passed before the next wait, so that now must be known. */
static inline bool deadlines_are_running(const struct deadlines *deadlines)
{
    return (deadlines->task | deadlines->line | deadlines->idle) != 0;
}

/* The final one that has passed, LINED_DEADLINE if only the task's has, LINED_OK if none. */
int deadlines_passed(const struct deadlines *deadlines, int64_t now);

/* True where now must be known before the thread waits. */
static inline bool deadlines_need_now(const struct deadlines *deadlines)
{
    return deadlines->idle_ms != 0 || deadlines->line_ms != 0 || deadlines->session != 0 ||
           deadlines->task != 0;
}

/* The thread is about to wait, and is in_line if a part of a line is there. Returns how long to
 * wait at most; 0: for ever. now is used only where it is needed. */
uint32_t deadlines_begin_wait(struct deadlines *deadlines, int64_t now, bool in_line);

/* True if recv(2) is to be set anew, to sleep nap_ms, in order that a wait of so many milliseconds
 * ends in time. A nap that is shorter than it needs to be is left until it was in vain: setting it
 * costs a call. */
bool deadlines_set_nap(struct deadlines *deadlines, uint32_t wait);

/* Bytes came. */
static inline void deadlines_heard(struct deadlines *deadlines)
{
    deadlines->idle = 0;
    deadlines->was_in_vain = false;
}

/* recv(2) has slept for nap_ms, and nothing came. */
void deadlines_heard_nothing(struct deadlines *deadlines);

/* A line, or what else was waited for, is there whole. */
static inline void deadlines_line_ended(struct deadlines *deadlines)
{
    deadlines->line = 0;
}

/* Between two lines: true if it is time to look whether the session is over. */
static inline bool deadlines_look_is_due(struct deadlines *deadlines)
{
    return deadlines->session != 0 && deadlines->skip-- == 0;
}

/* From the next line on, other work is done on each than before: the pace is found anew. */
static inline void deadlines_forget_pace(struct deadlines *deadlines)
{
    deadlines->pace = 0;
    deadlines->skip = 0;
}

/* That look. Finds the pace of the next: seldom where lines are quick, each time where one takes
 * long. */
bool deadlines_look(struct deadlines *deadlines, int64_t now);

static inline bool deadlines_session_is_over(const struct deadlines *deadlines, int64_t now)
{
    return deadlines->session != 0 && now >= deadlines->session;
}

/* How long until the next look of somebody who looks every so many milliseconds (0: never) but
 * must not miss the session's end. As poll(2) takes it: -1 is for ever. */
int deadlines_until_look(const struct deadlines *deadlines, int64_t now, uint32_t every);

#endif
