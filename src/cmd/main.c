/* The lined command: a server of the worker "received", with a packet log on standard output. */
#include "options.h"
#include "packet_log.h"
#include "stop.h"

#include "../invariant.h"
#include "../net.h"

#include <fcntl.h>
#include <inttypes.h>
#include <lined.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DRAINED = 0, EXIT_CANNOT_SERVE = 1, EXIT_USAGE = 2, EXIT_CUT = 3 };

/* How long the reader of the packet log is given once the server has to end without delay. */
#define LOG_HURRY_MS 500u

/* Started with a standard descriptor closed, the first socket would become it, and the log would go
 * to a client. Opened the wrong way round, so that using it still fails with EBADF. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) /* open(2) gives the lowest free number, which is fd */
            INVARIANT(open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == fd);
    }
}

static const char *error_text(int error, char text[128])
{
    INVARIANT(strerror_r(error, text, 128) == 0);
    return text;
}

static const char *address_text(const char *ip, uint16_t port, char text[NET_TEXT_SIZE])
{
    union net_address address;

    INVARIANT(net_parse(ip, port, &address)); /* options_read has checked it */
    net_format(&address, text);
    return text;
}

static void log_failed(int error)
{
    char text[128];

    fprintf(stderr, "lined: standard output: %s; the packet log has ended, serving goes on\n",
            error_text(error, text));
}

static void accept_trouble(void *context, const char *what, int error)
{
    char text[128];

    (void)context;
    fprintf(stderr, "lined: %s: %s; new connections wait until there is room\n", what,
            error_text(error, text));
}

static void connections_cut(void *context, uint64_t connections)
{
    struct packet_log *log = context;

    fprintf(stderr, "lined: cutting %" PRIu64 " connection%s\n", connections,
            connections == 1 ? "" : "s");
    if (log != NULL)
        packet_log_hurry(log, LOG_HURRY_MS);
}

static void say_summary(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats);
    fprintf(stderr,
            "lined: served %" PRIu64 " connections, %" PRIu64 " lines, %" PRIu64
            " bytes in, %" PRIu64 " bytes out, %" PRIu64 " unfinished bytes dropped\n",
            stats.connections, stats.lines, stats.bytes_in, stats.bytes_out, stats.bytes_dropped);
}

/* Serves until a signal ends it. */
static int run(lined_server *server, const char *ip)
{
    struct stop stop;
    char text[128];
    char address[NET_TEXT_SIZE];

    int failed = stop_init(&stop, server);
    if (failed != 0) {
        fprintf(stderr, "lined: cannot start a thread: %s\n", error_text(-failed, text));
        return EXIT_CANNOT_SERVE;
    }
    fprintf(stderr, "lined: listening on %s\n",
            address_text(ip, lined_server_port(server), address));
    int result = lined_server_wait(server);
    stop_deinit(&stop);
    if (result < 0) {
        fprintf(stderr, "lined: accept: %s\n", error_text(-result, text));
        return EXIT_CANNOT_SERVE;
    }
    return result == LINED_CUT ? EXIT_CUT : EXIT_DRAINED;
}

static int serve(struct options *options, struct lined_observer *observer)
{
    const char *ip = options->server.ip;
    lined_server *server;
    char text[128];

    options->server.observer = observer;
    int failed = lined_server_start(&server, &options->server, &lined_worker_received);
    if (failed < 0) {
        char address[NET_TEXT_SIZE];
        fprintf(stderr, "lined: cannot listen on %s: %s\n",
                address_text(ip, options->server.port, address), error_text(-failed, text));
        return EXIT_CANNOT_SERVE;
    }
    int status = run(server, ip);
    say_summary(server);
    lined_server_free(server);
    return status;
}

static int serve_logging(struct options *options)
{
    struct lined_observer observer = {.cut = connections_cut, .trouble = accept_trouble};
    struct packet_log *log;
    char text[128];

    int failed = packet_log_start(&log, STDOUT_FILENO, log_failed);
    if (failed < 0) {
        fprintf(stderr, "lined: cannot start the packet log: %s\n", error_text(-failed, text));
        return EXIT_CANNOT_SERVE;
    }
    packet_log_observe(log, &observer);
    int status = serve(options, &observer);
    uint32_t patience = status == EXIT_CUT ? LOG_HURRY_MS : options->server.drain_timeout_ms;
    if (!packet_log_stop(log, patience)) {
        fprintf(stderr,
                "lined: standard output takes nothing; the end of the packet log is lost\n");
        return status == EXIT_DRAINED ? EXIT_CUT : status;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char message[OPTIONS_MESSAGE_SIZE];

    open_standard_descriptors();
    switch (options_read(&options, argc, argv, getenv, message)) {
    case OPTIONS_HELP:
        fputs(options_help, stdout);
        return fflush(stdout) == 0 ? EXIT_DRAINED : EXIT_CANNOT_SERVE;
    case OPTIONS_VERSION:
        printf("lined %s\n", lined_version());
        return fflush(stdout) == 0 ? EXIT_DRAINED : EXIT_CANNOT_SERVE;
    case OPTIONS_BAD:
        fprintf(stderr, "lined: %s (try 'lined --help')\n", message);
        return EXIT_USAGE;
    case OPTIONS_SERVE:
        break;
    }
    signal(SIGPIPE, SIG_IGN); /* for standard output; sockets are sent to with MSG_NOSIGNAL */
    stop_block_signals();
    if (options.quiet) {
        struct lined_observer observer = {.cut = connections_cut, .trouble = accept_trouble};
        return serve(&options, &observer);
    }
    return serve_logging(&options);
}
