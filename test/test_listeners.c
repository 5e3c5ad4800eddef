/* A server with several listeners: TCP, Unix sockets, inherited sockets. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <lined.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64];
static char path[80];
static char unix_text[96];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/lined-listeners-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(unix_text, sizeof unix_text, "unix:%s", path);
}

static void remove_folder(void)
{
    ck_assert_int_eq(access(path, F_OK), -1); /* the server has removed it */
    ck_assert_int_eq(rmdir(folder), 0);
}

static int dial_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 30};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* A server without a listener. */
static lined_server *new_server(enum lined_mode mode)
{
    lined_server *server;

    prepare(mode);
    options.ip = NULL;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    return server;
}

static void talk(int client)
{
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
}

START_TEST(one_server_listens_on_all_kinds_of_sockets)
{
    char text[LINED_LISTENER_SIZE];

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        make_folder();
        lined_server *server = new_server(mode);
        ck_assert_int_eq(lined_server_start(server), -EDESTADDRREQ);
        ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
        ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), LINED_OK);
        ck_assert_int_eq(lined_server_listen(server, "nonsense"), -EINVAL);
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), -EINVAL);
        ck_assert(lined_server_listener(server, 0, text));
        ck_assert_str_eq(text, unix_text);
        ck_assert(lined_server_listener(server, 1, text));
        ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
        ck_assert(!lined_server_listener(server, 2, text));
        int local = dial_unix();
        int remote = dial(lined_server_port(server));
        talk(local);
        talk(remote);
        hang_up(remote);
        hang_up(local);
        finish(server);
        remove_folder();
    }
}
END_TEST

static atomic_int peers_as_expected;

static int check_peer(void *context, lined_conn *conn, void **state)
{
    char peer[LINED_PEER_SIZE];

    lined_peer(conn, peer);
    atomic_fetch_add(&peers_as_expected, strcmp(peer, unix_text) == 0);
    return LINED_END;
}

START_TEST(the_peer_of_a_unix_socket_is_its_path)
{
    const struct lined_handler handler = {.open = check_peer, .line = lined_handler_received.line};
    lined_server *server;

    make_folder();
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    options.max_per_ip = 1; /* does not count them */
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int clients[3];
    for (int i = 0; i < 3; i++)
        clients[i] = dial_unix();
    for (int i = 0; i < 3; i++) {
        expect_eof(clients[i]); /* no reject */
        hang_up(clients[i]);
    }
    watch_await_closed(&watch, 3);
    ck_assert_int_eq(atomic_load(&peers_as_expected), 3);
    finish(server);
    remove_folder();
}
END_TEST

/* The lines that a drain finds are answered, in the connections and in the backlog. */
START_TEST(a_drain_answers_the_clients_of_unix_sockets)
{
    enum { CLIENTS = 20 };
    int clients[CLIENTS];

    make_folder();
    lined_server *server = new_server(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial_unix();
        say(clients[i], "hello\n");
    }
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    remove_folder();
}
END_TEST

/* A client that reads nothing stalls the send; a cut ends it. */
START_TEST(a_stop_ends_a_stalled_unix_socket)
{
    static char lines[1024 * 1024];

    memset(lines, '\n', sizeof lines);
    make_folder();
    lined_server *server = new_server(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int client = dial_unix();
    while (send(client, lines, sizeof lines, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
    watch_await_lines(&watch, 1);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    hang_up(client);
    lined_server_free(server);
    remove_folder();
}
END_TEST

START_TEST(a_unix_client_that_takes_nothing_is_closed_after_the_send_timeout)
{
    static char lines[1024 * 1024];
    lined_server *server;

    memset(lines, '\n', sizeof lines);
    make_folder();
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    options.send_timeout_ms = 200;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int client = dial_unix();
    say_what_it_takes(client, lines, sizeof lines);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SEND_TIMEOUT);
    hang_up(client);
    finish(server);
    remove_folder();
}
END_TEST

/* One limit for all, also if both acceptors want the last place at the same time. */
START_TEST(the_limit_holds_for_all_listeners_together)
{
    enum { ROUNDS = 1500, MAX = 2, CLIENTS = 8 };
    lined_server *server;
    struct lined_stats stats;
    uint16_t ports[2];

    prepare(LINED_PASSIVE);
    options.max_connections = MAX;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    ports[0] = lined_server_port(server);
    char text[LINED_LISTENER_SIZE];
    ck_assert(lined_server_listener(server, 1, text));
    ports[1] = (uint16_t)atoi(strrchr(text, ':') + 1);
    for (int round = 0; round < ROUNDS; round++) {
        int clients[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = dial(ports[i % 2]);
            say(clients[i], "hello\n");
        }
        for (int i = 0; i < CLIENTS; i++)
            half_close(clients[i]);
        for (int i = 0; i < CLIENTS; i++) {
            expect(clients[i], "Received: hello\n\n");
            hang_up(clients[i]);
        }
    }
    lined_server_stats(server, &stats, sizeof stats);
    ck_assert_uint_le(stats.connected_peak, MAX);
    ck_assert_uint_eq(stats.connections, ROUNDS * CLIENTS);
    finish(server);
}
END_TEST

/* ---- inherited sockets ---- */

static int open_tcp(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* 20 servers, one after the other, on one socket: no client is refused, none stays unanswered. */
START_TEST(servers_hand_over_an_inherited_socket)
{
    enum { SERVERS = 20 };
    uint16_t port;
    int listener = open_tcp(&port);
    int between = -1;

    for (int i = 0; i < SERVERS; i++) {
        lined_server *server = new_server(LINED_PASSIVE);
        ck_assert_int_eq(lined_server_listen_fd(server, dup(listener)), LINED_OK);
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        int client = dial(port);
        talk(client);
        if (between >= 0) { /* connected while no server ran */
            talk(between);
            hang_up(between);
        }
        lined_server_drain(server);
        expect_eof(client);
        hang_up(client);
        ck_assert_int_eq(lined_server_wait(server), LINED_OK);
        lined_server_free(server);
        between = dial(port);
    }
    hang_up(between);
    close(listener);
}
END_TEST

/* At the limit the acceptor waits; when the drain makes room, it must not take one more. */
START_TEST(at_the_limit_a_drain_leaves_the_queue_to_the_next_process)
{
    uint16_t port;
    int listener = open_tcp(&port);
    lined_server *server;

    prepare(LINED_PASSIVE);
    options.ip = NULL;
    options.max_connections = 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen_fd(server, dup(listener)), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int first = dial(port);
    talk(first);
    int second = dial(port);
    AWAIT(lined_server_check(server)); /* the acceptor waits for room */
    lined_server_drain(server);
    expect_eof(first);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    server = new_server(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_listen_fd(server, listener), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    talk(second);
    hang_up(first);
    hang_up(second);
    finish(server);
}
END_TEST

START_TEST(an_inherited_socket_stays_the_callers_on_failure)
{
    uint16_t port;
    int listener = open_tcp(&port);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char text[16];

    lined_server *server = new_server(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_listen_fd(server, null), -ENOTSOCK);
    ck_assert_int_ge(fcntl(null, F_GETFD), 0);
    ck_assert_int_eq(lined_server_listen_fd(server, listener), LINED_OK);
    ck_assert_int_eq(lined_server_listen_fd(server, listener), -EADDRINUSE); /* closed only once */
    snprintf(text, sizeof text, "fd:%d", listener);
    ck_assert_int_eq(lined_server_listen(server, text), -EADDRINUSE);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    ck_assert_int_eq(lined_server_listen_fd(server, null), -EINVAL);
    int client = dial(port);
    talk(client);
    hang_up(client);
    close(null);
    finish(server);
}
END_TEST

START_TEST(the_peer_of_an_inherited_unix_socket_is_its_path)
{
    const struct lined_handler handler = {.open = check_peer, .line = lined_handler_received.line};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    lined_server *server;

    make_folder();
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen_fd(server, listener), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int client = dial_unix();
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    ck_assert_int_eq(atomic_load(&peers_as_expected), 1);
    finish(server);
    ck_assert_int_eq(unlink(path), 0); /* the file is not the server's: it stays */
    remove_folder();
}
END_TEST

/* A server that was stopped before its start ends at once; one that is not started cleans up. */
START_TEST(a_stop_before_the_start_ends_every_acceptor)
{
    for (int is_started = 0; is_started < 2; is_started++) {
        make_folder();
        lined_server *server = new_server(LINED_PASSIVE);
        ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
        ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), LINED_OK);
        lined_server_stop(server);
        if (is_started == 1) {
            ck_assert_int_eq(lined_server_start(server), LINED_OK);
            ck_assert_int_eq(lined_server_wait(server), LINED_OK);
        }
        lined_server_free(server);
        remove_folder();
    }
}
END_TEST

/* Clients that wait in each backlog are answered; the next server can have the socket file. */
START_TEST(a_drain_answers_the_clients_of_every_listener)
{
    enum { CLIENTS = 10 };
    int clients[2 * CLIENTS];
    lined_server *server;

    make_folder();
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    options.max_connections = 3;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, unix_text), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), LINED_OK);
    for (int i = 0; i < 2 * CLIENTS; i++) {
        clients[i] = i % 2 == 0 ? dial_unix() : dial(lined_server_port(server));
        say(clients[i], "hello\n");
    }
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    lined_server_drain(server);
    AWAIT(access(path, F_OK) != 0); /* before the queue is served */
    for (int i = 0; i < 2 * CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    remove_folder();
}
END_TEST

START_TEST(every_acceptor_gives_a_sign_of_life)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    options.max_connections = 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    int client = dial(lined_server_port(server));
    talk(client); /* at the limit now */
    for (int i = 0; i < 10; i++)
        AWAIT(lined_server_check(server));
    hang_up(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    for (int i = 0; i < 3; i++)
        ck_assert(lined_server_check(server)); /* acceptors that have ended count as alive */
    lined_server_free(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_server_listens_on_all_kinds_of_sockets,
        the_peer_of_a_unix_socket_is_its_path,
        a_drain_answers_the_clients_of_unix_sockets,
        a_stop_ends_a_stalled_unix_socket,
        a_unix_client_that_takes_nothing_is_closed_after_the_send_timeout,
        the_limit_holds_for_all_listeners_together,
        servers_hand_over_an_inherited_socket,
        at_the_limit_a_drain_leaves_the_queue_to_the_next_process,
        an_inherited_socket_stays_the_callers_on_failure,
        the_peer_of_an_inherited_unix_socket_is_its_path,
        a_stop_before_the_start_ends_every_acceptor,
        a_drain_answers_the_clients_of_every_listener,
        every_acceptor_gives_a_sign_of_life,
    };
    return suite_run("listeners", tests, sizeof tests / sizeof tests[0]);
}
