/* Clients of a line server with a ledger each: they pipeline numbered lines and check every reply.
 * Prints one line of figures; exit status 1 if a reply was lost, doubled or torn, or a client was
 * not served in time. With --reconnect a client connects again when its connection has ended, and
 * sends the lines that have no reply. The first --short N clients then have a connection for each
 * line, until the others have all their replies; none of these connections may end without its
 * reply. With
 * --drain they see a drain through: what the server's kernel had acknowledged before the signal
 * must be answered. */
#define _GNU_SOURCE /* getopt_long, syscall */
#include "ledger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MOST 4096
#define LATE_LINES   10

static struct {
    uint32_t port, clients, lines, outstanding, hold_ms, timeout_ms;
    uint32_t drain_pid, after_ms, deadline_ms, late, shorts;
    bool retry, reconnect;
} settings = {.clients = 50, .outstanding = 64, .timeout_ms = 60000};

struct client {
    int fd; /* -1 once it is done */
    struct ledger ledger;
    bool is_quiet;  /* sends no more lines */
    bool has_ended; /* has half-closed */
    uint32_t most;  /* lines that wait for their reply */
    uint64_t last;  /* lines until the connection ends */
    int64_t hold_until;
    uint64_t composed; /* lines */
    uint64_t composed_bytes;
    uint64_t sent_bytes;
    uint64_t owed; /* lines that must be answered */
    size_t begin, end;
    char out[16384]; /* begin to end is to be sent */
};

static struct client *clients;
static uint32_t count; /* of clients, the late ones too once they are there */
static int epoll;
static uint32_t served, resets, retries, alive;
static uint32_t failed; /* short connections without their reply */
static uint32_t longs;  /* clients that are not short, and have not ended */
static uint64_t again;  /* lines that were sent again on another connection */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void give_up(const char *what)
{
    fprintf(stderr, "clients: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- one client ---- */

static void dial(struct client *client, uint32_t number, uint32_t most)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)settings.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = number};

    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
                              .most = most,
                              .last = number < settings.shorts ? 1 : settings.lines};
    ledger_init(&client->ledger, number);
    if (client->fd < 0)
        give_up("socket");
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
        errno != EINPROGRESS)
        give_up("connect");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
        give_up("epoll_ctl");
    alive++;
}

static void leave(struct client *client)
{
    close(client->fd);
    client->fd = -1;
    alive--;
}

static bool may_compose(const struct client *client)
{
    return !client->is_quiet && (settings.lines == 0 || client->composed < client->last) &&
           client->composed - client->ledger.answered < client->most &&
           sizeof client->out - client->end >= LEDGER_LINE_MOST;
}

static void send_lines(struct client *client)
{
    for (;;) {
        if (client->begin == client->end)
            client->begin = client->end = 0;
        while (may_compose(client)) {
            size_t size =
                ledger_line(client->ledger.client, client->composed, client->out + client->end);
            client->end += size;
            client->composed_bytes += size;
            client->composed++;
        }
        if (client->begin == client->end || client->is_quiet)
            return;
        ssize_t sent = send(client->fd, client->out + client->begin, client->end - client->begin,
                            MSG_NOSIGNAL);
        if (sent < 0)
            return; /* later, or the end comes from recv */
        client->begin += (size_t)sent;
        client->sent_bytes += (uint64_t)sent;
    }
}

/* The next connection of a client goes on where the last one has ended. */
static void connect_again(struct client *client, uint32_t number)
{
    bool is_short = number < settings.shorts;
    struct ledger ledger = client->ledger;
    uint64_t next = ledger_reconnect(&ledger);

    failed += is_short && next < client->last;
    again += client->composed - next;
    retries++;
    dial(client, number, settings.outstanding);
    client->ledger = ledger;
    client->composed = next;
    client->last = is_short ? next + 1 : settings.lines;
}

static bool goes_on(const struct client *client, uint32_t number)
{
    bool has_more = number < settings.shorts ? longs > 0 || client->ledger.expected < client->last
                                             : client->ledger.expected < settings.lines;

    return settings.reconnect && has_more;
}

/* The server has ended the connection, or the kernel has. */
static void see_end(struct client *client, uint32_t number, ssize_t result)
{
    bool is_unserved = client->ledger.answered == 0 && client->ledger.held == 0;

    leave(client);
    if (goes_on(client, number)) {
        connect_again(client, number);
        return;
    }
    longs -= number >= settings.shorts;
    if (settings.retry && is_unserved && settings.lines > 0) {
        retries++;
        dial(client, number, settings.outstanding);
        return;
    }
    /* One that goes on sending after the end is reset rightly: its own lines meet no reader. */
    resets += result < 0 && (client->is_quiet || settings.drain_pid == 0);
    if (settings.lines > 0)
        client->owed = number < settings.shorts ? client->composed : settings.lines;
    ledger_close(&client->ledger, client->owed);
    served += client->ledger.expected >= client->owed;
}

static void receive_replies(struct client *client, uint32_t number)
{
    static char bytes[65536];
    ssize_t size;

    while ((size = recv(client->fd, bytes, sizeof bytes, 0)) > 0)
        ledger_received(&client->ledger, bytes, (size_t)size);
    if (size == 0 || (errno != EAGAIN && errno != EINTR))
        see_end(client, number, size);
}

/* One that has all its replies stays for a while, and ends. */
static void end_in_time(struct client *client)
{
    if (settings.lines == 0 || client->has_ended || client->ledger.expected < client->last)
        return;
    if (client->hold_until == 0)
        client->hold_until = now_ms() + settings.hold_ms;
    if (now_ms() < client->hold_until)
        return;
    client->has_ended = true;
    shutdown(client->fd, SHUT_WR);
}

static void serve_client(uint32_t number)
{
    struct client *client = &clients[number];

    if (client->fd >= 0)
        receive_replies(client, number);
    if (client->fd >= 0)
        send_lines(client);
    if (client->fd >= 0)
        end_in_time(client);
}

static void run_once(void)
{
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, settings.hold_ms > 0 ? 20 : 1);

    for (int i = 0; i < ready; i++)
        serve_client(events[i].data.u32);
    for (uint32_t i = 0; settings.hold_ms > 0 && i < count; i++) {
        if (clients[i].fd >= 0)
            end_in_time(&clients[i]);
    }
}

/* ---- the drain ---- */

/* What the server's kernel has acknowledged by now is owed a reply. */
static void take_stock(struct client *client)
{
    struct tcp_info info = {.tcpi_state = TCP_CLOSE};
    socklen_t size = sizeof info;
    int waiting = 0;

    getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    if (info.tcpi_state != TCP_ESTABLISHED || ioctl(client->fd, SIOCOUTQ, &waiting) != 0)
        return;
    client->owed = ledger_lines_in(client->ledger.client, client->composed, client->composed_bytes,
                                   client->sent_bytes - (uint64_t)waiting);
}

/* The late clients are not accepted yet when the signal comes. Every second client stops sending
 * then; the others send until the server ends their connections. */
static void send_signal(void)
{
    for (; count < settings.clients + settings.late; count++) {
        dial(&clients[count], count, LATE_LINES);
        send_lines(&clients[count]);
        clients[count].is_quiet = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (clients[i].fd < 0)
            continue;
        clients[i].is_quiet = clients[i].is_quiet || i % 2 == 0;
        take_stock(&clients[i]);
    }
    if (kill((pid_t)settings.drain_pid, SIGTERM) != 0)
        give_up("kill");
}

/* Returns how long it took the server to exit after the signal. */
static int64_t see_drain(int process, int64_t deadline)
{
    struct pollfd exited = {.fd = process, .events = POLLIN};
    int64_t begin = now_ms() + settings.after_ms;

    while (now_ms() < begin)
        run_once();
    send_signal();
    begin = now_ms();
    while (poll(&exited, 1, 0) == 0 && now_ms() < deadline)
        run_once();
    int64_t took = now_ms() - begin;
    while (alive > 0 && now_ms() < deadline)
        run_once();
    return took;
}

/* ---- all of them ---- */

static void read_settings(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint32_t *value;
    } numbers[] = {{"port", &settings.port},
                   {"clients", &settings.clients},
                   {"lines", &settings.lines},
                   {"outstanding", &settings.outstanding},
                   {"hold", &settings.hold_ms},
                   {"timeout", &settings.timeout_ms},
                   {"drain", &settings.drain_pid},
                   {"after", &settings.after_ms},
                   {"deadline", &settings.deadline_ms},
                   {"late", &settings.late},
                   {"short", &settings.shorts}};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

    for (int i = 1; i < argc; i++) {
        size_t known = 0;
        if (strcmp(argv[i], "--retry") == 0) {
            settings.retry = true;
            continue;
        }
        if (strcmp(argv[i], "--reconnect") == 0) {
            settings.reconnect = true;
            continue;
        }
        while (known < NUMBERS &&
               (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, numbers[known].name) != 0))
            known++;
        if (known == NUMBERS || i + 1 == argc) {
            fprintf(stderr, "clients: '%s' is no option, or lacks its number\n", argv[i]);
            exit(2);
        }
        *numbers[known].value = (uint32_t)strtoul(argv[++i], NULL, 10);
    }
    if (settings.port == 0 || settings.clients + settings.late > CLIENTS_MOST ||
        settings.shorts > settings.clients || (settings.lines == 0) == (settings.drain_pid == 0)) {
        fprintf(stderr, "clients: needs --port, --lines or --drain, and at most %d clients\n",
                CLIENTS_MOST);
        exit(2);
    }
}

static bool report(int64_t exit_ms)
{
    uint64_t lines = 0, answered = 0, lost = 0, doubled = 0, torn = 0;

    for (uint32_t i = 0; i < count; i++) {
        lines += clients[i].composed;
        answered += clients[i].ledger.answered;
        lost += clients[i].ledger.lost;
        doubled += clients[i].ledger.doubled;
        torn += clients[i].ledger.torn;
    }
    printf("clients=%" PRIu32 " served=%" PRIu32 " stuck=%" PRIu32 " lines=%" PRIu64
           " answered=%" PRIu64 " lost=%" PRIu64 " doubled=%" PRIu64 " torn=%" PRIu64
           " resets=%" PRIu32 " retries=%" PRIu32 " again=%" PRIu64 " failed=%" PRIu32
           " exit_ms=%" PRId64 "\n",
           count, served, alive, lines, answered, lost, doubled, torn, resets, retries, again,
           failed, exit_ms);
    return served == count && lost + doubled + torn + resets + failed == 0 &&
           (settings.drain_pid == 0 || exit_ms <= settings.deadline_ms + 100);
}

int main(int argc, char **argv)
{
    int64_t exit_ms = 0;
    int process = -1;

    read_settings(argc, argv);
    int64_t deadline = now_ms() + settings.timeout_ms;
    clients = calloc(CLIENTS_MOST, sizeof *clients);
    epoll = epoll_create1(0);
    if (settings.drain_pid != 0)
        process = (int)syscall(SYS_pidfd_open, (pid_t)settings.drain_pid, 0);
    if (clients == NULL || epoll < 0 || (settings.drain_pid != 0 && process < 0))
        give_up("cannot begin");
    longs = settings.clients - settings.shorts;
    for (; count < settings.clients; count++)
        dial(&clients[count], count, settings.outstanding);
    if (process >= 0)
        exit_ms = see_drain(process, deadline);
    while (alive > 0 && now_ms() < deadline)
        run_once();
    return report(exit_ms) ? 0 : 1;
}
