/* The handler pubsub, on a server of the test's own. In both modes. */
#include "../src/handlers/pubsub/pubsub.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <lined.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void *context; /* the handler's */

static lined_server *start(void)
{
    ck_assert_int_eq(pubsub_init(NULL, &options, &context), LINED_OK);
    return start_handler_in(&lined_handler_pubsub, context);
}

static void end(lined_server *server)
{
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    pubsub_fini(context);
    lined_server_free(server);
}

static int join(lined_server *server, const char *channel)
{
    char text[128];
    int client = dial(lined_server_port(server));

    snprintf(text, sizeof text, "SUBSCRIBE %s\n", channel);
    say(client, text);
    snprintf(text, sizeof text, "OK %s\n", channel);
    expect(client, text);
    return client;
}

static void ask(int client, const char *line, const char *reply)
{
    say(client, line);
    expect(client, reply);
}

START_TEST(a_client_subscribes_publishes_and_quits)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start();
    int reader = join(server, "news");
    int writer = dial(lined_server_port(server));

    ask(writer, "CHANNELS\n", "CHANNEL news 1\nOK\n");
    ask(writer, "publish   news hello,  you two \r\n", "OK 1\n");
    expect(reader, "MESSAGE news hello,  you two \n");
    ask(writer, "PUBLISH other hello\n", "OK 0\n");
    ask(writer, "SUBSCRIBE news\n", "OK news\n");
    ask(reader, "UNSUBSCRIBE news\n", "OK news\n");
    say(writer, "PUBLISH news \n");
    expect(writer, "MESSAGE news \nOK 1\n"); /* pushes go before replies */
    ask(writer, "PING\n", "PONG\n");
    ask(writer, "PONG\nHELP\n",
        "OK SUBSCRIBE channel, UNSUBSCRIBE channel, PUBLISH channel text, "
        "CHANNELS, PING, PONG, QUIT\n");
    ask(writer, "QUIT\n", "OK\n");
    expect_eof(writer);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    ask(reader, "CHANNELS\n", "OK\n");
    hang_up(writer);
    hang_up(reader);
    end(server);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    static const char name[] = "0123456789012345678901234567890123456789012345678901234567890.-_";
    char line[128], reply[128];
    prepare((enum lined_mode)_i);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    ask(client, "DANCE news\n", "ERROR 'DANCE news': must be a command of HELP\n");
    ask(client, "\n", "ERROR '': must be a command of HELP\n");
    ask(client, " PING\n", "ERROR ' PING': must be a command of HELP\n");
    ask(client, "SUBSCRIBED news\n", "ERROR 'SUBSCRIBED news': must be a command of HELP\n");
    ask(client, "SUBSCRIBE\n", "ERROR 'SUBSCRIBE': must be a command of HELP\n");
    ask(client, "SUBSCRIBE a b\n", "ERROR 'SUBSCRIBE a b': needs 1 to 64 letters, digits, . - _\n");
    ask(client, "SUBSCRIBE a*\n", "ERROR 'SUBSCRIBE a*': needs 1 to 64 letters, digits, . - _\n");
    ask(client, "UNSUBSCRIBE \n", "ERROR 'UNSUBSCRIBE ': needs 1 to 64 letters, digits, . - _\n");
    ask(client, "PUBLISH a\n",
        "ERROR 'PUBLISH a': needs 1 to 64 letters, digits, . - _, and a text\n");
    ask(client, "PUBLISH a/b c\n",
        "ERROR 'PUBLISH a/b c': needs 1 to 64 letters, digits, . - _, and a text\n");
    ask(client, "UNSUBSCRIBE news\n",
        "ERROR channel 'news': it is not subscribed, SUBSCRIBE to it first\n");
    ask(client, "SUBSCRIBE news\nSUBSCRIBE news\n",
        "OK news\nERROR channel 'news': it is subscribed already\n");
    snprintf(line, sizeof line, "SUBSCRIBE %s\n", name);
    snprintf(reply, sizeof reply, "OK %s\n", name);
    ask(client, line, reply);
    snprintf(line, sizeof line, "SUBSCRIBE %sx\n", name);
    say(client, line);
    expect(client, "ERROR 'SUBSCRIBE 0123");
    hang_up(client);
    end(server);
}
END_TEST

START_TEST(channels_are_limited_for_a_client_and_in_all)
{
    enum { OWN = 16, ALL = 1000, CLIENTS = ALL / OWN + 1 };
    char line[128], reply[128];
    int clients[CLIENTS];
    prepare((enum lined_mode)_i);
    lined_server *server = start();

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    for (int i = 0; i < ALL; i++) {
        snprintf(line, sizeof line, "SUBSCRIBE channel-%d\n", i);
        snprintf(reply, sizeof reply, "OK channel-%d\n", i);
        ask(clients[i / OWN], line, reply);
    }
    ask(clients[0], "SUBSCRIBE more\n",
        "ERROR channel 'more': a client has at most 16, UNSUBSCRIBE from one of them first\n");
    ask(clients[CLIENTS - 1], "SUBSCRIBE more\n",
        "ERROR channel 'more': there are 1000 others, subscribe to one of CHANNELS\n");
    ask(clients[CLIENTS - 1], "SUBSCRIBE channel-0\n", "OK channel-0\n");
    ask(clients[CLIENTS - 1], "PUBLISH more text\n", "OK 0\n");
    ask(clients[0], "UNSUBSCRIBE channel-1\nSUBSCRIBE more\n", "OK channel-1\nOK more\n");
    ask(clients[1], "PUBLISH more text\n", "OK 1\n");
    expect(clients[0], "MESSAGE more text\n");
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    end(server);
}
END_TEST

START_TEST(a_message_reaches_each_subscriber_once)
{
    enum { SUBSCRIBERS = 300 };
    int clients[SUBSCRIBERS];
    prepare((enum lined_mode)_i);
    lined_server *server = start();
    int writer = dial(lined_server_port(server));

    for (int i = 0; i < SUBSCRIBERS; i++)
        clients[i] = join(server, i % 3 == 0 ? "thirds" : "rest");
    ask(writer, "PUBLISH thirds one\nPUBLISH thirds two\n", "OK 100\nOK 100\n");
    for (int i = 0; i < SUBSCRIBERS; i += 2) /* from the middle of the list, too */
        hang_up(clients[i]);
    watch_await_closed(&watch, SUBSCRIBERS / 2);
    ask(writer, "PUBLISH thirds three\nPUBLISH rest three\n", "OK 50\nOK 100\n");
    ask(writer, "CHANNELS\nQUIT\n", "CHANNEL thirds 50\nCHANNEL rest 100\nOK\nOK\n");
    hang_up(writer);
    for (int i = 1; i < SUBSCRIBERS; i += 2) {
        say(clients[i], "QUIT\n");
        expect(clients[i], i % 3 == 0 ? "MESSAGE thirds one\nMESSAGE thirds two\n"
                                        "MESSAGE thirds three\nOK\n"
                                      : "MESSAGE rest three\nOK\n");
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    end(server);
}
END_TEST

/* ---- slow subscribers ---- */

/* What a subscriber has received. */
struct received {
    char bytes[4096];
    size_t used;
    unsigned long messages;
    unsigned long dropped;
    bool has_pong;
};

static void count_line(struct received *received, const char *line)
{
    unsigned long number;

    if (strncmp(line, "MESSAGE big ", 12) == 0)
        received->messages++;
    else if (sscanf(line, "DROPPED %lu", &number) == 1)
        received->dropped += number;
    else if (strcmp(line, "PONG") == 0)
        received->has_pong = true;
    else
        ck_abort_msg("received '%s'", line);
}

static void receive_some(int client, struct received *received)
{
    ssize_t size =
        recv(client, received->bytes + received->used, sizeof received->bytes - received->used, 0);
    char *lf;

    ck_assert_int_gt(size, 0);
    received->used += (size_t)size;
    while ((lf = memchr(received->bytes, '\n', received->used)) != NULL) {
        *lf = '\0';
        count_line(received, received->bytes);
        received->used -= (size_t)(lf + 1 - received->bytes);
        memmove(received->bytes, lf + 1, received->used);
    }
}

/* The kernel takes some MB before anything waits in the process. */
START_TEST(a_slow_subscriber_is_told_how_many_messages_it_has_missed)
{
    enum { SIZE = 1000, MISSED = 50 };
    char line[SIZE + 1];
    char reply[8] = "";
    unsigned long published = 0, missed = 0;
    static struct received received;
    prepare((enum lined_mode)_i);
    options.push_limit = 64 * 1024;
    lined_server *server = start();
    int slow = dial_narrow(lined_server_port(server), 4096);
    int writer = dial(lined_server_port(server));

    received = (struct received){0};
    ask(slow, "SUBSCRIBE big\n", "OK big\n");
    memset(line, 'x', sizeof line);
    memcpy(line, "PUBLISH big ", 12);
    line[SIZE - 1] = '\n';
    line[SIZE] = '\0';
    for (; missed < MISSED; published++) {
        say(writer, line);
        ck_assert_int_eq(recv(writer, reply, 5, MSG_WAITALL), 5);
        missed += strcmp(reply, "OK 0\n") == 0;
    }
    while (received.messages < published - missed)
        receive_some(slow, &received);
    say(slow, "PING\n");
    while (!received.has_pong)
        receive_some(slow, &received);
    ck_assert_uint_eq(received.messages, published - missed);
    ck_assert_uint_eq(received.dropped, missed);
    ask(writer, line, "OK 1\n");
    while (received.messages <= published - missed)
        receive_some(slow, &received);
    ck_assert_uint_eq(received.dropped, missed);
    hang_up(slow);
    hang_up(writer);
    end(server);
}
END_TEST

/* ---- ends ---- */

/* Also if the server has no idle timeout: the handler sets one for each connection. */
START_TEST(a_silent_client_is_pinged_and_closed)
{
    prepare((enum lined_mode)_i);
    options.idle_timeout_ms = 3000;
    ck_assert_int_eq(pubsub_init(NULL, &options, &context), LINED_OK);
    options.idle_timeout_ms = 0;
    lined_server *server = start_handler_in(&lined_handler_pubsub, context);
    int silent = join(server, "news");
    int alive = join(server, "news");

    for (int i = 0; i < 2; i++) {
        expect(silent, "PING\n");
        expect(alive, "PING\n");
        say(alive, "PONG\n");
    }
    expect(silent, "BYE no line came, answer PING with PONG\n");
    expect_eof(silent);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    say(alive, "CHANNELS\n");
    expect(alive, "CHANNEL news 1\nOK\n");
    hang_up(silent);
    hang_up(alive);
    end(server);
}
END_TEST

START_TEST(subscribers_are_told_that_the_server_ends)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start();
    int reader = join(server, "news");
    int writer = dial(lined_server_port(server));

    say(writer, "PUBLISH news last\n"); /* handled before the end */
    expect(writer, "OK 1\n");
    lined_server_drain(server);
    expect(reader, "MESSAGE news last\nBYE the server ends, connect again\n");
    expect_eof(reader);
    hang_up(reader);
    hang_up(writer);
    end(server);
}
END_TEST

/* Otherwise a part of a message would be a command. */
START_TEST(a_line_that_is_too_long_ends_the_connection)
{
    enum { SIZE = 64 };
    char lines[SIZE + 32];
    prepare((enum lined_mode)_i);
    options.max_line = SIZE;
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    memset(lines, 'x', SIZE);
    memcpy(lines, "PUBLISH a ", 10);
    strcpy(lines + SIZE, "SUBSCRIBE b\n");
    say(client, lines);
    expect(client, "ERROR line: too long, send shorter ones or set --max-line\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    hang_up(client);

    client = dial(lined_server_port(server));
    lines[SIZE - 1] = '\n';
    lines[SIZE] = '\0';
    ask(client, lines, "OK 0\n"); /* the longest line */
    hang_up(client);
    end(server);
}
END_TEST

/* ---- at the same time ---- */

static void *come_and_go(void *argument)
{
    enum { ROUNDS = 100 };
    lined_server *server = argument;

    for (int i = 0; i < ROUNDS; i++) {
        int client = dial(lined_server_port(server));
        say(client, "SUBSCRIBE shared\nSUBSCRIBE other\nPUBLISH shared text\nUNSUBSCRIBE shared\n"
                    "CHANNELS\nPUBLISH other text\n");
        if (i % 2 == 0)
            say(client, "QUIT\n");
        if (i % 3 == 0)
            hang_up_rudely(client);
        else
            hang_up(client);
    }
    return NULL;
}

START_TEST(subscribers_come_and_go_while_messages_are_sent)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    prepare((enum lined_mode)_i);
    lined_server *server = start();
    int reader = join(server, "shared");

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, server), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    watch_await_closed(&watch, THREADS * 100);
    char *heard = calloc(1, 1024 * 1024);
    say(reader, "CHANNELS\nQUIT\n");
    receive_rest(reader, heard, 1024 * 1024 - 1);
    ck_assert_ptr_nonnull(strstr(heard, "MESSAGE shared text\n"));
    ck_assert_ptr_nonnull(strstr(heard, "\nCHANNEL shared 1\nOK\nOK\n"));
    ck_assert_ptr_null(strstr(heard, "CHANNEL other"));
    free(heard);
    hang_up(reader);
    end(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_subscribes_publishes_and_quits,
        what_is_wrong_is_named,
        channels_are_limited_for_a_client_and_in_all,
        a_message_reaches_each_subscriber_once,
        a_slow_subscriber_is_told_how_many_messages_it_has_missed,
        a_silent_client_is_pinged_and_closed,
        subscribers_are_told_that_the_server_ends,
        a_line_that_is_too_long_ends_the_connection,
        subscribers_come_and_go_while_messages_are_sent,
    };
    return suite_run_loop("pubsub", tests, sizeof tests / sizeof tests[0], 2);
}
