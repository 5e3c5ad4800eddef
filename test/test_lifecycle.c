/*
 * The order of things at a connection's beginning and end, which is a matter of luck from outside.
 * The linker puts the functions below between the library and some system calls (--wrap, see
 * CMakeLists.txt), so each test looks, fails or waits at just the step that it is about.
 */
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "thread_faults.h"

#include <errno.h>
#include <lined.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static _Thread_local bool is_worker, is_pusher, is_stopper;
static _Thread_local int locks_held, most_locks_held_at_unlock;
static _Thread_local int shut_since_lock, most_shut_since_lock;
static _Thread_local int closing = -1; /* the descriptor that a connection's thread closes */
static _Thread_local bool was_shut_at_close;

static lined_server *server;
static sem_t has_opened, was_interrupted;
static lined_handle handle;             /* of the last connection; read after has_opened */
static void (*at_close)(void);          /* on a connection's thread, before it closes */
static void (*at_shutdown)(int how);    /* after it */
static void (*at_accept)(void);         /* on the acceptor, when a client was accepted */
static void (*at_no_client)(void);      /* on the acceptor, when no client waits */
static void (*at_send)(void);           /* on a pusher, before it */
static void (*at_waiting_lock)(void);   /* on a connection's thread, before it waits for a lock */
static void (*at_pusher_waiting)(void); /* the same on a pusher */
static void (*at_recv)(ssize_t);        /* on a connection's thread, after it */
static atomic_int waits_to_interrupt;   /* recv fails with EINTR where it could wait */

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    if (is_worker && at_close != NULL) {
        closing = fd;
        at_close();
    }
    return __real_close(fd);
}

int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how)
{
    int result = __real_shutdown(fd, how);

    was_shut_at_close |= fd == closing;
    shut_since_lock++;
    if (shut_since_lock > most_shut_since_lock)
        most_shut_since_lock = shut_since_lock;
    if (at_shutdown != NULL)
        at_shutdown(how);
    return result;
}

int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int client = __real_accept4(fd, address, size, flags);

    if (client >= 0 && at_accept != NULL)
        at_accept();
    if (client < 0 && at_no_client != NULL) {
        at_no_client();
        errno = EAGAIN;
    }
    return client;
}

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags)
{
    if (is_worker && flags == 0 && atomic_fetch_sub(&waits_to_interrupt, 1) > 0) {
        sem_post(&was_interrupted);
        errno = EINTR;
        return -1;
    }
    ssize_t received = __real_recv(fd, bytes, size, flags);
    if (is_worker && at_recv != NULL)
        at_recv(received);
    return received;
}

static _Thread_local int sends_of_thread;

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    sends_of_thread++;
    if (is_pusher && at_send != NULL)
        at_send();
    return __real_send(fd, bytes, size, flags);
}

int __real_pthread_mutex_trylock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex);

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    locks_held++;
    shut_since_lock = 0;
    void (*at_waiting)(void) = is_worker ? at_waiting_lock : is_pusher ? at_pusher_waiting : NULL;
    if (at_waiting != NULL) {
        if (__real_pthread_mutex_trylock(mutex) == 0)
            return 0;
        at_waiting();
    }
    return __real_pthread_mutex_lock(mutex);
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int error = __real_pthread_mutex_trylock(mutex);

    locks_held += error == 0;
    return error;
}

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (locks_held > most_locks_held_at_unlock)
        most_locks_held_at_unlock = locks_held;
    locks_held--;
    return __real_pthread_mutex_unlock(mutex);
}

/* A handler that remembers its connection, and ends it at "end". */
static int note_connection(void *context, lined_conn *conn, void **state)
{
    (void)state;
    is_worker = true;
    handle = lined_conn_handle(conn);
    sem_post(&has_opened);
    return LINED_OK;
}

static int echo_to_the_end(void *context, lined_conn *conn, void *state, const char *line,
                           size_t size)
{
    (void)state;
    if (size == 4 && memcmp(line, "end\n", size) == 0)
        return LINED_END;
    return lined_send(conn, line, size);
}

static const struct lined_handler handler = {.open = note_connection, .line = echo_to_the_end};

static void await(sem_t *sem)
{
    while (sem_wait(sem) != 0)
        continue;
}

static int dial_and_echo(void)
{
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "hello\n");
    return client;
}

/* ---- the end of a connection ---- */

static struct lined_stats stats_at_close;
static bool is_known_at_close;

static void stop_at_close(void)
{
    lined_server_stop(server);
    is_known_at_close = was_shut_at_close;
    lined_server_stats(server, &stats_at_close, sizeof stats_at_close);
}

/* A cut shuts down every connection in the table. If a closed descriptor were among them, it could
 * be another socket's by then. And when no connection is counted any more, no descriptor is open.
 */
START_TEST(a_connection_is_unknown_but_counted_when_it_is_closed)
{
    prepare(LINED_PASSIVE);
    at_close = stop_at_close;
    server = start_handler(&handler);
    int client = dial_and_echo();
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert(!is_known_at_close);
    ck_assert_uint_eq(stats_at_close.connections_cut, 0);
    ck_assert_uint_eq(stats_at_close.connected, 1);
    lined_server_free(server);
}
END_TEST

static sem_t has_returned;
static bool returned_early;

/* Gives a wait that does not wait for this thread the time to return. */
static void give_time_to_return(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    returned_early = sem_timedwait(&has_returned, &until) == 0;
}

START_TEST(a_wait_does_not_return_before_the_last_connection_is_closed)
{
    prepare(LINED_PASSIVE);
    at_close = give_time_to_return;
    server = start_handler(&handler);
    int client = dial_and_echo();
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    sem_post(&has_returned);
    lined_server_free(server);
    ck_assert(!returned_early);
    hang_up(client);
}
END_TEST

static sem_t is_accepted;

static void linger_in_acceptor(void)
{
    sem_post(&is_accepted);
    give_time_to_return();
}

/* No connection is present, but the acceptor is about to bring one. */
START_TEST(a_wait_does_not_return_before_the_acceptor_has_ended)
{
    prepare(LINED_PASSIVE);
    at_accept = linger_in_acceptor;
    server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    await(&is_accepted);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    sem_post(&has_returned);
    lined_server_free(server);
    ck_assert(!returned_early);
    hang_up(client);
}
END_TEST

/* The thread that stops, after the last shutdown(2). */
static void linger_amid_stop(void *context, uint64_t count)
{
    (void)context;
    ck_assert(is_stopper);
    ck_assert_uint_eq(count, 1);
    give_time_to_return();
}

static void *stop_it(void *unused)
{
    is_stopper = true;
    lined_server_stop(server);
    return unused;
}

/* By then no connection is left, but the thread that stops still uses the server. */
START_TEST(a_wait_does_not_return_before_a_stop_has_returned)
{
    pthread_t stopper;

    prepare(LINED_PASSIVE);
    options.observer = &(const struct lined_observer){.cut = linger_amid_stop};
    server = start_handler(&handler);
    int client = dial_and_echo();
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop_it, NULL), 0);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    sem_post(&has_returned);
    ck_assert_int_eq(pthread_join(stopper, NULL), 0);
    ck_assert(!returned_early);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

static bool has_ended, had_ended_at_close;

static void note_end(int how)
{
    if (is_worker && how == SHUT_WR)
        has_ended = true;
}

static void compare_at_close(void)
{
    had_ended_at_close = has_ended;
}

START_TEST(our_side_is_ended_before_it_is_closed)
{
    prepare(LINED_PASSIVE);
    at_shutdown = note_end;
    at_close = compare_at_close;
    server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "end\n");
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert(had_ended_at_close);
    lined_server_free(server);
}
END_TEST

static int ends_seen; /* a connection's thread; others read it after lined_server_wait */

/* After our side was ended: the end of the client's, or a reset. Without either, recv says EAGAIN.
 */
static void count_end(ssize_t received)
{
    if (has_ended && (received == 0 || (received < 0 && errno != EAGAIN)))
        ends_seen++;
}

/* The lingering close waits for the client's end, and no longer: what comes after it is not asked
 * for. */
static void expect_one_end(void (*end)(int client))
{
    prepare(LINED_PASSIVE);
    at_shutdown = note_end;
    at_recv = count_end;
    server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "end\n");
    expect_eof(client); /* so the lingering has begun */
    end(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_eq(ends_seen, 1);
    lined_server_free(server);
}

START_TEST(lingering_ends_when_the_client_ends)
{
    expect_one_end(hang_up);
}
END_TEST

START_TEST(lingering_ends_when_the_client_resets)
{
    expect_one_end(hang_up_rudely);
}
END_TEST

/* A lingering close of a connection of a drain could keep the drain up, and would reset what the
 * client still sends. */
START_TEST(a_drain_ends_without_a_lingering_close)
{
    prepare(LINED_PASSIVE);
    at_shutdown = note_end;
    server = start_handler(&handler);
    int client = dial_and_echo();
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert(!has_ended);
    expect_eof(client);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_client_that_has_ended_is_not_waited_for)
{
    prepare(LINED_PASSIVE);
    at_shutdown = note_end;
    server = start_handler(&handler);
    int client = dial_and_echo();
    half_close(client);
    expect_eof(client);
    hang_up(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert(!has_ended);
    lined_server_free(server);
}
END_TEST

/* ---- a client that comes as another leaves ---- */

static sem_t has_closing, was_rejected;
static bool rejected_early;

/* Gives the acceptor the time to reject the next client, for which this connection has made room.
 */
static void give_time_to_reject(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    sem_post(&has_closing);
    rejected_early = sem_timedwait(&was_rejected, &until) == 0;
    at_close = NULL;
}

static void note_rejection(void *context, enum lined_accept_pause why, int error)
{
    (void)context;
    (void)error;
    ck_assert_int_eq(why, LINED_PAUSE_LIMIT);
    sem_post(&was_rejected);
}

START_TEST(a_connection_that_has_left_makes_room)
{
    prepare(LINED_PASSIVE);
    options.max_connections = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    options.observer = &(const struct lined_observer){.accept_paused = note_rejection};
    at_close = give_time_to_reject;
    server = start_handler(&handler);
    int first = dial_and_echo();
    hang_up(first);
    await(&has_closing);
    int second = dial_and_echo();
    ck_assert(!rejected_early);
    hang_up(second);
    finish(server);
}
END_TEST

static sem_t may_close;

static void wait_to_close(void)
{
    sem_post(&has_closing);
    await(&may_close);
    at_close = NULL;
}

/* Its thread may not run on a busy machine. */
START_TEST(an_acceptor_waits_for_a_closing_connection_for_some_time_only)
{
    prepare(LINED_PASSIVE);
    options.max_connections = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    at_close = wait_to_close;
    server = start_handler(&handler);
    int first = dial_and_echo();
    hang_up(first);
    await(&has_closing);
    int second = dial(lined_server_port(server));
    expect(second, "Server busy\n");
    expect_eof(second);
    hang_up(second);
    sem_post(&may_close);
    finish(server);
}
END_TEST

/* ---- pushes to a connection that ends ---- */

static sem_t is_pushing, may_push, has_closed, may_leave, has_moved;
static atomic_bool closed_its_descriptor;

static void stop_before_send(void)
{
    sem_post(&is_pushing);
    await(&may_push);
}

static void note_waiting(void)
{
    sem_post(&has_moved);
}

static void note_close(void)
{
    atomic_store(&closed_its_descriptor, true);
    sem_post(&has_moved);
}

static void stop_before_leaving(void *context, lined_conn *conn, void **slot, int reason)
{
    (void)context;
    (void)slot;
    (void)conn;
    (void)reason;
    at_waiting_lock = note_waiting;
    sem_post(&has_closed);
    await(&may_leave);
}

static void *push_once(void *unused)
{
    (void)unused;
    is_pusher = true;
    most_locks_held_at_unlock = 0;
    ck_assert_int_eq(lined_push(handle, "x", 1), LINED_GONE);
    ck_assert_int_eq(most_locks_held_at_unlock,
                     2); /* the outbox's before the table's is unlocked */
    ck_assert_int_eq(locks_held, 0);
    return NULL;
}

START_TEST(a_borrowed_connection_is_not_closed)
{
    pthread_t pusher;

    prepare(LINED_PASSIVE);
    options.observer = &(const struct lined_observer){.closed = stop_before_leaving};
    at_send = stop_before_send;
    at_close = note_close;
    server = start_handler(&handler);
    hang_up_rudely(dial_and_echo()); /* so it leaves without last words */
    await(&has_closed);
    ck_assert_int_eq(pthread_create(&pusher, NULL, push_once, NULL), 0);
    await(&is_pushing);
    sem_post(&may_leave);
    await(&has_moved); /* it waits for the pusher, or has closed */
    ck_assert(!atomic_load(&closed_its_descriptor));
    sem_post(&may_push);
    ck_assert_int_eq(pthread_join(pusher, NULL), 0);
    lined_server_free(server);
    ck_assert(atomic_load(&closed_its_descriptor));
}
END_TEST

static void *push_ok(void *unused)
{
    is_pusher = true;
    ck_assert_int_eq(lined_push(handle, "x", 1), LINED_OK);
    ck_assert_int_eq(locks_held, 0);
    return unused;
}

/* The client has its reply, but its thread may not have returned from the send: until then pushes
 * wait for this thread. */
static void await_that_a_push_is_sent_at_once(int client)
{
    do {
        sends_of_thread = 0;
        ck_assert_int_eq(lined_push(handle, "y", 1), LINED_OK);
        expect(client, "y");
    } while (sends_of_thread == 0);
}

/* One thread sends to a connection, and a second one waits for it. */
START_TEST(joins_leaves_and_statistics_do_not_wait_for_a_send)
{
    pthread_t sending, waiting;
    struct lined_stats stats;

    prepare(LINED_PASSIVE);
    server = start_handler(&handler);
    int busy = dial_and_echo();
    lined_handle busy_handle = handle;
    await_that_a_push_is_sent_at_once(busy);
    at_pusher_waiting = note_waiting;
    at_send = stop_before_send;
    ck_assert_int_eq(pthread_create(&sending, NULL, push_ok, NULL), 0);
    await(&is_pushing);
    ck_assert_int_eq(pthread_create(&waiting, NULL, push_ok, NULL), 0);
    await(&has_moved);
    for (int i = 0; i < 3; i++)
        hang_up_rudely(dial_and_echo());
    watch_await_closed(&watch, 3);
    lined_server_stats(server, &stats, sizeof stats);
    ck_assert_uint_eq(stats.connections, 4);
    ck_assert_int_eq(sem_post(&may_push) | sem_post(&may_push), 0);
    ck_assert_int_eq(pthread_join(sending, NULL) | pthread_join(waiting, NULL), 0);
    expect(busy, "xx");
    ck_assert(!lined_handle_is(busy_handle, handle));
    hang_up(busy);
    lined_server_free(server);
}
END_TEST

/* ---- walks through all connections ---- */

static atomic_int sends, locks_held_at_send;

static void note_locks(void)
{
    atomic_fetch_add(&sends, 1);
    atomic_store(&locks_held_at_send, locks_held);
}

static void *broadcast_once(void *unused)
{
    is_pusher = true;
    lined_broadcast(server, "x\n", 2, (lined_handle){NULL, 0});
    return unused;
}

static void broadcast(void)
{
    pthread_t pusher;

    ck_assert_int_eq(pthread_create(&pusher, NULL, broadcast_once, NULL), 0);
    ck_assert_int_eq(pthread_join(pusher, NULL), 0);
}

START_TEST(a_broadcast_sends_under_no_lock_of_all_connections)
{
    prepare(LINED_PASSIVE);
    at_send = note_locks;
    server = start_handler(&handler);
    int client = dial_and_echo();
    while (atomic_load(&sends) == 0) { /* not while the thread of the connection is sending */
        broadcast();
        expect(client, "x\n");
    }
    ck_assert_int_eq(atomic_load(&locks_held_at_send), 1); /* the outbox's */
    hang_up(client);
    finish(server);
}
END_TEST

static int wait_for_its_end(void *context, lined_conn *conn, void *state, const char *line,
                            size_t size)
{
    (void)conn;
    (void)state;
    (void)line;
    (void)size;
    sem_post(&has_opened);
    await(&may_leave);
    return LINED_OK;
}

START_TEST(a_broadcast_after_a_cut_sends_nothing)
{
    static const struct lined_handler waiting = {.line = wait_for_its_end};

    prepare(LINED_PASSIVE);
    at_send = note_locks;
    server = start_handler(&waiting);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    await(&has_opened);
    lined_server_stop(server);
    broadcast();
    ck_assert_int_eq(atomic_load(&sends), 0);
    sem_post(&may_leave);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* So joins and leaves wait for few of them, however many there are. */
START_TEST(a_drain_and_a_cut_let_the_lock_go_between_steps)
{
    enum { CLIENTS = 200, STEP = 64 };
    int clients[CLIENTS];

    for (int is_cut = 0; is_cut <= 1; is_cut++) {
        prepare(LINED_PASSIVE);
        server = start_handler(&handler);
        for (int i = 0; i < CLIENTS; i++)
            clients[i] = dial_and_echo();
        most_shut_since_lock = 0;
        if (is_cut)
            lined_server_stop(server);
        else
            lined_server_drain(server);
        ck_assert_int_gt(most_shut_since_lock, 1);
        ck_assert_int_le(most_shut_since_lock, STEP);
        for (int i = 0; i < CLIENTS; i++)
            hang_up(clients[i]);
        lined_server_free(server);
    }
}
END_TEST

/* ---- the beginning ---- */

static sem_t has_paused;

static void note_pause(void *context, enum lined_accept_pause why, int error)
{
    (void)context;
    ck_assert_int_eq(why, LINED_PAUSE_THREAD);
    ck_assert_int_eq(error, EAGAIN);
    sem_post(&has_paused);
}

START_TEST(a_client_without_a_thread_waits_and_is_counted_once)
{
    prepare(LINED_PASSIVE);
    options.observer = &(const struct lined_observer){.accept_paused = note_pause};
    server = start_handler(&handler);
    fail_threads(EAGAIN, 1);
    int client = dial_and_echo(); /* at the second try */
    await(&has_paused);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.connected, 1);
    ck_assert_uint_eq(stats.connected_peak, 1);
    hang_up(client);
    finish(server);
}
END_TEST

static void stop_server(void)
{
    lined_server_stop(server);
}

START_TEST(a_client_accepted_during_a_stop_is_closed)
{
    prepare(LINED_PASSIVE);
    at_accept = stop_server;
    server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    drink(client);
    hang_up(client);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.connections, 0);
    lined_server_free(server);
}
END_TEST

/* ---- between ---- */

START_TEST(an_interrupted_wait_is_no_end)
{
    prepare(LINED_PASSIVE);
    atomic_store(&waits_to_interrupt, 1);
    server = start_handler(&handler);
    int client = dial_and_echo();
    await(&was_interrupted);
    say(client, "again\n");
    expect(client, "again\n");
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

/* A thread that the shutdown of a drain wakes must see the drain. */
static void await_its_end(int how)
{
    if (how == SHUT_RD)
        watch_await_closed(&watch, 1);
}

START_TEST(a_thread_woken_by_a_drain_returns_stopping)
{
    prepare(LINED_PASSIVE);
    server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "end"); /* no line, so no reply is in flight */
    await(&has_opened);
    at_shutdown = await_its_end;
    lined_server_drain(server);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_STOPPING);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

static int late_client = -1;

static void connect_and_drain(void)
{
    if (late_client >= 0)
        return;
    late_client = dial(lined_server_port(server));
    say(late_client, "hello\n");
    lined_server_drain(server);
}

/* accept(2) has found no client; then one comes, and after it the drain. */
START_TEST(a_client_that_comes_just_before_a_drain_is_served)
{
    prepare(LINED_PASSIVE);
    at_no_client = connect_and_drain;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    expect(late_client, "hello\n");
    expect_eof(late_client);
    hang_up(late_client);
    lined_server_free(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_connection_is_unknown_but_counted_when_it_is_closed,
        a_wait_does_not_return_before_the_last_connection_is_closed,
        a_wait_does_not_return_before_the_acceptor_has_ended,
        a_wait_does_not_return_before_a_stop_has_returned,
        our_side_is_ended_before_it_is_closed,
        lingering_ends_when_the_client_ends,
        lingering_ends_when_the_client_resets,
        a_drain_ends_without_a_lingering_close,
        a_client_that_has_ended_is_not_waited_for,
        a_connection_that_has_left_makes_room,
        an_acceptor_waits_for_a_closing_connection_for_some_time_only,
        a_borrowed_connection_is_not_closed,
        joins_leaves_and_statistics_do_not_wait_for_a_send,
        a_broadcast_sends_under_no_lock_of_all_connections,
        a_broadcast_after_a_cut_sends_nothing,
        a_drain_and_a_cut_let_the_lock_go_between_steps,
        a_client_without_a_thread_waits_and_is_counted_once,
        a_client_accepted_during_a_stop_is_closed,
        an_interrupted_wait_is_no_end,
        a_thread_woken_by_a_drain_returns_stopping,
        a_client_that_comes_just_before_a_drain_is_served,
    };
    sem_t *const semaphores[] = {&has_opened,   &was_interrupted, &is_pushing,  &may_push,
                                 &has_closed,   &may_leave,       &has_moved,   &has_paused,
                                 &has_returned, &has_closing,     &is_accepted, &was_rejected};

    for (size_t i = 0; i < sizeof semaphores / sizeof semaphores[0]; i++)
        sem_init(semaphores[i], 0, 0);
    return suite_run("lifecycle", tests, sizeof tests / sizeof tests[0]);
}
