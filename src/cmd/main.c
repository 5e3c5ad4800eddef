/* The lined command: a server of one worker, with a packet log on standard output. */
#include "options.h"
#include "packet_log.h"
#include "say.h"
#include "stop.h"
#include "worker.h"

#include "../invariant.h"
#include "../monotonic.h"
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

/* How long the reader of the packet log is given at least, once the server has ended. */
#define LOG_HURRY_MS 500

/* Started with a standard descriptor closed, the first socket would become it, and the log would go
 * to a client. Opened the wrong way round, so that using it still fails with EBADF. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) /* open(2) gives the lowest free number, which is fd */
            INVARIANT(open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == fd);
    }
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
    char text[SAY_ERROR_SIZE];

    say("standard output: %s; the packet log has ended, serving goes on", say_error(error, text));
}

static void accept_trouble(void *context, const char *what, int error)
{
    char text[SAY_ERROR_SIZE];

    (void)context;
    say("%s: %s; %s", what, say_error(error, text),
        strcmp(what, "accept") == 0 ? "new connections wait until there is room"
                                    : "new connections are closed until there is room");
}

static void connections_cut(void *context, uint64_t connections)
{
    struct packet_log *log = context;

    say("cutting %" PRIu64 " connection%s", connections, connections == 1 ? "" : "s");
    if (log != NULL)
        packet_log_hurry(log, LOG_HURRY_MS);
}

static void say_summary(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats);
    say("served %" PRIu64 " connections, %" PRIu64 " lines, %" PRIu64 " bytes in, %" PRIu64
        " bytes out, %" PRIu64 " unfinished bytes dropped",
        stats.connections, stats.lines, stats.bytes_in, stats.bytes_out, stats.bytes_dropped);
}

/* Ends the log. A stop takes no longer than the drain timeout for its connections and its log
 * together, or a little more. False: the end of the log is lost. */
static bool end_log(struct packet_log *log, struct stop *stop, uint32_t drain_timeout_ms)
{
    int64_t began = atomic_load(&stop->began_ms);
    int64_t patience = began == 0 ? drain_timeout_ms : began + drain_timeout_ms - monotonic_ms();

    if (packet_log_stop(log, patience > LOG_HURRY_MS ? (uint32_t)patience : LOG_HURRY_MS))
        return true;
    say("standard output takes nothing; the end of the packet log is lost");
    return false;
}

/* Serves until a signal ends it, and ends the log, which may be NULL. */
static int run(lined_server *server, struct packet_log *log, const struct options *options)
{
    struct stop stop;
    char address[NET_TEXT_SIZE];
    char text[SAY_ERROR_SIZE];
    int status = EXIT_DRAINED;

    int failed = stop_init(&stop, server, log);
    if (failed != 0) {
        say("cannot start a thread: %s", say_error(-failed, text));
        return EXIT_CANNOT_SERVE;
    }
    say("listening on %s", address_text(options->server.ip, lined_server_port(server), address));
    int result = lined_server_wait(server);
    if (result < 0) {
        say("accept: %s", say_error(-result, text));
        status = EXIT_CANNOT_SERVE;
    } else if (result == LINED_CUT) {
        status = EXIT_CUT;
    }
    bool is_logged = log == NULL || end_log(log, &stop, options->server.drain_timeout_ms);
    if (!is_logged && status == EXIT_DRAINED)
        status = EXIT_CUT;
    stop_deinit(&stop);
    if (log != NULL && is_logged)
        packet_log_free(log);
    say_summary(server);
    return status;
}

static int serve(struct options *options, const struct lined_worker *worker)
{
    struct lined_observer observer = {.cut = connections_cut, .trouble = accept_trouble};
    struct packet_log *log = NULL;
    lined_server *server;
    char text[SAY_ERROR_SIZE];

    if (!options->quiet) {
        int failed = packet_log_start(&log, STDOUT_FILENO, log_failed);
        if (failed < 0) {
            say("cannot start the packet log: %s", say_error(-failed, text));
            return EXIT_CANNOT_SERVE;
        }
        packet_log_observe(log, &observer);
    }
    options->server.observer = &observer;
    int failed = lined_server_start(&server, &options->server, worker);
    if (failed < 0) {
        char address[NET_TEXT_SIZE];
        say("cannot listen on %s: %s",
            address_text(options->server.ip, options->server.port, address),
            say_error(-failed, text));
        return EXIT_CANNOT_SERVE;
    }
    int status = run(server, log, options);
    lined_server_free(server);
    return status;
}

/* One line on standard error, and the exit status. */
static int refuse(const char *message)
{
    say("%s (try 'lined --help')", message);
    return EXIT_USAGE;
}

static int start(struct options *options)
{
    char message[WORKER_MESSAGE_SIZE];
    char text[WORKER_MESSAGE_SIZE + 256]; /* a very long name leaves room for what is wrong */
    const struct lined_worker *worker = worker_find(options->worker, message);

    if (worker == NULL) {
        snprintf(text, sizeof text, "--worker '%.200s': %s", options->worker, message);
        return refuse(text);
    }
    if (worker->task != NULL && options->server.mode == LINED_ACTIVE) {
        snprintf(text, sizeof text,
                 "--mode 'active' is not for --worker '%.200s', which is a task; use passive",
                 options->worker);
        return refuse(text);
    }
    signal(SIGPIPE, SIG_IGN); /* for standard output; sockets are sent to with MSG_NOSIGNAL */
    stop_block_signals();
    return serve(options, worker);
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
        return refuse(message);
    case OPTIONS_SERVE:
        break;
    }
    return start(&options);
}
