/* lined-load: loads a line server over many connections with one thread, and checks every byte of
 * the replies. */
#include "churn.h"
#include "closed.h"
#include "fail.h"
#include "hold.h"
#include "open.h"
#include "progress.h"
#include "report.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void (*const loads[])(const struct settings *settings, struct side *side,
                             struct figures *figures) = {
    [MODE_CLOSED] = closed_run,
    [MODE_OPEN] = open_run,
    [MODE_CHURN] = churn_run,
    [MODE_HOLD] = hold_run,
};

static int run(const struct settings *settings)
{
    static struct side side; /* too large for a stack */
    static struct figures figures;

    texts_init(&side.texts, settings->size, settings->outstanding);
    target_init(&side.target, settings->host, (uint16_t)settings->port,
                settings->connections + settings->non_readers, settings->mode == MODE_CHURN);
    side.is_awake = settings->is_awake;
    side.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (side.epoll < 0)
        fail(EXIT_WRONG, "epoll_create1: %s", strerror(errno));
    progress_init();
    loads[settings->mode](settings, &side, &figures);
    progress_wipe();
    if (figures.lines == 0 &&
        figures.first_seconds == 0) /* an interrupted load has results to report */
        fail(EXIT_WRONG, "no line was answered in %.1f s", figures.seconds);
    (settings->as_csv ? report_csv : report_words)(settings, &figures);
    close(side.epoll);
    texts_deinit(&side.texts);
    return fflush(stdout) == 0 ? 0 : EXIT_WRONG;
}

int main(int argc, char **argv)
{
    struct settings settings;
    char message[SETTINGS_MESSAGE_SIZE];

    switch (settings_read(&settings, argc, argv, message)) {
    case SETTINGS_HELP:
        fputs(settings_help, stdout);
        return fflush(stdout) == 0 ? 0 : EXIT_WRONG;
    case SETTINGS_VERSION:
        puts("lined-load " LINED_VERSION);
        return fflush(stdout) == 0 ? 0 : EXIT_WRONG;
    case SETTINGS_BAD:
        fail(EXIT_USAGE, "%s", message);
    case SETTINGS_RUN:
        break;
    }
    return run(&settings);
}
