/* The command where memory, or threads, are few. */
#include "dial.h"
#include "preload.h"
#include "process.h"
#include "suite.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct process server;
static char text[65536];

static void end(void)
{
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(process_wait(&server), 0);
}

/* For the commands that are run from here on; the test itself is not limited. */
static void limit(int resource, rlim_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(resource, &limit), 0);
}

static const struct {
    int resource;
    const char *name;
    const char *raised_by;
} memory_limits[] = {
    {RLIMIT_AS, "RLIMIT_AS", "ulimit -v, or LimitAS= in a unit"},
    {RLIMIT_DATA, "RLIMIT_DATA", "ulimit -d, or LimitDATA= in a unit"},
};

/* Runs it with so much memory; returns whether it serves. If not, it says why. */
static bool serves_within(size_t i, rlim_t bytes)
{
    char line[512];
    char begin[64];

    limit(memory_limits[i].resource, bytes);
    process_run(&server, -1, ARGUMENTS("--port=0"));
    limit(memory_limits[i].resource, RLIM_INFINITY);
    process_line(&server.err, line, sizeof line);
    if (strncmp(line, "lined: listening on ", 20) == 0) {
        end();
        return true;
    }
    snprintf(begin, sizeof begin, "lined: cannot serve: %s allows lined ", memory_limits[i].name);
    ck_assert_msg(strncmp(line, begin, strlen(begin)) == 0 &&
                      strstr(line, " KiB, but lined needs 6144, and more") != NULL &&
                      strstr(line, memory_limits[i].raised_by) != NULL,
                  "with %ju it says \"%s\"", (uintmax_t)bytes, line);
    ck_assert_uint_eq(process_rest(&server.err, text, sizeof text), 0);
    ck_assert_int_eq(process_wait(&server), 1);
    return false;
}

/* From as much as is enough to load it. */
START_TEST(a_limit_of_memory_with_which_it_cannot_serve_is_said)
{
    for (size_t i = 0; i < 2; i++) {
        enum { STEP = 1024 * 1024, FIRST = 5 * STEP };
        rlim_t bytes = FIRST;
        while (!serves_within(i, bytes))
            bytes += STEP;
        ck_assert_uint_gt(bytes, FIRST);
        ck_assert_uint_lt(bytes, 20 * STEP);
    }
}
END_TEST

/* More clients at once than there is memory for: all are served in the end. */
START_TEST(clients_wait_where_memory_is_for_few)
{
    enum { CLIENTS = 900 };
    static int clients[CLIENTS];
    const struct rlimit descriptors = {.rlim_cur = 2000, .rlim_max = 2000};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
    for (size_t i = 0; i < 2; i++) {
        limit(memory_limits[i].resource, 80000000);
        process_serve(&server, -1, ARGUMENTS("-q"));
        limit(memory_limits[i].resource, RLIM_INFINITY);
        for (int client = 0; client < CLIENTS; client++) {
            clients[client] = dial(server.port);
            say(clients[client], "hello\n");
        }
        for (int client = 0; client < CLIENTS; client++) {
            expect(clients[client], "Received: hello\n\n");
            hang_up(clients[client]);
        }
        end();
    }
}
END_TEST

/* One thread after another cannot be created: the log's, the server's, the signals'. */
START_TEST(a_thread_that_cannot_be_created_is_said)
{
    enum { THREADS = 5 };
    char number[16];

    for (int at = 1; at <= THREADS + 1; at++) {
        snprintf(number, sizeof number, "%d", at);
        struct fault_control *control =
            preload_fault("pthread_create", "EAGAIN", "FAULT_AT", number);
        atomic_store(&control->armed, 1);
        process_run(&server, -1, ARGUMENTS("--port=0", "--no-sandbox"));
        preload_end();
        process_line(&server.err, text, sizeof text);
        if (at <= THREADS) {
            ck_assert_msg(strncmp(text,
                                  "lined: cannot create a thread: Resource temporarily "
                                  "unavailable; raise the limit that is reached: ",
                                  strlen("lined: cannot create a thread: Resource temporarily "
                                         "unavailable; raise the limit that is reached: ")) == 0,
                          "without thread %d it says \"%s\"", at, text);
            ck_assert_int_eq(process_wait(&server), 1);
        } else {
            ck_assert_ptr_nonnull(strstr(text, "listening on "));
            end();
        }
        preload_free(control);
    }
}
END_TEST

/* The C library puts the variables of each thread on its stack: here more than the stack has. */
START_TEST(threads_have_room_for_their_variables)
{
    setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=200000", 1);
    process_serve(&server, -1, ARGUMENTS("-q"));
    unsetenv("GLIBC_TUNABLES");
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_limit_of_memory_with_which_it_cannot_serve_is_said,
        clients_wait_where_memory_is_for_few,
        a_thread_that_cannot_be_created_is_said,
        threads_have_room_for_their_variables,
    };
    return suite_run("little_memory", tests, sizeof tests / sizeof tests[0]);
}
