#include "settle.h"

#include "packet_log.h"
#include "sandbox.h"
#include "say.h"
#include "warn.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    const struct options *options;
    const struct lined_worker *worker;
    const struct privileges *privileges;
    struct lined_observer *observer;
    struct log_writer *log; /* set here; NULL: quiet */
    bool is_log_shared;     /* see log_writer.h */
    struct sandbox sandbox; /* set here */
    bool has_begun;
    bool has_failed;
} settling;

/* Fails with a word of its own on standard error. */
static int tell(const char *what, int error)
{
    char text[SAY_ERROR_SIZE];

    say(SAY_ERROR, "%s: %s", what, say_error(error, text));
    settling.has_failed = true;
    return -error;
}

#define SECONDS_SIZE 32

static const char *seconds_text(int64_t ms, char text[SECONDS_SIZE])
{
    snprintf(text, SECONDS_SIZE, "%" PRId64 ".%" PRId64, ms / 1000, ms % 1000 / 100);
    return text;
}

static void log_failed(int error)
{
    char text[SAY_ERROR_SIZE];

    say(SAY_ERROR, "standard output: %s; the packet log has ended, serving goes on",
        say_error(error, text));
}

static void log_paused(int error)
{
    char text[SAY_ERROR_SIZE];

    say(SAY_ERROR, "standard output: %s; the packet log is tried again, serving goes on",
        say_error(error, text));
}

static void log_resumed(int64_t after_ms, uint64_t lost)
{
    char seconds[SECONDS_SIZE];

    say(SAY_WARNING,
        "standard output takes the packet log again after %s seconds; lines lost: %" PRIu64,
        seconds_text(after_ms, seconds), lost);
}

static void log_stalled(void)
{
    say(SAY_WARNING,
        "standard output is not read fast enough: clients have waited for the packet log for a "
        "second; --log-overflow drop would leave lines out instead");
}

static void log_unstalled(int64_t after_ms)
{
    char seconds[SECONDS_SIZE];

    say(SAY_INFO,
        "standard output is read again: clients have waited for the packet log for %s seconds",
        seconds_text(after_ms, seconds));
}

static void log_dropped(uint64_t lines)
{
    warn(WARN_LOG, lines,
         "packet log: a line is dropped, because standard output is read too slowly");
}

static int start_log(void)
{
    if (settling.options->quiet)
        return LINED_OK;
    static const struct log_events events = {.failed = log_failed,
                                             .paused = log_paused,
                                             .resumed = log_resumed,
                                             .stalled = log_stalled,
                                             .unstalled = log_unstalled,
                                             .dropped = log_dropped};
    int failed = log_writer_start(&settling.log, STDOUT_FILENO, settling.is_log_shared,
                                  settling.options->log_overflow, &events);
    if (failed == -EAGAIN)
        return failed; /* of pthread_create(3), as where the server's threads cannot be made */
    if (failed < 0)
        return tell("cannot start the packet log", -failed);
    packet_log_observe(settling.log, settling.observer);
    return LINED_OK;
}

/* Goes between the server and its worker's start: the port is bound, and no thread is there. First
 * the user, then the worker's start, which may open its files as that user, then the sandbox, then
 * threads. */
static int settle_in(lined_server *server, void **shared)
{
    char message[PRIVILEGES_MESSAGE_SIZE];

    settling.has_begun = true;
    if (settling.options->user != NULL && !privileges_drop(settling.privileges, message)) {
        say(SAY_ERROR, "%s", message);
        settling.has_failed = true;
        return -EPERM;
    }
    int failed = settling.worker->start == NULL ? LINED_OK : settling.worker->start(server, shared);
    if (failed != LINED_OK)
        return tell("the worker cannot start", failed < 0 ? -failed : failed);
    if (sandbox_is_built() && !settling.options->no_sandbox)
        settling.sandbox = sandbox_enter();
    failed = start_log();
    if (failed != LINED_OK && settling.worker->stop != NULL)
        settling.worker->stop(*shared);
    return failed;
}

struct lined_worker settle_before(const struct lined_worker *worker, const struct options *options,
                                  const struct privileges *privileges,
                                  struct lined_observer *observer)
{
    struct lined_worker settled = *worker;

    settling.options = options;
    settling.worker = worker;
    settling.privileges = privileges;
    settling.observer = observer;
    settling.is_log_shared = log_writer_shares(STDOUT_FILENO, STDERR_FILENO);
    settled.start = settle_in;
    return settled;
}

bool settle_has_begun(void)
{
    return settling.has_begun;
}

bool settle_has_failed(void)
{
    return settling.has_failed;
}

struct log_writer *settle_log(void)
{
    return settling.log;
}

void settle_say(void)
{
    const struct options *options = settling.options;
    char remedy_text[SANDBOX_TEXT_SIZE];
    char text[SANDBOX_TEXT_SIZE];
    const char *remedy = sandbox_remedy(&settling.sandbox, remedy_text);
    const uid_t user = geteuid();

    if (!sandbox_is_built())
        snprintf(text, sizeof text, "no sandbox, this build has none");
    else if (options->no_sandbox)
        snprintf(text, sizeof text, "no sandbox, as %s asks for",
                 options_name(options, "--no-sandbox"));
    else
        sandbox_text(&settling.sandbox, text);
    if (options->user != NULL)
        say(SAY_INFO, "%s; user %.64s", text, options->user);
    else if (user == 0)
        say(SAY_INFO, "%s; user root, --user NAME would change that", text);
    else
        say(SAY_INFO, "%s; user %ju", text, (uintmax_t)user);
    if (remedy != NULL)
        say(SAY_WARNING, "%s", remedy);
}
