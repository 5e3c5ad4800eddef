#include "settings.h"

#include "base/values.h"
#include "net/address.h"
#include "net/cidr.h"
#include "net/endpoint.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool read_config(struct options *options, const char *value)
{
    options->config = value;
    return *value != '\0';
}

static bool read_ip(struct options *options, const char *value)
{
    union net_address unused;

    options->server.ip = value;
    return address_parse(value, 0, &unused);
}

/* One text; options->why says why not. */
static bool add_listener(struct options *options, const char *word, size_t size)
{
    char *text = options->listen_words + options->listen_used;
    struct endpoint endpoint;

    if (options->listen_count == OPTIONS_LISTEN_MAX ||
        size + 1 > OPTIONS_LISTEN_SIZE - options->listen_used) {
        options->why = "at most 64 places of at most 4095 bytes together";
        return false;
    }
    memcpy(text, word, size);
    text[size] = '\0';
    options->listen_used += size + 1;
    options->listen[options->listen_count++] = text;
    return endpoint_parse(text, &endpoint, &options->why);
}

/* Places, separated by spaces. */
static bool read_listen(struct options *options, const char *value)
{
    size_t before = options->listen_count;

    for (;;) {
        value += strspn(value, " ");
        size_t size = strcspn(value, " ");
        if (size == 0)
            return options->listen_count > before;
        if (!add_listener(options, value, size))
            return false;
        value += size;
    }
}

static bool read_port(struct options *options, const char *value)
{
    uint32_t port;

    if (!value_number(value, 0, UINT16_MAX, &port))
        return false;
    options->server.port = (uint16_t)port;
    return true;
}

static bool read_flag(bool *flag, const char *value)
{
    int word = value_word(
        value, (const char *const[]){"no", "yes", "0", "1", "false", "true", "off", "on", NULL});

    *flag = word % 2 == 1;
    return word >= 0;
}

static bool read_check_config(struct options *options, const char *value)
{
    return read_flag(&options->check_config, value);
}

static bool read_quiet(struct options *options, const char *value)
{
    return read_flag(&options->quiet, value);
}

static bool read_reuse_port(struct options *options, const char *value)
{
    return read_flag(&options->server.reuse_port, value);
}

static bool read_no_sandbox(struct options *options, const char *value)
{
    return read_flag(&options->no_sandbox, value);
}

static bool read_notify_fd(struct options *options, const char *value)
{
    uint32_t fd;

    if (!value_number(value, 3, INT32_MAX, &fd))
        return false;
    options->notify_fd = (int)fd;
    return true;
}

static bool read_user(struct options *options, const char *value)
{
    options->user = value;
    for (; *value > ' ' && *value <= '~'; value++)
        continue;
    return *value == '\0' && value > options->user;
}

static bool read_max_line(struct options *options, const char *value)
{
    uint32_t size;

    if (!value_number(value, LINED_MAX_LINE_MIN, LINED_MAX_LINE_MAX, &size))
        return false;
    options->server.max_line = size;
    return true;
}

static bool read_long_line(struct options *options, const char *value)
{
    static const enum lined_long_line kinds[] = {LINED_LONG_SPLIT, LINED_LONG_CLOSE,
                                                 LINED_LONG_DISCARD};
    int word = value_word(value, (const char *const[]){"split", "close", "discard", NULL});

    options->server.long_line = kinds[word < 0 ? 0 : word];
    return word >= 0;
}

static bool read_partial(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"drop", "deliver", NULL});

    options->server.partial = word == 1 ? LINED_PARTIAL_DELIVER : LINED_PARTIAL_DROP;
    return word >= 0;
}

static bool read_send_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.send_timeout_ms);
}

static bool read_idle_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.idle_timeout_ms);
}

static bool read_line_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.line_timeout_ms);
}

static bool read_session_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.session_timeout_ms);
}

static bool read_drain_delay(struct options *options, const char *value)
{
    return value_seconds(value, &options->drain_delay_ms);
}

static bool read_drain(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"close", "wait", NULL});

    options->server.drain_mode = word == 1 ? LINED_DRAIN_WAIT : LINED_DRAIN_CLOSE;
    return word >= 0;
}

static bool read_drain_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.drain_timeout_ms);
}

static bool read_mode(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"passive", "active", NULL});

    options->server.mode = word == 1 ? LINED_ACTIVE : LINED_PASSIVE;
    return word >= 0;
}

static bool read_log_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"block", "drop", NULL});

    options->log_overflow = word == 1 ? LOG_DROP : LOG_BLOCK;
    return word >= 0;
}

static bool read_admin(struct options *options, const char *value)
{
    struct endpoint endpoint;

    options->admin = value;
    if (!endpoint_parse(value, &endpoint, &options->why))
        return false;
    options->why = "unix:PATH, ADDRESS:PORT or [IPV6]:PORT";
    return endpoint.kind != ENDPOINT_FD;
}

static bool read_log_file(struct options *options, const char *value)
{
    options->log_file = value;
    return *value != '\0';
}

static bool read_log_format(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"inspect", "json", NULL});

    options->log_style.format = word == 1 ? LOG_JSON : LOG_INSPECT;
    return word >= 0;
}

static bool read_log_peer(struct options *options, const char *value)
{
    return read_flag(&options->log_style.has_peer, value);
}

static bool read_log_probes(struct options *options, const char *value)
{
    bool is_logged;
    bool is_allowed = read_flag(&is_logged, value);

    options->log_style.omits_probes = !is_logged;
    return is_allowed;
}

static bool read_log_lines(struct options *options, const char *value)
{
    bool is_logged;
    bool is_allowed = read_flag(&is_logged, value);

    options->log_style.omits_lines = !is_logged;
    return is_allowed;
}

static bool read_handler(struct options *options, const char *value)
{
    options->handler = value;
    return *value != '\0';
}

static bool read_busy_poll(struct options *options, const char *value)
{
    return value_number(value, 0, LINED_BUSY_POLL_MAX, &options->server.busy_poll_us);
}

static bool read_backlog(struct options *options, const char *value)
{
    uint32_t backlog;

    if (!value_number(value, 1, UINT16_MAX, &backlog))
        return false;
    options->server.backlog = (int)backlog;
    return true;
}

static bool read_max_connections(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 1, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_connections = most;
    return true;
}

static bool read_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"wait", "reject", NULL});

    options->server.overflow = word == 1 ? LINED_OVERFLOW_REJECT : LINED_OVERFLOW_WAIT;
    return word >= 0;
}

static bool read_max_per_ip(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 0, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_per_ip = most;
    return true;
}

static bool read_accept_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.accept_rate);
}

static bool read_greeting(struct options *options, const char *value)
{
    options->server.greeting = value;
    return *value != '\0' && strnlen(value, LINED_GREETING_MAX + 1) <= LINED_GREETING_MAX;
}

static bool read_line_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.line_rate);
}

/* Says which part of a list is no network, without bytes that control a terminal. */
static void explain_networks(struct options *options, const struct cidr_error *error)
{
    char part[44];
    size_t size = error->size < sizeof part ? error->size : sizeof part - 1;

    for (size_t i = 0; i < size; i++)
        part[i] = (char)(error->part[i] >= ' ' && error->part[i] <= '~' ? error->part[i] : '?');
    part[size] = '\0';
    snprintf(options->why_text, sizeof options->why_text,
             "networks such as 10.0.0.0/8,fd00::/8; '%s' %s", part, error->why);
    options->why = options->why_text;
}

/* A list of networks. */
static bool read_networks(struct options *options, const char **field, const char *value)
{
    struct cidr_list list;
    struct cidr_error error;

    *field = value;
    int failed = cidr_list_parse(&list, value, &error);
    if (failed == -EINVAL)
        explain_networks(options, &error);
    cidr_list_deinit(&list);
    return failed == 0;
}

static bool read_allow(struct options *options, const char *value)
{
    return read_networks(options, &options->server.allow, value);
}

static bool read_deny(struct options *options, const char *value)
{
    return read_networks(options, &options->server.deny, value);
}

static bool read_proxy_protocol(struct options *options, const char *value)
{
    static const enum lined_proxy_protocol protocols[] = {LINED_PROXY_V1, LINED_PROXY_V2,
                                                          LINED_PROXY_ANY};
    int word = value_word(value, (const char *const[]){"v1", "v2", "any", NULL});

    options->server.proxy_protocol = word < 0 ? LINED_PROXY_NONE : protocols[word];
    return word >= 0;
}

static bool read_proxy_from(struct options *options, const char *value)
{
    return read_networks(options, &options->server.proxy_from, value);
}

const struct setting settings[] = {
    {.name = "--config",
     .argument = "FILE",
     .variable = "LINED_CONFIG",
     .allowed = "the path of a file",
     .read = read_config,
     .help = "read variables, such as LINED_PORT=80, from this file; the environment overrides it"},
    {.name = "--check-config",
     .variable = "LINED_CHECK_CONFIG",
     .allowed = "yes or no",
     .read = read_check_config,
     .help = "check the options, the environment and the file, print nothing if they are right, "
             "and exit"},
    {.name = "--ip",
     .letter = 'i',
     .argument = "ADDR",
     .variable = "LINED_IP",
     .allowed = "an IPv4 or IPv6 address, such as 127.0.0.1 or ::1",
     .read = read_ip,
     .help = "listen on this IPv4 or IPv6 address (default 127.0.0.1)"},
    {.name = "--port",
     .letter = 'p',
     .argument = "PORT",
     .variable = "LINED_PORT",
     .allowed = "a number from 0 to 65535",
     .read = read_port,
     .help = "listen on this port; 0: the kernel chooses (default 1234)"},
    {.name = "--listen",
     .argument = "PLACE",
     .variable = "LINED_LISTEN",
     .allowed = "ADDRESS:PORT, [IPV6]:PORT, *:PORT, unix:PATH or fd:N",
     .read = read_listen,
     .help = "instead of --ip and --port, and more than once: ADDRESS:PORT, [IPV6]:PORT, *:PORT, "
             "unix:PATH[,mode=MODE][,group=NAME] or fd:N; in LINED_LISTEN separated by spaces"},
    {.name = "--reuse-port",
     .variable = "LINED_REUSE_PORT",
     .allowed = "yes or no",
     .read = read_reuse_port,
     .help = "let other processes listen on the same port (SO_REUSEPORT)"},
    {.name = "--quiet",
     .letter = 'q',
     .variable = "LINED_QUIET",
     .allowed = "yes or no",
     .read = read_quiet,
     .help = "print no packet log"},
    {.name = "--log-overflow",
     .can_change = true,
     .argument = "block|drop",
     .variable = "LINED_LOG_OVERFLOW",
     .allowed = "block or drop",
     .read = read_log_overflow,
     .help = "if the packet log is read too slowly: block makes clients wait, drop "
             "leaves log lines out and counts them (default block)"},
    {.name = "--log-file",
     .argument = "PATH",
     .variable = "LINED_LOG_FILE",
     .allowed = "the path of a file",
     .read = read_log_file,
     .help = "append the packet log to this file, which SIGHUP opens again (default: standard "
             "output)"},
    {.name = "--log-format",
     .can_change = true,
     .argument = "inspect|json",
     .variable = "LINED_LOG_FORMAT",
     .allowed = "inspect or json",
     .read = read_log_format,
     .help = "the form of the packet log: Elixir's notation, or a JSON object for each event "
             "(default inspect)"},
    {.name = "--log-peer",
     .can_change = true,
     .variable = "LINED_LOG_PEER",
     .allowed = "yes or no",
     .read = read_log_peer,
     .help = "begin each line of the format inspect with the time and the client's address"},
    {.name = "--log-probes",
     .can_change = true,
     .argument = "yes|no",
     .variable = "LINED_LOG_PROBES",
     .allowed = "yes or no",
     .read = read_log_probes,
     .help = "log connections that send no byte (default yes)"},
    {.name = "--log-lines",
     .can_change = true,
     .argument = "yes|no",
     .variable = "LINED_LOG_LINES",
     .allowed = "yes or no",
     .read = read_log_lines,
     .help = "log the lines of clients (default yes)"},
    {.name = "--handler",
     .letter = 'H',
     .argument = "NAME|FILE.so",
     .variable = "LINED_HANDLER",
     .allowed = "received, chat, kv, or the file of a module",
     .read = read_handler,
     .help = "the handler of the lines: received, chat, kv, or the file of a module "
             "(default received)"},
    {.name = "--mode",
     .argument = "passive|active",
     .variable = "LINED_MODE",
     .allowed = "passive or active",
     .read = read_mode,
     .help = "the thread that runs the handler: each connection's own, or one for "
             "all (default passive)"},
    {.name = "--max-line",
     .argument = "BYTES",
     .variable = "LINED_MAX_LINE",
     .allowed = "a number of bytes from 16 to 1048576",
     .read = read_max_line,
     .help = "maximum length of a line, including its LF, 16 to 1048576 (default "
             "1460)"},
    {.name = "--long-line",
     .argument = "split|close|discard",
     .variable = "LINED_LONG_LINE",
     .allowed = "split, close or discard",
     .read = read_long_line,
     .help = "split a longer line into several lines, close its connection, or discard all of it "
             "behind the maximum "
             "(default split)"},
    {.name = "--partial",
     .argument = "drop|deliver",
     .variable = "LINED_PARTIAL",
     .allowed = "drop or deliver",
     .read = read_partial,
     .help = "drop an unfinished line when the client ends its side, or deliver it "
             "(default drop)"},
    {.name = "--send-timeout",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_SEND_TIMEOUT",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_send_timeout,
     .help = "close a connection when sending makes no progress for SECONDS; 0: no "
             "limit (default 30)"},
    {.name = "--idle-timeout",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_IDLE_TIMEOUT",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_idle_timeout,
     .help = "close a connection when its client sends nothing for SECONDS (default "
             "0: no limit)"},
    {.name = "--line-timeout",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_LINE_TIMEOUT",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_line_timeout,
     .help = "close a connection when a line is not complete SECONDS after it was "
             "begun (default 0: no limit)"},
    {.name = "--session-timeout",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_SESSION_TIMEOUT",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_session_timeout,
     .help = "close a connection SECONDS after it was accepted (default 0: no limit)"},
    {.name = "--drain-timeout",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_DRAIN_TIMEOUT",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_drain_timeout,
     .help = "when lined is stopped, cut the connections that have not ended after "
             "SECONDS (default 5)"},
    {.name = "--drain-delay",
     .can_change = true,
     .argument = "SECONDS",
     .variable = "LINED_DRAIN_DELAY",
     .allowed = "a number of seconds from 0 to 1000000",
     .read = read_drain_delay,
     .help = "when lined is stopped, go on accepting for SECONDS before the drain begins (default "
             "0)"},
    {.name = "--drain",
     .argument = "close|wait",
     .variable = "LINED_DRAIN",
     .allowed = "close or wait",
     .read = read_drain,
     .help = "in a drain, close connections when their lines are answered, or wait until their "
             "clients end them (default close)"},
    {.name = "--backlog",
     .argument = "N",
     .variable = "LINED_BACKLOG",
     .allowed = "a number from 1 to 65535",
     .read = read_backlog,
     .help = "maximum number of connections that wait to be accepted (default 4096)"},
    {.name = "--busy-poll",
     .argument = "MICROSECONDS",
     .variable = "LINED_BUSY_POLL",
     .allowed = "a number of microseconds from 0 to 10000",
     .read = read_busy_poll,
     .help = "poll this long for the next line before the thread sleeps, 0 to 10000 "
             "(default 50)"},
    {.name = "--notify-fd",
     .argument = "N",
     .variable = "LINED_NOTIFY_FD",
     .allowed = "the number of an open descriptor, 3 or more",
     .read = read_notify_fd,
     .help = "write a newline to this descriptor, 3 or more, when clients can connect (s6); under "
             "systemd this is not needed"},
    {.name = "--user",
     .argument = "NAME|UID:GID",
     .variable = "LINED_USER",
     .allowed = "the name of a user, or UID:GID",
     .read = read_user,
     .help = "once the port is open, become this user for good"},
    {.name = "--no-sandbox",
     .variable = "LINED_NO_SANDBOX",
     .allowed = "yes or no",
     .read = read_no_sandbox,
     .help = "do not enter the sandbox: files and all system calls stay allowed"},
    {.name = "--max-connections",
     .can_change = true,
     .argument = "N",
     .variable = "LINED_MAX_CONNECTIONS",
     .allowed = "a number from 1 to 16777216",
     .read = read_max_connections,
     .help = "maximum number of connections at the same time (default: from the "
             "limits on descriptors, threads and memory)"},
    {.name = "--overflow",
     .can_change = true,
     .argument = "wait|reject",
     .variable = "LINED_OVERFLOW",
     .allowed = "wait or reject",
     .read = read_overflow,
     .help = "above --max-connections, clients wait in the backlog, or get \"Server "
             "busy\" and are closed (default wait)"},
    {.name = "--max-per-ip",
     .can_change = true,
     .argument = "N",
     .variable = "LINED_MAX_PER_IP",
     .allowed = "a number from 0 to 16777216",
     .read = read_max_per_ip,
     .help = "maximum number of connections from one address at the same time "
             "(default 0: no limit)"},
    {.name = "--accept-rate",
     .can_change = true,
     .argument = "N",
     .variable = "LINED_ACCEPT_RATE",
     .allowed = "a number from 0 to 1000000",
     .read = read_accept_rate,
     .help = "maximum number of connections accepted per second, the others wait "
             "(default 0: no limit)"},
    {.name = "--admin",
     .argument = "PLACE",
     .variable = "LINED_ADMIN",
     .allowed = "unix:PATH, ADDRESS:PORT or [IPV6]:PORT",
     .read = read_admin,
     .help = "serve statistics over HTTP here, outside all limits: a page on /, /metrics, "
             "/healthz, /readyz; PLACE is unix:PATH[,mode=MODE][,group=NAME] or ADDRESS:PORT"},
    {.name = "--greeting",
     .argument = "TEXT",
     .variable = "LINED_GREETING",
     .allowed = "a text of 1 to 1024 bytes",
     .read = read_greeting,
     .help = "send this line to each client when it has connected (default: none)"},
    {.name = "--line-rate",
     .argument = "N",
     .variable = "LINED_LINE_RATE",
     .allowed = "a number from 0 to 1000000",
     .read = read_line_rate,
     .help = "maximum number of lines per second from each connection, the others wait (default 0: "
             "no limit)"},
    {.name = "--allow",
     .argument = "CIDR,...",
     .variable = "LINED_ALLOW",
     .allowed = "networks such as 10.0.0.0/8,fd00::/8",
     .read = read_allow,
     .help = "networks, such as 10.0.0.0/8,fd00::/8: close other clients without a byte (default: "
             "all may connect)"},
    {.name = "--deny",
     .argument = "CIDR,...",
     .variable = "LINED_DENY",
     .allowed = "networks such as 10.0.0.0/8,fd00::/8",
     .read = read_deny,
     .help = "close the clients from these networks without a byte, also if --allow has them "
             "(default: none)"},
    {.name = "--proxy-protocol",
     .argument = "v1|v2|any",
     .variable = "LINED_PROXY_PROTOCOL",
     .allowed = "v1, v2 or any",
     .read = read_proxy_protocol,
     .help =
         "clients from --proxy-from, and of Unix sockets, must begin with a header of the PROXY "
         "protocol; the address in it replaces theirs"},
    {.name = "--proxy-from",
     .argument = "CIDR,...",
     .variable = "LINED_PROXY_FROM",
     .allowed = "networks such as 10.0.0.0/8,fd00::/8",
     .read = read_proxy_from,
     .help = "networks of the proxies, for --proxy-protocol"},
    {.name = NULL},
};

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX + 1, "SETTINGS_MAX rows");
