#include "observer.h"

#include "message.h"
#include "warning.h"

#include <inttypes.h>
#include <stdio.h>

static void on_opened(void *context, lined_conn *conn, void **slot)
{
    struct observer *observer = context;
    struct packet_log_client *client = NULL;

    if (observer->log.writer == NULL)
        return;
    packet_log_opened(&observer->log, &client, conn);
    *slot = client;
}

static void on_line(void *context, lined_conn *conn, void **slot, const char *line, size_t size)
{
    struct observer *observer = context;
    struct packet_log_client *client = *slot;

    if (observer->log.writer != NULL)
        packet_log_line(&observer->log, client, conn, line, size);
}

static void on_batch_end(void *context, lined_conn *conn, void **slot)
{
    struct observer *observer = context;
    struct packet_log_client *client = *slot;

    (void)conn;
    if (observer->log.writer != NULL)
        packet_log_batch_end(&observer->log, client);
}

static void on_closed(void *context, lined_conn *conn, void **slot, int reason)
{
    struct observer *observer = context;
    struct packet_log_client *client = *slot;

    if (observer->log.writer == NULL)
        return;
    packet_log_closed(&observer->log, &client, conn, reason);
    *slot = client;
}

static void on_cut(void *context, uint64_t connections)
{
    struct observer *observer = context;

    stop_note_cut(observer->stop);
    message(MESSAGE_WARNING, "cutting %" PRIu64 " connection%s", connections,
            connections == 1 ? "" : "s");
    if (observer->log.writer != NULL)
        log_writer_hurry(observer->log.writer, LOG_HURRY_MS);
}

static void on_accept_paused(void *context, enum lined_accept_pause why, int error)
{
    struct observer *observer = context;
    char text[ERROR_TEXT_SIZE];
    char words[ERROR_TEXT_SIZE + 128];

    switch (why) {
    case LINED_PAUSE_LIMIT:
        snprintf(words, sizeof words,
                 "the maximum number of connections, set by %s, is reached; --overflow decides "
                 "what new clients get",
                 atomic_load(&observer->limited_by));
        warning(WARNING_LIMIT, 1, words);
        break;
    case LINED_PAUSE_ACCEPT:
    case LINED_PAUSE_THREAD:
        snprintf(words, sizeof words,
                 "cannot %s: %s; new clients wait until this is possible again",
                 why == LINED_PAUSE_ACCEPT ? "accept" : "create a thread", error_text(error, text));
        warning(why == LINED_PAUSE_ACCEPT ? WARNING_ACCEPT : WARNING_THREAD, 1, words);
        break;
    }
}

void observer_init(struct observer *observer, struct stop *stop)
{
    *observer = (struct observer){.callbacks = {.context = observer,
                                                .opened = on_opened,
                                                .line = on_line,
                                                .batch_end = on_batch_end,
                                                .closed = on_closed,
                                                .cut = on_cut,
                                                .accept_paused = on_accept_paused},
                                  .stop = stop};
}
