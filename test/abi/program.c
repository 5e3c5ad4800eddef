/* A program of the time of version 1.0: it knows the header of that version only, and is linked to
 * the shared library of today. It ends with 0 if all that it uses still works, and else says what
 * does not. */
#include "lined-1.0.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(bool is_true, const char *text)
{
    if (!is_true) {
        fprintf(stderr, "program: not true: %s\n", text);
        exit(1);
    }
}
#define CHECK(condition) check((condition), #condition)

/* ---- a handler and an observer, with all callbacks of 1.0 ---- */

/* Of one connection only, and final after lined_server_wait. */
static struct {
    int opened, lines, batches, closed, reason;
} seen;

static char my_context, my_state, my_slot, my_observer;

static int open_client(void *context, lined_conn *conn, void **state)
{
    CHECK(context == &my_context);
    *state = &my_state;
    return lined_send(conn, "welcome\n", 8);
}

static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    CHECK(context == &my_context && state == &my_state);
    CHECK(size > 0 && line[size - 1] == '\n');
    if (strncmp(line, "bye", 3) == 0)
        return LINED_END;
    return lined_send(conn, line, size);
}

static void close_client(void *context, lined_conn *conn, void *state, int reason)
{
    CHECK(context == &my_context && state == &my_state);
    seen.reason = reason;
}

static const struct lined_handler handler = {
    .open = open_client, .line = answer, .close = close_client, .reject_busy = "busy\n"};

static void see_open(void *context, lined_conn *conn, void **slot)
{
    char peer[LINED_PEER_SIZE];

    CHECK(context == &my_observer && *slot == NULL);
    *slot = &my_slot;
    lined_peer(conn, peer);
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0);
    seen.opened++;
}

static void see_line(void *context, lined_conn *conn, void **slot, const char *line, size_t size)
{
    CHECK(*slot == &my_slot);
    seen.lines++;
}

static void see_batch_end(void *context, lined_conn *conn, void **slot)
{
    CHECK(*slot == &my_slot);
    seen.batches++;
}

static void see_closed(void *context, lined_conn *conn, void **slot, int reason)
{
    CHECK(*slot == &my_slot && reason == LINED_END);
    seen.closed++;
}

static const struct lined_observer observer = {.context = &my_observer,
                                               .opened = see_open,
                                               .line = see_line,
                                               .batch_end = see_batch_end,
                                               .closed = see_closed};

/* ---- a client ---- */

static int dial(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = 30};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void say(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
    char bytes[64] = "";

    CHECK(recv(fd, bytes, strlen(text), MSG_WAITALL) == (ssize_t)strlen(text));
    CHECK(strcmp(bytes, text) == 0);
}

/* ---- what the program does ---- */

static bool find(void *argument, const struct lined_conn_info *info)
{
    int *found = argument;

    CHECK(strncmp(info->peer, "127.0.0.1:", 10) == 0);
    CHECK(lined_push(info->handle, "pushed\n", 7) == LINED_OK);
    (*found)++;
    return true;
}

/* The functions of a running server write to structs of the size of 1.0. */
static void check_statistics(lined_server *server)
{
    struct lined_stats stats;
    struct lined_latency latency;
    uint64_t batches = 0;

    lined_server_stats(server, &stats, sizeof stats);
    CHECK(stats.connections == 1 && stats.connected == 0 && stats.connected_peak == 1);
    CHECK(stats.lines == 3 && stats.bytes_in == 12 && stats.bytes_out == 8 + 8 + 7);
    CHECK(stats.closed[LINED_END] == 1 && stats.accept_errors[0].count == 0);
    lined_server_latency(server, &latency, sizeof latency);
    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++)
        batches += latency.count[i];
    CHECK(batches >= 1 && latency.bound_us[LINED_LATENCY_BUCKETS - 1] == UINT64_MAX);
}

int main(void)
{
    struct lined_options options;
    lined_server *server;
    char text[LINED_LISTENER_SIZE], reason[LINED_REASON_SIZE];
    int fd, found = 0;

    memset(&options, 0xa5, sizeof options);
    lined_options_init(&options, sizeof options);
    CHECK(options.size == sizeof options && options.port == 1234 && options.stack_size == 0);
    options.port = 0;
    options.observer = &observer;
    options.measure_latency = true;
    CHECK(lined_server_new(&server, &options, &handler, &my_context) == LINED_OK);
    CHECK(lined_server_listener(server, 0, text) && strncmp(text, "127.0.0.1:", 10) == 0);
    CHECK(lined_server_start(server) == LINED_OK);

    fd = dial(lined_server_port(server));
    expect(fd, "welcome\n");
    say(fd, "one\ntwo\n");
    expect(fd, "one\ntwo\n");
    options.max_connections = 10;
    CHECK(lined_server_set(server, &options) == LINED_OK);
    lined_foreach(server, find, &found);
    CHECK(found == 1);
    expect(fd, "pushed\n");
    say(fd, "bye\n");
    CHECK(recv(fd, text, 1, 0) == 0);
    close(fd);

    lined_server_drain(server);
    CHECK(lined_server_wait(server) == LINED_OK);
    check_statistics(server);
    lined_server_free(server);
    CHECK(seen.opened == 1 && seen.lines == 3 && seen.batches >= 1 && seen.closed == 1);
    CHECK(seen.reason == LINED_END);
    lined_reason(seen.reason, reason);
    CHECK(strcmp(reason, "ended") == 0);
    CHECK(strncmp(lined_version(), "1.", 2) == 0);
    return 0;
}
