#include "log_messages.h"

#include "command/message.h"
#include "command/warning.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define SECONDS_SIZE 32

/* Set before the threads start. */
static const char *destination = "standard output";

void log_messages_set_destination(const char *name)
{
    destination = name;
}

const char *log_messages_destination(void)
{
    return destination;
}

static const char *seconds_text(int64_t ms, char text[SECONDS_SIZE])
{
    snprintf(text, SECONDS_SIZE, "%" PRId64 ".%" PRId64, ms / 1000, ms % 1000 / 100);
    return text;
}

static void failed(int error)
{
    char text[ERROR_TEXT_SIZE];

    message(MESSAGE_ERROR, "%.200s: %s; the packet log has ended, lined continues to serve",
            destination, error_text(error, text));
}

static void paused(int error)
{
    char text[ERROR_TEXT_SIZE];

    message(MESSAGE_ERROR,
            "%.200s: %s; the packet log is tried again every 0.5 seconds, lined "
            "continues to serve",
            destination, error_text(error, text));
}

static void resumed(int64_t after_ms, uint64_t lost)
{
    char seconds[SECONDS_SIZE];

    message(MESSAGE_WARNING,
            "writing to %.200s succeeds again after %s seconds; log lines lost: %" PRIu64,
            destination, seconds_text(after_ms, seconds), lost);
}

static void stalled(void)
{
    message(MESSAGE_WARNING,
            "%.200s is read too slowly: clients have waited one second for the packet log; "
            "--log-overflow drop leaves log lines out instead",
            destination);
}

static void unstalled(int64_t after_ms)
{
    char seconds[SECONDS_SIZE];

    message(MESSAGE_INFO, "%.200s is read again: clients have waited %s seconds for the packet log",
            destination, seconds_text(after_ms, seconds));
}

static void dropped(uint64_t lines)
{
    char text[320];

    snprintf(text, sizeof text, "packet log: a line is dropped, because %.200s is read too slowly",
             destination);
    warning(WARNING_LOG, lines, text);
}

const struct log_events log_messages = {.failed = failed,
                                        .paused = paused,
                                        .resumed = resumed,
                                        .stalled = stalled,
                                        .unstalled = unstalled,
                                        .dropped = dropped};
