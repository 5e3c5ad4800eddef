/* What a peer can make lined do: no allocation beyond a line's limit, no abort, no unbounded log
 * line. */
#include "../src/command/log/inspect.h"

#include "dial.h"
#include "process.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A connection's buffers are 64 KiB each way, and its log 32 KiB; the rest is for what malloc, a
 * thread's stack and the kernel's accounting add. A line without a bound would be 100 MiB. */
#define GROWTH_MOST_KB 4096ul
#define MEGABYTE       ((size_t)1024 * 1024)

static struct process server;
static char block[1024 * 1024];

/* The most memory that it ever had resident. */
static unsigned long peak_kb(void)
{
    return strtoul(process_status(&server, NULL, "VmHWM"), NULL, 10);
}

static void expect_peak(unsigned long before, unsigned long growth_most_kb)
{
    /* The kernel gathers its count from threads now and then: it can seem to be less. */
    unsigned long now = peak_kb();
    unsigned long growth = now > before ? now - before : 0;

#if defined(IS_SANITIZED) /* sanitizers keep what is freed, and shadows of it */
    growth = 0;
#endif
    ck_assert_msg(growth <= growth_most_kb, "its memory grew by %lu kB", growth);
}

/* Another process reads the replies while this one sends. */
static pid_t drink_beside(int client)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        drink(client);
        _exit(0);
    }
    return pid;
}

/* Sends so many blocks, ends, and waits until the server has ended too. */
static void pour(size_t blocks)
{
    int client = dial(server.port);
    pid_t drinker = drink_beside(client);

    for (size_t i = 0; i < blocks; i++) {
        if (say_what_it_takes(client, block, sizeof block) < sizeof block)
            break; /* it has closed */
    }
    /* Where it has closed, it may have reset the connection by now. */
    ck_assert(shutdown(client, SHUT_WR) == 0 || errno == ENOTCONN);
    ck_assert_int_eq(waitpid(drinker, NULL, 0), drinker);
    hang_up(client);
}

/* Any bytes, the same each time; xorshift64. */
static void fill_with_garbage(void)
{
    uint64_t state = 88172645463325252u;

    for (size_t i = 0; i < sizeof block; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block[i] = (char)(state >> 32);
    }
}

/* It has received so much at least, and answers, and ends in its own time. */
static void expect_alive_and_end(size_t received_least, const char *question, const char *answer)
{
    char text[4096];
    unsigned long received;
    int client = dial(server.port);

    say(client, question);
    expect(client, answer);
    hang_up(client);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    const char *summary = strstr(text, "lined: served ");
    ck_assert_msg(summary != NULL &&
                      sscanf(summary, "lined: served %*u connections, %*u lines, %lu", &received) ==
                          1,
                  "%s", text);
    ck_assert_uint_ge(received, received_least);
    ck_assert_int_eq(process_wait(&server), 0); /* not killed, so not aborted */
}

static void without_lf(const char *max_line, const char *long_line, size_t received_least)
{
    memset(block, 'x', sizeof block);
    process_serve(&server, -1, ARGUMENTS("--quiet", max_line, long_line));
    pour(1); /* what the first connection costs */
    unsigned long before = peak_kb();
    pour(100);
    expect_peak(before, GROWTH_MOST_KB);
    expect_alive_and_end(received_least, "hello\n", "Received: hello\n\n");
}

START_TEST(a_hundred_megabytes_without_lf)
{
    without_lf("--max-line=1460", "--long-line=split", 101 * MEGABYTE);
    without_lf("--max-line=1460", "--long-line=close", 2 * 1460);
    without_lf("--max-line=1048576", "--long-line=split", 101 * MEGABYTE);
}
END_TEST

START_TEST(a_hundred_megabytes_of_garbage)
{
    fill_with_garbage();
    process_serve(&server, -1, ARGUMENTS("--quiet"));
    pour(1);
    unsigned long before = peak_kb();
    pour(100);
    expect_peak(before, GROWTH_MOST_KB);
    expect_alive_and_end(101 * MEGABYTE, "hello\n", "Received: hello\n\n");
}
END_TEST

START_TEST(garbage_for_the_other_handlers)
{
    fill_with_garbage();
    process_serve(&server, -1, ARGUMENTS("--quiet", "--mode=active"));
    pour(10);
    expect_alive_and_end(10 * MEGABYTE, "hello\n", "Received: hello\n\n");
    process_serve(&server, -1, ARGUMENTS("--quiet", "--handler=chat"));
    pour(10);
    expect_alive_and_end(MEGABYTE / 1024, "", "* You are guest2. ");
    process_serve(&server, -1, ARGUMENTS("--quiet", "--handler=kv"));
    pour(10);
    expect_alive_and_end(1, "PING\r\n", "+PONG\r\n");
}
END_TEST

/* A length that a client announces is not allocated before its bytes come. */
START_TEST(an_announced_length_costs_nothing)
{
    enum { CLIENTS = 20 };
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("--quiet", "--handler=kv"));
    unsigned long before = peak_kb();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "PING\r\n*1048576\r\n$1048576\r\nx");
        expect(clients[i], "+PONG\r\n");
    }
    expect_peak(before, CLIENTS * 128);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    expect_alive_and_end(1, "PING\r\n", "+PONG\r\n");
}
END_TEST

/* Lines of the log, the longest of them, and the most that one may be. */
static void expect_bounded_log(FILE *log, size_t lines_least)
{
    size_t longest = 0, length = 0, lines = 0;

    rewind(log);
    for (int byte; (byte = getc(log)) != EOF; length++) {
        if (byte != '\n' && (byte < ' ' || byte == 0x7f)) /* an assertion each would be slow */
            ck_abort_msg("a control character: %d", byte);
        if (byte != '\n')
            continue;
        longest = length > longest ? length : longest;
        length = SIZE_MAX; /* the loop makes it 0 */
        lines++;
    }
    ck_assert_uint_ge(lines, lines_least);
    ck_assert_uint_gt(longest, 0);
    ck_assert_uint_le(longest, strlen("Incoming packet: ") + INSPECT_MAX);
}

static void log_it(const char *max_line, size_t lines_least)
{
    FILE *log = tmpfile();

    ck_assert_ptr_nonnull(log);
    process_serve(&server, fileno(log), ARGUMENTS(max_line));
    pour(4);
    expect_alive_and_end(4 * MEGABYTE, "hello\n", "Received: hello\n\n");
    expect_bounded_log(log, lines_least);
    fclose(log);
}

START_TEST(log_lines_are_bounded)
{
    memset(block, '"', sizeof block); /* two characters each in the notation */
    log_it("--max-line=1048576", 4);
    log_it("--max-line=1460", 4 * MEGABYTE / 1460);
    memset(block, 0, sizeof block);
    log_it("--max-line=1048576", 4);
    fill_with_garbage();
    log_it("--max-line=1048576", 4);
    log_it("--max-line=1460", 4 * MEGABYTE / 1460);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_hundred_megabytes_without_lf, a_hundred_megabytes_of_garbage,
        garbage_for_the_other_handlers, an_announced_length_costs_nothing,
        log_lines_are_bounded,
    };
    return suite_run("peer", tests, sizeof tests / sizeof tests[0]);
}
