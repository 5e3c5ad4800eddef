#include "embed.h"

#include <check.h>

struct watch watch;
struct lined_options options;

void prepare(enum lined_mode mode)
{
    watch_init(&watch);
    lined_options_init(&options, sizeof options);
    options.port = 0;
    options.observer = &watch.observer;
    options.mode = mode;
}

lined_server *start_handler(const struct lined_handler *handler)
{
    return start_handler_in(handler, NULL);
}

lined_server *start_handler_in(const struct lined_handler *handler, void *context)
{
    lined_server *server;

    ck_assert_int_eq(lined_server_new(&server, &options, handler, context), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    return server;
}

lined_server *start_server(void)
{
    return start_handler(&lined_handler_received);
}

struct lined_stats stats_of(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats, sizeof stats);
    return stats;
}

void finish(lined_server *server)
{
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
