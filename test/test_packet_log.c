/* The packet log formats the address of a client once for each connection, and only if needed. */
#include "../src/command/log/log_messages.h"
#include "../src/command/log/packet_log.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int formatted; /* calls of lined_peer */
static struct packet_log packet_log;

void __real_lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE]);
void __wrap_lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE]);

void __wrap_lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE])
{
    atomic_fetch_add(&formatted, 1);
    __real_lined_peer(conn, text);
}

static void on_opened(void *context, lined_conn *conn, void **slot)
{
    struct packet_log_client *client = NULL;

    packet_log_opened(context, &client, conn);
    *slot = client;
}

static void on_line(void *context, lined_conn *conn, void **slot, const char *line, size_t size)
{
    packet_log_line(context, *slot, conn, line, size);
}

static void on_batch_end(void *context, lined_conn *conn, void **slot)
{
    (void)conn;
    packet_log_batch_end(context, *slot);
}

static void on_closed(void *context, lined_conn *conn, void **slot, int reason)
{
    struct packet_log_client *client = *slot;

    packet_log_closed(context, &client, conn, reason);
    *slot = client;
}

/* Two connections of ten lines each. */
static void serve_two(const struct log_style *style)
{
    static struct lined_observer observer = {.context = &packet_log,
                                             .opened = on_opened,
                                             .line = on_line,
                                             .batch_end = on_batch_end,
                                             .closed = on_closed};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct log_writer *writer;

    ck_assert_int_eq(log_writer_start(&writer, null, false, LOG_BLOCK, &log_messages), 0);
    packet_log_init(&packet_log, writer, style);
    prepare(LINED_PASSIVE);
    options.observer = &observer;
    lined_server *server = start_server();
    for (int i = 0; i < 2; i++) {
        int client = dial(lined_server_port(server));
        for (int line = 0; line < 10; line++) {
            say(client, "x\n");
            expect(client, "Received: x\n\n");
        }
        half_close(client);
        expect_eof(client);
        hang_up(client);
    }
    finish(server);
    ck_assert(log_writer_stop(writer, 30000));
    log_writer_free(writer);
    close(null);
}

START_TEST(the_address_is_formatted_once_for_each_connection)
{
    serve_two(&(const struct log_style){.format = LOG_JSON});
    ck_assert_int_eq(atomic_exchange(&formatted, 0), 2);
    serve_two(&(const struct log_style){.has_peer = true});
    ck_assert_int_eq(atomic_exchange(&formatted, 0), 2);
}
END_TEST

START_TEST(a_form_without_addresses_formats_none)
{
    serve_two(&(const struct log_style){.format = LOG_INSPECT});
    ck_assert_int_eq(atomic_load(&formatted), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_address_is_formatted_once_for_each_connection,
        a_form_without_addresses_formats_none,
    };
    return suite_run("packet_log", tests, sizeof tests / sizeof tests[0]);
}
