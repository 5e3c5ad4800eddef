/* What kv does when its replies cannot be sent: on a connection made of memory, where the test says
 * which send fails, and when the client has gone. */
#include "../src/handlers/kv/kv.h"
#include "../src/handlers/kv/kv_command.h"
#include "memory_input.h"
#include "suite.h"

#include <ctype.h>
#include <lined.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB          ((size_t)1024 * 1024)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct lined_conn {
    struct memory_input input;
    size_t sends;     /* how often kv has sent */
    size_t bytes;     /* how much */
    size_t fail_at;   /* this send fails, and no other may follow; 0: none does */
    size_t gone_from; /* from so many bytes on the client has gone */
    size_t asked;     /* how often kv has asked for that */
    char last[128];   /* what was sent last */
    size_t last_size;
};

static struct lined_conn conn;
static void *context; /* kv's */

int lined_recv_line(lined_conn *from, const char **line, size_t *size)
{
    return memory_recv_line(&from->input, line, size);
}

int lined_recv_exact(lined_conn *from, const char **bytes, size_t size)
{
    return memory_recv_exact(&from->input, bytes, size);
}

/* Keeps the end of what is sent. */
static void keep(lined_conn *to, const char *bytes, size_t size)
{
    size_t most = sizeof to->last;

    if (size > most) {
        bytes += size - most;
        size = most;
    }
    size_t kept = to->last_size < most - size ? to->last_size : most - size;
    memmove(to->last, to->last + to->last_size - kept, kept);
    memcpy(to->last + kept, bytes, size);
    to->last_size = kept + size;
}

int lined_send(lined_conn *to, const void *bytes, size_t size)
{
    to->sends++;
    ck_assert_msg(to->fail_at == 0 || to->sends <= to->fail_at, "it sends after a failure");
    if (to->sends == to->fail_at)
        return LINED_SESSION_TIMEOUT;
    to->bytes += size;
    keep(to, bytes, size);
    return LINED_OK;
}

bool lined_peer_gone(lined_conn *to)
{
    to->asked++;
    return to->bytes >= to->gone_from;
}

void lined_peer(const lined_conn *from, char text[LINED_PEER_SIZE])
{
    (void)from;
    strcpy(text, "peer");
}

const char *lined_version(void)
{
    return LINED_VERSION;
}

static void prepare(void)
{
    conn = (struct lined_conn){.gone_from = SIZE_MAX};
    context = NULL;
    ck_assert_int_eq(kv_init(NULL, NULL, &context), LINED_OK);
}

static void finish(void)
{
    kv_fini(context);
}

/* A client says bytes and ends. Returns what its task returns. */
static int play_bytes(const char *bytes, size_t size)
{
    conn.input = (struct memory_input){.bytes = (const uint8_t *)bytes, .size = size};
    conn.sends = conn.bytes = conn.asked = conn.last_size = 0;
    memory_input_begin(&conn.input, 1460, size, size);
    int reason = lined_handler_kv.task(context, &conn, NULL);
    memory_input_end(&conn.input);
    return reason;
}

static int play(const char *text)
{
    return play_bytes(text, strlen(text));
}

static void expect_last(const char *text)
{
    size_t size = strlen(text);

    ck_assert_uint_ge(conn.last_size, size);
    ck_assert_mem_eq(conn.last + conn.last_size - size, text, size);
}

/* Each reply of each kind. */
static const char *const requests[] = {
    "PING\n",
    "PING hello\n",
    "ECHO hello\n",
    "GET k\n",
    "GET none\n",
    "GET\n",
    "SET k v\n",
    "SET k v NX\n",
    "SET k v nope\n",
    "SET k v EX 0\n",
    "MSET a 1 b 2\n",
    "MSET a\n",
    "MSET a 1 b\n",
    "MGET k none k\n",
    "DEL none none\n",
    "EXISTS k none\n",
    "INCR n\n",
    "INCR k\n",
    "DECR n\n",
    "INCRBY n 5\n",
    "INCRBY n x\n",
    "EXPIRE k 100\n",
    "EXPIRE k x\n",
    "EXPIRE k 100 nope\n",
    "TTL k\n",
    "TTL none\n",
    "DBSIZE\n",
    "FLUSHALL\n",
    "FLUSHALL nope\n",
    "COMMAND\n",
    "COMMAND COUNT\n",
    "COMMAND nope\n",
    "COMMAND INFO get config nope\n",
    "COMMAND DOCS get\n",
    "CONFIG GET *\n",
    "CONFIG GET save\n",
    "CONFIG GET\n",
    "CONFIG nope\n",
    "INFO\n",
    "HELLO\n",
    "HELLO x\n",
    "HELLO 4\n",
    "HELLO 2 nope\n",
    "DECRBY n 5\n",
    "DECRBY n x\n",
    "DECRBY n -9223372036854775808\n",
    "SETEX k 100 v\n",
    "SETEX k 0 v\n",
    "SETEX k x v\n",
    "PSETEX k 100000 v\n",
    "SETNX k v\n",
    "GETSET k v\n",
    "GETSET none v\n",
    "GETDEL k\n",
    "APPEND k v\n",
    "STRLEN k\n",
    "TYPE k\n",
    "UNLINK k\n",
    "FLUSHDB\n",
    "PEXPIRE k 100000\n",
    "PTTL k\n",
    "PERSIST k\n",
    "EXPIRE k 100 NX XX\n",
    "EXPIRE k 100 GT LT\n",
    "SET k v GET\n",
    "SET none v XX GET\n",
    "HELLO 3\nGET none\nINFO\nCONFIG GET *\nCOMMAND INFO get\n",
    "HELLO 2 SETNAME me AUTH default x\n",
    "HELLO 2 AUTH bob x\n",
    "HELLO 2 SETNAME \"a b\"\n",
    "CLIENT\n",
    "CLIENT GETNAME\n",
    "CLIENT ID\n",
    "CLIENT INFO\n",
    "CLIENT SETINFO lib-name x\n",
    "CLIENT SETINFO x y\n",
    "CLIENT SETINFO lib-ver \"x y\"\n",
    "CLIENT SETNAME me\nCLIENT GETNAME\n",
    "CLIENT SETNAME \"a b\"\n",
    "SELECT 0\n",
    "SELECT 1\n",
    "SELECT x\n",
    "SELECT 2147483648\n",
    "RESET\n",
    "AUTH default x\n",
    "AUTH x\n",
    "AUTH bob x\n",
    "AUTH a b c\n",
    "KEYS *\n",
    "KEYS\n",
    "SCAN 0\n",
    "SCAN x\n",
    "SCAN 0 COUNT x\n",
    "SCAN 0 MATCH k TYPE string COUNT 1000\n",
    "MULTI\nMULTI\nWATCH k\nSET k v\nDISCARD\n",
    "EXEC\n",
    "EXEC k\n",
    "DISCARD\n",
    "WATCH k\nUNWATCH\n",
    "UNWATCH\n",
    "MULTI\nSET k v\nGET k\nMGET k none k\nINFO\nINCR k\nEXEC\n",
    "MULTI\nnope\nEXEC\n",
    "WATCH k\nSET k w\nMULTI\nGET k\nEXEC\n",
    "HELLO 3\nWATCH k\nSET k w\nMULTI\nGET k\nEXEC\n",
    "QUIT\n",
    "nope a b\n",
    "ECHO \"a\n",
    "*x\r\n",
    "*1\r\nPING\r\n",
    "*1\r\n$x\r\n",
};

/* True if a request begins with the name: "config|get" is "CONFIG GET" in requests. */
static bool is_requested(const char *name)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        size_t at = 0;
        while (name[at] != '\0' && (tolower((unsigned char)requests[i][at]) == name[at] ||
                                    (name[at] == '|' && requests[i][at] == ' ')))
            at++;
        if (name[at] == '\0' && (requests[i][at] == ' ' || requests[i][at] == '\n'))
            return true;
    }
    return false;
}

static void expect_requested(const struct kv_command *command)
{
    for (; command->name != NULL; command++) {
        ck_assert_msg(is_requested(command->name), "no request has %s", command->name);
        if (command->subcommands != NULL)
            expect_requested(command->subcommands);
    }
}

START_TEST(each_command_is_among_the_requests)
{
    expect_requested(kv_commands);
}
END_TEST

/* A PING behind each would be answered if a failure were overlooked. */
START_TEST(a_reply_that_fails_is_the_last)
{
    char text[128];

    prepare();
    for (size_t i = 0; i < COUNT(requests); i++) {
        conn.fail_at = 0;
        ck_assert_int_eq(play("FLUSHALL\nSET k v\n"), LINED_EOF);
        play(requests[i]);
        size_t sends = conn.sends;
        ck_assert_msg(sends > 0, "%s", requests[i]);
        for (conn.fail_at = 1; conn.fail_at <= sends; conn.fail_at++) {
            snprintf(text, sizeof text, "%sPING\n", requests[i]);
            int reason = play(text);
            ck_assert_msg(reason == LINED_SESSION_TIMEOUT, "send %zu for %s gives %d", conn.fail_at,
                          requests[i], reason);
        }
    }
    finish();
}
END_TEST

static void store_big_value(void)
{
    static const char header[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n";
    size_t size = sizeof header - 1 + MIB + 2;
    char *text = malloc(size);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    memcpy(text, header, sizeof header - 1);
    memcpy(text + size - 2, "\r\n", 2);
    ck_assert_int_eq(play_bytes(text, size), LINED_EOF);
    expect_last("+OK\r\n");
    free(text);
}

/* "MGET <key> ... <key>", and what is to follow. To be freed. */
static char *make_mget(size_t count, char key, const char *after)
{
    char *text = malloc(32 + count * 7 + strlen(after) + 1);

    ck_assert_ptr_nonnull(text);
    size_t used = (size_t)sprintf(text, "*%zu\r\n$4\r\nMGET\r\n", count + 1);
    for (size_t i = 0; i < count; i++)
        used += (size_t)sprintf(text + used, "$1\r\n%c\r\n", key);
    strcpy(text + used, after);
    return text;
}

/* A transaction of count times GET k, and what is to follow. To be freed. */
static char *make_transaction(size_t count, const char *after)
{
    char *text = malloc(32 + count * 6 + strlen(after) + 1);

    ck_assert_ptr_nonnull(text);
    size_t used = (size_t)sprintf(text, "MULTI\n");
    for (size_t i = 0; i < count; i++)
        used += (size_t)sprintf(text + used, "GET k\n");
    used += (size_t)sprintf(text + used, "EXEC\n");
    strcpy(text + used, after);
    return text;
}

static void expect_given_up(const char *request)
{
    conn.gone_from = 0;
    ck_assert_int_eq(play(request), LINED_EOF);
    ck_assert_uint_lt(conn.bytes, 4 * MIB);
    conn.gone_from = SIZE_MAX;
    ck_assert_int_eq(play("GET after\n"), LINED_EOF);
    expect_last("$1\r\n1\r\n");
    play("DEL after\n");
}

/* 500 values of a mebibyte, 900,000 that are not there, which is 4.5 MB, and 500 values in a
 * transaction. */
START_TEST(a_reply_to_a_client_that_has_gone_is_given_up)
{
    char *values = make_mget(500, 'k', "SET after 1\n");
    char *nulls = make_mget(900000, 'n', "SET after 1\n");
    char *transaction = make_transaction(500, "SET after 1\n");

    prepare();
    store_big_value();
    expect_given_up(values);
    expect_given_up(nulls);
    expect_given_up(transaction);
    finish();
    free(transaction);
    free(nulls);
    free(values);
}
END_TEST

#define TOO_LONG "-ERR reply exceeds the maximum size\r\n"

/* 512 values of a mebibyte are the maximum, of one command and of one transaction. */
START_TEST(a_reply_has_at_most_512_mebibytes_of_values)
{
    char *most = make_mget(512, 'k', "");
    char *more = make_mget(513, 'k', "");
    char *transaction = make_transaction(513, "PING\n");

    prepare();
    store_big_value();
    ck_assert_int_eq(play(most), LINED_EOF);
    ck_assert_uint_gt(conn.bytes, 512 * MIB);
    ck_assert_int_eq(play(more), LINED_EOF);
    ck_assert_uint_eq(conn.bytes, strlen(TOO_LONG));
    expect_last(TOO_LONG);
    ck_assert_int_eq(play(transaction), LINED_EOF);
    ck_assert_uint_gt(conn.bytes, 512 * MIB);
    expect_last("x\r\n" TOO_LONG "+PONG\r\n");
    finish();
    free(transaction);
    free(more);
    free(most);
}
END_TEST

/* The greatest replies that are copied. Each one that does not fit is an error, and smaller ones
 * can follow. */
START_TEST(other_replies_of_a_transaction_have_a_maximum)
{
    enum { TIMES = 20000 };
    char *text = malloc(TIMES * 8 + 64);
    size_t used = (size_t)sprintf(text, "MULTI\n");

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < TIMES; i++)
        used += (size_t)sprintf(text + used, "COMMAND\n");
    sprintf(text + used, "EXEC\nPING\n");
    prepare();
    ck_assert_int_eq(play(text), LINED_EOF);
    ck_assert_uint_gt(conn.bytes, 31 * MIB);
    ck_assert_uint_lt(conn.bytes, 34 * MIB);
    expect_last(TOO_LONG TOO_LONG "+PONG\r\n");
    finish();
    free(text);
}
END_TEST

START_TEST(a_pipeline_of_a_client_that_has_gone_costs_no_replies)
{
    static char text[6 * 1000 + 64];
    size_t used = 0;

    prepare();
    store_big_value();
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(text + used, "GET k\n");
    strcpy(text + used, "SET after 1\n");
    conn.gone_from = 2 * MIB;
    ck_assert_int_eq(play(text), LINED_EOF);
    ck_assert_uint_lt(conn.bytes, 8 * MIB);
    conn.gone_from = SIZE_MAX;
    ck_assert_int_eq(play("GET after\n"), LINED_EOF);
    expect_last("$1\r\n1\r\n");
    finish();
}
END_TEST

/* It is a system call. */
START_TEST(small_replies_do_not_ask_for_the_client)
{
    static char text[6 * 1000 + 64];
    size_t used = 0;

    prepare();
    play("SET k v\n");
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(text + used, "GET k\n");
    ck_assert_int_eq(play(text), LINED_EOF);
    ck_assert_uint_eq(conn.asked, 0);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_command_is_among_the_requests,
        a_reply_that_fails_is_the_last,
        a_reply_to_a_client_that_has_gone_is_given_up,
        a_reply_has_at_most_512_mebibytes_of_values,
        other_replies_of_a_transaction_have_a_maximum,
        a_pipeline_of_a_client_that_has_gone_costs_no_replies,
        small_replies_do_not_ask_for_the_client,
    };
    return suite_run("kv_replies", tests, COUNT(tests));
}
