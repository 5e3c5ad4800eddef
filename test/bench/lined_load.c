/* lined-load: loads a line server over many connections from one thread, and checks every byte of
 * its replies. Prints one line of figures, for people or as CSV. */
#define _GNU_SOURCE /* getopt_long, POLLRDHUP */
#include "../../src/cmd/values.h"
#include "../../src/net.h"
#include "histogram.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define REPLY_PREFIX "Received: "

struct settings {
    const char *host;
    uint32_t port, connections, outstanding, size, pid;
    uint32_t duration_ms;
    bool as_csv;
};

/* A connection keeps outstanding lines under way: it sends as many as were answered. */
struct connection {
    int fd;
    uint64_t sent;        /* lines, whole or begun */
    uint64_t answered;    /* lines */
    size_t send_offset;   /* bytes of the line that is being sent */
    size_t reply_offset;  /* bytes of the reply that is being received */
    uint64_t *sent_at_ns; /* when line n was sent, at n % outstanding */
};

static struct settings settings = {.host = "127.0.0.1",
                                   .port = 1234,
                                   .connections = 50,
                                   .outstanding = 1,
                                   .size = 32,
                                   .duration_ms = 5000};
static struct histogram latencies;
static char *lines;   /* outstanding lines, one after another */
static char *replies; /* and their replies, twice as many as one read can bring */
static size_t reply_size, replies_size;

static const char help[] =
    "Usage: lined-load [OPTION]...\n"
    "Keep lines under way to a line server that answers \"Received: LINE\", and check every byte.\n"
    "\n"
    "  -h, --host ADDR         IPv4 or IPv6 address of the server (default 127.0.0.1)\n"
    "  -p, --port PORT         its port (default 1234)\n"
    "  -c, --connections N     connections, 1 to 60000 (default 50)\n"
    "  -o, --outstanding N     lines under way on each, 1 to 4096 (default 1)\n"
    "  -s, --size BYTES        length of a line, its LF counted, 2 to 1460 (default 32)\n"
    "  -d, --duration SECONDS  how long (default 5)\n"
    "      --pid PID           the server's process, for its CPU time and memory\n"
    "      --csv               print one line of comma-separated values\n"
    "      --help              show this help and exit\n"
    "\n"
    "Exit status: 0 all replies were right; 1 a reply was wrong or a connection failed; 2 bad "
    "usage.\n";

__attribute__((format(printf, 2, 3), noreturn)) static void fail(int status, const char *format,
                                                                 ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("lined-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(status == 2 ? " (try 'lined-load --help')\n" : "\n", stderr);
    va_end(arguments);
    exit(status);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- options ---- */

static void read_number(const char *name, const char *value, uint32_t least, uint32_t most,
                        uint32_t *number)
{
    if (!value_number(value, least, most, number))
        fail(2, "--%s '%s' is not allowed: it must be a whole number from %u to %u", name, value,
             least, most);
}

static void read_settings(int argc, char **argv)
{
    enum { PID = 256, CSV, HELP };
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"connections", required_argument, NULL, 'c'},
                                            {"outstanding", required_argument, NULL, 'o'},
                                            {"size", required_argument, NULL, 's'},
                                            {"duration", required_argument, NULL, 'd'},
                                            {"pid", required_argument, NULL, PID},
                                            {"csv", no_argument, NULL, CSV},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "h:p:c:o:s:d:", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            settings.host = optarg;
            break;
        case 'p':
            read_number("port", optarg, 1, UINT16_MAX, &settings.port);
            break;
        case 'c':
            read_number("connections", optarg, 1, 60000, &settings.connections);
            break;
        case 'o':
            read_number("outstanding", optarg, 1, 4096, &settings.outstanding);
            break;
        case 's':
            read_number("size", optarg, 2, 1460, &settings.size);
            break;
        case 'd':
            if (!value_seconds(optarg, &settings.duration_ms) || settings.duration_ms == 0)
                fail(2, "--duration '%s' is not allowed: it must be seconds above 0", optarg);
            break;
        case PID:
            read_number("pid", optarg, 1, INT32_MAX, &settings.pid);
            break;
        case CSV:
            settings.as_csv = true;
            break;
        case HELP:
            fputs(help, stdout);
            exit(0);
        default:
            fail(2, "'%s' is no option, or lacks its value", argv[optind - 1]);
        }
    }
    if (optind < argc)
        fail(2, "unexpected argument '%s'", argv[optind]);
}

/* ---- the server's process ---- */

/* CPU seconds that it has used, and its resident memory; 0 without --pid. */
static double cpu_seconds(void)
{
    unsigned long user = 0, system = 0;
    char path[64];

    if (settings.pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%u/stat", settings.pid);
    FILE *stat = fopen(path, "r");
    if (stat == NULL || fscanf(stat, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                               &user, &system) != 2)
        fail(1, "cannot read %s: is there such a process?", path);
    fclose(stat);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static unsigned long resident_kb(void)
{
    unsigned long kb = 0;
    char line[128];
    char path[64];

    if (settings.pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%u/status", settings.pid);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmRSS: %lu kB", &kb);
    if (status != NULL)
        fclose(status);
    return kb;
}

/* ---- the load ---- */

/* Every line is the same, so the replies are a stream that repeats: any piece of it can be compared
 * with memcmp. */
static void make_texts(void)
{
    size_t prefix = strlen(REPLY_PREFIX);

    reply_size = prefix + settings.size + 1;
    replies_size = 2 * reply_size + (size_t)64 * 1024;
    lines = malloc((size_t)settings.outstanding * settings.size);
    replies = malloc(replies_size);
    if (lines == NULL || replies == NULL)
        fail(1, "no memory");
    for (size_t i = 0; i < (size_t)settings.outstanding * settings.size; i++)
        lines[i] = (char)((i + 1) % settings.size == 0 ? '\n' : 'a' + i % settings.size % 26);
    for (size_t i = 0; i < replies_size; i++) {
        size_t at = i % reply_size;
        if (at < prefix)
            replies[i] = REPLY_PREFIX[at];
        else if (at < prefix + settings.size)
            replies[i] = lines[at - prefix];
        else
            replies[i] = '\n';
    }
}

static void open_connection(struct connection *connection, const union net_address *address)
{
    const int on = 1;
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;

    connection->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connection->sent_at_ns = calloc(settings.outstanding, sizeof *connection->sent_at_ns);
    if (connection->fd < 0 || connection->sent_at_ns == NULL ||
        connect(connection->fd, &address->any, size) != 0)
        fail(1, "cannot connect to %s port %u: %s", settings.host, settings.port, strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Sends as many lines as may be under way. */
static void send_lines(struct connection *connection)
{
    uint64_t may_send = connection->answered + settings.outstanding - connection->sent;
    size_t offset = connection->send_offset;
    size_t size = (size_t)may_send * settings.size;

    if (size == 0)
        return;
    ssize_t n = send(connection->fd, lines + offset, size - offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fail(1, "send: %s", strerror(errno));
    if (n <= 0)
        return;
    uint64_t now = now_ns();
    size_t whole = (offset + (size_t)n) / settings.size;
    connection->send_offset = (offset + (size_t)n) % settings.size;
    for (size_t i = 0; i < whole; i++)
        connection->sent_at_ns[connection->sent++ % settings.outstanding] = now;
}

static void receive_replies(struct connection *connection)
{
    char received[64 * 1024];
    ssize_t n = recv(connection->fd, received, sizeof received, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        fail(1, "the server ended a connection: %s", n == 0 ? "end of file" : strerror(errno));
    if (memcmp(received, replies + connection->reply_offset, (size_t)n) != 0)
        fail(1, "a reply is wrong");
    uint64_t now = now_ns();
    size_t end = connection->reply_offset + (size_t)n;
    for (size_t i = 0; i < end / reply_size; i++) {
        histogram_add(&latencies,
                      now - connection->sent_at_ns[connection->answered % settings.outstanding]);
        connection->answered++;
        if (connection->answered > connection->sent)
            fail(1, "there are more replies than lines");
    }
    connection->reply_offset = end % reply_size;
}

/* Runs until the duration has passed; returns the seconds. */
static double run(struct connection *connections, int epoll)
{
    uint64_t began = now_ns();
    uint64_t end = began + (uint64_t)settings.duration_ms * 1000000u;
    uint64_t now = began;

    for (uint32_t i = 0; i < settings.connections; i++)
        send_lines(&connections[i]);
    for (; now < end; now = now_ns()) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, (int)((end - now) / 1000000u) + 1);
        for (int i = 0; i < count; i++) {
            receive_replies(events[i].data.ptr);
            send_lines(events[i].data.ptr);
        }
    }
    return (double)(now - began) / 1e9;
}

static void report(uint64_t answered, double seconds, double cpu, unsigned long kb)
{
    double rate = (double)answered / seconds;
    double per_line = answered == 0 ? 0 : cpu / (double)answered * 1e6;
    double p50 = (double)histogram_quantile(&latencies, 0.5) / 1e3;
    double p99 = (double)histogram_quantile(&latencies, 0.99) / 1e3;
    double p999 = (double)histogram_quantile(&latencies, 0.999) / 1e3;

    if (settings.as_csv)
        printf("%u,%u,%u,%.0f,%.1f,%.1f,%.1f,%.3f,%lu\n", settings.connections,
               settings.outstanding, settings.size, rate, p50, p99, p999, per_line, kb);
    else
        printf("%u connections x %u lines of %u bytes: %.0f lines/s, p50 %.1f us, p99 %.1f us, "
               "p99.9 %.1f us, server %.3f CPU us a line, %lu KB resident\n",
               settings.connections, settings.outstanding, settings.size, rate, p50, p99, p999,
               per_line, kb);
}

int main(int argc, char **argv)
{
    union net_address address;
    uint64_t answered = 0;

    read_settings(argc, argv);
    if (!net_parse(settings.host, (uint16_t)settings.port, &address))
        fail(2, "--host '%s' is not allowed: it must be an IPv4 or IPv6 address", settings.host);
    make_texts();
    struct connection *connections = calloc(settings.connections, sizeof *connections);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (connections == NULL || epoll < 0)
        fail(1, "cannot begin: %s", strerror(errno));
    for (uint32_t i = 0; i < settings.connections; i++) {
        struct epoll_event readable = {.events = EPOLLIN, .data.ptr = &connections[i]};
        open_connection(&connections[i], &address);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &readable) != 0)
            fail(1, "epoll: %s", strerror(errno));
    }
    double cpu = cpu_seconds();
    double seconds = run(connections, epoll);
    cpu = cpu_seconds() - cpu;
    for (uint32_t i = 0; i < settings.connections; i++)
        answered += connections[i].answered;
    if (answered == 0)
        fail(1, "no line was answered in %.1f s", seconds);
    report(answered, seconds, cpu, resident_kb());
    return 0;
}
