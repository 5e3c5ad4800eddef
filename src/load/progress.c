#include "progress.h"

#include "clock.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t next_ns = UINT64_MAX; /* time of the next progress line; never without a terminal */
static bool is_shown;
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

void progress_init(void)
{
    /* Waits return EINTR (no SA_RESTART), and the second signal has the default action. */
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (isatty(STDERR_FILENO))
        next_ns = clock_ns() + NS_PER_S;
}

bool progress_is_due(uint64_t now_ns)
{
    return now_ns >= next_ns;
}

void progress_show(uint64_t now_ns, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    is_shown = true;
    next_ns = now_ns + (uint64_t)500 * NS_PER_MS;
}

void progress_wipe(void)
{
    if (is_shown)
        fputs("\r\033[K", stderr);
    is_shown = false;
}

bool progress_is_interrupted(void)
{
    return is_interrupted != 0;
}
