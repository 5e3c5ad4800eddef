#include "overload.h"

#include "clock.h"
#include "dial.h"
#include "embed.h"

#include <check.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

_Atomic unsigned pauses;
_Atomic int last_pause;
_Atomic int last_error;
_Atomic int peak;
static _Atomic int connected;

static void saw_pause(void *context, enum lined_accept_pause why, int error)
{
    (void)context;
    atomic_store(&last_pause, (int)why);
    atomic_store(&last_error, error);
    atomic_fetch_add(&pauses, 1);
}

static int count_open(void *context, lined_conn *conn, void **state)
{
    int now = atomic_fetch_add(&connected, 1) + 1;
    int most = atomic_load(&peak);

    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
        continue;
    return LINED_OK;
}

static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    return lined_handler_received.line(NULL, conn, state, line, size);
}

static void count_close(void *context, lined_conn *conn, void *state, int reason)
{
    atomic_fetch_sub(&connected, 1);
}

const struct lined_handler counting = {.open = count_open, .line = answer, .close = count_close};

void prepare_overload(void)
{
    prepare(LINED_PASSIVE);
    atomic_store(&pauses, 0);
    watch.observer.accept_paused = saw_pause;
}

void talk(int client)
{
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
}

lined_server *start_full(int clients[2], enum lined_overflow overflow)
{
    prepare_overload();
    options.max_connections = 2;
    options.overflow = overflow;
    lined_server *server = start_handler(&counting);
    for (int i = 0; i < 2; i++) {
        clients[i] = dial(lined_server_port(server));
        talk(clients[i]);
    }
    return server;
}

void come_again_and_again(lined_server *server)
{
    enum { ROUNDS = 500 };

    for (int i = 0; i < ROUNDS; i++) {
        int client = dial(lined_server_port(server));
        say(client, "hello\n");
        half_close(client);
        expect(client, "Received: hello\n\n");
        expect_eof(client);
        hang_up(client);
    }
    ck_assert_uint_eq(stats_of(server).rejected, 0);
}

void expect_reject(int client, const char *text)
{
    expect(client, text);
    expect_eof(client);
    hang_up(client);
}

void await_reset(int client)
{
    struct pollfd closed = {.fd = client, .events = 0};
    int64_t began = now_us();

    do {
        ck_assert_int_lt(now_us() - began, 10000000);
        send(client, "x", 1, MSG_NOSIGNAL);
    } while (poll(&closed, 1, 10) == 0);
    ck_assert(closed.revents & POLLERR);
}
