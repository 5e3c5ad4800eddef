/* Serving, from the listening socket to the end, in the order in which lined gives up its rights.
 */
#include "serve.h"

#include "base/monotonic.h"
#include "command/admin/admin.h"
#include "command/kv_options.h"
#include "command/limits.h"
#include "command/log/log_file.h"
#include "command/log/log_messages.h"
#include "command/log/log_writer.h"
#include "command/sandbox/sandbox.h"
#include "listen.h"
#include "max_connections.h"
#include "message.h"
#include "notify.h"
#include "observer.h"
#include "reload.h"
#include "report.h"
#include "status.h"
#include "stop.h"
#include "warning.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The parts of a running server. */
struct serving {
    const struct options *options;
    const struct lined_module *module;
    lined_server *server;
    void *context;          /* of the handler */
    struct log_writer *log; /* NULL: no packet log */
    int log_file;           /* the open --log-file until the log takes it over; -1: none */
    char log_folder[PATH_MAX];
    char config_folder[PATH_MAX];
    struct limits_bound bound;
    struct sandbox sandbox;
    struct observer observer;
    struct admin admin;
    struct reload reload;
};

/* Global, because the process has one set of signals. */
static struct stop stop;

/* Ends the log; *has_ended is true if it may be freed. A stop takes at most the drain timeout for
 * connections and log together. If the reader of the log was not stuck before, the log gets at
 * least LOG_HURRY_MS. Returns false if lines are lost. */
static bool end_log(struct log_writer *log, uint32_t drain_timeout_ms, bool *has_ended)
{
    int64_t least = log_writer_has_given_up(log) ? 0 : LOG_HURRY_MS;
    int64_t began = atomic_load(&stop.began_ms);
    int64_t patience = began == 0 ? drain_timeout_ms : began + drain_timeout_ms - monotonic_ms();

    *has_ended = log_writer_stop(log, (uint32_t)(patience > least ? patience : least));
    return !report_lost_lines(log);
}

static void report_no_thread(int error)
{
    char text[ERROR_TEXT_SIZE];
    char limits[LIMITS_TEXT_SIZE];

    message(MESSAGE_ERROR, "cannot create a thread: %s; %s", error_text(error, text),
            limits_of_threads(limits));
}

/* ---- from the socket to the threads: each step returns false after a message if it has failed
 * ---- */

static bool drop_privileges(const struct serving *serving, const struct privileges *privileges)
{
    char why[PRIVILEGES_MESSAGE_SIZE];

    if (serving->options->user == NULL || privileges_drop(privileges, why))
        return true;
    message(MESSAGE_ERROR, "%s", why);
    return false;
}

static bool init_handler(struct serving *serving)
{
    int result = LINED_OK;

    serving->context = kv_options_context(serving->options);
    if (serving->module->init != NULL)
        result =
            serving->module->init(serving->server, &serving->options->server, &serving->context);
    if (result != LINED_OK) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "%s '%.200s' cannot start: %s",
                options_name(serving->options, "--handler"), serving->options->handler,
                error_text(result < 0 ? -result : result, text));
    }
    lined_server_set_context(serving->server, serving->context);
    return result == LINED_OK;
}

static void fini_handler(const struct serving *serving)
{
    if (serving->module->fini != NULL)
        serving->module->fini(serving->context);
}

/* Opened as the final user, because that user opens it again. */
static bool open_log_file(struct serving *serving)
{
    const struct options *options = serving->options;

    if (options->log_file == NULL || options->quiet)
        return true;
    int fd = log_file_folder(options->log_file, serving->log_folder);
    if (fd == 0)
        fd = log_file_open(options->log_file);
    if (fd < 0) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot open %s '%.200s' to append to it: %s",
                options_name(options, "--log-file"), options->log_file, error_text(-fd, text));
        return false;
    }
    serving->log_file = fd;
    log_messages_set_destination(options->log_file);
    return true;
}

static void enter_sandbox(struct serving *serving)
{
    struct allowed_files made = {.append_folder =
                                     serving->log_file < 0 ? NULL : serving->log_folder};

    if (!sandbox_is_built() || serving->options->no_sandbox)
        return;
    if (serving->options->config != NULL &&
        log_file_folder(serving->options->config, serving->config_folder) == 0)
        made.read_folder = serving->config_folder;
    listen_made_files(serving->options, &made);
    serving->sandbox = sandbox_enter(&made);
}

static bool start_log(struct serving *serving, bool is_shared)
{
    const bool has_file = serving->log_file >= 0;
    char text[ERROR_TEXT_SIZE];

    if (serving->options->quiet)
        return true;
    int failed = log_writer_start(&serving->log, STDOUT_FILENO, is_shared && !has_file,
                                  serving->options->log_overflow, &log_messages);
    if (failed == 0 && has_file)
        log_writer_switch(serving->log, serving->log_file);
    if (failed == 0)
        packet_log_init(&serving->observer.log, serving->log, &serving->options->log_style);
    if (failed == -EAGAIN) /* of pthread_create(3) */
        report_no_thread(-failed);
    else if (failed < 0)
        message(MESSAGE_ERROR, "cannot start the packet log: %s", error_text(-failed, text));
    return failed == 0;
}

/* ---- for the admin listener ---- */

static bool is_ready(void *context)
{
    (void)context;
    return stop_phase(&stop) == STOP_SERVING;
}

static void drain(void *context)
{
    (void)context;
    stop_drain(&stop);
}

/* On the thread for signals. */
static void sample(void *context)
{
    struct serving *serving = context;

    admin_sample(&serving->admin, serving->server);
}

static int start_admin(struct serving *serving)
{
    const struct options *options = serving->options;
    const struct admin_source source = {.server = serving->server,
                                        .log = serving->log,
                                        .max_connections = options->server.max_connections,
                                        .handler = options->handler,
                                        .start_time = (uint64_t)time(NULL),
                                        .is_ready = is_ready,
                                        .drain = drain};

    return admin_start(&serving->admin, &source);
}

/* ---- for SIGHUP ---- */

static bool on_hangup(void *context)
{
    return reload(context);
}

static void prepare_reload(struct serving *serving)
{
    const struct options *options = serving->options;

    serving->reload = (struct reload){.options = options,
                                      .server = serving->server,
                                      .observer = &serving->observer,
                                      .stop = &stop,
                                      .default_max = serving->bound.connections,
                                      .default_limit = serving->bound.name};
    stop_set_timeouts(&stop, options->server.drain_timeout_ms, options->drain_delay_ms);
    stop.reload = reload_has_work(options) ? on_hangup : NULL;
    stop.reload_context = &serving->reload;
}

/* The admin listener comes last: it reads the server. */
static bool start_threads(struct serving *serving)
{
    prepare_reload(serving);
    int failed = stop_start(&stop, serving->server, serving->log);
    if (failed == 0) {
        failed = lined_server_start(serving->server);
        if (failed == 0)
            failed = start_admin(serving);
        if (failed != 0) {
            lined_server_stop(serving->server);
            (void)lined_server_wait(serving->server); /* clients may have been accepted already */
            stop_end(&stop);
        }
    }
    if (failed != 0)
        report_no_thread(-failed);
    return failed == 0;
}

/* ---- while it serves ---- */

/* Reports the sandbox and the user. */
static void report_protection(const struct serving *serving)
{
    const struct options *options = serving->options;
    char remedy_text[SANDBOX_TEXT_SIZE];
    char text[SANDBOX_TEXT_SIZE];
    const char *remedy = sandbox_remedy(&serving->sandbox, remedy_text);
    const uid_t user = geteuid();

    if (!sandbox_is_built())
        snprintf(text, sizeof text, "no sandbox: this build has none");
    else if (options->no_sandbox)
        snprintf(text, sizeof text, "no sandbox: %s is set", options_name(options, "--no-sandbox"));
    else
        sandbox_text(&serving->sandbox, text);
    if (options->user != NULL)
        message(MESSAGE_INFO, "%s; user %.64s", text, options->user);
    else if (user == 0)
        message(MESSAGE_INFO, "%s; user root (--user NAME sets another user)", text);
    else
        message(MESSAGE_INFO, "%s; user %ju", text, (uintmax_t)user);
    if (remedy != NULL)
        message(MESSAGE_WARNING, "%s", remedy);
}

static void report_start(const struct serving *serving)
{
    listen_report(serving->server);
    report_protection(serving);
    max_connections_report(serving->options->server.max_connections, &serving->bound);
    kv_options_report(serving->options);
    admin_report(&serving->admin);
}

/* Serves until a signal ends it; ends the log, and frees it if its writer has ended. */
static int run(struct serving *serving)
{
    int status = STATUS_DRAINED;
    bool may_free_log = false;

    report_start(serving);
    notify_ready();
    int result = lined_server_wait(serving->server);
    stop_note_ended(&stop);
    notify_stopping(0); /* if no signal has ended it */
    if (result < 0) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot accept any more: %s", error_text(-result, text));
        status = STATUS_CANNOT_SERVE;
    } else if (result == LINED_CUT) {
        status = STATUS_CUT;
    }
    if (serving->log != NULL &&
        !end_log(serving->log, atomic_load(&stop.drain_timeout_ms), &may_free_log) &&
        status == STATUS_DRAINED)
        status = STATUS_CUT;
    admin_end(&serving->admin); /* before what it reads and calls */
    stop_end(&stop);
    warning_end();
    report_summary(serving->server, serving->log);
    if (may_free_log)
        log_writer_free(serving->log);
    return status;
}

/* The handler is initialised as the final user, and before the sandbox, so that it can open files.
 * The threads are created last, so they do not have the rights that were given up before. */
static int serve_handler(struct serving *serving, bool is_log_shared)
{
    int status = STATUS_CANNOT_SERVE;

    if (!init_handler(serving))
        return status;
    bool is_open = open_log_file(serving);
    if (is_open)
        enter_sandbox(serving);
    if (is_open && start_log(serving, is_log_shared) && start_threads(serving))
        status = run(serving);
    fini_handler(serving);
    return status;
}

int serve(struct options *options, const struct activation *activation,
          const struct lined_module *module, const struct privileges *privileges)
{
    struct serving serving = {.options = options, .module = module, .log_file = -1};
    /* Called before the sandbox, which does not allow fstat(2). */
    bool is_log_shared = log_writer_shares(STDOUT_FILENO, STDERR_FILENO);
    int status = STATUS_CANNOT_SERVE;

    observer_init(&serving.observer, &stop);
    options->server.observer = &serving.observer.callbacks;
    const char *limited_by =
        max_connections_choose(options, activation, module->handler,
                               options->user == NULL ? getuid() : privileges->user, &serving.bound);
    if (limited_by == NULL)
        return status;
    serving.observer.limited_by = limited_by;
    options->server.measure_latency = admin_is_wanted(options, activation);
    if (admin_is_wanted(options, activation)) {
        _Static_assert(STOP_SAMPLE_MS == HISTORY_STEP_MS, "the plots span five minutes");
        stop.sample = sample;
        stop.sample_context = &serving;
    }
    int error = stop_init(&stop);
    if (error == 0)
        error = warning_init();
    if (error < 0) {
        char text[ERROR_TEXT_SIZE];
        message(MESSAGE_ERROR, "cannot create a timer: %s; see RLIMIT_SIGPENDING (ulimit -i)",
                error_text(-error, text));
        return status;
    }
    if (!listen_open(&serving.server, options, activation, module->handler))
        return status;
    if (admin_open(&serving.admin, options, activation) && drop_privileges(&serving, privileges))
        status = serve_handler(&serving, is_log_shared);
    admin_end(&serving.admin);
    lined_server_free(serving.server);
    return status;
}
