/*
 * The values of the options, and how each is read from its text. The functions are for the rows of
 * settings[].
 */
#ifndef OPTION_VALUES_H
#define OPTION_VALUES_H

#include "command/limits_memory.h"
#include "command/log/log_style.h"
#include "command/log/log_writer.h"
#include "handlers/kv/kv.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The maximum of --max-connections and --max-per-ip. */
#define OPTIONS_CONNECTIONS_MAX 16777216u

#define OPTIONS_MESSAGE_SIZE 256
#define OPTIONS_WHY_SIZE     160

/* How many listeners there can be, and the length of their texts together. */
#define OPTIONS_LISTEN_MAX  64
#define OPTIONS_LISTEN_SIZE 4096

/* The maximum length of the password of kv, and the minimum and maximum of --kv-maxmemory. */
#define OPTIONS_PASSWORD_MAX 512
#define OPTIONS_MEMORY_MIN   (UINT64_C(1) << 20)
#define OPTIONS_MEMORY_MAX   (UINT64_C(1) << 50)

/* A variable that has no option, because every user can see the command line. */
#define OPTIONS_PASSWORD_VARIABLE "LINED_KV_PASSWORD"

/* The maximum number of settings: from_variable has a bit for each. */
enum { SETTINGS_MAX = 64 };

struct options {
    /* The texts point into argv or the environment; max_connections is 0 if the user has not set
     * it. */
    struct lined_options server;

    /* --listen: each is a text for lined_server_listen; 0 of them: ip and port. */
    const char *listen[OPTIONS_LISTEN_MAX];
    size_t listen_count;
    char listen_words[OPTIONS_LISTEN_SIZE]; /* the texts, terminated */
    size_t listen_used;                     /* bytes of listen_words */

    const char *admin;   /* a text for lined_server_listen, or NULL: no admin listener; points into
                          * argv or the environment */
    const char *handler; /* a name or a file, see handler.h; points into argv or the environment */
    bool has_place;      /* the user has set --ip, --port or --listen */
    bool quiet;
    bool no_sandbox;
    bool kv_has_default; /* kv.max_memory comes from kv_limit */
    int notify_fd;       /* for the newline of notify.h; -1: the user has not set it */
    const char *user;    /* the user to become, or NULL; points into argv or the environment */
    enum log_overflow log_overflow;
    const char *log_file; /* NULL: standard output; points into argv or the environment */
    struct log_style log_style;
    uint32_t drain_delay_ms;

    /* For the handler kv. kv_options_prepare sets the password of the file, and max_memory if it is
     * 0, because the user has not set it. */
    struct kv_settings kv;         /* the password points into the environment or to kv_password */
    const char *kv_password_file;  /* NULL: none; points into argv or the environment */
    struct limits_memory kv_limit; /* the lowest limit of the system */

    int argc;    /* the command line, for a reload; the caller sets it */
    char **argv; /* the same */

    const char *config; /* --config, or NULL; points into argv or the environment */
    bool check_config;

    /* For each of settings[]: its value, NULL if it has its default; and where this is not the
     * command line, the variable. Both point to argv, the environment or the configuration. */
    const char *values[SETTINGS_MAX];
    uint64_t from_variable;       /* one bit for each of settings[] */
    unsigned lines[SETTINGS_MAX]; /* of the configuration; 0: the value is from elsewhere */

    const char *why;                    /* of a value that is not allowed, see option_reader */
    char why_text[OPTIONS_WHY_SIZE];    /* what why may point to */
    char warning[OPTIONS_MESSAGE_SIZE]; /* one line for standard error, or empty */
    char kv_password[OPTIONS_PASSWORD_MAX + 1]; /* of the file */
};

/* False: the value is not allowed; then options->why may say what is, in place of the row's
 * allowed. The option may have changed. A text is kept as the pointer. */
typedef bool option_reader(struct options *options, const char *value);

option_reader option_config, option_check_config, option_ip, option_port, option_listen,
    option_reuse_port, option_quiet, option_log_overflow, option_log_file, option_log_format,
    option_log_peer, option_log_probes, option_log_lines, option_handler, option_mode,
    option_max_line, option_long_line, option_partial, option_send_timeout, option_idle_timeout,
    option_line_timeout, option_session_timeout, option_drain_timeout, option_drain_delay,
    option_drain, option_backlog, option_busy_poll, option_stack_size, option_notify_fd,
    option_user, option_no_sandbox, option_max_connections, option_overflow, option_max_per_ip,
    option_accept_rate, option_admin, option_greeting, option_line_rate, option_allow, option_deny,
    option_proxy_protocol, option_proxy_from, option_kv_password_file, option_kv_maxmemory,
    option_kv_max_value, option_kv_max_inline;

#endif
