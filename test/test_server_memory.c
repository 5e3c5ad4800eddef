/* The memory of a server in the test itself. Sanitizers keep memory of their own. */
#include "dial.h"
#include "embed.h"
#include "process.h"
#include "suite.h"

#include <lined.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int echo(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    return lined_send(conn, line, size);
}

/* VmRSS, resident memory, or VmData, mappings that the process can write; in KB. */
static long memory(const char *field)
{
    const struct process self = {.pid = getpid()};

    return strtol(process_status(&self, NULL, field), NULL, 10);
}

START_TEST(an_idle_connection_gives_its_buffers_back)
{
    static const struct lined_handler echoing = {.line = echo};
    static char lines[300000];
    struct pollfd nothing = {.fd = -1};

    memset(lines, '\n', sizeof lines);
    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&echoing);
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, sizeof lines);
    expect_bytes(client, lines, sizeof lines);
    long busy = memory("VmData");
    for (int i = 0; i < 500 && memory("VmData") + 100 > busy; i++)
        poll(&nothing, 1, 20);                      /* no event reports it */
    ck_assert_int_le(memory("VmData") + 100, busy); /* of two buffers of 64 KiB */
    hang_up(client);
    finish(server);
}
END_TEST

/* A task that has received a long text and waits, for the next line or for something else. */
static int take_long_text(void *context, lined_conn *conn, void *state)
{
    char *text;
    size_t length;

    int result = lined_recv_text(conn, &text, &length);
    if (result == LINED_OK)
        result = lined_puts(conn, "got it\n");
    if (result == LINED_OK)
        result = *(bool *)context ? lined_wait(conn) : lined_recv_text(conn, &text, &length);
    return result;
}

START_TEST(a_task_that_waits_gives_its_text_back)
{
    static const struct lined_handler handler = {.task = take_long_text};
    static char line[500000];
    struct pollfd nothing = {.fd = -1};

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 2; i++) {
        bool waits = i == 1;
        prepare(LINED_PASSIVE);
        options.max_line = sizeof line;
        lined_server *server = start_handler_in(&handler, &waits);
        int client = dial(lined_server_port(server));
        long idle = memory("VmData");
        say_bytes(client, line, sizeof line);
        expect(client, "got it\n");
        for (int j = 0; j < 500 && memory("VmData") > idle + 500; j++)
            poll(&nothing, 1, 20);                      /* no event reports it */
        ck_assert_int_le(memory("VmData"), idle + 500); /* of a line and a text of 488 KiB */
        hang_up(client);
        watch_await_closed(&watch, 1);
        finish(server);
    }
}
END_TEST

static void serve_a_burst(lined_server *server)
{
    enum { CLIENTS = 200 };
    int clients[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    for (size_t i = 0; i < CLIENTS; i++) {
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
    }
    for (size_t i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    while (stats_of(server).connected > 0)
        sched_yield();
}

/* The C library may keep some memory after the first bursts. */
START_TEST(memory_does_not_grow_over_ten_bursts)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    serve_a_burst(server);
    serve_a_burst(server);
    long kb = memory("VmRSS");
    for (int i = 0; i < 8; i++)
        serve_a_burst(server);
    ck_assert_int_le(memory("VmRSS"), kb + 1024); /* one stack each would be 1,600 at least */
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_idle_connection_gives_its_buffers_back,
        a_task_that_waits_gives_its_text_back,
        memory_does_not_grow_over_ten_bursts,
    };
    return suite_run("server_memory", tests, sizeof tests / sizeof tests[0]);
}
