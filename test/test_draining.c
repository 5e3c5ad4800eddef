/* A handler learns of the end: draining, cut, and lined_server_is_draining. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <lined.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* ---- which callbacks, and how often ---- */

/* "d" for each call of draining, "c" for each of cut. */
static char calls[8];
static void (*in_draining)(lined_server *server);

static void note_draining(void *context, lined_server *server)
{
    ck_assert_str_eq(context, "context");
    ck_assert(lined_server_is_draining(server));
    strcat(calls, "d");
    if (in_draining != NULL)
        in_draining(server);
}

static void note_cut(void *context, lined_server *server)
{
    ck_assert_str_eq(context, "context");
    ck_assert(lined_server_is_draining(server));
    strcat(calls, "c");
}

static int take_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    return lined_send(conn, line, size);
}

static const struct lined_handler noting = {
    .line = take_line, .draining = note_draining, .cut = note_cut};

static char context[] = "context";

static void prepare_noting(enum lined_mode mode)
{
    prepare(mode);
    calls[0] = '\0';
    in_draining = NULL;
}

static lined_server *make(enum lined_mode mode)
{
    lined_server *server;

    prepare_noting(mode);
    ck_assert_int_eq(lined_server_new(&server, &options, &noting, context), LINED_OK);
    return server;
}

static void drain_twice(lined_server *server)
{
    lined_server_drain(server);
    lined_server_drain(server);
}

static void stop_twice(lined_server *server)
{
    lined_server_stop(server);
    lined_server_stop(server);
}

static void drain_and_stop(lined_server *server)
{
    lined_server_drain(server);
    lined_server_stop(server);
}

/* No connection is there. They have returned before lined_server_wait returns, and
 * lined_server_free after it calls neither. */
START_TEST(each_is_called_once_and_before_a_wait_returns)
{
    static const struct {
        void (*end)(lined_server *server);
        void (*in_draining)(lined_server *server);
        const char *calls;
    } cases[] = {
        {drain_twice, NULL, "d"},
        {stop_twice, NULL, "c"},
        {drain_and_stop, NULL, "dc"},
        {lined_server_drain, lined_server_stop, "dc"},
        {lined_server_drain, lined_server_drain, "d"},
    };

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            for (int is_before_start = 0; is_before_start < 2; is_before_start++) {
                lined_server *server = make(mode);
                in_draining = cases[i].in_draining;
                ck_assert(!lined_server_is_draining(server));
                if (is_before_start)
                    cases[i].end(server);
                ck_assert_int_eq(lined_server_start(server), LINED_OK);
                if (!is_before_start)
                    cases[i].end(server);
                ck_assert_int_eq(lined_server_wait(server), LINED_OK);
                ck_assert_str_eq(calls, cases[i].calls);
                lined_server_free(server);
                ck_assert_str_eq(calls, cases[i].calls);
            }
        }
    }
}
END_TEST

START_TEST(a_free_without_a_wait_cuts)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        lined_server *server = make(mode);
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        lined_server_free(server);
        ck_assert_str_eq(calls, "c");
    }
}
END_TEST

START_TEST(a_server_that_never_starts_calls_neither)
{
    lined_server *server = make(LINED_PASSIVE);

    lined_server_drain(server);
    ck_assert(lined_server_is_draining(server));
    lined_server_free(server);
    ck_assert_str_eq(calls, "");
}
END_TEST

START_TEST(the_drain_timeout_calls_cut)
{
    prepare_noting(LINED_PASSIVE);
    options.drain_mode = LINED_DRAIN_WAIT;
    options.drain_timeout_ms = 1;
    lined_server *server = start_handler_in(&noting, context);
    int client = dial(lined_server_port(server));
    say(client, "a\n");
    expect(client, "a\n");
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_str_eq(calls, "dc");
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* ---- a task that waits for something of its own ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_waiting, must_return; /* lock */

static void set(bool *flag)
{
    pthread_mutex_lock(&lock);
    *flag = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int wait_for_own(void *unused, lined_conn *conn, void *state)
{
    pthread_mutex_lock(&lock);
    is_waiting = true;
    pthread_cond_broadcast(&changed);
    while (!must_return)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return lined_send(conn, "bye\n", 4);
}

static void end_tasks(void *unused, lined_server *server)
{
    set(&must_return);
}

static lined_server *start_waiting_task(const struct lined_handler *handler, int *client)
{
    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 1000000; /* a cut ends no such task */
    is_waiting = must_return = false;
    lined_server *server = start_handler(handler);
    *client = dial(lined_server_port(server));
    pthread_mutex_lock(&lock);
    while (!is_waiting)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return server;
}

START_TEST(draining_ends_a_task_that_waits_for_something_of_its_own)
{
    static const struct lined_handler handler = {.task = wait_for_own, .draining = end_tasks};
    int client;
    lined_server *server = start_waiting_task(&handler, &client);

    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    expect(client, "bye\n");
    hang_up(client);
    ck_assert_int_eq(watch.last_reason, LINED_END);
    lined_server_free(server);
}
END_TEST

START_TEST(cut_ends_a_task_that_waits_for_something_of_its_own)
{
    static const struct lined_handler handler = {.task = wait_for_own, .cut = end_tasks};
    int client;
    lined_server *server = start_waiting_task(&handler, &client);

    lined_server_free(server);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    hang_up(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_is_called_once_and_before_a_wait_returns,
        a_free_without_a_wait_cuts,
        a_server_that_never_starts_calls_neither,
        the_drain_timeout_calls_cut,
        draining_ends_a_task_that_waits_for_something_of_its_own,
        cut_ends_a_task_that_waits_for_something_of_its_own,
    };
    return suite_run("draining", tests, sizeof tests / sizeof tests[0]);
}
