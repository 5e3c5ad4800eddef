/*
 * The same bytes, however the kernel cuts them: each call that can be interrupted is, every other
 * time, and takes or gives a byte at a time, or a few. The linker puts the calls below in place of
 * libc's, except for the test's own thread.
 */
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <limits.h>
#include <lined.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum call { RECV, SEND, POLL, ACCEPT, EPOLL, CALLS };

static pthread_t test_thread; /* set before any other thread is made */
static size_t slice;          /* the most that a recv or a send may do; likewise */
static _Atomic unsigned interrupted[CALLS];
static _Thread_local bool was_interrupted[CALLS];
static atomic_int sends_to_fail; /* with EAGAIN, although the socket polls as writable */
static atomic_int sends_failed;

ssize_t __real_recv(int fd, void *into, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *into, size_t size, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
int __real_poll(struct pollfd *fds, nfds_t count, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int ms);
int __real_accept4(int fd, struct sockaddr *peer, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *peer, socklen_t *size, int flags);
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms);

/* Only the test's own thread sees the kernel as it is. */
static bool is_test_thread(void)
{
    return pthread_equal(pthread_self(), test_thread);
}

static bool interrupt(enum call call)
{
    was_interrupted[call] = !was_interrupted[call] && !is_test_thread();
    if (was_interrupted[call]) {
        atomic_fetch_add(&interrupted[call], 1);
        errno = EINTR;
    }
    return was_interrupted[call];
}

static size_t cut(size_t size)
{
    return is_test_thread() || size < slice ? size : slice;
}

ssize_t __wrap_recv(int fd, void *into, size_t size, int flags)
{
    return interrupt(RECV) ? -1 : __real_recv(fd, into, cut(size), flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    if (interrupt(SEND))
        return -1;
    if (!is_test_thread() && atomic_load(&sends_to_fail) > 0) {
        atomic_fetch_sub(&sends_to_fail, 1);
        atomic_fetch_add(&sends_failed, 1);
        errno = EAGAIN;
        return -1;
    }
    return __real_send(fd, bytes, cut(size), flags);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
    return interrupt(POLL) ? -1 : __real_poll(fds, count, ms);
}

int __wrap_accept4(int fd, struct sockaddr *peer, socklen_t *size, int flags)
{
    return interrupt(ACCEPT) ? -1 : __real_accept4(fd, peer, size, flags);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
    return interrupt(EPOLL) ? -1 : __real_epoll_wait(fd, events, most, ms);
}

static lined_server *start_cutting(size_t bytes, const struct lined_handler *handler)
{
    test_thread = pthread_self();
    slice = bytes;
    return start_handler(handler);
}

/* Active in every other round; slices of 1, 7 and 1000 bytes. */
static lined_server *start_round(int round)
{
    static const size_t slices[] = {1, 7, 1000};

    prepare(round % 2 == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    options.partial = LINED_PARTIAL_DELIVER;
    options.line_timeout_ms = 60000;
    options.session_timeout_ms = 120000;
    return start_cutting(slices[round / 2], &lined_handler_received);
}

/* Lines of all lengths, some too long, with any bytes, and an unfinished one. */
START_TEST(replies_are_the_same_bytes)
{
    enum { LINES = 200, MOST = 4000 };
    static char lines[LINES * 100 + MOST], replies[2 * sizeof lines], *line = lines;
    char *reply = replies;

    lined_server *server = start_round(_i);
    int client = dial(lined_server_port(server));
    srandom((unsigned)_i);
    for (int i = 0; i < LINES; i++) {
        size_t size = i == LINES / 2 ? MOST : 1 + (size_t)random() % 90;
        for (size_t at = 0; at + 1 < size; at++)
            line[at] = (char)(random() % 245 + 11);
        line[size - 1] = i + 1 < LINES ? '\n' : 'x';
        for (size_t at = 0; at < size; at += options.max_line) {
            size_t piece = size - at < options.max_line ? size - at : options.max_line;
            reply += sprintf(reply, "Received: ");
            memcpy(reply, line + at, piece);
            reply[piece] = '\n';
            reply += piece + 1;
        }
        line += size;
    }
    say_bytes(client, lines, (size_t)(line - lines));
    half_close(client);
    expect_bytes(client, replies, (size_t)(reply - replies));
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    ck_assert_uint_gt(atomic_load(&interrupted[ACCEPT]), 0);
    ck_assert_uint_gt(atomic_load(&interrupted[RECV]), 0);
    ck_assert_uint_gt(atomic_load(&interrupted[SEND]), 0);
    finish(server);
}
END_TEST

/* Many more bytes than one buffer holds, to a client with little room. */
START_TEST(what_waits_is_sent_whole)
{
    enum { LINES = 20000, REPLY = 17 };
    static char lines[LINES * 6], replies[LINES * REPLY + 1];

    for (int i = 0; i < LINES; i++) {
        memcpy(lines + i * 6, "hello\n", 6);
        memcpy(replies + (size_t)i * REPLY, "Received: hello\n\n", REPLY);
    }
    lined_server *server = start_round(_i);
    int client = dial_narrow(lined_server_port(server), 4096);
    say_bytes(client, lines, sizeof lines);
    half_close(client);
    expect_bytes(client, replies, sizeof replies - 1);
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

/* More than the socket takes at once: the flusher has to finish it. */
START_TEST(what_is_pushed_is_whole)
{
    enum { SIZE = 8 * 1024 * 1024 };
    char *bytes = malloc(SIZE);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i % 251);
    prepare(LINED_PASSIVE);
    options.push_limit = 2 * (size_t)SIZE;
    lined_server *server = start_cutting(SIZE / 64, &lined_handler_received);
    int client = dial_narrow(lined_server_port(server), 4096);
    say(client, "here\n");
    expect(client, "Received: here\n\n");
    ck_assert_uint_eq(lined_broadcast(server, bytes, SIZE, (lined_handle){NULL, 0}), 1);
    expect_bytes(client, bytes, SIZE);
    ck_assert_uint_gt(atomic_load(&interrupted[EPOLL]), 0);
    hang_up(client);
    finish(server);
    free(bytes);
}
END_TEST

/* The wait for the client's end is interrupted, too. */
START_TEST(waits_are_as_long_as_they_were)
{
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 300;
    lined_server *server = start_cutting(1000, &lined_handler_received);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
    ck_assert_uint_gt(atomic_load(&interrupted[POLL]), 0);
}
END_TEST

/* At most two tries for each pause of 10 ms: it did not spin. */
static void expect_pauses(int64_t since_ms)
{
    ck_assert_int_le(atomic_load(&sends_failed), (now_ms() - since_ms) / 10 * 2 + 4);
}

/* As a kernel does that is short of memory for sockets. */
START_TEST(a_writable_socket_that_takes_nothing_times_out)
{
    prepare(_i % 2 == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    options.send_timeout_ms = 300;
    atomic_store(&sends_to_fail, INT_MAX);
    atomic_store(&sends_failed, 0);
    lined_server *server = start_cutting(1000, &lined_handler_received);
    int client = dial(lined_server_port(server));
    int64_t began = now_ms();
    say(client, "hello\n");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SEND_TIMEOUT);
    expect_pauses(began);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_send_without_memory_is_tried_again)
{
    prepare(_i % 2 == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    atomic_store(&sends_to_fail, 20);
    atomic_store(&sends_failed, 0);
    lined_server *server = start_cutting(1000, &lined_handler_received);
    int client = dial(lined_server_port(server));
    int64_t began = now_ms();
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(atomic_load(&sends_failed), 20);
    expect_pauses(began);
    hang_up(client);
    finish(server);
}
END_TEST

static void *broadcast_hello(void *server)
{
    lined_broadcast(server, "hello\n", 6, (lined_handle){NULL, 0});
    return NULL;
}

START_TEST(a_push_without_memory_is_tried_again)
{
    pthread_t pusher;

    prepare(_i % 2 == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    lined_server *server = start_cutting(1000, &lined_handler_received);
    int client = dial(lined_server_port(server));
    say(client, "here\n");
    expect(client, "Received: here\n\n");
    atomic_store(&sends_failed, 0);
    atomic_store(&sends_to_fail, 20);
    int64_t began = now_ms();
    ck_assert_int_eq(pthread_create(&pusher, NULL, broadcast_hello, server), 0);
    ck_assert_int_eq(pthread_join(pusher, NULL), 0);
    expect(client, "hello\n");
    ck_assert_int_eq(atomic_load(&sends_failed), 20);
    expect_pauses(began);
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        replies_are_the_same_bytes,
        what_waits_is_sent_whole,
        what_is_pushed_is_whole,
        waits_are_as_long_as_they_were,
        a_writable_socket_that_takes_nothing_times_out,
        a_send_without_memory_is_tried_again,
        a_push_without_memory_is_tried_again,
    };
    return suite_run_loop("interrupted", tests, sizeof tests / sizeof tests[0], 6);
}
