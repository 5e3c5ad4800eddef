#include "warning.h"

#include "base/invariant.h"
#include "base/monotonic.h"
#include "message.h"
#include "rate_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static const char *const names[WARNING_KINDS] = {
    [WARNING_ACCEPT] = "accept",
    [WARNING_THREAD] = "thread",
    [WARNING_LIMIT] = "limit",
    [WARNING_LOG] = "packet log",
};

/* The process has one standard error, so these are global. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rate_limit kinds[WARNING_KINDS]; /* lock */
static bool is_armed;                          /* lock; the timer is set */
static timer_t timer; /* set by warning_init; it does not change afterwards */

int warning_init(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WARNING_SIGNAL};

    return timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 ? 0 : -errno;
}

static void report_count(enum warning_kind kind, uint64_t count)
{
    if (count > 0)
        message(MESSAGE_WARNING, "%s: %" PRIu64 " more in the last second", names[kind], count);
}

/* Sets the timer to the end of the first second that has a count. */
static void arm_locked(void)
{
    int64_t until_ms = 0;

    for (int i = 0; i < WARNING_KINDS; i++) {
        if (kinds[i].held > 0 && (until_ms == 0 || kinds[i].until_ms < until_ms))
            until_ms = kinds[i].until_ms;
    }
    is_armed = until_ms != 0;
    const struct itimerspec when = {.it_value = monotonic_timespec(until_ms)};
    if (is_armed)
        INVARIANT(timer_settime(timer, TIMER_ABSTIME, &when, NULL) == 0);
}

/* Messages are printed after the unlock: if standard error delays one thread, the others do not
 * wait for it. */
void warning(enum warning_kind kind, uint64_t count, const char *text)
{
    int64_t now = monotonic_ms();

    INVARIANT(pthread_mutex_lock(&lock) == 0);
    uint64_t due = rate_limit_due(&kinds[kind], now);
    bool is_first = rate_limit_take(&kinds[kind], count, now);
    if (!is_armed)
        arm_locked();
    INVARIANT(pthread_mutex_unlock(&lock) == 0);
    report_count(kind, due);
    if (is_first)
        message(MESSAGE_WARNING, "%s", text);
}

void warning_due(void)
{
    uint64_t due[WARNING_KINDS];
    int64_t now = monotonic_ms();

    INVARIANT(pthread_mutex_lock(&lock) == 0);
    for (int i = 0; i < WARNING_KINDS; i++)
        due[i] = rate_limit_due(&kinds[i], now);
    arm_locked();
    INVARIANT(pthread_mutex_unlock(&lock) == 0);
    for (int i = 0; i < WARNING_KINDS; i++)
        report_count((enum warning_kind)i, due[i]);
}

void warning_end(void)
{
    uint64_t held[WARNING_KINDS];

    INVARIANT(pthread_mutex_lock(&lock) == 0);
    for (int i = 0; i < WARNING_KINDS; i++)
        held[i] = rate_limit_end(&kinds[i]);
    INVARIANT(pthread_mutex_unlock(&lock) == 0);
    for (int i = 0; i < WARNING_KINDS; i++)
        report_count((enum warning_kind)i, held[i]);
}
