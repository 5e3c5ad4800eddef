#include "rest.h"

#include "clock.h"

#include <check.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

/* CPU time of the process so far, in microseconds. */
static int64_t cpu_us(pid_t pid)
{
    clockid_t clock;
    struct timespec used;

    ck_assert_int_eq(clock_getcpuclockid(pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &used), 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* CPU time while half a second passes, in thousandths. */
static int64_t cpu_share(pid_t pid)
{
    int64_t began = now_us();
    int64_t before = cpu_us(pid);

    poll(NULL, 0, 500);
    return (cpu_us(pid) - before) * 1000 / (now_us() - began);
}

void expect_rest(pid_t pid)
{
    int64_t lowest = INT64_MAX;

    for (int i = 0; i < 5 && lowest >= 20; i++) {
        int64_t share = cpu_share(pid);
        lowest = share < lowest ? share : lowest;
    }
    ck_assert_msg(lowest < 20, "%lld of 1000", (long long)lowest);
}
