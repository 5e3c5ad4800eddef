#include "listen.h"

#include "listen_hint.h"
#include "message.h"
#include "net/endpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_TEXT_SIZE 128

static const char *address_text(const char *ip, uint16_t port, char text[ADDRESS_TEXT_SIZE])
{
    snprintf(text, ADDRESS_TEXT_SIZE, strchr(ip, ':') == NULL ? "%.100s:%u" : "[%.100s]:%u", ip,
             port);
    return text;
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

/* Reports why --ip and --port have failed. */
static void report_no_listener(const struct options *options, int error)
{
    char address[ADDRESS_TEXT_SIZE];
    char text[ERROR_TEXT_SIZE];
    char hint[LISTEN_HINT_SIZE];

    error_text(error, text);
    address_text(options->server.ip, options->server.port, address);
    listen_hint(options, error, read_first_port(), hint);
    message(MESSAGE_ERROR, "cannot listen on %s: %s%s%s", address, text,
            hint[0] == '\0' ? "" : "; ", hint);
}

/* What to do about a place that cannot be listened on; "": there is no hint. */
static const char *place_hint(const char *place, int error)
{
    switch (error) {
    case EADDRINUSE:
        if (strncmp(place, "fd:", 3) == 0)
            return "; lined listens on it already: name each descriptor once";
        return strncmp(place, "unix:", 5) == 0
                   ? "; another process listens on this file, or it is not a socket: end that "
                     "process, or choose another path"
                   : "; another process listens on this port, see 'ss -ltnp': end that process, "
                     "choose another port, or use --reuse-port for both";
    case ENOENT:
        return "; the folder or the group does not exist: create it";
    case EACCES:
        return "; lined may not do this as this user: start it as root with --user NAME, or choose "
               "another place";
    case EOPNOTSUPP:
        return "; --reuse-port is not possible with a Unix socket: leave it out";
    case EADDRNOTAVAIL:
        return "; no interface has this address, see 'ip address'";
    default:
        return "";
    }
}

bool listen_on_place(lined_server *server, const char *place)
{
    int failed = lined_server_listen(server, place);

    if (failed != LINED_OK) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot listen on %s: %s%s", place, error_text(-failed, text),
                place_hint(place, -failed));
    }
    return failed == LINED_OK;
}

static bool listen_on_places(lined_server *server, const struct options *options)
{
    for (size_t i = 0; i < options->listen_count; i++) {
        if (!listen_on_place(server, options->listen[i]))
            return false;
    }
    return true;
}

/* What is wrong with an inherited socket. */
static const char *why_not_inherited(int error, char text[ERROR_TEXT_SIZE])
{
    switch (error) {
    case EISCONN:
        return "it is a connection, not a listening socket: set Accept=no in the socket unit";
    case ENOTSOCK:
        return "it is not a socket";
    case EPROTOTYPE:
        return "it is not a stream socket of TCP or Unix: use ListenStream= in the socket unit";
    case EINVAL:
        return "it does not listen";
    default:
        return error_text(error, text);
    }
}

bool listen_on_inherited(lined_server *server, int fd)
{
    int failed = lined_server_listen_fd(server, fd);

    if (failed != LINED_OK) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot serve the inherited socket %d (LISTEN_FDS): %s", fd,
                why_not_inherited(-failed, text));
    }
    return failed == LINED_OK;
}

static bool listen_on_all_inherited(lined_server *server, const struct activation *activation)
{
    for (int fd = ACTIVATION_FIRST_FD; fd < ACTIVATION_FIRST_FD + activation->count; fd++) {
        if (fd != activation->admin && !listen_on_inherited(server, fd))
            return false;
    }
    return true;
}

static bool inherits_listeners(const struct activation *activation)
{
    return activation->count > (activation->admin >= 0);
}

size_t listen_count(const struct options *options, const struct activation *activation,
                    uint64_t *inherited)
{
    *inherited = 0;
    if (inherits_listeners(activation)) {
        *inherited = (uint64_t)(activation->count - (activation->admin >= 0));
        return *inherited;
    }
    for (size_t i = 0; i < options->listen_count; i++)
        *inherited += strncmp(options->listen[i], "fd:", 3) == 0;
    return options->listen_count > 0 ? options->listen_count : 1;
}

bool listen_open(lined_server **server, const struct options *options,
                 const struct activation *activation, const struct lined_handler *handler)
{
    struct lined_options server_options = options->server;
    bool is_inherited = inherits_listeners(activation);

    if (is_inherited || options->listen_count > 0)
        server_options.ip = NULL;
    int failed = lined_server_new(server, &server_options, handler, NULL);
    if (failed != LINED_OK) {
        report_no_listener(options, -failed);
        return false;
    }
    if (is_inherited ? listen_on_all_inherited(*server, activation)
                     : listen_on_places(*server, options))
        return true;
    lined_server_free(*server);
    return false;
}

static void add_made_file(struct allowed_files *made, const char *place)
{
    struct endpoint endpoint;
    const char *why;

    if (endpoint_parse(place, &endpoint, &why) && endpoint.kind == ENDPOINT_UNIX)
        snprintf(made->paths[made->count++], REMOVABLE_SIZE, "%.107s",
                 endpoint.unix_address.sun_path);
}

void listen_made_files(const struct options *options, struct allowed_files *made)
{
    _Static_assert(REMOVABLE_MAX > OPTIONS_LISTEN_MAX, "room for every listener");
    made->count = 0;
    for (size_t i = 0; i < options->listen_count; i++)
        add_made_file(made, options->listen[i]);
    if (options->admin != NULL)
        add_made_file(made, options->admin);
}

void listen_report(lined_server *server)
{
    char place[LINED_LISTENER_SIZE];

    for (size_t i = 0; lined_server_listener(server, i, place); i++)
        message(MESSAGE_INFO, "listening on %s", place);
}
