/* lined --handler kv as Redis clients meet it: the same bytes as from Redis, whatever is sent. */
#include "dial.h"
#include "kv_client.h"
#include "kv_recorded.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define GREETING(protocol)                                                                         \
    "$6\r\nserver\r\n$5\r\nlined\r\n$7\r\nversion\r\n$5\r\n" LINED_VERSION                         \
    "\r\n$5\r\nproto\r\n:" #protocol "\r\n$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"   \
    "$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"

/* Each on an emptied store; a PING behind it shows that nothing more came. */
static void replay_after(const char *hello, const char *greeting, const struct exchange *exchanges,
                         size_t count)
{
    serve();
    int client = dial(server.port);
    for (size_t i = 0; i < count; i++) {
        ask(client, "FLUSHALL\r\n", "+OK\r\n");
        ask(client, "RESET\r\n", "+RESET\r\n");
        ask(client, hello, greeting);
        ask(client, exchanges[i].request, exchanges[i].reply);
        ask(client, "PING\r\n", "+PONG\r\n");
    }
    hang_up(client);
    end();
}

static void replay(const struct exchange *exchanges, size_t count)
{
    replay_after("", "", exchanges, count);
}

START_TEST(commands_answer_as_in_redis)
{
    replay(commands, COUNT(commands));
}
END_TEST

START_TEST(errors_are_in_the_words_of_redis)
{
    replay(errors, COUNT(errors));
}
END_TEST

START_TEST(clients_connect_as_to_redis)
{
    replay(connecting, COUNT(connecting));
}
END_TEST

START_TEST(after_hello_3_replies_are_those_of_resp3)
{
    replay_after("HELLO 3\r\n", "%7\r\n" GREETING(3), resp3, COUNT(resp3));
}
END_TEST

START_TEST(transactions_answer_as_in_redis)
{
    replay(transactions, COUNT(transactions));
}
END_TEST

START_TEST(keys_are_listed_as_in_redis)
{
    replay(scans, COUNT(scans));
}
END_TEST

static void serve_with_password(const char *text)
{
    ck_assert_int_eq(setenv("LINED_KV_PASSWORD", text, 1), 0);
    serve();
    ck_assert_int_eq(unsetenv("LINED_KV_PASSWORD"), 0);
}

START_TEST(a_password_is_asked_for_as_by_redis)
{
    char *big = make_big(MIB);

    serve_with_password("secret");
    int client = dial(server.port);
    ask(client, password.request, password.reply);
    hang_up(client);
    for (size_t i = 0; i < COUNT(password_farewells); i++)
        part(password_farewells[i].request, strlen(password_farewells[i].request),
             password_farewells[i].reply);
    client = dial(server.port);
    ask(client, "AUTH secret\n", "+OK\r\n");
    say(client, "*2\r\n$4\r\nECHO\r\n");
    say_bulk(client, big, MIB); /* the limits have gone */
    expect_bulk(client, big, MIB);
    hang_up(client);
    end();
    free(big);
}
END_TEST

START_TEST(an_empty_password_counts_as_none)
{
    serve_with_password("");
    int client = dial(server.port);
    ask(client, "PING\n", "+PONG\r\n");
    hang_up(client);
    end();
}
END_TEST

START_TEST(set_takes_options_as_redis_does)
{
    replay(set, COUNT(set));
}
END_TEST

START_TEST(numbers_are_what_redis_takes_for_numbers)
{
    replay(numbers, COUNT(numbers));
}
END_TEST

START_TEST(expiry_is_set_and_told_as_in_redis)
{
    replay(expiry, COUNT(expiry));
}
END_TEST

START_TEST(commands_for_one_value_answer_as_in_redis)
{
    replay(strings, COUNT(strings));
}
END_TEST

START_TEST(expire_takes_conditions_as_redis_does)
{
    replay(expire_options, COUNT(expire_options));
}
END_TEST

START_TEST(inline_lines_are_split_as_in_redis)
{
    replay(inline_lines, COUNT(inline_lines));
}
END_TEST

START_TEST(words_of_http_elsewhere_are_words)
{
    replay(not_http, COUNT(not_http));
}
END_TEST

START_TEST(empty_and_null_arrays_are_passed_over)
{
    replay(ignored, COUNT(ignored));
}
END_TEST

START_TEST(protocol_errors_are_told_and_then_it_closes)
{
    serve();
    for (size_t i = 0; i < COUNT(farewells); i++)
        part(farewells[i].request, strlen(farewells[i].request), farewells[i].reply);
    end();
}
END_TEST

/* It is told so in the protocol that it speaks, for each of the limits. */
START_TEST(a_client_too_many_gets_an_error_of_redis)
{
    static const char error[] = "-ERR max number of clients reached\r\n";
    static const char *const limits[] = {"--max-connections=1", "--max-per-ip=1"};

    for (size_t i = 0; i < COUNT(limits); i++) {
        serve_with(limits[i], "--overflow=reject");
        int client = dial(server.port);
        ask(client, "PING\n", "+PONG\r\n");
        int other = dial(server.port);
        expect(other, error);
        expect_eof(other);
        hang_up(other);
        hang_up(client);
        end();
    }
}
END_TEST

START_TEST(nothing_is_answered_after_quit)
{
    serve();
    part("PING\nQUIT\nPING\n", 15, "+PONG\r\n+OK\r\n");
    end();
}
END_TEST

/* Where it means to differ: a client's word cannot command the terminal that shows the error. */
START_TEST(errors_show_no_control_bytes)
{
    serve();
    int client = dial(server.port);
    say_bytes(client, "*2\r\n$3\r\na\0b\r\n$4\r\n\x1b[2J\r\n", 23);
    expect(client, "-ERR unknown command 'a?b', with args beginning with: '?[2J' \r\n");
    hang_up(client);
    part("*1\r\n\x1b\r\n", 7, "-ERR Protocol error: expected '$', got '?'\r\n");
    end();
}
END_TEST

START_TEST(it_says_what_it_is)
{
    serve_with("--kv-maxmemory", "100M");
    int client = dial(server.port);
    ask(client, "HELLO\n", "*14\r\n" GREETING(2));
    ask(client, "HELLO 2 SETNAME me\n", "*14\r\n" GREETING(2));
    ask(client, "CLIENT GETNAME\n", "$2\r\nme\r\n");
    ask(client, "CLIENT ID\n", ":1\r\n");
    ask(client, "CONFIG GET *\n",
        "*12\r\n$10\r\nappendonly\r\n$2\r\nno\r\n$9\r\ndatabases\r\n$1\r\n1\r\n"
        "$9\r\nmaxmemory\r\n$9\r\n104857600\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"
        "$18\r\nproto-max-bulk-len\r\n$7\r\n1048576\r\n$4\r\nsave\r\n$0\r\n\r\n");
    ask(client, "HELLO 3\n", "%7\r\n" GREETING(3));
    ask(client, "HELLO\n", "%7\r\n" GREETING(3));
    int other = dial(server.port);
    ask(other, "CLIENT ID\nSET k v\n", ":2\r\n+OK\r\n");
    ask(other, "INFO\n",
        "$220\r\n"
        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nserver_name:lined\r\n"
        "lined_version:" LINED_VERSION
        "\r\n\r\n# Memory\r\nused_memory:112\r\nmaxmemory:104857600\r\n"
        "maxmemory_policy:noeviction\r\n\r\n"
        "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n\r\n");
    hang_up(other);
    hang_up(client);
    end();
}
END_TEST

static const char pipeline[] =
    "*1\r\n$8\r\nFLUSHALL\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nx\r\ny\r\nget a\r\n"
    "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*4\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nn\r\n$1\r\nz\r\n"
    "ECHO \"q q\"\r\n*0\r\nnope b\n\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n"
    "*1\r\n$6\r\nDBSIZE\r\n*1\r\n$-1\r\n";
static const char pipeline_replies[] =
    "+OK\r\n+OK\r\n$4\r\nx\r\ny\r\n:1\r\n*3\r\n$4\r\nx\r\ny\r\n$1\r\n1\r\n$-1\r\n$3\r\nq q\r\n"
    "-ERR unknown command 'nope', with args beginning with: 'b' \r\n+OK\r\n:3\r\n"
    "-ERR Protocol error: invalid bulk length\r\n";

START_TEST(a_pipeline_may_be_split_anywhere)
{
    size_t size = sizeof pipeline - 1;

    serve();
    for (size_t i = 0; i <= size; i++) {
        int client = dial(server.port);
        say_bytes(client, pipeline, i);
        if (i >= 18)
            expect(client, "+OK\r\n"); /* so it has read what came before the split */
        say_bytes(client, pipeline + i, size - i);
        expect(client, pipeline_replies + (i >= 18 ? 5 : 0));
        expect_eof(client);
        hang_up(client);
    }
    int client = dial(server.port);
    for (size_t i = 0; i < size; i++)
        say_bytes(client, pipeline + i, 1);
    expect(client, pipeline_replies);
    expect_eof(client);
    hang_up(client);
    end();
}
END_TEST

START_TEST(increments_of_many_connections_add_up)
{
    enum { CLIENTS = 50, INCREMENTS = 1000 };
    static char lines[INCREMENTS * 7 + 1];
    int clients[CLIENTS];

    serve();
    for (int i = 0; i < INCREMENTS; i++)
        memcpy(lines + i * 7, "INCR n\n", 8);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(server.port);
    for (int i = 0; i < CLIENTS; i++) {
        say(clients[i], lines);
        half_close(clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_uint_gt(drink(clients[i]), INCREMENTS * 4);
        hang_up(clients[i]);
    }
    int client = dial(server.port);
    ask(client, "GET n\n", "$5\r\n50000\r\n");
    hang_up(client);
    end();
}
END_TEST

START_TEST(the_store_can_be_emptied_while_others_write)
{
    enum { CLIENTS = 10, ROUNDS = 200 };
    static char lines[ROUNDS * 64];
    int clients[CLIENTS];

    serve();
    for (int i = 0; i < CLIENTS; i++) {
        size_t size = 0;
        for (int j = 0; j < ROUNDS; j++)
            size += (size_t)sprintf(lines + size, "MSET %d %d x%d y z%d z\n%s", j, j, j, i,
                                    i % 2 == 0 ? "FLUSHALL\n" : "GET 0\n");
        clients[i] = dial(server.port);
        say(clients[i], lines);
        half_close(clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        drink(clients[i]);
        hang_up(clients[i]);
    }
    int client = dial(server.port);
    ask(client, "FLUSHALL\nDBSIZE\n", "+OK\r\n:0\r\n");
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        commands_answer_as_in_redis,
        errors_are_in_the_words_of_redis,
        clients_connect_as_to_redis,
        transactions_answer_as_in_redis,
        keys_are_listed_as_in_redis,
        a_password_is_asked_for_as_by_redis,
        an_empty_password_counts_as_none,
        after_hello_3_replies_are_those_of_resp3,
        set_takes_options_as_redis_does,
        numbers_are_what_redis_takes_for_numbers,
        expiry_is_set_and_told_as_in_redis,
        commands_for_one_value_answer_as_in_redis,
        expire_takes_conditions_as_redis_does,
        inline_lines_are_split_as_in_redis,
        words_of_http_elsewhere_are_words,
        empty_and_null_arrays_are_passed_over,
        protocol_errors_are_told_and_then_it_closes,
        a_client_too_many_gets_an_error_of_redis,
        nothing_is_answered_after_quit,
        errors_show_no_control_bytes,
        it_says_what_it_is,
        a_pipeline_may_be_split_anywhere,
        increments_of_many_connections_add_up,
        the_store_can_be_emptied_while_others_write,
    };
    return suite_run("kv", tests, sizeof tests / sizeof tests[0]);
}
