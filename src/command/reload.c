#include "reload.h"

#include "command/log/log_file.h"
#include "command/log/packet_log.h"
#include "config_file.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

bool reload_has_work(const struct options *options)
{
    return options->config != NULL || (options->log_file != NULL && !options->quiet);
}

static bool reopen_log(const struct reload *reload)
{
    const char *path = reload->options->log_file;
    struct log_writer *log = reload->observer->log.writer;

    if (path == NULL || log == NULL)
        return true;
    int fd = log_file_open(path);
    if (fd < 0) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR,
                "cannot open %s '%.200s' again: %s; the packet log continues in the old file",
                options_name(reload->options, "--log-file"), path, error_text(-fd, text));
        return false;
    }
    log_writer_switch(log, fd);
    message(MESSAGE_INFO, "opened the packet log '%.200s' again", path);
    return true;
}

static bool is_same(const char *value, const char *other)
{
    return value == other || (value != NULL && other != NULL && strcmp(value, other) == 0);
}

static void report_fixed(const struct reload *reload, const struct options *now)
{
    for (int i = 0; settings[i].name != NULL; i++) {
        if (!settings[i].can_change && !is_same(reload->options->values[i], now->values[i]))
            message(MESSAGE_WARNING, "%s has changed in '%.128s': a restart is needed for it",
                    settings[i].variable, now->config);
    }
}

/* The options of the server, with those of now that can change. */
static struct lined_options changed(const struct reload *reload, const struct options *now)
{
    struct lined_options options = reload->options->server;
    const struct lined_options *next = &now->server;

    options.send_timeout_ms = next->send_timeout_ms;
    options.idle_timeout_ms = next->idle_timeout_ms;
    options.line_timeout_ms = next->line_timeout_ms;
    options.session_timeout_ms = next->session_timeout_ms;
    options.drain_timeout_ms = next->drain_timeout_ms;
    options.overflow = next->overflow;
    options.max_per_ip = next->max_per_ip;
    options.accept_rate = next->accept_rate;
    options.max_connections =
        next->max_connections == 0 ? reload->default_max : next->max_connections;
    return options;
}

static bool apply(const struct reload *reload, const struct options *now)
{
    const struct lined_options options = changed(reload, now);
    struct observer *observer = reload->observer;

    int failed = lined_server_set(reload->server, &options);
    if (failed < 0) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot change the options: %s; the old ones stay",
                error_text(-failed, text));
        return false;
    }
    atomic_store(&observer->limited_by, now->server.max_connections == 0
                                            ? reload->default_limit
                                            : options_name(now, "--max-connections"));
    if (observer->log.writer != NULL) {
        packet_log_set_style(&observer->log, &now->log_style);
        log_writer_set_overflow(observer->log.writer, now->log_overflow);
    }
    stop_set_timeouts(reload->stop, now->server.drain_timeout_ms, now->drain_delay_ms);
    report_fixed(reload, now);
    message(MESSAGE_INFO, "read the configuration '%.200s' again", now->config);
    return true;
}

/* now points into config. */
static bool read_config(const struct reload *reload, struct config *config)
{
    const struct options *before = reload->options;
    struct options now;
    char text[OPTIONS_MESSAGE_SIZE];

    /* No thread changes the environment. */
    if (config_file_read(config, before->config, text) &&
        options_read_all(&now, before->argc, before->argv, getenv, config, text) == OPTIONS_SERVE)
        return apply(reload, &now);
    message(MESSAGE_ERROR, "%s; the old configuration stays", text);
    return false;
}

static bool reread_config(const struct reload *reload)
{
    if (reload->options->config == NULL)
        return true;
    struct config *config = malloc(sizeof *config);
    if (config == NULL) {
        message(MESSAGE_ERROR, "no memory to read the configuration again; the old one stays");
        return false;
    }
    bool is_read = read_config(reload, config);
    free(config);
    return is_read;
}

bool reload(struct reload *reload)
{
    bool is_open = reopen_log(reload);

    return reread_config(reload) && is_open;
}
