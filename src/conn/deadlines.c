#include "deadlines.h"

#include "lined.h"

/* A receive may end so much later than it should: it saves a client that sends a byte now and then
 * from being a system call's cost each time. */
#define LATE_MS 100

/* Sleeping in recv(2) ends on a coarse timer of the kernel, by up to an eighth too late. */
#define COARSE 8u

/* Shorter naps are never late by more than LATE_MS. */
#define FINE_MS (LATE_MS * COARSE)

/* Lines that take so long each are looked at one by one. */
#define QUICK_MS 100

void deadlines_init(struct deadlines *deadlines, uint32_t idle_ms, uint32_t line_ms,
                    uint32_t session_ms, int64_t now)
{
    *deadlines = (struct deadlines){.idle_ms = idle_ms, .line_ms = line_ms};
    if (session_ms == 0)
        return;
    deadlines->session = now + session_ms;
    deadlines->looked = now;
}

static bool has_passed(int64_t moment, int64_t now)
{
    return moment != 0 && now >= moment;
}

int deadlines_passed(const struct deadlines *deadlines, int64_t now)
{
    if (has_passed(deadlines->session, now))
        return LINED_SESSION_TIMEOUT;
    if (has_passed(deadlines->line, now))
        return LINED_LINE_TIMEOUT;
    if (has_passed(deadlines->idle, now))
        return LINED_IDLE_TIMEOUT;
    return has_passed(deadlines->task, now) ? LINED_DEADLINE : LINED_OK;
}

/* The sooner of two moments, of which 0 is never. */
static int64_t sooner(int64_t moment, int64_t other)
{
    if (moment == 0 || other == 0)
        return moment + other;
    return moment < other ? moment : other;
}

uint32_t deadlines_begin_wait(struct deadlines *deadlines, int64_t now, bool in_line)
{
    if (deadlines->idle == 0 && deadlines->idle_ms != 0)
        deadlines->idle = now + deadlines->idle_ms;
    if (deadlines->line == 0 && deadlines->line_ms != 0 && in_line)
        deadlines->line = now + deadlines->line_ms;
    int64_t next = sooner(sooner(deadlines->session, deadlines->task),
                          sooner(deadlines->line, deadlines->idle));
    if (next == 0)
        return 0;
    if (deadlines_session_is_over(deadlines, now))
        deadlines->skip = 0; /* seen at the next look, whether bytes come or not */
    return next > now ? (uint32_t)(next - now) : 1;
}

bool deadlines_set_nap(struct deadlines *deadlines, uint32_t wait)
{
    uint64_t latest_end = (uint64_t)deadlines->nap_ms + deadlines->nap_ms / COARSE;
    bool ends_in_time =
        wait == 0 || (deadlines->nap_ms != 0 && latest_end <= (uint64_t)wait + LATE_MS);

    if (ends_in_time && !deadlines->was_in_vain)
        return false;
    uint32_t nap = wait <= FINE_MS ? wait : wait - wait / COARSE;
    if (nap == deadlines->nap_ms)
        return false;
    deadlines->nap_ms = nap;
    return true;
}

void deadlines_heard_nothing(struct deadlines *deadlines)
{
    deadlines->was_in_vain = true;
    deadlines->skip = 0;
}

bool deadlines_look(struct deadlines *deadlines, int64_t now)
{
    bool was_quick = now - deadlines->looked < QUICK_MS;

    deadlines->looked = now;
    deadlines->pace = was_quick ? (uint16_t)(2 * deadlines->pace + 1) : 0;
    if (deadlines->pace > DEADLINES_PACE_MOST)
        deadlines->pace = DEADLINES_PACE_MOST;
    deadlines->skip = deadlines->pace;
    return deadlines_session_is_over(deadlines, now);
}

int deadlines_until_look(const struct deadlines *deadlines, int64_t now, uint32_t every)
{
    if (deadlines->session == 0)
        return every == 0 ? -1 : (int)every;
    int64_t left = deadlines->session > now ? deadlines->session - now : 0;
    return every != 0 && every < left ? (int)every : (int)left;
}
