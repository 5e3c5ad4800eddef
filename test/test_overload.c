#define _GNU_SOURCE /* accept4 */
/* A server that has more clients than room: the limits, and what accept(2) and pthread_create(3)
 * fail with. Both are wrapped here, so that they fail when a test says so. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <lined.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* So soon after its cause has ended, service is back. A sanitizer on a busy machine is slow. */
#ifdef IS_SANITIZED
#define BACK_WITHIN_US 1000000
#else
#define BACK_WITHIN_US 100000
#endif

/* ---- faults ---- */

static _Atomic int accept_error;         /* what accept fails with; 0: it does not */
static _Atomic int accept_failures_left; /* how often; below 0: until accept_error is 0 */
static _Atomic unsigned accept_calls;
static _Atomic unsigned real_accept_calls; /* of these, those that were not made to fail */
static _Atomic int thread_error;           /* what pthread_create fails with; 0: it does not */
static _Atomic unsigned thread_failures;

int __real_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);

int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
    int error = atomic_load(&accept_error);

    atomic_fetch_add(&accept_calls, 1);
    if (error == 0 || atomic_load(&accept_failures_left) == 0) {
        atomic_fetch_add(&real_accept_calls, 1);
        return __real_accept4(listener, address, size, flags);
    }
    atomic_fetch_sub(&accept_failures_left, 1);
    errno = error;
    return -1;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument)
{
    int error = atomic_load(&thread_error);

    if (error == 0)
        return __real_pthread_create(thread, attributes, main, argument);
    atomic_fetch_add(&thread_failures, 1);
    return error;
}

/* The allocation of the library's threads that fails, counted from 1 on; 0: none. */
static _Atomic int allocation_to_fail;
static _Atomic unsigned allocation_failures;
static pthread_t test_thread; /* its allocations are not counted */

static bool fails_to_allocate(void)
{
    if (atomic_load(&allocation_to_fail) == 0 || pthread_equal(pthread_self(), test_thread) ||
        atomic_fetch_sub(&allocation_to_fail, 1) != 1)
        return false;
    atomic_fetch_add(&allocation_failures, 1);
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails_to_allocate() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_to_allocate() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size)
{
    return fails_to_allocate() ? NULL : __real_realloc(bytes, size);
}

/* ---- what the observer is told ---- */

static _Atomic unsigned pauses;
static _Atomic int last_pause; /* an enum lined_accept_pause */
static _Atomic int last_error;

static void saw_pause(void *context, enum lined_accept_pause why, int error)
{
    (void)context;
    atomic_store(&last_pause, (int)why);
    atomic_store(&last_error, error);
    atomic_fetch_add(&pauses, 1);
}

/* ---- how many are connected ---- */

static _Atomic int here;
static _Atomic int most_here;

static int come(void *context, lined_conn *conn, void **state)
{
    int now = atomic_fetch_add(&here, 1) + 1;
    int most = atomic_load(&most_here);

    (void)conn;
    (void)state;
    while (now > most && !atomic_compare_exchange_weak(&most_here, &most, now))
        continue;
    return LINED_OK;
}

static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    return lined_handler_received.line(NULL, conn, state, line, size);
}

static void go(void *context, lined_conn *conn, void *state, int reason)
{
    (void)conn;
    (void)state;
    (void)reason;
    atomic_fetch_sub(&here, 1);
}

static const struct lined_handler counting = {.open = come, .line = answer, .close = go};

static void prepare_faults(void)
{
    prepare(LINED_PASSIVE);
    atomic_store(&real_accept_calls, 0);
    atomic_store(&pauses, 0);
    watch.observer.accept_paused = saw_pause;
}

static lined_server *start(void)
{
    return start_handler(&counting);
}

static struct lined_stats stats_of(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats);
    return stats;
}

/* Another thread's doing that tells nobody: looks again and again, ten seconds at most. */
#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        for (int looks = 0; !(condition); looks++) {                                               \
            ck_assert_msg(looks < 10000, "not in ten seconds: %s", #condition);                    \
            poll(NULL, 0, 1);                                                                      \
        }                                                                                          \
    } while (0)

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* CPU time of this process, microseconds. */
static int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* CPU time of this process while half a second passes, in thousandths. */
static int64_t cpu_share(void)
{
    int64_t began = now_us();
    int64_t before = cpu_us();

    poll(NULL, 0, 500);
    return (cpu_us() - before) * 1000 / (now_us() - began);
}

/* Lets time pass in which the server must not spin: under 2 % CPU. What spins does so always; but
 * on a busy machine a wake-up may cost much once, so the best of five counts. */
static void expect_rest(void)
{
    int64_t least = INT64_MAX;

    for (int i = 0; i < 5 && least >= 20; i++) {
        int64_t share = cpu_share();
        least = share < least ? share : least;
    }
    ck_assert_msg(least < 20, "%lld of 1000", (long long)least);
}

/* A client from this loopback address. */
static int dial_from(uint32_t source, uint16_t port)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval deadline = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void talk(int fd)
{
    say(fd, "hello\n");
    expect(fd, "Received: hello\n\n");
}

/* A server whose limit of two has been reached by these. */
static lined_server *start_full(int clients[2], enum lined_overflow overflow)
{
    prepare_faults();
    options.max_connections = 2;
    options.overflow = overflow;
    lined_server *server = start();
    for (int i = 0; i < 2; i++) {
        clients[i] = dial(lined_server_port(server));
        talk(clients[i]);
    }
    return server;
}

/* ---- the limit ---- */

START_TEST(at_the_limit_clients_wait)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_WAIT);
    int third = dial(lined_server_port(server));

    say(third, "third\n");
    AWAIT(atomic_load(&pauses) > 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_LIMIT);
    ck_assert_int_eq(atomic_load(&last_error), 0);
    unsigned calls = atomic_load(&accept_calls);
    expect_rest();
    ck_assert_uint_eq(atomic_load(&accept_calls), calls); /* not once */
    talk(clients[0]);                                     /* who is here does not notice */
    ck_assert_uint_eq(stats_of(server).connections, 2);
    hang_up(clients[1]);
    expect(third, "Received: third\n\n");
    hang_up(third);
    hang_up(clients[0]);
    finish(server);
    ck_assert_uint_gt(atomic_load(&pauses), 0);
}
END_TEST

START_TEST(no_more_than_the_limit_are_served_at_a_time)
{
    enum { CLIENTS = 200, LIMIT = 3 };
    int clients[CLIENTS];

    prepare_faults();
    options.max_connections = LIMIT;
    lined_server *server = start();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
        half_close(clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    finish(server);
    ck_assert_int_ge(atomic_load(&most_here), 1);
    ck_assert_int_le(atomic_load(&most_here), LIMIT);
}
END_TEST

START_TEST(a_drain_serves_who_waits_behind_the_limit)
{
    enum { CLIENTS = 5 };
    int clients[2];
    int waiting[CLIENTS];
    lined_server *server = start_full(clients, LINED_OVERFLOW_WAIT);

    for (int i = 0; i < CLIENTS; i++) {
        waiting[i] = dial(lined_server_port(server));
        say(waiting[i], "hello\n");
    }
    AWAIT(atomic_load(&pauses) > 0);
    lined_server_drain(server);
    for (int i = 0; i < CLIENTS; i++) {
        expect(waiting[i], "Received: hello\n\n");
        hang_up(waiting[i]);
    }
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_le(atomic_load(&most_here), 2);
    lined_server_free(server);
    hang_up(clients[0]);
    hang_up(clients[1]);
}
END_TEST

static sem_t may_go_on;

static int wait_in_callback(void *context, lined_conn *conn, void *state, const char *line,
                            size_t size)
{
    (void)conn;
    (void)state;
    (void)line;
    (void)size;
    ck_assert_int_eq(sem_wait(&may_go_on), 0);
    return LINED_OK;
}

static int count_threads(void)
{
    DIR *threads = opendir("/proc/self/task");
    int count = 0;

    ck_assert_ptr_nonnull(threads);
    for (struct dirent *thread; (thread = readdir(threads)) != NULL;)
        count += thread->d_name[0] != '.';
    closedir(threads);
    return count;
}

/* The one connection cannot leave, for its callback waits; but the acceptor ends. */
START_TEST(a_stop_wakes_an_acceptor_that_rests_at_the_limit)
{
    static const struct lined_handler waiting = {.line = wait_in_callback};

    ck_assert_int_eq(sem_init(&may_go_on, 0, 0), 0);
    prepare_faults();
    options.max_connections = 1;
    lined_server *server = start_handler(&waiting);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    watch_await_lines(&watch, 1);
    AWAIT(atomic_load(&pauses) > 0);
    int threads = count_threads();
    lined_server_stop(server);
    AWAIT(count_threads() == threads - 1);
    ck_assert_int_eq(sem_post(&may_go_on), 0);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    lined_server_free(server);
    hang_up(client);
}
END_TEST

/* ---- turning away ---- */

static void expect_refusal(int fd, const char *line)
{
    expect(fd, line);
    expect_eof(fd);
    hang_up(fd);
}

static const struct lined_handler speaking = {.open = come,
                                              .line = answer,
                                              .close = go,
                                              .reject_busy = "full\r\n",
                                              .reject_per_ip = "crowded\r\n"};

START_TEST(a_handler_may_have_texts_of_its_own)
{
    prepare_faults();
    options.max_connections = 2;
    options.max_per_ip = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    lined_server *server = start_handler(&speaking);
    uint16_t port = lined_server_port(server);
    int one = dial_from(INADDR_LOOPBACK, port);
    talk(one);
    expect_refusal(dial_from(INADDR_LOOPBACK, port), "crowded\r\n");
    int other = dial_from(INADDR_LOOPBACK + 1, port);
    talk(other);
    expect_refusal(dial_from(INADDR_LOOPBACK + 2, port), "full\r\n");
    ck_assert_uint_eq(stats_of(server).rejected, 2);
    hang_up(one);
    hang_up(other);
    finish(server);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_no_handler)
{
    static char text[LINED_REJECT_MAX + 2];
    struct lined_handler handler = counting;
    lined_server *server;

    prepare_faults();
    memset(text, 'x', LINED_REJECT_MAX + 1);
    handler.reject_busy = text;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), -EINVAL);
    handler.reject_busy = NULL;
    handler.reject_per_ip = text;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), -EINVAL);
    text[LINED_REJECT_MAX] = '\0';
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(at_the_limit_clients_can_be_turned_away)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);

    for (int i = 0; i < 3; i++) {
        int third = dial(lined_server_port(server));
        say(third, "is anybody there\n");
        expect_refusal(third, "Server busy\n");
    }
    ck_assert_uint_eq(stats_of(server).rejected, 3);
    ck_assert_uint_eq(stats_of(server).connections, 2);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_LIMIT);
    talk(clients[0]);
    hang_up(clients[1]);
    AWAIT(stats_of(server).connected == 1);
    clients[1] = dial(lined_server_port(server));
    talk(clients[1]);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

/* Who has seen the end of its connection, and comes again at once, finds its place free. */
static void come_again_and_again(lined_server *server)
{
    enum { ROUNDS = 500 };

    for (int i = 0; i < ROUNDS; i++) {
        int client = dial(lined_server_port(server));
        say(client, "hello\n");
        half_close(client);
        expect(client, "Received: hello\n\n");
        expect_eof(client);
        hang_up(client);
    }
    ck_assert_uint_eq(stats_of(server).rejected, 0);
}

START_TEST(who_has_left_is_not_in_the_way)
{
    prepare_faults();
    options.max_connections = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    lined_server *server = start();
    come_again_and_again(server);
    finish(server);
    ck_assert_int_eq(atomic_load(&most_here), 1);
}
END_TEST

START_TEST(who_has_left_may_come_again_from_its_address)
{
    prepare_faults();
    options.max_per_ip = 1;
    lined_server *server = start();
    come_again_and_again(server);
    finish(server);
}
END_TEST

/* What a client sends after the line was sent is acknowledged: no reset destroys the line. */
START_TEST(who_is_turned_away_is_not_reset)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);
    int third = dial(lined_server_port(server));
    int unacknowledged = -1;
    struct pollfd reset = {.fd = third, .events = 0};

    say(third, "before\n");
    expect(third, "Server busy\n");
    expect_eof(third);
    say(third, "after\n");
    AWAIT(ioctl(third, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0);
    ck_assert_int_eq(poll(&reset, 1, 0), 0);
    hang_up(third);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

/* They stay, they send without end: neither holds up others, nor takes descriptors or time. */
START_TEST(who_is_turned_away_stalls_nobody)
{
    enum { CLIENTS = 100 };
    static char bytes[32 * 1024 * 1024];
    int clients[2];
    int others[CLIENTS];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);

    for (int i = 0; i < CLIENTS; i++) {
        others[i] = dial(lined_server_port(server));
        expect(others[i], "Server busy\n");
    }
    int sender = dial(lined_server_port(server));
    ck_assert_uint_lt(say_what_it_takes(sender, bytes, sizeof bytes), sizeof bytes);
    hang_up(sender);
    int64_t began = now_us();
    hang_up(clients[1]);
    AWAIT(stats_of(server).connected == 1);
    int next = dial(lined_server_port(server));
    talk(next);
    ck_assert_int_lt(now_us() - began, 1000000); /* less than anybody's patience */
    for (int i = 0; i < CLIENTS; i++)
        hang_up(others[i]);
    hang_up(next);
    hang_up(clients[0]);
    finish(server);
    ck_assert_uint_eq(atomic_load(&thread_failures), 0);
}
END_TEST

/* Until its connection is closed: what is sent to a closed one is answered by a reset. */
static void await_reset(int fd)
{
    struct pollfd closed = {.fd = fd, .events = 0};
    int64_t began = now_us();

    do {
        ck_assert_int_lt(now_us() - began, 10000000);
        send(fd, "x", 1, MSG_NOSIGNAL);
    } while (poll(&closed, 1, 10) == 0);
    ck_assert(closed.revents & POLLERR);
}

START_TEST(who_is_turned_away_and_stays_is_closed_in_a_while)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);
    int third = dial(lined_server_port(server));

    expect(third, "Server busy\n");
    expect_eof(third);
    await_reset(third);
    hang_up(third);
    talk(clients[0]);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

/* ---- addresses ---- */

START_TEST(one_address_has_its_own_limit)
{
    static const char line[] = "Too many connections from your address\n";
    int ours[2];

    prepare_faults();
    options.max_per_ip = 2;
    lined_server *server = start();
    uint16_t port = lined_server_port(server);
    for (int i = 0; i < 2; i++) {
        ours[i] = dial_from(INADDR_LOOPBACK, port);
        talk(ours[i]);
    }
    expect_refusal(dial_from(INADDR_LOOPBACK, port), line);
    int other = dial_from(INADDR_LOOPBACK + 1, port);
    talk(other);
    ck_assert_uint_eq(stats_of(server).rejected, 1);
    hang_up(ours[0]);
    AWAIT(stats_of(server).connected == 2);
    ours[0] = dial_from(INADDR_LOOPBACK, port);
    talk(ours[0]);
    expect_refusal(dial_from(INADDR_LOOPBACK, port), line);
    ck_assert_uint_eq(stats_of(server).rejected, 2);
    ck_assert_uint_eq(atomic_load(&pauses), 0);
    hang_up(ours[0]);
    hang_up(ours[1]);
    hang_up(other);
    finish(server);
}
END_TEST

static int end_at_once(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    int result = lined_send(conn, line, size);
    return result == LINED_OK ? LINED_END : result;
}

/* They are waited for, for a second, but not for more of them than may be connected. */
START_TEST(who_does_not_close_holds_few_places)
{
    enum { CLIENTS = 100, LIMIT = 2 };
    static const struct lined_handler handler = {.line = end_at_once};
    int clients[CLIENTS];

    prepare_faults();
    options.max_per_ip = LIMIT;
    lined_server *server = start_handler(&handler);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "bye\n");
        expect(clients[i], "bye\n");
        expect_eof(clients[i]);
    }
    /* With these, those whose threads have not had their turn to go. */
    ck_assert_uint_le(stats_of(server).connected_peak, CLIENTS / 2);
    ck_assert_uint_eq(stats_of(server).rejected, 0);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    finish(server);
}
END_TEST

/* Also while the acceptor rests because somebody else has taken the last place. */
START_TEST(who_is_turned_away_is_closed_in_a_while_at_the_limit_too)
{
    prepare_faults();
    options.max_connections = 2;
    options.max_per_ip = 1;
    lined_server *server = start();
    uint16_t port = lined_server_port(server);
    int first = dial_from(INADDR_LOOPBACK, port);
    talk(first);
    int crowding = dial_from(INADDR_LOOPBACK, port);
    expect(crowding, "Too many connections from your address\n");
    expect_eof(crowding);
    int second = dial_from(INADDR_LOOPBACK + 1, port);
    talk(second);
    AWAIT(atomic_load(&pauses) > 0);
    await_reset(crowding);
    hang_up(crowding);
    int third = dial_from(INADDR_LOOPBACK + 2, port);
    say(third, "hello\n");
    hang_up(first);
    expect(third, "Received: hello\n\n");
    hang_up(second);
    hang_up(third);
    finish(server);
}
END_TEST

/* ---- the rate ---- */

START_TEST(accepting_keeps_to_its_rate)
{
    enum { CLIENTS = 12, RATE = 20 };
    int clients[CLIENTS];

    prepare_faults();
    options.accept_rate = RATE;
    lined_server *server = start();
    int64_t began = now_us();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    /* A tenth of a second is made up for: the first three come at once, two of them for that. The
     * server's clock counts whole milliseconds. */
    ck_assert_int_ge(now_us() - began, (CLIENTS - 3) * 1000000 / RATE - 1000);
    finish(server);
}
END_TEST

START_TEST(a_drain_does_not_wait_for_the_rate)
{
    enum { CLIENTS = 10 };
    int clients[CLIENTS];

    prepare_faults();
    options.accept_rate = 1; /* ten seconds for ten */
    lined_server *server = start();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
    }
    expect(clients[0], "Received: hello\n\n");
    int64_t began = now_us();
    lined_server_drain(server);
    for (int i = 1; i < CLIENTS; i++)
        expect(clients[i], "Received: hello\n\n");
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_lt(now_us() - began, 4000000);
    lined_server_free(server);
}
END_TEST

START_TEST(a_stop_ends_a_pause)
{
    int64_t quickest = INT64_MAX;

    for (int i = 0; i < 3;
         i++) { /* the best of them, for this machine may have others' work to do */
        prepare_faults();
        options.accept_rate = 1; /* after the first, a pause of nine tenths of a second */
        lined_server *server = start();
        int client = dial(lined_server_port(server));
        talk(client);
        int64_t began = now_us();
        lined_server_stop(server);
        ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        lined_server_free(server);
        hang_up(client);
    }
    ck_assert_msg(quickest <= 400000, "%lld us", (long long)quickest);
}
END_TEST

/* ---- accept(2) fails ---- */

static void fail_accept(int error, int times)
{
    atomic_store(&accept_failures_left, times);
    atomic_store(&accept_error, error);
}

/* Waits until the acceptor is in a call that does not fail, and lets those after it fail; somebody
 * comes and ends that call. */
static int come_and_fail_accept(lined_server *server, int error, int times)
{
    AWAIT(atomic_load(&real_accept_calls) == stats_of(server).connections + 1);
    fail_accept(error, times);
    return dial(lined_server_port(server));
}

static int start_failing(lined_server *server, int error, int times)
{
    int client = come_and_fail_accept(server, error, times);

    talk(client);
    return client;
}

START_TEST(a_client_that_cannot_be_accepted_costs_no_other)
{
    static const int errors[] = {EINTR,       ECONNABORTED, EPROTO,          ENETDOWN,
                                 ENETUNREACH, EHOSTDOWN,    EHOSTUNREACH,    ENONET,
                                 ENOPROTOOPT, EOPNOTSUPP,   EPERM,           ETIMEDOUT,
                                 ENOSR,       EAGAIN,       ESOCKTNOSUPPORT, EPROTONOSUPPORT};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        prepare_faults();
        lined_server *server = start();
        int client = start_failing(server, errors[i], 16);
        int64_t began = now_us();
        int next = dial(lined_server_port(server));
        talk(next);
        ck_assert_int_lt(now_us() - began, 1000000);
        ck_assert_int_eq(atomic_load(&accept_failures_left), 0);
        ck_assert_uint_eq(atomic_load(&pauses), 0); /* not paced, not told */
        fail_accept(0, 0);
        hang_up(client);
        hang_up(next);
        finish(server);
    }
}
END_TEST

/* For as long as the cause lasts the acceptor rests, and who is connected does not notice. */
static void expect_paced(int error, unsigned calls_a_rest)
{
    int64_t quickest = INT64_MAX;

    prepare_faults();
    lined_server *server = start();
    int client = start_failing(server, error, -1);
    AWAIT(atomic_load(&pauses) > 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_ACCEPT);
    ck_assert_int_eq(atomic_load(&last_error), error);
    unsigned calls = atomic_load(&accept_calls);
    int64_t rest_began = now_us();
    expect_rest();
    int64_t rests = (now_us() - rest_began) / 50000 + 2;
    ck_assert_uint_le(atomic_load(&accept_calls) - calls, calls_a_rest * (unsigned)rests);
    talk(client);
    /* Back within 100 ms; the best of some, for this machine may have others' work to do. */
    for (int i = 0; i < 5; i++) {
        int next = dial(lined_server_port(server));
        say(next, "hello\n");
        calls = atomic_load(&accept_calls);
        AWAIT(atomic_load(&accept_calls) != calls); /* it has just failed, and rests */
        fail_accept(0, 0);
        int64_t began = now_us();
        expect(next, "Received: hello\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        hang_up(next);
        hang_up(start_failing(server, error, -1));
    }
    ck_assert_msg(quickest <= BACK_WITHIN_US, "errno %d: %lld us", error, (long long)quickest);
    fail_accept(0, 0);
    hang_up(client);
    finish(server);
}

START_TEST(without_a_resource_the_acceptor_rests)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        expect_paced(errors[i], 1);
}
END_TEST

START_TEST(errors_of_clients_without_end_are_paced_as_well)
{
    expect_paced(ECONNABORTED, 17);
}
END_TEST

START_TEST(an_error_for_good_ends_the_server)
{
    static const int errors[] = {EBADF, ENOTSOCK, EFAULT, EXDEV, EINVAL};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        prepare_faults();
        lined_server *server = start();
        int client = come_and_fail_accept(server, errors[i], -1);
        ck_assert_int_eq(lined_server_wait(server), -errors[i]);
        expect_eof(client); /* drained, not left hanging */
        hang_up(client);
        fail_accept(0, 0);
        lined_server_free(server);
    }
}
END_TEST

/* ---- pthread_create(3) fails ---- */

/* Nobody leaves in between, for that would leave a thread to spare. */
static void expect_thread_wait(int error)
{
    enum { TIMES = 5 };
    int clients[2 * TIMES];
    int64_t quickest = INT64_MAX;

    prepare_faults();
    options.max_per_ip = 2 * TIMES + 1; /* trying again counts nobody twice */
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    talk(client);
    for (int i = 0; i < TIMES; i++) {
        atomic_store(&thread_error, error);
        unsigned failures = atomic_load(&thread_failures);
        int next = dial(lined_server_port(server));
        int after = dial(lined_server_port(server));
        say(next, "hello\n");
        say(after, "hello\n");
        AWAIT(atomic_load(&thread_failures) != failures);
        talk(client);
        if (i == 0)
            expect_rest();
        atomic_store(&thread_error, 0);
        int64_t began = now_us();
        expect(next, "Received: hello\n\n"); /* nobody was lost */
        expect(after, "Received: hello\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        clients[2 * i] = next;
        clients[2 * i + 1] = after;
    }
    for (int i = 0; i < 2 * TIMES; i++)
        hang_up(clients[i]);
    ck_assert_msg(quickest <= BACK_WITHIN_US, "errno %d: %lld us", error, (long long)quickest);
    ck_assert_uint_gt(atomic_load(&pauses), 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_THREAD);
    ck_assert_int_eq(atomic_load(&last_error), error);
    ck_assert_uint_eq(stats_of(server).connections, 2 * TIMES + 1);
    ck_assert_uint_eq(stats_of(server).rejected, 0);
    hang_up(client);
    finish(server);
}

START_TEST(without_a_thread_clients_wait)
{
    expect_thread_wait(EAGAIN);
    expect_thread_wait(ENOMEM);
}
END_TEST

START_TEST(a_drain_goes_on_when_there_are_threads_again)
{
    prepare_faults();
    lined_server *server = start();
    atomic_store(&thread_error, EAGAIN);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    AWAIT(atomic_load(&thread_failures) > 0);
    lined_server_drain(server);
    atomic_store(&thread_error, 0);
    expect(client, "Received: hello\n\n");
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(without_threads_a_stop_is_a_stop)
{
    prepare_faults();
    lined_server *server = start();
    atomic_store(&thread_error, EAGAIN);
    int client = dial(lined_server_port(server));
    AWAIT(atomic_load(&thread_failures) > 0);
    lined_server_stop(server);
    lined_server_wait(server);
    drink(client);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* Each allocation for a connection fails once: it waits, and is served. In both modes. */
START_TEST(a_client_waits_where_memory_is_short)
{
    enum { ALLOCATIONS = 10 };

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare_faults();
        options.mode = mode;
        options.max_per_ip = 10; /* it allocates, too */
        test_thread = pthread_self();
        atomic_store(&allocation_failures, 0);
        lined_server *server = start();
        for (int i = 1; i <= ALLOCATIONS; i++) {
            atomic_store(&allocation_to_fail, i);
            int client = dial(lined_server_port(server));
            talk(client);
            atomic_store(&allocation_to_fail, 0);
            hang_up(client);
            AWAIT(stats_of(server).connected == 0);
        }
        ck_assert_uint_gt(atomic_load(&allocation_failures), 1);
        ck_assert_uint_lt(atomic_load(&allocation_failures), ALLOCATIONS); /* all were met */
        finish(server);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        at_the_limit_clients_wait,
        no_more_than_the_limit_are_served_at_a_time,
        a_drain_serves_who_waits_behind_the_limit,
        a_stop_wakes_an_acceptor_that_rests_at_the_limit,
        a_handler_may_have_texts_of_its_own,
        a_text_that_is_too_long_is_no_handler,
        at_the_limit_clients_can_be_turned_away,
        who_has_left_is_not_in_the_way,
        who_has_left_may_come_again_from_its_address,
        who_is_turned_away_is_not_reset,
        who_is_turned_away_stalls_nobody,
        who_is_turned_away_and_stays_is_closed_in_a_while,
        one_address_has_its_own_limit,
        who_does_not_close_holds_few_places,
        who_is_turned_away_is_closed_in_a_while_at_the_limit_too,
        accepting_keeps_to_its_rate,
        a_drain_does_not_wait_for_the_rate,
        a_stop_ends_a_pause,
        a_client_that_cannot_be_accepted_costs_no_other,
        without_a_resource_the_acceptor_rests,
        errors_of_clients_without_end_are_paced_as_well,
        an_error_for_good_ends_the_server,
        without_a_thread_clients_wait,
        a_drain_goes_on_when_there_are_threads_again,
        without_threads_a_stop_is_a_stop,
        a_client_waits_where_memory_is_short,
    };
    return suite_run("overload", tests, sizeof tests / sizeof tests[0]);
}
