#include "log_messages.h"

#include "command/message.h"
#include "command/warning.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define SECONDS_SIZE 32

static const char *seconds_text(int64_t ms, char text[SECONDS_SIZE])
{
    snprintf(text, SECONDS_SIZE, "%" PRId64 ".%" PRId64, ms / 1000, ms % 1000 / 100);
    return text;
}

static void failed(int error)
{
    char text[ERROR_TEXT_SIZE];

    message(MESSAGE_ERROR,
            "standard output: %s; the packet log has ended, lined continues to serve",
            error_text(error, text));
}

static void paused(int error)
{
    char text[ERROR_TEXT_SIZE];

    message(MESSAGE_ERROR,
            "standard output: %s; the packet log is tried again every 0.5 seconds, lined "
            "continues to serve",
            error_text(error, text));
}

static void resumed(int64_t after_ms, uint64_t lost)
{
    char seconds[SECONDS_SIZE];

    message(MESSAGE_WARNING,
            "writing to standard output succeeds again after %s seconds; log lines lost: %" PRIu64,
            seconds_text(after_ms, seconds), lost);
}

static void stalled(void)
{
    message(
        MESSAGE_WARNING,
        "standard output is read too slowly: clients have waited one second for the packet log; "
        "--log-overflow drop leaves log lines out instead");
}

static void unstalled(int64_t after_ms)
{
    char seconds[SECONDS_SIZE];

    message(MESSAGE_INFO,
            "standard output is read again: clients have waited %s seconds for the packet log",
            seconds_text(after_ms, seconds));
}

static void dropped(uint64_t lines)
{
    warning(WARNING_LOG, lines,
            "packet log: a line is dropped, because standard output is read too slowly");
}

const struct log_events log_messages = {.failed = failed,
                                        .paused = paused,
                                        .resumed = resumed,
                                        .stalled = stalled,
                                        .unstalled = unstalled,
                                        .dropped = dropped};
