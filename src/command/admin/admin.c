#include "admin.h"

#include "answer.h"
#include "command/listen.h"
#include "command/message.h"
#include "http.h"

#include <stddef.h>

/* A client has this long for its request, and for reading the response. */
#define IDLE_MS    5000
#define SESSION_MS 10000

static const struct lined_handler handler = {.task = admin_answer, .reject_busy = HTTP_BUSY};

bool admin_is_wanted(const struct options *options, const struct activation *activation)
{
    return options->admin != NULL || activation->admin >= 0;
}

static struct lined_options server_options(void)
{
    struct lined_options options;

    lined_options_init(&options, sizeof options);
    options.ip = NULL;
    options.backlog = 64;
    options.max_line = HTTP_HEAD_MAX;
    options.idle_timeout_ms = IDLE_MS;
    options.session_timeout_ms = SESSION_MS;
    options.send_timeout_ms = IDLE_MS;
    options.drain_timeout_ms = 1000;
    options.busy_poll_us = 0;
    options.max_connections = ADMIN_CONNECTIONS;
    options.overflow = LINED_OVERFLOW_REJECT;
    return options;
}

bool admin_open(struct admin *admin, const struct options *options,
                const struct activation *activation)
{
    const struct lined_options own = server_options();

    *admin = (struct admin){.history = HISTORY_INIT};
    if (!admin_is_wanted(options, activation))
        return true;
    int failed = lined_server_new(&admin->server, &own, &handler, &admin->source);
    if (failed != LINED_OK) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot open the admin listener: %s", error_text(-failed, text));
        return false;
    }
    if (activation->admin >= 0 ? listen_on_inherited(admin->server, activation->admin)
                               : listen_on_place(admin->server, options->admin))
        return true;
    admin_end(admin);
    return false;
}

int admin_start(struct admin *admin, const struct admin_source *source)
{
    admin->source = *source;
    admin->source.history = &admin->history;
    return admin->server == NULL ? 0 : lined_server_start(admin->server);
}

void admin_sample(struct admin *admin, lined_server *first)
{
    struct lined_stats stats;

    lined_server_stats(first, &stats, sizeof stats);
    const struct history_sample sample = history_sample(&stats);
    history_add(&admin->history, &sample);
}

void admin_report(const struct admin *admin)
{
    char place[LINED_LISTENER_SIZE];

    if (admin->server != NULL && lined_server_listener(admin->server, 0, place))
        message(MESSAGE_INFO, "admin listener on %s", place);
}

void admin_end(struct admin *admin)
{
    if (admin->server == NULL)
        return;
    lined_server_drain(admin->server);
    (void)lined_server_wait(admin->server); /* -EINVAL: it was not started */
    lined_server_free(admin->server);
    admin->server = NULL;
}
