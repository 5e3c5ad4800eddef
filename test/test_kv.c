/* lined --worker kv as Redis clients meet it: the same bytes as from Redis, whatever is sent. */
#include "dial.h"
#include "kv_recorded.h"
#include "process.h"
#include "suite.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MIB          ((size_t)1024 * 1024)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct process server;

/* With up to two more arguments. */
static void serve_with(const char *one, const char *two)
{
    process_serve(&server, -1, (const char *const[]){"-w", "kv", "-q", one, two, NULL});
}

static void serve(void)
{
    serve_with(NULL, NULL);
}

static void end(void)
{
    static char text[65536];

    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(process_wait(&server) == 0, "it says \"%s\"", text);
}

static void ask(int client, const char *request, const char *reply)
{
    say(client, request);
    expect(client, reply);
}

/* Each on an emptied store; a PING behind it shows that nothing more came. */
static void replay(const struct exchange *exchanges, size_t count)
{
    serve();
    int client = dial(server.port);
    for (size_t i = 0; i < count; i++) {
        ask(client, "FLUSHALL\r\n", "+OK\r\n");
        ask(client, exchanges[i].request, exchanges[i].reply);
        ask(client, "PING\r\n", "+PONG\r\n");
    }
    hang_up(client);
    end();
}

/* The client says bytes and is told this last thing. */
static void part(const void *bytes, size_t size, const char *reply)
{
    int client = dial(server.port);

    say_bytes(client, bytes, size);
    expect(client, reply);
    expect_eof(client);
    hang_up(client);
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

START_TEST(inline_lines_are_split_as_in_redis)
{
    replay(inline_lines, COUNT(inline_lines));
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

START_TEST(words_of_http_elsewhere_are_words)
{
    replay(not_http, COUNT(not_http));
}
END_TEST

/* Redis answers these. They are what a browser sends for a page that has its own name resolve to
 * this host: such a page chooses the method. */
START_TEST(a_request_line_of_http_ends_the_connection)
{
    static const char *const lines[] = {
        "DEL /k HTTP/1.1\r\nHost: x\r\n\r\n",
        "SET /k HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };

    serve();
    int client = dial(server.port);
    ask(client, "SET /k here\n", "+OK\r\n");
    for (size_t i = 0; i < COUNT(lines); i++)
        part(lines[i], strlen(lines[i]), "");
    ask(client, "GET /k\n", "$4\r\nhere\r\n");
    hang_up(client);
    end();
}
END_TEST

/* The beginning of a ClientHello of TLS 1.3, with a session ticket that its server has chosen. All
 * lengths of the header that can be an LF are one in the second. */
START_TEST(a_session_ticket_of_tls_is_not_carried_out)
{
    static const char hello[] =
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03random\nFLUSHALL\nPING\n";
    static const char worst[] = "\x16\x03\x01\n\n\x01\x00\n\n\x03\x03random\nFLUSHALL\nPING\n";
    static const char error[] = "-ERR Protocol error: NUL byte in inline request\r\n";

    serve();
    int client = dial(server.port);
    ask(client, "SET k here\n", "+OK\r\n");
    part(hello, sizeof hello - 1, error);
    int other = dial(server.port);
    say_bytes(other, worst, sizeof worst - 1);
    expect(other, "-ERR unknown command '??"
                  "?', with args beginning with: \r\n");
    expect(other, error);
    expect_eof(other);
    hang_up(other);
    ask(client, "GET k\n", "$4\r\nhere\r\n");
    hang_up(client);
    end();
}
END_TEST

/* It is told so in the protocol that it speaks, for each of the limits. */
START_TEST(a_client_too_many_gets_an_error_of_redis)
{
    static const char error[] = "-ERR max number of clients reached\r\n";
    static const char *const limits[] = {"--max-connections=1", "--max-per-ip=1"};

    for (size_t i = 0; i < COUNT(limits); i++) {
        serve_with(limits[i], "--overflow=refuse");
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
    serve();
    int client = dial(server.port);
    const char *greeting =
        "*10\r\n$6\r\nserver\r\n$5\r\nlined\r\n$7\r\nversion\r\n$5\r\n" LINED_VERSION
        "\r\n$5\r\nproto\r\n:2\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"
        "$4\r\nrole\r\n$6\r\nmaster\r\n";
    ask(client, "HELLO\n", greeting);
    ask(client, "HELLO 2 SETNAME me\n", greeting);
    ask(client, "HELLO 3\n", "-NOPROTO unsupported protocol version\r\n");
    ask(client, "COMMAND\n", "*0\r\n");
    ask(client, "COMMAND DOCS\n", "*0\r\n");
    ask(client, "COMMAND INFO get\n", "*0\r\n");
    ask(client, "COMMAND COUNT\n", ":20\r\n");
    ask(client, "CONFIG GET *\n",
        "*4\r\n$4\r\nsave\r\n$0\r\n\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
    ask(client, "SET k v\nINFO\n",
        "+OK\r\n$76\r\n# Server\r\nserver_name:lined\r\nlined_version:" LINED_VERSION
        "\r\n\r\n# Keyspace\r\ndb0:keys=1\r\n\r\n");
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

/* Every byte is in it, NUL, CR and LF too, and its parts differ. */
static char *make_big(size_t size)
{
    char *bytes = malloc(size);
    unsigned random = 1;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++) {
        random = random * 1103515245 + 12345;
        bytes[i] = (char)(random >> 16);
    }
    return bytes;
}

static void say_bulk(int client, const void *bytes, size_t size)
{
    char header[32];

    say_bytes(client, header, (size_t)sprintf(header, "$%zu\r\n", size));
    say_bytes(client, bytes, size);
    say(client, "\r\n");
}

static void expect_bulk(int client, const void *bytes, size_t size)
{
    char header[32];

    expect_bytes(client, header, (size_t)sprintf(header, "$%zu\r\n", size));
    expect_bytes(client, bytes, size);
    expect(client, "\r\n");
}

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

START_TEST(more_than_a_mebibyte_is_refused)
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

/* 16 MiB for one command bound what a connection can make lined hold. */
START_TEST(a_command_of_more_than_16_mebibytes_is_refused)
{
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    say(client, "*17\r\n");
    for (int i = 0; i < 15; i++)
        say_bulk(client, big, MIB);
    say(client, "$1048576\r\n");
    expect(client, "-ERR Protocol error: invalid bulk length\r\n");
    expect_eof(client);
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

/* 986,000 times a mebibyte. A drain that had to wait for all of it would be cut after 5 seconds,
 * and the exit status be 3. */
START_TEST(a_client_that_resets_amid_a_long_reply_is_given_up)
{
    enum { KEYS = 986000 };
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
    say(client, "*986001\r\n$4\r\nMGET\r\n");
    say_bytes(client, keys, KEYS * key_size);
    expect(client, "*986000\r\n$1048576\r\n");
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
START_TEST(lines_that_never_end_are_refused)
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

/* Asks until the answer is this one. Both answers have four bytes. */
static void ask_until(int client, const char *request, const char *reply)
{
    time_t deadline = time(NULL) + 10;
    char received[4];

    do {
        ck_assert_msg(time(NULL) < deadline, "%s is never answered %s", request, reply);
        say(client, request);
        ck_assert_int_eq(recv(client, received, sizeof received, MSG_WAITALL), sizeof received);
    } while (memcmp(received, reply, sizeof received) != 0);
}

START_TEST(expired_keys_are_gone_for_every_command)
{
    serve();
    int client = dial(server.port);
    ask(client, "SET k 7 PX 1\n", "+OK\r\n");
    ask_until(client, "EXISTS k\n", ":0\r\n");
    ask(client, "GET k\nTTL k\nSET k v XX\n", "$-1\r\n:-2\r\n$-1\r\n");
    ask(client, "SET k 7 PX 1\n", "+OK\r\n");
    ask_until(client, "DBSIZE\n", ":0\r\n"); /* although nobody has asked for it */
    ask(client, "INCR k\nTTL k\n", ":1\r\n:-1\r\n");
    hang_up(client);
    end();
}
END_TEST

/* A field of /proc/PID/status, or of that of one of its threads. */
static unsigned long status_of(const char *thread, const char *field, int base)
{
    char path[64], line[256];
    size_t length = strlen(field);

    snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)server.pid, thread);
    FILE *status = fopen(path, "r");
    ck_assert_ptr_nonnull(status);
    do
        ck_assert_ptr_nonnull(fgets(line, sizeof line, status));
    while (strncmp(line, field, length) != 0);
    fclose(status);
    return strtoul(line + length, NULL, base);
}

static unsigned long status_of_main(const char *field, int base)
{
    char thread[16];

    snprintf(thread, sizeof thread, "%d", (int)server.pid);
    return status_of(thread, field, base);
}

/* Only DBSIZE is asked, which removes nothing. With sanitizers what is freed stays for a while. */
START_TEST(expired_values_are_freed_unasked)
{
    enum { VALUES = 9 };
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    ask(client, "PING\n", "+PONG\r\n");
    unsigned long before = status_of_main("VmRSS:", 10);
    for (int i = 0; i < VALUES; i++) {
        char text[64];
        say_bytes(client, text, (size_t)sprintf(text, "*5\r\n$3\r\nSET\r\n$1\r\n%d\r\n", i));
        say_bulk(client, big, MIB);
        ask(client, "$2\r\nPX\r\n$4\r\n1500\r\n", "+OK\r\n");
    }
    ask_until(client, "DBSIZE\n", ":0\r\n");
#ifndef IS_SANITIZED
    for (time_t deadline = time(NULL) + 30; status_of_main("VmRSS:", 10) > before + 4 * 1024;)
        ck_assert_msg(time(NULL) < deadline, "there were %lu KiB before", before);
#else
    (void)before;
#endif
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* The thread that frees it: made when the first key is to expire, with all signals blocked, for the
 * command waits for them; and in the sandbox, like any other. */
START_TEST(the_thread_for_it_is_made_when_a_key_expires)
{
    char path[64];
    size_t confined = 0, blocking = 0;

    serve();
    int client = dial(server.port);
    ask(client, "SET k v\n", "+OK\r\n");
    size_t before = process_threads(&server);
    ask(client, "SET k v\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before);
    ask(client, "SET k v EX 1000\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before + 1);
    ask(client, "SET k v EX 1000\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before + 1);
    snprintf(path, sizeof path, "/proc/%d/task", (int)server.pid);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        unsigned long blocked = status_of(entry->d_name, "SigBlk:", 16);
        blocking += (blocked >> (SIGTERM - 1) & blocked >> (SIGUSR1 - 1) & blocked >> (SIGHUP - 1) &
                     blocked >> (SIGSEGV - 1) & 1) != 0;
        confined += status_of(entry->d_name, "Seccomp:", 10) == status_of_main("Seccomp:", 10);
    }
    closedir(folder);
    ck_assert_uint_eq(confined, before + 1);
    ck_assert_uint_ge(blocking, 4); /* and the acceptor, the courier, the connection's */
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
        set_takes_options_as_redis_does,
        numbers_are_what_redis_takes_for_numbers,
        expiry_is_set_and_told_as_in_redis,
        inline_lines_are_split_as_in_redis,
        empty_and_null_arrays_are_passed_over,
        protocol_errors_are_told_and_then_it_closes,
        words_of_http_elsewhere_are_words,
        a_request_line_of_http_ends_the_connection,
        a_session_ticket_of_tls_is_not_carried_out,
        a_client_too_many_gets_an_error_of_redis,
        nothing_is_answered_after_quit,
        errors_show_no_control_bytes,
        it_says_what_it_is,
        a_pipeline_may_be_split_anywhere,
        keys_and_values_are_any_bytes_up_to_a_mebibyte,
        more_than_a_mebibyte_is_refused,
        a_command_of_more_than_16_mebibytes_is_refused,
        a_command_may_have_many_arguments,
        a_client_that_resets_amid_a_long_reply_is_given_up,
        inline_lines_may_have_64_kibibytes,
        lines_that_never_end_are_refused,
        what_a_client_does_not_finish_is_not_carried_out,
        expired_keys_are_gone_for_every_command,
        expired_values_are_freed_unasked,
        the_thread_for_it_is_made_when_a_key_expires,
        increments_of_many_connections_add_up,
        the_store_can_be_emptied_while_others_write,
    };
    return suite_run("kv", tests, sizeof tests / sizeof tests[0]);
}
