/* What reaches a handler, in both modes: texts, bodies, deadlines, and what it changes of its
 * connection. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lined.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* Each test runs in both modes. */
#define MODE (_i == 0 ? LINED_PASSIVE : LINED_ACTIVE)

static lined_server *start(enum lined_mode mode, const struct lined_handler *handler)
{
    prepare(mode);
    return start_handler(handler);
}

static void leave(int client, lined_server *server)
{
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}

/* ---- texts ---- */

/* Answers with the length and the text in brackets, after it has changed the text. */
static int show(void *context, lined_conn *conn, void *state, char *text, size_t length)
{
    (void)context;
    (void)state;
    ck_assert_int_eq(text[length], '\0');
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '\0' ? '0' : text[i];
    return lined_printf(conn, "%zu[%s]\n", length, text);
}

static const struct lined_handler showing = {.text = show};

START_TEST(a_text_has_no_line_end)
{
    static const char lines[] = "one\ntwo\r\n\n\r\n\r\r\na\0b\n";
    lined_server *server = start(MODE, &showing);
    int client = dial(lined_server_port(server));

    say_bytes(client, lines, sizeof lines - 1);
    expect(client, "3[one]\n3[two]\n0[]\n0[]\n1[\r]\n3[a0b]\n");
    leave(client, server);
}
END_TEST

/* The observer has the line as it came. */
static char observed[64];

static void observe(void *context, lined_conn *conn, void **slot, const char *line, size_t size)
{
    (void)context;
    (void)conn;
    (void)slot;
    memcpy(observed + strlen(observed), line, size);
}

START_TEST(a_changed_text_does_not_change_the_log)
{
    prepare(MODE);
    memset(observed, 0, sizeof observed);
    watch.observer.line = observe;
    lined_server *server = start_handler(&showing);
    int client = dial(lined_server_port(server));

    say_bytes(client, "x\ny\r\n", 5);
    expect(client, "1[x]\n1[y]\n");
    leave(client, server);
    ck_assert_str_eq(observed, "x\ny\r\n");
}
END_TEST

START_TEST(a_piece_of_a_long_line_is_a_text)
{
    prepare(MODE);
    options.max_line = 16;
    options.partial = LINED_PARTIAL_DELIVER;
    lined_server *server = start_handler(&showing);
    int client = dial(lined_server_port(server));

    say(client, "0123456789abcdefg\nrest");
    half_close(client);
    expect(client, "16[0123456789abcdef]\n1[g]\n4[rest]\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

/* ---- bodies ---- */

/* "body SIZE" takes a body and sends it back in brackets; "undo" takes the wish back; other lines
 * come back. A body is told from a line by the state. */
struct bodies {
    bool wants_body;
};

static int open_bodies(void *context, lined_conn *conn, void **state)
{
    (void)context;
    (void)conn;
    *state = calloc(1, sizeof(struct bodies));
    return *state == NULL ? -ENOMEM : LINED_OK;
}

static void close_bodies(void *context, lined_conn *conn, void *state, int reason)
{
    (void)context;
    (void)conn;
    (void)reason;
    free(state);
}

static int send_in_brackets(lined_conn *conn, const char *bytes, size_t size)
{
    int result = lined_puts(conn, "[");

    if (result == LINED_OK)
        result = lined_send(conn, bytes, size);
    return result == LINED_OK ? lined_puts(conn, "]") : result;
}

static int take_line_or_body(void *context, lined_conn *conn, void *state, const char *line,
                             size_t size)
{
    struct bodies *bodies = state;

    (void)context;
    if (bodies->wants_body) {
        bodies->wants_body = false;
        return send_in_brackets(conn, line, size);
    }
    if (size > 5 && memcmp(line, "body ", 5) == 0) {
        size_t wanted = strtoul(line + 5, NULL, 10);
        int result = lined_expect(conn, wanted);
        bodies->wants_body = result == LINED_OK;
        return result == -EMSGSIZE ? lined_puts(conn, "too much\n") : result;
    }
    if (size > 4 && memcmp(line, "undo", 4) == 0) {
        ck_assert_int_eq(lined_expect(conn, 5), LINED_OK);
        return lined_expect(conn, 0);
    }
    return lined_send(conn, line, size);
}

static int take_text_or_body(void *context, lined_conn *conn, void *state, char *text,
                             size_t length)
{
    /* The text has no LF, and the line handler adds none. */
    return take_line_or_body(context, conn, state, text, length);
}

static const struct lined_handler bodies_by_line = {
    .open = open_bodies, .line = take_line_or_body, .close = close_bodies};
static const struct lined_handler bodies_by_text = {
    .open = open_bodies, .text = take_text_or_body, .close = close_bodies};

START_TEST(a_body_comes_instead_of_the_next_line)
{
    lined_server *server = start(MODE, &bodies_by_line);
    int client = dial(lined_server_port(server));

    /* All in one segment: lines that were gathered behind the wish are a part of the body. */
    say(client, "a\nbody 8\nb\nc\nd\ne\nf\nbody 1\n\ng\nundo\nh\n");
    expect(client, "a\n[b\nc\nd\ne\n]f\n[\n]g\nh\n");
    ck_assert_uint_eq(stats_of(server).lines, 7); /* a body is no line */
    leave(client, server);
    ck_assert_uint_eq(watch.lines, 7);
}
END_TEST

START_TEST(a_body_of_a_text_handler_keeps_its_line_end)
{
    lined_server *server = start(MODE, &bodies_by_text);
    int client = dial(lined_server_port(server));

    say(client, "body 4\r\na\r\n\nb\n");
    expect(client, "[a\r\n\n]b");
    leave(client, server);
}
END_TEST

START_TEST(a_long_body_comes_whole)
{
    enum { SIZE = 300 * 1000 };
    char *body = malloc(SIZE);
    lined_server *server = start(MODE, &bodies_by_line);
    int client = dial(lined_server_port(server));

    ck_assert_ptr_nonnull(body);
    for (int i = 0; i < SIZE; i++)
        body[i] = (char)(i % 251);
    say(client, "body 300000\n");
    say_bytes(client, body, SIZE / 3);
    say_bytes(client, body + SIZE / 3, SIZE - SIZE / 3);
    say(client, "next\n");
    expect(client, "[");
    expect_bytes(client, body, SIZE);
    expect(client, "]next\n");
    leave(client, server);
    free(body);
}
END_TEST

/* The rest of a long line is discarded once, although the lines around it are put back. */
START_TEST(a_body_may_follow_a_long_line_that_is_discarded)
{
    prepare(MODE);
    options.max_line = 16;
    options.long_line = LINED_LONG_DISCARD;
    lined_server *server = start_handler(&bodies_by_line);
    int client = dial(lined_server_port(server));

    say(client, "0123456789abcdefXYZ\nbody 20\n0123456789abcdefXYZ\n0123456789abcdefXYZ\nz\n");
    expect(client, "0123456789abcdef[0123456789abcdefXYZ\n]0123456789abcdefz\n");
    leave(client, server);
}
END_TEST

/* A body is not measured as a line, also where it was received together with its command. */
START_TEST(a_body_may_be_longer_than_a_line_that_would_end_the_connection)
{
    prepare(MODE);
    options.max_line = 16;
    options.long_line = LINED_LONG_CLOSE;
    lined_server *server = start_handler(&bodies_by_line);
    int client = dial(lined_server_port(server));

    say(client, "a\nbody 20\nABCDEFGHIJKLMNOPQRSTz\n");
    expect(client, "a\n[ABCDEFGHIJKLMNOPQRST]z\n");
    say(client, "0123456789abcdef");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_LINE_TOO_LONG);
    finish(server);
}
END_TEST

START_TEST(a_body_above_the_maximum_is_refused)
{
    lined_server *server = start(MODE, &bodies_by_line);
    int client = dial(lined_server_port(server));

    say(client, "body 16777217\nnext\n");
    expect(client, "too much\nnext\n");
    leave(client, server);
}
END_TEST

START_TEST(a_body_that_does_not_come_is_dropped)
{
    lined_server *server = start(MODE, &bodies_by_line);
    int client = dial(lined_server_port(server));

    say(client, "body 10\nabc");
    leave(client, server);
}
END_TEST

static int expect_in_a_task(void *context, lined_conn *conn, void *state)
{
    char *text;
    size_t length;

    (void)context;
    (void)state;
    ck_assert_int_eq(lined_expect(conn, 5), -EINVAL);
    for (;;) {
        int result = lined_recv_text(conn, &text, &length);
        if (result == LINED_OK)
            result = lined_printf(conn, "%s.", text);
        if (result != LINED_OK)
            return result;
    }
}

START_TEST(a_task_receives_texts_and_expects_nothing)
{
    static const struct lined_handler handler = {.task = expect_in_a_task};
    lined_server *server = start(LINED_PASSIVE, &handler);
    int client = dial(lined_server_port(server));

    say(client, "one\r\ntwo\n");
    expect(client, "one.two.");
    leave(client, server);
}
END_TEST

/* ---- deadlines ---- */

/* Five lines: pings a silent client, and ends it after the second ping that it missed. */
static int pong(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    *(int *)context = 0;
    lined_set_deadline(conn, 20);
    (void)state;
    return lined_send(conn, line, size);
}

static int ping(void *context, lined_conn *conn, void *state)
{
    int *missed = context;

    (void)state;
    if (++*missed > 2)
        return LINED_END;
    lined_set_deadline(conn, 20);
    return lined_puts(conn, "PING\n");
}

START_TEST(a_silent_client_is_pinged_and_then_ended)
{
    static const struct lined_handler handler = {.line = pong, .deadline = ping};
    int missed = 0;

    prepare(MODE);
    lined_server *server = start_handler_in(&handler, &missed);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    expect(client, "hello\nPING\nPING\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    hang_up(client);
    finish(server);
}
END_TEST

static int set_deadline(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context;
    (void)state;
    lined_set_deadline(conn, 10);
    return lined_send(conn, line, size);
}

START_TEST(without_a_callback_a_deadline_ends_the_connection)
{
    static const struct lined_handler handler = {.line = set_deadline};
    lined_server *server = start(MODE, &handler);
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "hello\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_DEADLINE);
    hang_up(client);
    finish(server);
}
END_TEST

static int say_once(void *context, lined_conn *conn, void *state)
{
    (void)context;
    (void)state;
    return lined_puts(conn, "once\n");
}

/* It is called once, and the connection goes on; bytes of an unfinished line are not lost. */
START_TEST(a_deadline_is_called_once)
{
    static const struct lined_handler handler = {.line = set_deadline, .deadline = say_once};
    lined_server *server = start(MODE, &handler);
    int client = dial(lined_server_port(server));

    say(client, "hello\nbeg");
    expect(client, "hello\nonce\n");
    say(client, "un\n");
    expect(client, "begun\nonce\n");
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

static int clear_deadline(void *context, lined_conn *conn, void *state, const char *line,
                          size_t size)
{
    (void)context;
    (void)state;
    if (line[0] == 's')
        lined_set_deadline(conn, 1);
    else
        lined_set_deadline(conn, 0);
    return lined_send(conn, line, size);
}

START_TEST(a_deadline_can_be_taken_back)
{
    static const struct lined_handler handler = {.line = clear_deadline};
    lined_server *server = start(MODE, &handler);
    int client = dial(lined_server_port(server));

    say(client, "set\nclear\n"); /* one batch: the connection does not wait in between */
    expect(client, "set\nclear\n");
    say(client, "clear\n");
    expect(client, "clear\n");
    leave(client, server);
}
END_TEST

/* ---- what a handler changes of its connection ---- */

/* "line N", "idle MS", "session MS", "one-line MS", "send MS". */
static int change(void *context, lined_conn *conn, void *state, char *text, size_t length)
{
    char *number = strchr(text, ' ');
    int result = 0;

    (void)context;
    (void)state;
    (void)length;
    if (number == NULL)
        return lined_printf(conn, "%s\n", text);
    *number++ = '\0';
    unsigned long value = strtoul(number, NULL, 10);
    if (strcmp(text, "line") == 0)
        result = lined_set_max_line(conn, value);
    else if (strcmp(text, "idle") == 0)
        result = lined_set_timeout(conn, LINED_TIMEOUT_IDLE, (uint32_t)value);
    else if (strcmp(text, "session") == 0)
        result = lined_set_timeout(conn, LINED_TIMEOUT_SESSION, (uint32_t)value);
    else if (strcmp(text, "one-line") == 0)
        result = lined_set_timeout(conn, LINED_TIMEOUT_LINE, (uint32_t)value);
    else if (strcmp(text, "send") == 0)
        result = lined_set_timeout(conn, LINED_TIMEOUT_SEND, (uint32_t)value);
    return lined_printf(conn, "%d\n", result);
}

static const struct lined_handler changing = {.text = change};

START_TEST(a_handler_changes_the_length_of_its_lines)
{
    char lines[3000];
    lined_server *server = start(MODE, &changing);
    int client = dial(lined_server_port(server));

    say(client, "line 16\n");
    expect(client, "0\n");
    say(client, "0123456789abcdefg\n");
    expect(client, "0123456789abcdef\ng\n");
    say(client, "line 2500\n");
    expect(client, "0\n");
    memset(lines, 'x', 2499);
    lines[2499] = '\n';
    say_bytes(client, lines, 2500);
    expect_bytes(client, lines, 2500);
    say(client, "line 15\nline 1048577\n");
    expect(client, "-22\n-22\n");
    leave(client, server);
}
END_TEST

/* The next line follows the new length, although it came together with the change. */
START_TEST(the_length_of_lines_changes_within_a_pipeline)
{
    prepare(MODE);
    options.max_line = 16;
    lined_server *server = start_handler(&changing);
    int client = dial(lined_server_port(server));

    say(client, "line 32\n0123456789abcdefghijklm\nline 16\n0123456789abcdefghijklm\n");
    expect(client, "0\n0123456789abcdefghijklm\n0\n0123456789abcdef\nghijklm\n");
    leave(client, server);
}
END_TEST

static void expect_timeout(enum lined_mode mode, const char *line, const char *more, int reason)
{
    lined_server *server = start(mode, &changing);
    int client = dial(lined_server_port(server));

    say(client, line);
    expect(client, "0\n");
    say(client, more);
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), reason);
    hang_up(client);
    finish(server);
}

START_TEST(a_handler_changes_its_timeouts)
{
    expect_timeout(MODE, "idle 20\n", "", LINED_IDLE_TIMEOUT);
    expect_timeout(MODE, "one-line 20\n", "begun", LINED_LINE_TIMEOUT);
    expect_timeout(MODE, "session 20\n", "", LINED_SESSION_TIMEOUT);
}
END_TEST

START_TEST(a_handler_takes_back_the_timeouts_of_the_options)
{
    prepare(MODE);
    options.idle_timeout_ms = options.session_timeout_ms = 1500;
    lined_server *server = start_handler(&changing);
    int client = dial(lined_server_port(server));
    struct pollfd said = {.fd = client, .events = POLLIN};

    say(client, "idle 0\nsession 0\nidle 4294967295\n");
    expect(client, "0\n0\n-22\n");
    ck_assert_int_eq(poll(&said, 1, 1800), 0); /* no end, nor anything else */
    say(client, "still\n");
    expect(client, "still\n");
    leave(client, server);
}
END_TEST

static char much[8 * 1024 * 1024];

static int send_much(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context;
    (void)state;
    (void)line;
    (void)size;
    ck_assert_int_eq(lined_set_timeout(conn, LINED_TIMEOUT_SEND, 100), LINED_OK);
    return lined_send(conn, much, sizeof much);
}

START_TEST(a_handler_changes_its_send_timeout)
{
    static const struct lined_handler handler = {.line = send_much};
    lined_server *server = start(MODE, &handler);
    int client = dial_narrow(lined_server_port(server), 4096);

    say(client, "go\n");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SEND_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

static int print_long(void *context, lined_conn *conn, void *state, char *text, size_t length)
{
    (void)context;
    (void)state;
    (void)length;
    int result = lined_printf(conn, "%0*d|", atoi(text), 7);
    return result == LINED_OK ? lined_puts(conn, "\n") : result;
}

START_TEST(a_text_of_any_length_is_printed)
{
    static const int lengths[] = {1, 510, 511, 512, 5000};
    static const struct lined_handler handler = {.text = print_long};
    static char expected[6000];
    lined_server *server = start(MODE, &handler);
    int client = dial(lined_server_port(server));

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char line[16];
        snprintf(line, sizeof line, "%d\n", lengths[i]);
        snprintf(expected, sizeof expected, "%0*d|\n", lengths[i], 7);
        say(client, line);
        expect(client, expected);
    }
    leave(client, server);
}
END_TEST

/* ---- addresses ---- */

static int tell_addresses(void *context, lined_conn *conn, void *state, char *text, size_t length)
{
    struct sockaddr_in peer = {0}, local = {0};
    char name[2][INET_ADDRSTRLEN];

    (void)context;
    (void)state;
    (void)text;
    (void)length;
    ck_assert_uint_eq(lined_peer_address(conn, (struct sockaddr *)&peer, sizeof peer), sizeof peer);
    ck_assert_uint_eq(lined_local_address(conn, (struct sockaddr *)&local, sizeof local),
                      sizeof local);
    sa_family_t family = 0; /* room for the family alone */
    ck_assert_uint_eq(lined_peer_address(conn, (struct sockaddr *)&family, sizeof family),
                      sizeof peer);
    ck_assert_int_eq(family, AF_INET);
    inet_ntop(AF_INET, &peer.sin_addr, name[0], sizeof name[0]);
    inet_ntop(AF_INET, &local.sin_addr, name[1], sizeof name[1]);
    return lined_printf(conn, "%s:%u %s:%u\n", name[0], ntohs(peer.sin_port), name[1],
                        ntohs(local.sin_port));
}

START_TEST(a_handler_knows_both_addresses)
{
    static const struct lined_handler handler = {.text = tell_addresses};
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    char expected[64];
    lined_server *server = start(MODE, &handler);
    int client = dial_from(0x7f000002, lined_server_port(server));

    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&own, &size), 0);
    snprintf(expected, sizeof expected, "127.0.0.2:%u 127.0.0.1:%u\n", ntohs(own.sin_port),
             lined_server_port(server));
    say(client, "?\n");
    expect(client, expected);
    leave(client, server);
}
END_TEST

/* ---- the stack ---- */

enum { MUCH_STACK = 600 * 1024 };

static int use_stack(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    volatile char bytes[MUCH_STACK];

    (void)context;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i += 512)
        bytes[i] = (char)i;
    return lined_send(conn, line, size);
}

START_TEST(a_callback_has_the_stack_that_was_asked_for)
{
    static const struct lined_handler handler = {.line = use_stack};

    prepare(MODE);
    options.stack_size = 4 * 1024 * 1024; /* sanitizers want some more */
    lined_server *server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "deep\n");
    expect(client, "deep\n");
    leave(client, server);
}
END_TEST

START_TEST(a_stack_out_of_range_is_refused)
{
    lined_server *server;

    prepare(MODE);
    options.stack_size = LINED_STACK_MIN - 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &showing, NULL), -EINVAL);
    options.stack_size = LINED_STACK_MAX + 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &showing, NULL), -EINVAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_text_has_no_line_end,
        a_changed_text_does_not_change_the_log,
        a_piece_of_a_long_line_is_a_text,
        a_body_comes_instead_of_the_next_line,
        a_body_of_a_text_handler_keeps_its_line_end,
        a_long_body_comes_whole,
        a_body_may_follow_a_long_line_that_is_discarded,
        a_body_may_be_longer_than_a_line_that_would_end_the_connection,
        a_body_above_the_maximum_is_refused,
        a_body_that_does_not_come_is_dropped,
        a_task_receives_texts_and_expects_nothing,
        a_silent_client_is_pinged_and_then_ended,
        without_a_callback_a_deadline_ends_the_connection,
        a_deadline_is_called_once,
        a_deadline_can_be_taken_back,
        a_handler_changes_the_length_of_its_lines,
        the_length_of_lines_changes_within_a_pipeline,
        a_handler_changes_its_timeouts,
        a_handler_takes_back_the_timeouts_of_the_options,
        a_handler_changes_its_send_timeout,
        a_text_of_any_length_is_printed,
        a_handler_knows_both_addresses,
        a_callback_has_the_stack_that_was_asked_for,
        a_stack_out_of_range_is_refused,
    };
    return suite_run_loop("delivery", tests, sizeof tests / sizeof tests[0], 2);
}
