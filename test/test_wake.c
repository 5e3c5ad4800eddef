/* lined_wake and lined_wait: a task waits for other things than its client's lines. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "last_conn.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const lined_handle no_handle;

static lined_server *start(const struct lined_handler *handler)
{
    last_conn_forget();
    prepare(LINED_PASSIVE);
    return start_handler(handler);
}

/* ---- receives ---- */

/* Answers lines, and says when it was woken. */
static int answer_and_tell(void *context, lined_conn *conn, void *state)
{
    char *text;
    size_t length;

    (void)context;
    (void)state;
    for (;;) {
        int result = lined_recv_text(conn, &text, &length);
        if (result == LINED_OK)
            result = lined_printf(conn, "%s\n", text);
        else if (result == LINED_WOKEN)
            result = lined_puts(conn, "woken\n");
        if (result != LINED_OK)
            return result;
    }
}

static const struct lined_handler telling = {
    .open = last_conn_remember, .task = answer_and_tell, .wakeable = true};

static int dial_and_talk(lined_server *server)
{
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "hello\n");
    return client;
}

static void leave(int client, lined_server *server)
{
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}

START_TEST(a_wake_up_ends_a_receive_and_takes_nothing)
{
    lined_server *server = start(&telling);
    int client = dial_and_talk(server);

    for (int i = 0; i < 3; i++) {
        say(client, "beg");
        ck_assert_int_eq(lined_wake(last_conn()), LINED_OK);
        expect(client, "woken\n");
        say(client, "un\n");
        expect(client, "begun\n");
    }
    leave(client, server);
}
END_TEST

static int wake_twice_in_task(void *context, lined_conn *conn, void *state)
{
    const char *bytes;
    size_t size;

    (void)context;
    (void)state;
    int result = lined_recv_line(conn, &bytes, &size);
    if (result != LINED_OK)
        return result;
    ck_assert_int_eq(lined_wake(lined_conn_handle(conn)), LINED_OK);
    ck_assert_int_eq(lined_wake(lined_conn_handle(conn)), LINED_OK);
    ck_assert_int_eq(lined_recv_exact(conn, &bytes, 3), LINED_WOKEN);
    result = lined_recv_exact(conn, &bytes, 3); /* two wake-ups were one */
    return result == LINED_OK ? lined_send(conn, bytes, 3) : result;
}

START_TEST(a_wake_up_waits_and_comes_before_bytes)
{
    static const struct lined_handler handler = {.task = wake_twice_in_task, .wakeable = true};
    lined_server *server = start(&handler);
    int client = dial(lined_server_port(server));

    say(client, "go\nabc");
    expect(client, "abc");
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    finish(server);
}
END_TEST

START_TEST(only_tasks_that_are_wakeable_are_woken)
{
    static const struct lined_handler deaf = {.open = last_conn_remember, .task = answer_and_tell};
    const struct lined_handler line = {.line = lined_handler_received.line, .wakeable = true};
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &line, NULL), -EINVAL);
    server = start(&deaf);
    int client = dial_and_talk(server);
    ck_assert_int_eq(lined_wake(last_conn()), -EOPNOTSUPP);
    ck_assert_int_eq(lined_wake(no_handle), LINED_GONE);
    leave(client, server);

    server = start(&telling);
    client = dial_and_talk(server);
    lined_handle gone = last_conn();
    hang_up(client);
    watch_await_closed(&watch, 1);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_int_eq(lined_wake(gone), LINED_GONE);
    finish(server);
}
END_TEST

static void expect_timeout(int reason, const char *said)
{
    lined_server *server = start_handler(&telling);
    int client = dial(lined_server_port(server));

    say(client, said);
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), reason);
    hang_up(client);
    finish(server);
}

START_TEST(timeouts_hold_for_a_wakeable_task)
{
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 20;
    expect_timeout(LINED_IDLE_TIMEOUT, "");
    prepare(LINED_PASSIVE);
    options.line_timeout_ms = 20;
    expect_timeout(LINED_LINE_TIMEOUT, "beg");
    prepare(LINED_PASSIVE);
    options.session_timeout_ms = 20;
    expect_timeout(LINED_SESSION_TIMEOUT, "beg");
}
END_TEST

/* Two threads wake a task that talks with its client all the while. None of the last wake-ups may
 * be lost, and no line. */
enum { WAKES = 3000, LINES = 3000 };
static atomic_int woken;

static int count_wakes(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    (void)context;
    (void)state;
    for (;;) {
        int result = lined_recv_line(conn, &line, &size);
        if (result == LINED_OK)
            result = lined_send(conn, line, size);
        else if (result == LINED_WOKEN)
            atomic_fetch_add(&woken, 1), result = LINED_OK;
        if (result != LINED_OK)
            return result;
    }
}

static void *wake_often(void *unused)
{
    for (int i = 0; i < WAKES; i++) {
        int before = atomic_load(&woken);
        if (lined_wake(last_conn()) != LINED_OK)
            break;
        for (int j = 0; atomic_load(&woken) == before && j < 30000; j++)
            poll(NULL, 0, j < 100 ? 0 : 1);
        if (atomic_load(&woken) == before)
            return NULL; /* lost */
    }
    return unused;
}

START_TEST(no_wake_up_is_lost)
{
    static const struct lined_handler handler = {
        .open = last_conn_remember, .task = count_wakes, .wakeable = true};
    pthread_t wakers[2];
    void *result;

    atomic_store(&woken, 0);
    lined_server *server = start(&handler);
    int client = dial_and_talk(server);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&wakers[i], NULL, wake_often, &woken), 0);
    for (int i = 0; i < LINES; i++) {
        say(client, "x\n");
        expect(client, "x\n");
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(wakers[i], &result), 0);
        ck_assert_ptr_eq(result, &woken);
    }
    leave(client, server);
}
END_TEST

/* ---- lined_wait ---- */

static atomic_int waited; /* what lined_wait has returned */

/* "wait MS" waits, with a deadline unless MS is 0, and says what has happened; other lines come
 * back. */
static int wait_as_told(void *context, lined_conn *conn, void *state)
{
    char *text;
    size_t length;
    unsigned ms;

    (void)context;
    (void)state;
    for (;;) {
        int result = lined_recv_text(conn, &text, &length);
        if (result != LINED_OK)
            return result;
        if (sscanf(text, "wait %u", &ms) != 1) {
            result = lined_printf(conn, "%s\n", text);
        } else {
            lined_set_deadline(conn, ms);
            result = lined_puts(conn, "waiting\n");
            if (result == LINED_OK) {
                int why = lined_wait(conn);
                atomic_store(&waited, why);
                lined_set_deadline(conn, 0);
                result = lined_printf(conn, "%d\n", why);
            }
        }
        if (result != LINED_OK)
            return result;
    }
}

static const struct lined_handler waiting = {
    .open = last_conn_remember, .task = wait_as_told, .wakeable = true};

static int dial_and_wait(lined_server *server, const char *more)
{
    int client = dial(lined_server_port(server));

    atomic_store(&waited, -1);
    say(client, "wait 0\n");
    say(client, more);
    expect(client, "waiting\n");
    return client;
}

static void expect_result(int client, int result)
{
    char text[16];

    snprintf(text, sizeof text, "%d\n", result);
    expect(client, text);
}

START_TEST(a_wait_ends_with_a_wake_up_and_leaves_lines)
{
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "next\n");

    ck_assert_int_eq(lined_wake(last_conn()), LINED_OK);
    expect_result(client, LINED_WOKEN);
    expect(client, "next\n");
    leave(client, server);
}
END_TEST

START_TEST(a_wait_ends_with_its_deadline)
{
    lined_server *server = start(&waiting);
    int client = dial(lined_server_port(server));

    say(client, "wait 10\nnext\n");
    expect(client, "waiting\n");
    expect_result(client, LINED_DEADLINE);
    expect(client, "next\n");
    leave(client, server);
}
END_TEST

START_TEST(a_wait_ends_with_the_end_of_file_and_leaves_lines)
{
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "next\n");

    half_close(client);
    expect_result(client, LINED_EOF);
    expect(client, "next\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_wait_ends_with_a_reset)
{
    const struct linger at_once = {.l_onoff = 1};
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "");

    ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_RESET);
    ck_assert_int_eq(atomic_load(&waited), LINED_RESET);
    finish(server);
}
END_TEST

START_TEST(a_wait_ends_with_a_drain_and_leaves_lines)
{
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "next\n");

    lined_server_drain(server);
    expect_result(client, LINED_STOPPING);
    expect(client, "next\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(a_wait_ends_with_a_cut)
{
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "next\n");

    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(atomic_load(&waited), LINED_CUT);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_wait_ends_with_lined_end)
{
    lined_server *server = start(&waiting);
    int client = dial_and_wait(server, "next\n");

    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_OK);
    expect_result(client, LINED_ENDED);
    expect(client, "bye\n");
    drink(client); /* "next" may be unread: then the end is a reset */
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_ENDED);
    finish(server);
}
END_TEST

START_TEST(a_wait_ends_with_the_session)
{
    prepare(LINED_PASSIVE);
    options.session_timeout_ms = 50;
    options.idle_timeout_ms = 1; /* does not count while the task does not want a line */
    lined_server *server = start_handler(&waiting);
    int client = dial(lined_server_port(server));

    say(client, "wait 0\n");
    drink(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SESSION_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

/* The idle timeout has begun to count before the wait, and counts from the end of the wait. */
static int wait_between_receives(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    (void)context;
    (void)state;
    lined_set_deadline(conn, 1);
    int result = lined_recv_line(conn, &line, &size);
    ck_assert_int_eq(result, LINED_DEADLINE);
    lined_set_deadline(conn, 1500);
    ck_assert_int_eq(lined_wait(conn), LINED_DEADLINE);
    lined_set_deadline(conn, 0);
    result = lined_puts(conn, "waited\n");
    if (result == LINED_OK)
        result = lined_recv_line(conn, &line, &size);
    return result == LINED_OK ? lined_send(conn, line, size) : result;
}

START_TEST(a_wait_does_not_count_for_the_idle_timeout)
{
    static const struct lined_handler handler = {.task = wait_between_receives};

    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 1200;
    lined_server *server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    expect(client, "waited\n");
    say(client, "still\n");
    expect(client, "still\n");
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

static int dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(client, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* A client of a Unix socket that closes is no reset: its lines are handled. */
START_TEST(a_wait_ends_with_the_close_of_a_unix_socket)
{
    char text[64];
    lined_server *server;

    snprintf(text, sizeof text, "unix:/tmp/lined-test-wake-%d", (int)getpid());
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    ck_assert_int_eq(lined_server_new(&server, &options, &waiting, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, text), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    atomic_store(&waited, -1);
    int client = dial_unix(text + 5);
    say(client, "wait 0\nnext\n");
    expect(client, "waiting\n");
    hang_up(client);
    watch_await_closed(&watch, 1);
    ck_assert_int_eq(atomic_load(&waited), LINED_EOF);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_uint_eq(stats_of(server).lines, 2); /* "next" too */
    finish(server);
}
END_TEST

/* A drain that waits for the clients does not end a wait; the cut does. */
START_TEST(a_drain_that_waits_does_not_end_a_wait)
{
    prepare(LINED_PASSIVE);
    options.drain_mode = LINED_DRAIN_WAIT;
    lined_server *server = start_handler(&waiting);
    int client = dial_and_wait(server, "");

    lined_server_drain(server);
    ck_assert_int_eq(lined_wake(last_conn()), LINED_OK);
    expect_result(client, LINED_WOKEN);
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

/* A task that is not wakeable can wait as well, but is not woken. */
START_TEST(any_task_may_wait)
{
    static const struct lined_handler handler = {.open = last_conn_remember, .task = wait_as_told};
    lined_server *server = start(&handler);
    int client = dial_and_wait(server, "next\n");

    half_close(client);
    expect_result(client, LINED_EOF);
    expect(client, "next\n");
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_wake_up_ends_a_receive_and_takes_nothing,
        a_wake_up_waits_and_comes_before_bytes,
        only_tasks_that_are_wakeable_are_woken,
        timeouts_hold_for_a_wakeable_task,
        no_wake_up_is_lost,
        a_wait_ends_with_a_wake_up_and_leaves_lines,
        a_wait_ends_with_its_deadline,
        a_wait_ends_with_the_end_of_file_and_leaves_lines,
        a_wait_ends_with_a_reset,
        a_wait_ends_with_a_drain_and_leaves_lines,
        a_wait_ends_with_a_cut,
        a_wait_ends_with_lined_end,
        a_wait_ends_with_the_session,
        a_wait_does_not_count_for_the_idle_timeout,
        a_wait_ends_with_the_close_of_a_unix_socket,
        a_drain_that_waits_does_not_end_a_wait,
        any_task_may_wait,
    };
    return suite_run("wake", tests, sizeof tests / sizeof tests[0]);
}
