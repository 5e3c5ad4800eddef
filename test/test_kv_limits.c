/* lined --handler kv: how much it takes, and what it does with more. */
#include "dial.h"
#include "kv_client.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

START_TEST(keys_and_values_are_any_bytes_up_to_a_mebibyte)
{
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    say(client, "*3\r\n$3\r\nSET\r\n");
    say_bulk(client, big, MIB);
    say_bulk(client, big, MIB);
    expect(client, "+OK\r\n");
    say(client, "*2\r\n$3\r\nGET\r\n");
    say_bulk(client, big, MIB);
    expect_bulk(client, big, MIB);
    say(client, "*3\r\n$6\r\nAPPEND\r\n");
    say_bulk(client, big, MIB);
    say_bulk(client, "x", 1);
    expect(client, "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
    say(client, "*3\r\n$3\r\nSET\r\n");
    say_bulk(client, "\0", 1);
    say_bulk(client, "\r\n\0\r\n", 5);
    expect(client, "+OK\r\n");
    say(client, "*3\r\n$4\r\nMGET\r\n");
    say_bulk(client, "\0", 1);
    say_bulk(client, "\0\0", 2);
    expect(client, "*2\r\n");
    expect_bulk(client, "\r\n\0\r\n", 5);
    expect(client, "$-1\r\n");
    hang_up(client);
    end();
    free(big);
}
END_TEST

START_TEST(more_than_a_mebibyte_is_rejected)
{
    char *big = make_big(MIB + 1);

    serve();
    int client = dial(server.port);
    say(client, "SET k old\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
    say_bulk(client, big, MIB + 1);
    expect(client, "+OK\r\n-ERR Protocol error: invalid bulk length\r\n");
    expect_eof(client);
    hang_up(client);
    client = dial(server.port);
    ask(client, "GET k\n", "$3\r\nold\r\n");
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* 16 MiB besides the longest argument bound what a connection can make lined hold. */
START_TEST(a_command_of_more_than_17_mebibytes_is_rejected)
{
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    say(client, "*18\r\n");
    for (int i = 0; i < 16; i++)
        say_bulk(client, big, MIB);
    say(client, "$1048576\r\n");
    expect(client, "-ERR Protocol error: invalid bulk length\r\n");
    expect_eof(client);
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* Longer than the library receives in one piece, and than the default of --kv-max-value. */
START_TEST(values_may_be_longer_than_the_pieces_that_are_received)
{
    static const size_t sizes[] = {65533, 65534, 65535, 65536, 131070, 16 * MIB, 20 * MIB};
    char *big = make_big(20 * MIB);

    serve_with("--kv-max-value", "20m");
    int client = dial(server.port);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        say(client, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
        say_bulk(client, big, sizes[i]);
        expect(client, "+OK\r\n");
        say(client, "GET k\n");
        expect_bulk(client, big, sizes[i]);
    }
    hang_up(client);
    end();
    free(big);
}
END_TEST

START_TEST(a_command_may_have_many_arguments)
{
    enum { KEYS = 5000 };
    int client;

    serve();
    client = dial(server.port);
    for (int round = 0; round < 2; round++) {
        char text[64];
        say_bytes(client, text, (size_t)sprintf(text, "*%d\r\n$4\r\nMSET\r\n", 2 * KEYS + 1));
        for (int i = 0; i < KEYS; i++)
            say_bytes(client, text, (size_t)sprintf(text, "$4\r\n%04d\r\n$1\r\nv\r\n", i));
        expect(client, "+OK\r\n");
        ask(client, "DBSIZE\n", ":5000\r\n");
    }
    hang_up(client);
    end();
}
END_TEST

/* 500 times a mebibyte. A drain that had to wait for all of it would be cut after 5 seconds,
 * and the exit status be 3. */
START_TEST(a_client_that_resets_amid_a_long_reply_is_given_up)
{
    enum { KEYS = 500 };
    static const char key[] = "$1\r\nk\r\n";
    const size_t key_size = sizeof key - 1;
    char *big = make_big(MIB);
    char *keys = malloc(KEYS * key_size);

    ck_assert_ptr_nonnull(keys);
    for (size_t i = 0; i < KEYS; i++)
        memcpy(keys + i * key_size, key, key_size);
    serve();
    int client = dial(server.port);
    say(client, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
    say_bulk(client, big, MIB);
    expect(client, "+OK\r\n");
    say(client, "*501\r\n$4\r\nMGET\r\n");
    say_bytes(client, keys, KEYS * key_size);
    expect(client, "*500\r\n$1048576\r\n");
    hang_up_rudely(client);
    end();
    free(keys);
    free(big);
}
END_TEST

#define INLINE_MOST ((size_t)64 * 1024)

/* "ECHO 'xx...xx'\n", of size bytes. */
static char *make_echo(size_t size)
{
    char *line = malloc(size);

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', size);
    memcpy(line, "ECHO '", 6);
    memcpy(line + size - 2, "'\n", 2);
    return line;
}

static void expect_echo(int client, size_t size)
{
    char *line = make_echo(size);

    say_bytes(client, line, size);
    expect_bulk(client, line + 6, size - 8);
    free(line);
}

/* As in Redis; --max-line says where the library splits them, and it does not matter. */
START_TEST(inline_lines_may_have_64_kibibytes)
{
    static const char *const max_lines[] = {"16", "1460", "65536", "1048576"};

    for (size_t i = 0; i < COUNT(max_lines); i++) {
        serve_with("--max-line", max_lines[i]);
        int client = dial(server.port);
        for (size_t size = 8; size < 100; size++)
            expect_echo(client, size);
        for (size_t size = 1450; size < 1470; size++)
            expect_echo(client, size);
        expect_echo(client, INLINE_MOST);
        ask(client, "PING\n", "+PONG\r\n");
        char *line = make_echo(INLINE_MOST + 1);
        say_bytes(client, line, INLINE_MOST + 1);
        expect(client, "-ERR Protocol error: too big inline request\r\n");
        expect_eof(client);
        hang_up(client);
        free(line);
        end();
    }
}
END_TEST

/* It is noticed when the next piece is there, of --max-line bytes. */
START_TEST(lines_that_never_end_are_rejected)
{
    static char line[INLINE_MOST + 1460];

    serve();
    memset(line, 'x', sizeof line);
    part(line, sizeof line, "-ERR Protocol error: too big inline request\r\n");
    line[0] = '*';
    part(line, 4096, "-ERR Protocol error: too big mbulk count string\r\n");
    memcpy(line, "*1\r\n$", 5);
    part(line, 4096, "-ERR Protocol error: too big bulk count string\r\n");
    end();
}
END_TEST

/* With --partial deliver it comes as a line, too. */
START_TEST(what_a_client_does_not_finish_is_not_carried_out)
{
    static const char *const unfinished[] = {"SET k v", "*1", "*1\r\n$4", "*1\r\n$4\r\nPING"};

    serve_with("--partial", "deliver");
    for (size_t i = 0; i < COUNT(unfinished); i++) {
        int client = dial(server.port);
        say(client, unfinished[i]);
        half_close(client);
        expect_eof(client);
        hang_up(client);
    }
    int client = dial(server.port);
    ask(client, "DBSIZE\n", ":0\r\n");
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        keys_and_values_are_any_bytes_up_to_a_mebibyte,
        more_than_a_mebibyte_is_rejected,
        a_command_of_more_than_17_mebibytes_is_rejected,
        values_may_be_longer_than_the_pieces_that_are_received,
        a_command_may_have_many_arguments,
        a_client_that_resets_amid_a_long_reply_is_given_up,
        inline_lines_may_have_64_kibibytes,
        lines_that_never_end_are_rejected,
        what_a_client_does_not_finish_is_not_carried_out,
    };
    return suite_run("kv_limits", tests, sizeof tests / sizeof tests[0]);
}
