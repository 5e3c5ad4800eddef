/* Timers: lined_after and lined_cancel, on the timer thread or the dispatcher. */
#include "../src/base/monotonic.h"
#include "../src/server.h"

#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <lined.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LATE_MS 1000000u

static void await_post(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        continue;
}

/* Counts its calls; argument is the count. */
static void count(lined_server *server, void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
}

static lined_timer set(lined_server *server, uint32_t ms,
                       void (*function)(lined_server *server, void *argument), void *argument)
{
    lined_timer timer = lined_after(server, ms, function, argument);

    ck_assert_uint_ne(timer, 0);
    return timer;
}

/* ---- when ---- */

static struct moment {
    uint32_t ms;
    int64_t set_ns;
    _Atomic int64_t called_ns;
    lined_server *server; /* that the function was called with */
} moments[5] = {{.ms = 40}, {.ms = 0}, {.ms = 25}, {.ms = 1}, {.ms = 0}};

static void note_moment(lined_server *server, void *argument)
{
    struct moment *moment = argument;

    moment->server = server;
    atomic_store(&moment->called_ns, monotonic_ns());
}

START_TEST(no_timer_fires_early)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare(mode);
        lined_server *server = start_server();
        for (int i = 0; i < 5; i++) {
            atomic_store(&moments[i].called_ns, 0);
            moments[i].set_ns = monotonic_ns();
            set(server, moments[i].ms, note_moment, &moments[i]);
        }
        for (int i = 0; i < 5; i++) {
            AWAIT(atomic_load(&moments[i].called_ns) != 0);
            ck_assert_int_ge(atomic_load(&moments[i].called_ns) - moments[i].set_ns,
                             (int64_t)moments[i].ms * 1000000);
            ck_assert_ptr_eq(moments[i].server, server);
        }
        finish(server);
    }
}
END_TEST

static atomic_int calls;
static int order[16];

static void note_order(lined_server *server, void *argument)
{
    order[atomic_load(&calls)] = *(int *)argument;
    atomic_fetch_add(&calls, 1);
}

/* The last one becomes the first that is due, and wakes the thread from a long wait. */
START_TEST(timers_fire_in_the_order_of_their_times)
{
    static int numbers[] = {0, 1, 2, 3, 4, 5};

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        lined_server *server;
        prepare(mode);
        atomic_store(&calls, 0);
        ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL),
                         LINED_OK);
        set(server, 1000, note_order, &numbers[3]);
        for (int i = 0; i < 3; i++) /* before the start: they fire after it */
            set(server, 0, note_order, &numbers[i]);
        ck_assert_int_eq(atomic_load(&calls), 0);
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        AWAIT(atomic_load(&calls) == 4);
        set(server, LATE_MS, note_order, &numbers[5]);
        set(server, 0, note_order, &numbers[4]);
        AWAIT(atomic_load(&calls) == 5);
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(order[i], i);
        finish(server);
    }
}
END_TEST

START_TEST(ten_thousand_timers_fire_once_each)
{
    enum { COUNT = 10000 };
    static atomic_int counts[COUNT];
    static lined_timer timers[COUNT];

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        atomic_int last = 0;
        prepare(mode);
        lined_server *server = start_server();
        for (int i = 0; i < COUNT; i++) {
            atomic_store(&counts[i], 0);
            timers[i] = set(server, i % 3 == 0 ? LATE_MS : (uint32_t)i % 50, count, &counts[i]);
        }
        for (int i = 0; i < COUNT; i += 3)
            ck_assert(lined_cancel(server, timers[i]));
        set(server, 50, count, &last);
        for (int i = 0; i < COUNT; i++)
            AWAIT(atomic_load(&counts[i]) == (i % 3 == 0 ? 0 : 1));
        AWAIT(atomic_load(&last) == 1);
        for (int i = 0; i < COUNT; i++) {
            ck_assert_int_eq(atomic_load(&counts[i]), i % 3 == 0 ? 0 : 1);
            ck_assert(!lined_cancel(server, timers[i]));
        }
        finish(server);
    }
}
END_TEST

START_TEST(a_time_is_at_most_int32_max)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    ck_assert_uint_eq(lined_after(server, (uint32_t)INT32_MAX + 1, count, &calls), 0);
    lined_timer timer = set(server, INT32_MAX, count, &calls);
    ck_assert(lined_cancel(server, timer));
    finish(server);
}
END_TEST

/* ---- cancel ---- */

static lined_timer own;
static atomic_bool own_result;
static sem_t own_is_set, own_was_cancelled;

static void cancel_own(lined_server *server, void *argument)
{
    await_post(&own_is_set);
    atomic_store(&own_result, lined_cancel(server, own));
    sem_post(&own_was_cancelled);
}

START_TEST(a_timer_is_cancelled_once_and_only_before_its_call)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare(mode);
        atomic_store(&calls, 0);
        atomic_store(&own_result, true);
        sem_init(&own_is_set, 0, 0);
        sem_init(&own_was_cancelled, 0, 0);
        lined_server *server = start_server();
        lined_timer timer = set(server, LATE_MS, count, &calls);
        ck_assert(lined_cancel(server, timer));
        ck_assert(!lined_cancel(server, timer));
        ck_assert(!lined_cancel(server, 0));
        own = set(server, 0, cancel_own, NULL);
        sem_post(&own_is_set);
        await_post(&own_was_cancelled);
        ck_assert(!atomic_load(&own_result));
        ck_assert(!lined_cancel(server, own));
        finish(server);
        ck_assert_int_eq(atomic_load(&calls), 0);
    }
}
END_TEST

/* ---- callbacks and timers ---- */

static void set_again(lined_server *server, void *argument)
{
    if (atomic_fetch_add(&calls, 1) < 99)
        set(server, 0, set_again, argument);
}

static int set_and_cancel(void *context, lined_conn *conn, void *state, const char *line,
                          size_t size)
{
    lined_server *server = lined_conn_server(conn);
    lined_timer timer = set(server, LATE_MS, count, &calls);

    ck_assert(lined_cancel(server, timer));
    set(server, 0, set_again, NULL);
    return lined_send(conn, line, size);
}

START_TEST(callbacks_and_timers_set_timers)
{
    static const struct lined_handler handler = {.line = set_and_cancel};

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare(mode);
        atomic_store(&calls, 0);
        lined_server *server = start_handler(&handler);
        int client = dial(lined_server_port(server));
        say(client, "go\n");
        expect(client, "go\n");
        AWAIT(atomic_load(&calls) == 100);
        hang_up(client);
        finish(server);
        ck_assert_int_eq(atomic_load(&calls), 100);
    }
}
END_TEST

static pthread_t threads[4];
static sem_t thread_is_noted;
enum { OF_LINE, OF_TIMER, OF_DRAINING, OF_CUT };

static void note_timer(lined_server *server, void *argument)
{
    threads[OF_TIMER] = pthread_self();
    sem_post(&thread_is_noted);
}

static int note_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    threads[OF_LINE] = pthread_self();
    set(lined_conn_server(conn), 0, note_timer, NULL);
    return LINED_OK;
}

static void note_draining(void *context, lined_server *server)
{
    threads[OF_DRAINING] = pthread_self();
    lined_server_stop(server);
}

static void note_cut(void *context, lined_server *server)
{
    threads[OF_CUT] = pthread_self();
}

START_TEST(one_thread_runs_timers_and_in_active_mode_all_callbacks)
{
    static const struct lined_handler handler = {
        .line = note_line, .draining = note_draining, .cut = note_cut};

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare(mode);
        sem_init(&thread_is_noted, 0, 0);
        lined_server *server = start_handler(&handler);
        int client = dial(lined_server_port(server));
        say(client, "go\n");
        await_post(&thread_is_noted);
        hang_up(client);
        watch_await_closed(&watch, 1);
        lined_server_drain(server);
        (void)lined_server_wait(server);
        ck_assert(pthread_equal(threads[OF_TIMER], threads[OF_DRAINING]));
        ck_assert(pthread_equal(threads[OF_TIMER], threads[OF_CUT]));
        ck_assert_int_eq(!!pthread_equal(threads[OF_TIMER], threads[OF_LINE]),
                         mode == LINED_ACTIVE);
        lined_server_free(server);
    }
}
END_TEST

/* ---- the end ---- */

static sem_t held, go_on;
static atomic_bool has_returned;

/* Holds the thread that runs timers. */
static void hold(lined_server *server, void *argument)
{
    sem_post(&held);
    await_post(&go_on);
    atomic_store(&has_returned, true);
}

static lined_server *start_held(enum lined_mode mode)
{
    prepare(mode);
    atomic_store(&calls, 0);
    atomic_store(&has_returned, false);
    sem_init(&held, 0, 0);
    sem_init(&go_on, 0, 0);
    lined_server *server = start_server();
    set(server, 0, hold, NULL);
    await_post(&held);
    return server;
}

START_TEST(after_a_cut_no_timer_fires_and_each_can_be_cancelled)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        lined_server *server = start_held(mode);
        lined_timer due = set(server, 0, count, &calls);
        lined_timer late = set(server, LATE_MS, count, &calls);
        lined_server_stop(server);
        ck_assert_uint_eq(lined_after(server, 0, count, &calls), 0);
        ck_assert(lined_cancel(server, late));
        sem_post(&go_on);
        ck_assert_int_eq(lined_server_wait(server), LINED_OK);
        ck_assert(lined_cancel(server, due));
        ck_assert(!lined_cancel(server, due));
        lined_server_free(server);
        ck_assert_int_eq(atomic_load(&calls), 0);
    }
}
END_TEST

static bool is_finishing(lined_server *server)
{
    pthread_mutex_lock(&server->timers.lock);
    bool result = server->timers.is_finishing;
    pthread_mutex_unlock(&server->timers.lock);
    return result;
}

static void *wait_for_the_end(void *server)
{
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert(atomic_load(&has_returned));
    return NULL;
}

/* The server drains; two threads wait for it. */
START_TEST(a_wait_returns_after_the_function_that_runs_and_no_timer_fires_then)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        pthread_t waiters[2];
        lined_server *server = start_held(mode);
        lined_timer due = set(server, 0, count, &calls);
        lined_server_drain(server);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(pthread_create(&waiters[i], NULL, wait_for_the_end, server), 0);
        AWAIT(is_finishing(server));
        ck_assert_uint_eq(lined_after(server, 0, count, &calls), 0);
        sem_post(&go_on);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(pthread_join(waiters[i], NULL), 0);
        ck_assert(lined_cancel(server, due));
        lined_server_free(server);
        ck_assert_int_eq(atomic_load(&calls), 0);
    }
}
END_TEST

START_TEST(in_a_drain_timers_fire)
{
    prepare(LINED_PASSIVE);
    options.drain_mode = LINED_DRAIN_WAIT;
    atomic_store(&calls, 0);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say(client, "a\n");
    expect(client, "Received: a\n\n");
    lined_server_drain(server);
    set(server, 0, count, &calls);
    AWAIT(atomic_load(&calls) == 1);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(a_function_that_does_not_return_does_not_delay_the_cut)
{
    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare(mode);
        options.drain_mode = LINED_DRAIN_WAIT;
        options.drain_timeout_ms = 1;
        sem_init(&held, 0, 0);
        sem_init(&go_on, 0, 0);
        lined_server *server = start_server();
        int client = dial(lined_server_port(server));
        say(client, "a\n");
        expect(client, "Received: a\n\n");
        set(server, 0, hold, NULL);
        await_post(&held);
        lined_server_drain(server);
        expect_eof(client);
        ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_CUT);
        sem_post(&go_on);
        ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
        hang_up(client);
        lined_server_free(server);
    }
}
END_TEST

static void end_server(lined_server *server, void *argument)
{
    if (argument == NULL)
        lined_server_drain(server);
    else
        lined_server_stop(server);
}

START_TEST(a_timer_ends_its_server)
{
    for (int round = 0; round < 4; round++) {
        prepare(round % 2 == 0 ? LINED_PASSIVE : LINED_ACTIVE);
        lined_server *server = start_server();
        set(server, 0, end_server, round < 2 ? NULL : server);
        ck_assert_int_eq(lined_server_wait(server), LINED_OK);
        lined_server_free(server);
    }
}
END_TEST

/* The sanitizers see that nothing is left. */
START_TEST(a_server_that_never_starts_drops_its_timers)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    atomic_store(&calls, 0);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    lined_timer timer = set(server, 0, count, &calls);
    set(server, 0, count, &calls);
    ck_assert(lined_cancel(server, timer));
    lined_server_free(server);
    ck_assert_int_eq(atomic_load(&calls), 0);
}
END_TEST

/* ---- active mode: messages ---- */

static atomic_int messages;

void __real_mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message);
void __wrap_mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message);
void __wrap_mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message)
{
    atomic_fetch_add(&messages, 1);
    __real_mailbox_post_and_wait(mailbox, message);
}

/* One message calls 64 at most, so that connections come in between. */
START_TEST(timers_that_are_due_share_messages)
{
    enum { TIMERS = 200 };
    lined_server *server;

    prepare(LINED_ACTIVE);
    atomic_store(&messages, 0);
    atomic_store(&calls, 0);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    for (int i = 0; i < TIMERS; i++)
        set(server, 0, count, &calls);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    AWAIT(atomic_load(&calls) == TIMERS);
    ck_assert_int_eq(atomic_load(&messages), (TIMERS + 63) / 64);
    finish(server);
}
END_TEST

static atomic_int contexts_seen;

static void expect_context(lined_server *server, void *argument)
{
    if (lined_server_context(server) == argument)
        atomic_fetch_add(&contexts_seen, 1);
}

START_TEST(the_function_of_a_timer_reaches_the_context)
{
    static char context;

    prepare(LINED_ACTIVE);
    lined_server *server = start_handler_in(&lined_handler_received, &context);
    atomic_store(&contexts_seen, 0);
    ck_assert_uint_ne(lined_after(server, 0, expect_context, &context), 0);
    AWAIT(atomic_load(&contexts_seen) == 1);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_timer_fires_early,
        timers_fire_in_the_order_of_their_times,
        ten_thousand_timers_fire_once_each,
        a_time_is_at_most_int32_max,
        a_timer_is_cancelled_once_and_only_before_its_call,
        callbacks_and_timers_set_timers,
        one_thread_runs_timers_and_in_active_mode_all_callbacks,
        after_a_cut_no_timer_fires_and_each_can_be_cancelled,
        a_wait_returns_after_the_function_that_runs_and_no_timer_fires_then,
        in_a_drain_timers_fire,
        a_function_that_does_not_return_does_not_delay_the_cut,
        a_timer_ends_its_server,
        a_server_that_never_starts_drops_its_timers,
        timers_that_are_due_share_messages,
        the_function_of_a_timer_reaches_the_context,
    };
    return suite_run("timers", tests, sizeof tests / sizeof tests[0]);
}
