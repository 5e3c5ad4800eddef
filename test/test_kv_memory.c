/* lined --handler kv, and chat, without memory: libfault.so lets each allocation fail while a test
 * says so. */
#include "dial.h"
#include "kv_client.h"
#include "preload.h"
#include "process.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const char no_memory[] = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

static struct fault_control *control;

/* which and number say which of the allocations fail, see fault.c. */
static void serve_failing(const char *which, const char *number)
{
    control = preload_fault("alloc", "ENOMEM", which, number);
    process_serve(&server, -1, (const char *const[]){"-H", "kv", "-q", NULL});
    preload_end();
}

/* The same while nothing can be allocated. */
static void ask_in_need(int client, const char *request, const char *reply)
{
    uint64_t fired = atomic_load(&control->fired);

    atomic_store(&control->armed, 1);
    ask(client, request, reply);
    atomic_store(&control->armed, 0);
    ck_assert_uint_gt(atomic_load(&control->fired), fired);
}

/* Takes the first byte of a reply. */
static bool next_is_error(int client)
{
    char first;

    ck_assert_int_eq(recv(client, &first, 1, 0), 1);
    return first == '-';
}

START_TEST(commands_say_so_and_change_nothing)
{
    serve_failing("FAULT_FIRST", "1000000");
    int client = dial(server.port);
    int other = dial(server.port);
    ask(client, "SET there 1 EX 10000000\r\n", "+OK\r\n");
    ask(client, "SET long 0123456789012345678901234567890123456789\r\n", "+OK\r\n");
    ask(other, "PING a-long-time-in-one-word-and-seven-more-words-that-are-long\r\n",
        "$58\r\na-long-time-in-one-word-and-seven-more-words-that-are-long\r\n");
    ask_in_need(client, "SET new 1\r\n", no_memory);
    ask_in_need(client, "MSET new 1\r\n", no_memory);
    ask_in_need(client, "INCR new\r\n", no_memory);
    ask_in_need(client, "SET there 0123456789012345678901234567890123456789\r\n", no_memory);
    ask_in_need(other, "MGET long there\r\n", no_memory);
    ask(client, "DBSIZE\r\n", ":2\r\n");
    ask(client, "GET there\r\n", "$1\r\n1\r\n");
    ask(client, "EXISTS new\r\n", ":0\r\n");
    ask(other, "GET long\r\n", "$40\r\n0123456789012345678901234567890123456789\r\n");
    hang_up(other);
    hang_up(client);
    end();
}
END_TEST

static const struct attempt {
    const char *command;
    const char *reply;    /* where it can be done; all start with another byte than an error */
    const char *question; /* what tells whether it was done */
    const char *before;
    const char *after;
} attempts[] = {
    {"MSET a new b new c new d new\r\n", "+OK\r\n", "MGET a b c d\r\n",
     "*4\r\n$3\r\nold\r\n$-1\r\n$-1\r\n$-1\r\n",
     "*4\r\n$3\r\nnew\r\n$3\r\nnew\r\n$3\r\nnew\r\n$3\r\nnew\r\n"},
    {"SET a new EX 1000\r\n", "+OK\r\n", "GET a\r\nTTL a\r\n", "$3\r\nold\r\n:-1\r\n",
     "$3\r\nnew\r\n:1000\r\n"},
    {"EXPIRE a 1000\r\n", ":1\r\n", "TTL a\r\n", ":-1\r\n", ":1000\r\n"},
    {"PEXPIRE a 1000000\r\n", ":1\r\n", "TTL a\r\n", ":-1\r\n", ":1000\r\n"},
    {"SETEX a 1000 new\r\n", "+OK\r\n", "GET a\r\nTTL a\r\n", "$3\r\nold\r\n:-1\r\n",
     "$3\r\nnew\r\n:1000\r\n"},
    {"SET a new GET EX 1000\r\n", "$3\r\nold\r\n", "GET a\r\nTTL a\r\n", "$3\r\nold\r\n:-1\r\n",
     "$3\r\nnew\r\n:1000\r\n"},
    {"GETSET a new\r\n", "$3\r\nold\r\n", "GET a\r\n", "$3\r\nold\r\n", "$3\r\nnew\r\n"},
    {"SETNX n new\r\n", ":1\r\n", "GET n\r\n", "$-1\r\n", "$3\r\nnew\r\n"},
    {"APPEND a er\r\n", ":5\r\n", "GET a\r\n", "$3\r\nold\r\n", "$5\r\nolder\r\n"},
    {"CLIENT SETNAME me\r\n", "+OK\r\n", "CLIENT GETNAME\r\n", "$-1\r\n", "$2\r\nme\r\n"},
    {"INCR n\r\n", ":1\r\n", "GET n\r\n", "$-1\r\n", "$1\r\n1\r\n"},
    {"MGET a n\r\n", "*2\r\n$3\r\nold\r\n$-1\r\n", "EXISTS a n\r\n", ":1\r\n", ":1\r\n"},
};

/* On a server of which the one allocation fails. Returns whether it was needed; *is_rejected: and
 * missed. */
static bool attempt(const struct attempt *attempt, int failing, bool *is_rejected)
{
    char number[16];

    snprintf(number, sizeof number, "%d", failing);
    serve_failing("FAULT_AT", number);
    int client = dial(server.port);
    ask(client, "DEL the memory for a command as long as the next\r\n", ":0\r\n");
    ask(client, "SET a old\r\n", "+OK\r\n");
    atomic_store(&control->armed, 1);
    say(client, attempt->command);
    *is_rejected = next_is_error(client);
    expect(client, (*is_rejected ? no_memory : attempt->reply) + 1);
    atomic_store(&control->armed, 0);
    ask(client, attempt->question, *is_rejected ? attempt->before : attempt->after);
    bool has_failed = atomic_load(&control->fired) > 0;
    hang_up(client);
    end();
    preload_free(control);
    return has_failed;
}

START_TEST(a_command_is_done_whole_or_not_at_all)
{
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int rejected = 0;
        bool is_rejected;
        for (int failing = 1; attempt(&attempts[i], failing, &is_rejected); failing++)
            rejected += is_rejected;
        ck_assert_msg(rejected > 0, "%s", attempts[i].command);
    }
}
END_TEST

/* No reply can be sent when the command itself does not fit. Others are served. */
START_TEST(a_client_that_cannot_be_read_is_closed)
{
    serve_failing("FAULT_FIRST", "1000000");
    int inline_client = dial(server.port);
    int client = dial(server.port);
    ask(inline_client, "PING\r\n", "+PONG\r\n");
    ask(client, "PING\r\n", "+PONG\r\n");
    atomic_store(&control->armed, 1);
    say(inline_client,
        "PING 0123456789012345678901234567890123456789012345678901234567890123456789"
        "01234567890123456789012345678901234567890123456789012345678901234567890\r\n");
    expect_eof(inline_client);
    say(client,
        "*2\r\n$4\r\nPING\r\n$140\r\n0123456789012345678901234567890123456789012345678901234"
        "5678901234567890123456789012345678901234567890123456789012345678901234567890123456"
        "789\r\n");
    expect_eof(client);
    atomic_store(&control->armed, 0);
    ck_assert_uint_ge(atomic_load(&control->fired), 2);
    hang_up(inline_client);
    hang_up(client);
    client = dial(server.port);
    ask(client, "PING\r\n", "+PONG\r\n");
    hang_up(client);
    end();
}
END_TEST

/* Each allocation of the start fails once, until nothing more fails. Without some it serves. */
static void start_in_need(const char *handler)
{
    char said[1024] = "";
    char cannot_start[128];
    char number[16];
    unsigned rejected = 0;
    bool has_failed = true;

    snprintf(cannot_start, sizeof cannot_start,
             "lined: --handler '%s' cannot start: Cannot allocate memory", handler);
    for (int i = 1; has_failed; i++) {
        snprintf(number, sizeof number, "%d", i);
        control = preload_fault("alloc", "ENOMEM", "FAULT_AT", number);
        atomic_store(&control->armed, 1);
        process_run(&server, -1, (const char *const[]){"-p", "0", "-H", handler, "-q", NULL});
        preload_end();
        process_line(&server.err, said, sizeof said);
        atomic_store(&control->armed, 0);
        has_failed = atomic_load(&control->fired) > 0;
        bool is_serving = strstr(said, "listening on ") != NULL;
        if (is_serving)
            ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        else /* libc says EAGAIN where a thread gets no memory */
            ck_assert_msg(strstr(said, ": Cannot allocate memory") != NULL ||
                              strstr(said, ": Resource temporarily unavailable") != NULL,
                          "it says \"%s\"", said);
        ck_assert_int_eq(process_wait(&server), is_serving ? 0 : 1);
        rejected += strcmp(said, cannot_start) == 0;
        preload_free(control);
    }
    ck_assert_uint_ge(rejected, 1);
}

START_TEST(a_start_without_memory_is_reported)
{
    start_in_need("kv");
    start_in_need("chat");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        commands_say_so_and_change_nothing,
        a_command_is_done_whole_or_not_at_all,
        a_client_that_cannot_be_read_is_closed,
        a_start_without_memory_is_reported,
    };
    return suite_run("kv_memory", tests, sizeof tests / sizeof tests[0]);
}
