#include "usage.h"

#include "fail.h"

#include <stdio.h>
#include <sys/types.h>
#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec used = {0};

    clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

struct usage usage_now(uint32_t pid)
{
    struct usage usage = {.own = seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
    clockid_t clock;

    /* The CPU clock of a process has nanoseconds and includes threads that have ended;
     * /proc/PID/stat has hundredths of a second. */
    if (pid != 0) {
        if (clock_getcpuclockid((pid_t)pid, &clock) != 0)
            fail(EXIT_WRONG, "--pid %u: there is no such process", pid);
        usage.server = seconds_of(clock);
    }
    return usage;
}

struct usage usage_between(struct usage from, struct usage to)
{
    return (struct usage){.server = to.server - from.server, .own = to.own - from.own};
}

uint64_t usage_resident_kb(uint32_t pid)
{
    unsigned long kb = 0;
    char line[128];
    char path[64];

    if (pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    FILE *status = fopen(path, "r");
    if (status == NULL)
        fail(EXIT_WRONG, "--pid %u: cannot read %s", pid, path);
    while (fgets(line, sizeof line, status) != NULL)
        /* The kernel writes the number. NOLINTNEXTLINE(cert-err34-c) */
        sscanf(line, "VmRSS: %lu kB", &kb);
    fclose(status);
    return kb;
}
