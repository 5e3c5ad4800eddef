#define _GNU_SOURCE /* O_PATH */
/* The lined command: a server of one worker, with a packet log on standard output. */
#include "limits.h"
#include "listen_hint.h"
#include "log_writer.h"
#include "options.h"
#include "privileges.h"
#include "report.h"
#include "say.h"
#include "settle.h"
#include "status.h"
#include "stop.h"
#include "warn.h"
#include "worker.h"

#include "../monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lined.h>
#ifdef __GLIBC__
#include <malloc.h> /* mallopt */
#endif
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Started with a standard descriptor closed, the first socket would become it, and the log would go
 * to a client. What is opened instead can neither be read nor written, so using it still fails with
 * EBADF (open(2), O_PATH); and it is there where /dev is empty. False: it has said why not. */
static bool open_standard_descriptors(void)
{
    static const char *const names[] = {"input", "output", "error"};
    char text[SAY_ERROR_SIZE];

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_DIRECTORY) < 0) {
            say(SAY_ERROR, "standard %s is closed, and nothing can be opened in its place: %s",
                names[fd], say_error(errno, text));
            return false;
        } /* open(2) gives the lowest free number, which is fd */
    }
    return true;
}

/* Blocks of 16 KiB and more are mappings of their own: a buffer that a pipeline has enlarged goes
 * back to the system when it is freed. At most 16,384 of them, which limits.c subtracts from the
 * maps that connections may use. One arena: each further one would reserve 64 MiB of address space.
 */
static void set_up_memory(void)
{
#ifdef __GLIBC__ /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet */
    mallopt(M_MMAP_THRESHOLD, 16 * 1024);
    mallopt(M_MMAP_MAX, 16 * 1024);
    mallopt(M_ARENA_MAX, 1);
#endif /* NOLINTEND(concurrency-mt-unsafe) */
}

/* As the user has given it: to read it again needs a socket where it has a scope, as fe80::1%eth0,
 * and the sandbox allows none. */
#define ADDRESS_TEXT_SIZE 128

static const char *address_text(const char *ip, uint16_t port, char text[ADDRESS_TEXT_SIZE])
{
    snprintf(text, ADDRESS_TEXT_SIZE, strchr(ip, ':') == NULL ? "%.100s:%u" : "[%.100s]:%u", ip,
             port);
    return text;
}

/* What sets the limit of connections; set before the server starts. */
static const char *limited_by;

static void accept_trouble(void *context, const char *what, int error)
{
    bool is_accept = strcmp(what, "accept") == 0;
    char text[SAY_ERROR_SIZE];
    char warning[SAY_ERROR_SIZE + 128];

    (void)context;
    if (strcmp(what, "limit") == 0) {
        snprintf(warning, sizeof warning,
                 "as many are connected as %s allows; others get what --overflow says", limited_by);
        warn(WARN_LIMIT, 1, warning);
        return;
    }
    snprintf(warning, sizeof warning, "%s: %s; new connections wait until there is room", what,
             say_error(error, text));
    warn(is_accept ? WARN_ACCEPT : WARN_THREAD, 1, warning);
}

/* What ends lined. The process has one, for it has one set of signals. */
static struct stop stop;

static void connections_cut(void *context, uint64_t connections)
{
    struct log_writer *log = context;

    stop_note_cut(&stop);
    say(SAY_WARNING, "cutting %" PRIu64 " connection%s", connections, connections == 1 ? "" : "s");
    if (log != NULL)
        log_writer_hurry(log, LOG_HURRY_MS);
}

/* Raises what can be raised, and sets the limit where the user has set none. False: not one
 * connection could be served; it has said so. */
static bool choose_limit(struct options *options, uid_t user, struct limits_bound *bound)
{
    struct limits limits;

    limits_raise();
    limits_read(&limits, "", user);
    *bound = limits_connections(&limits);
    if (bound->connections == 0) {
        say(SAY_ERROR,
            "cannot serve: %s leaves lined %" PRIu64 " %s, and it needs %" PRIu64
            " of its own and more for each connection: raise it (%s)",
            bound->name, bound->left, bound->unit, bound->own, bound->raised_by);
        return false;
    }
    limited_by = options_name(options, "--max-connections");
    if (options->server.max_connections == 0) {
        options->server.max_connections = bound->connections;
        limited_by = bound->name;
    }
    return true;
}

/* A limit of the user's stands, also one that is more than the system allows: what runs out then is
 * waited for. */
static void say_limit(size_t most, const struct limits_bound *bound)
{
    const char *connections = most == 1 ? "connection" : "connections";

    if (most <= bound->connections)
        say(SAY_INFO, "at most %zu %s at a time", most, connections);
    else
        say(SAY_WARNING, "at most %zu %s at a time, but %s allows about %zu: raise it (%s)", most,
            connections, bound->name, bound->connections, bound->raised_by);
}

/* Ends the log; *has_ended tells whether it may be freed. A stop takes no longer than the drain
 * timeout for its connections and its log together; a log whose reader was not found to be stuck
 * gets a little more. False: lines are lost. */
static bool end_log(struct log_writer *log, uint32_t drain_timeout_ms, bool *has_ended)
{
    int64_t least = log_writer_has_given_up(log) ? 0 : LOG_HURRY_MS;
    int64_t began = atomic_load(&stop.began_ms);
    int64_t patience = began == 0 ? drain_timeout_ms : began + drain_timeout_ms - monotonic_ms();

    *has_ended = log_writer_stop(log, (uint32_t)(patience > least ? patience : least));
    return !report_lost_lines(log);
}

static void say_no_thread(int error)
{
    char text[SAY_ERROR_SIZE];
    char limits[LIMITS_TEXT_SIZE];

    say(SAY_ERROR, "cannot make a thread: %s; %s", say_error(error, text),
        limits_of_threads(limits));
}

/* The first port that a process without privileges may bind, see ip(7). */
static uint32_t read_first_port(void)
{
    uint32_t port = 1024;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");

    if (file != NULL) {
        /* NOLINTNEXTLINE(cert-err34-c): the kernel writes no number that does not fit */
        if (fscanf(file, "%" SCNu32, &port) != 1)
            port = 1024;
        fclose(file);
    }
    return port;
}

/* Says why lined_server_start has failed. EAGAIN is of pthread_create(3); no call that binds a port
 * has it. */
static void say_no_start(const struct options *options, int error)
{
    char address[ADDRESS_TEXT_SIZE];
    char text[SAY_ERROR_SIZE];
    char hint[LISTEN_HINT_SIZE];

    if (settle_has_failed())
        return; /* it has said so */
    if (error == EAGAIN) {
        say_no_thread(error);
        return;
    }
    say_error(error, text);
    if (settle_has_begun()) {
        say(SAY_ERROR, "cannot serve: %s", text);
        return;
    }
    address_text(options->server.ip, options->server.port, address);
    listen_hint(options, error, read_first_port(), hint);
    say(SAY_ERROR, "cannot listen on %s: %s%s%s", address, text, hint[0] == '\0' ? "" : "; ", hint);
}

/* Serves until a signal ends it, and ends the log, which may be NULL. */
static int run(lined_server *server, struct log_writer *log, const struct options *options,
               const struct limits_bound *bound)
{
    char address[ADDRESS_TEXT_SIZE];
    int status = STATUS_DRAINED;
    bool may_free_log = false;

    int failed = stop_start(&stop, server, log, options->server.drain_timeout_ms);
    if (failed != 0) {
        say_no_thread(-failed);
        return STATUS_CANNOT_SERVE;
    }
    say(SAY_INFO, "listening on %s",
        address_text(options->server.ip, lined_server_port(server), address));
    settle_say();
    say_limit(options->server.max_connections, bound);
    int result = lined_server_wait(server);
    if (result < 0) {
        char text[SAY_ERROR_SIZE];
        say(SAY_ERROR, "accept: %s", say_error(-result, text));
        status = STATUS_CANNOT_SERVE;
    } else if (result == LINED_CUT) {
        status = STATUS_CUT;
    }
    if (log != NULL && !end_log(log, options->server.drain_timeout_ms, &may_free_log) &&
        status == STATUS_DRAINED)
        status = STATUS_CUT;
    stop_end(&stop);
    warn_end();
    report_summary(server, log);
    if (may_free_log)
        log_writer_free(log);
    return status;
}

static int serve(struct options *options, const struct lined_worker *worker,
                 const struct privileges *privileges)
{
    struct lined_observer observer = {.cut = connections_cut, .trouble = accept_trouble};
    struct limits_bound bound;
    const struct lined_worker settled = settle_before(worker, options, privileges, &observer);
    lined_server *server;

    if (!choose_limit(options, options->user == NULL ? getuid() : privileges->user, &bound))
        return STATUS_CANNOT_SERVE;
    options->server.observer = &observer;
    int failed = lined_server_start(&server, &options->server, &settled);
    if (failed != LINED_OK) {
        say_no_start(options, -failed);
        return STATUS_CANNOT_SERVE;
    }
    int status = run(server, settle_log(), options, &bound);
    lined_server_free(server);
    return status;
}

/* One line on standard error, and the exit status. */
static int refuse(const char *message)
{
    say(SAY_ERROR, "%s (try 'lined --help')", message);
    return STATUS_USAGE;
}

/* On standard output; returns the exit status. */
static int print(const char *text)
{
    char why[SAY_ERROR_SIZE];

    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return STATUS_DRAINED;
    say(SAY_ERROR, "cannot write to standard output: %s", say_error(errno, why));
    return STATUS_CANNOT_SERVE;
}

static int start(struct options *options)
{
    char message[WORKER_MESSAGE_SIZE];
    char text[WORKER_MESSAGE_SIZE + 256]; /* a very long name leaves room for what is wrong */
    const struct lined_worker *worker = worker_find(options->worker, message);
    struct privileges privileges;

    if (worker == NULL) {
        snprintf(text, sizeof text, "%s '%.200s': %s", options_name(options, "--worker"),
                 options->worker, message);
        return refuse(text);
    }
    if (worker->task != NULL && options->server.mode == LINED_ACTIVE) {
        snprintf(
            text, sizeof text, "%s 'active' is not for %s '%.200s', which is a task; use passive",
            options_name(options, "--mode"), options_name(options, "--worker"), options->worker);
        return refuse(text);
    }
    if (options->user != NULL && !privileges_find(&privileges, options->user, message)) {
        snprintf(text, sizeof text, "%s '%.32s': %s", options_name(options, "--user"),
                 options->user, message);
        return refuse(text);
    }
    /* The log's, on a pipe that nobody reads and on a file past RLIMIT_FSIZE: what is left is an
     * error of write(2). Sockets are sent to with MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int failed = stop_init(&stop);
    if (failed == 0)
        failed = warn_init();
    if (failed < 0) {
        say(SAY_ERROR, "cannot make a timer: %s", say_error(-failed, text));
        return STATUS_CANNOT_SERVE;
    }
    return serve(options, worker, &privileges);
}

int main(int argc, char **argv)
{
    struct options options;
    char message[OPTIONS_MESSAGE_SIZE];

    if (!open_standard_descriptors())
        return STATUS_CANNOT_SERVE;
    set_up_memory();
    say_init();
    switch (options_read(&options, argc, argv, getenv, message)) {
    case OPTIONS_HELP:
        return print(options_help);
    case OPTIONS_VERSION:
        snprintf(message, sizeof message, "lined %s\n", lined_version());
        return print(message);
    case OPTIONS_BAD:
        return refuse(message);
    case OPTIONS_SERVE:
        break;
    }
    if (options.warning[0] != '\0')
        say(SAY_WARNING, "%s", options.warning);
    return start(&options);
}
