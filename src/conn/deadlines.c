#include "deadlines.h"

#include "lined.h"

/* A receive may end this much late. It saves a system call for each byte of a client that sends a
 * byte now and then. */
#define LATE_MS 100

/* A sleep in recv(2) ends on a coarse timer of the kernel: up to one eighth late. */
#define COARSE 8u

/* Shorter sleeps are never late by more than LATE_MS. */
#define FINE_MS (LATE_MS * COARSE)

/* If a line takes this long, the session is checked before each line. */
#define QUICK_MS 100

void deadlines_init(struct deadlines *deadlines, uint32_t idle_ms, uint32_t line_ms,
                    uint32_t session_ms, int64_t now)
{
    *deadlines = (struct deadlines){.idle_ms = idle_ms, .line_ms = line_ms};
    if (session_ms == 0)
        return;
    deadlines->session = now + session_ms;
    deadlines->checked = now;
}

static bool has_passed(int64_t time, int64_t now)
{
    return time != 0 && now >= time;
}

int deadlines_passed(const struct deadlines *deadlines, int64_t now)
{
    if (has_passed(deadlines->session, now))
        return LINED_SESSION_TIMEOUT;
    if (has_passed(deadlines->line, now))
        return LINED_LINE_TIMEOUT;
    if (has_passed(deadlines->idle, now))
        return LINED_IDLE_TIMEOUT;
    return has_passed(deadlines->handler, now) ? LINED_DEADLINE : LINED_OK;
}

int64_t deadlines_earlier(int64_t one, int64_t other)
{
    if (one == 0 || other == 0)
        return one + other;
    return one < other ? one : other;
}

void deadlines_set_idle(struct deadlines *deadlines, uint32_t ms)
{
    deadlines->idle_ms = ms;
    deadlines->idle = 0;
}

void deadlines_set_line(struct deadlines *deadlines, uint32_t ms)
{
    deadlines->line_ms = ms;
    deadlines->line = 0;
}

void deadlines_set_session(struct deadlines *deadlines, int64_t end, int64_t now)
{
    deadlines->session = end;
    deadlines->checked = now;
    deadlines_reset_skip(deadlines);
}

int64_t deadlines_of_wait(const struct deadlines *deadlines)
{
    return deadlines_earlier(deadlines->session, deadlines->handler);
}

uint32_t deadlines_begin_wait(struct deadlines *deadlines, int64_t now, bool in_line)
{
    if (deadlines->idle == 0 && deadlines->idle_ms != 0)
        deadlines->idle = now + deadlines->idle_ms;
    if (deadlines->line == 0 && deadlines->line_ms != 0 && in_line)
        deadlines->line = now + deadlines->line_ms;
    int64_t next = deadlines_earlier(deadlines_of_wait(deadlines),
                                     deadlines_earlier(deadlines->line, deadlines->idle));
    if (next == 0)
        return 0;
    if (deadlines_session_is_over(deadlines, now))
        deadlines->skip = 0; /* noticed at the next check, whether bytes come or not */
    return next > now ? (uint32_t)(next - now) : 1;
}

bool deadlines_set_sleep(struct deadlines *deadlines, uint32_t wait)
{
    uint64_t latest_end = (uint64_t)deadlines->sleep_ms + deadlines->sleep_ms / COARSE;
    bool ends_in_time =
        wait == 0 || (deadlines->sleep_ms != 0 && latest_end <= (uint64_t)wait + LATE_MS);

    if (ends_in_time && !deadlines->was_in_vain)
        return false;
    uint32_t sleep_ms = wait <= FINE_MS ? wait : wait - wait / COARSE;
    if (sleep_ms == deadlines->sleep_ms)
        return false;
    deadlines->sleep_ms = sleep_ms;
    return true;
}

void deadlines_received_nothing(struct deadlines *deadlines)
{
    deadlines->was_in_vain = true;
    deadlines->skip = 0;
}

bool deadlines_check(struct deadlines *deadlines, int64_t now)
{
    bool was_quick = now - deadlines->checked < QUICK_MS;

    deadlines->checked = now;
    deadlines->skip_next = was_quick ? (uint16_t)(2 * deadlines->skip_next + 1) : 0;
    if (deadlines->skip_next > DEADLINES_SKIP_MAX)
        deadlines->skip_next = DEADLINES_SKIP_MAX;
    deadlines->skip = deadlines->skip_next;
    return deadlines_session_is_over(deadlines, now);
}

int deadlines_poll_timeout(const struct deadlines *deadlines, int64_t now, uint32_t every_ms)
{
    if (deadlines->session == 0)
        return every_ms == 0 ? -1 : (int)every_ms;
    int64_t left = deadlines->session > now ? deadlines->session - now : 0;
    return every_ms != 0 && every_ms < left ? (int)every_ms : (int)left;
}
