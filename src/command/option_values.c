#include "option_values.h"

#include "base/values.h"
#include "net/address.h"
#include "net/endpoint.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool option_config(struct options *options, const char *value)
{
    options->config = value;
    return *value != '\0';
}

bool option_ip(struct options *options, const char *value)
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
bool option_listen(struct options *options, const char *value)
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

bool option_port(struct options *options, const char *value)
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

bool option_check_config(struct options *options, const char *value)
{
    return read_flag(&options->check_config, value);
}

bool option_quiet(struct options *options, const char *value)
{
    return read_flag(&options->quiet, value);
}

bool option_reuse_port(struct options *options, const char *value)
{
    return read_flag(&options->server.reuse_port, value);
}

bool option_no_sandbox(struct options *options, const char *value)
{
    return read_flag(&options->no_sandbox, value);
}

bool option_notify_fd(struct options *options, const char *value)
{
    uint32_t fd;

    if (!value_number(value, 3, INT32_MAX, &fd))
        return false;
    options->notify_fd = (int)fd;
    return true;
}

bool option_user(struct options *options, const char *value)
{
    options->user = value;
    for (; *value > ' ' && *value <= '~'; value++)
        continue;
    return *value == '\0' && value > options->user;
}

bool option_max_line(struct options *options, const char *value)
{
    uint32_t size;

    if (!value_number(value, LINED_MAX_LINE_MIN, LINED_MAX_LINE_MAX, &size))
        return false;
    options->server.max_line = size;
    return true;
}

bool option_long_line(struct options *options, const char *value)
{
    static const enum lined_long_line kinds[] = {LINED_LONG_SPLIT, LINED_LONG_CLOSE,
                                                 LINED_LONG_DISCARD};
    int word = value_word(value, (const char *const[]){"split", "close", "discard", NULL});

    options->server.long_line = kinds[word < 0 ? 0 : word];
    return word >= 0;
}

bool option_partial(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"drop", "deliver", NULL});

    options->server.partial = word == 1 ? LINED_PARTIAL_DELIVER : LINED_PARTIAL_DROP;
    return word >= 0;
}

bool option_send_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.send_timeout_ms);
}

bool option_idle_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.idle_timeout_ms);
}

bool option_line_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.line_timeout_ms);
}

bool option_session_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.session_timeout_ms);
}

bool option_drain_delay(struct options *options, const char *value)
{
    return value_seconds(value, &options->drain_delay_ms);
}

bool option_drain(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"close", "wait", NULL});

    options->server.drain_mode = word == 1 ? LINED_DRAIN_WAIT : LINED_DRAIN_CLOSE;
    return word >= 0;
}

bool option_drain_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.drain_timeout_ms);
}

bool option_mode(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"passive", "active", NULL});

    options->server.mode = word == 1 ? LINED_ACTIVE : LINED_PASSIVE;
    return word >= 0;
}

bool option_log_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"block", "drop", NULL});

    options->log_overflow = word == 1 ? LOG_DROP : LOG_BLOCK;
    return word >= 0;
}

bool option_admin(struct options *options, const char *value)
{
    struct endpoint endpoint;

    options->admin = value;
    if (!endpoint_parse(value, &endpoint, &options->why))
        return false;
    options->why = "unix:PATH, ADDRESS:PORT or [IPV6]:PORT";
    return endpoint.kind != ENDPOINT_FD;
}

bool option_log_file(struct options *options, const char *value)
{
    options->log_file = value;
    return *value != '\0';
}

bool option_log_format(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"inspect", "json", NULL});

    options->log_style.format = word == 1 ? LOG_JSON : LOG_INSPECT;
    return word >= 0;
}

bool option_log_peer(struct options *options, const char *value)
{
    return read_flag(&options->log_style.has_peer, value);
}

bool option_log_probes(struct options *options, const char *value)
{
    bool is_logged;
    bool is_allowed = read_flag(&is_logged, value);

    options->log_style.omits_probes = !is_logged;
    return is_allowed;
}

bool option_log_lines(struct options *options, const char *value)
{
    bool is_logged;
    bool is_allowed = read_flag(&is_logged, value);

    options->log_style.omits_lines = !is_logged;
    return is_allowed;
}

bool option_handler(struct options *options, const char *value)
{
    options->handler = value;
    return *value != '\0';
}

bool option_busy_poll(struct options *options, const char *value)
{
    return value_number(value, 0, LINED_BUSY_POLL_MAX, &options->server.busy_poll_us);
}

bool option_stack_size(struct options *options, const char *value)
{
    uint32_t size;

    if (!value_number(value, LINED_STACK_MIN, LINED_STACK_MAX, &size))
        return false;
    options->server.stack_size = size;
    return true;
}

bool option_backlog(struct options *options, const char *value)
{
    uint32_t backlog;

    if (!value_number(value, 1, UINT16_MAX, &backlog))
        return false;
    options->server.backlog = (int)backlog;
    return true;
}

bool option_max_connections(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 1, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_connections = most;
    return true;
}

bool option_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"wait", "reject", NULL});

    options->server.overflow = word == 1 ? LINED_OVERFLOW_REJECT : LINED_OVERFLOW_WAIT;
    return word >= 0;
}

bool option_max_per_ip(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 0, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_per_ip = most;
    return true;
}

bool option_accept_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.accept_rate);
}

bool option_greeting(struct options *options, const char *value)
{
    options->server.greeting = value;
    return *value != '\0' && strnlen(value, LINED_GREETING_MAX + 1) <= LINED_GREETING_MAX;
}

bool option_line_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.line_rate);
}

bool option_proxy_protocol(struct options *options, const char *value)
{
    static const enum lined_proxy_protocol protocols[] = {LINED_PROXY_V1, LINED_PROXY_V2,
                                                          LINED_PROXY_ANY};
    int word = value_word(value, (const char *const[]){"v1", "v2", "any", NULL});

    options->server.proxy_protocol = word < 0 ? LINED_PROXY_NONE : protocols[word];
    return word >= 0;
}

bool option_kv_password_file(struct options *options, const char *value)
{
    options->kv_password_file = value;
    return *value != '\0';
}

bool option_kv_maxmemory(struct options *options, const char *value)
{
    return value_size(value, OPTIONS_MEMORY_MIN, OPTIONS_MEMORY_MAX, &options->kv.max_memory);
}

static bool read_size(size_t *size, const char *value, size_t min, size_t max)
{
    uint64_t bytes;

    if (!value_size(value, min, max, &bytes))
        return false;
    *size = (size_t)bytes;
    return true;
}

bool option_kv_max_value(struct options *options, const char *value)
{
    return read_size(&options->kv.max_value, value, KV_VALUE_MIN, KV_VALUE_MAX);
}

bool option_kv_max_inline(struct options *options, const char *value)
{
    return read_size(&options->kv.max_inline, value, KV_INLINE_MIN, KV_INLINE_MAX);
}
