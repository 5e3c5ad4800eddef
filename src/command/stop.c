#include "stop.h"

#include "base/invariant.h"
#include "base/monotonic.h"
#include "base/thread.h"
#include "message.h"
#include "notify.h"
#include "report.h"
#include "status.h"
#include "warning.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

/* How long before the drain timeout connections stop to wait for a log that is not read, so that
 * they can still answer the lines that they have received. */
#define ANSWERING_MS 500u

/* nohup(1) ignores SIGHUP, and a shell without job control ignores SIGINT for a command with &. A
 * blocked signal would be queued even if it is ignored, and sigwait(3) would return it. */
static bool is_ignored(int signal)
{
    struct sigaction action;

    INVARIANT(sigaction(signal, NULL, &action) == 0);
    return action.sa_handler == SIG_IGN;
}

/* A terminal that closes sends SIGHUP to the processes that it controls. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int stop_init(struct stop *stop)
{
    static const int users_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WARNING_SIGNAL};

    stop->has_terminal = has_terminal();
    sigemptyset(&stop->signals);
    sigaddset(&stop->signals, WARNING_SIGNAL);
    if (notify_has_watchdog())
        sigaddset(&stop->signals, WATCHDOG_SIGNAL);
    if (stop->sample != NULL)
        sigaddset(&stop->signals, SAMPLE_SIGNAL);
    for (size_t i = 0; i < sizeof users_signals / sizeof users_signals[0]; i++) {
        if (!is_ignored(users_signals[i]))
            sigaddset(&stop->signals, users_signals[i]);
    }
    INVARIANT(pthread_sigmask(SIG_BLOCK, &stop->signals, NULL) == 0);
    if (timer_create(CLOCK_MONOTONIC, &event, &stop->timer) != 0 ||
        timer_create(CLOCK_MONOTONIC, &event, &stop->wake_timer) != 0)
        return -errno;
    event.sigev_signo = SAMPLE_SIGNAL;
    if (stop->sample != NULL && timer_create(CLOCK_MONOTONIC, &event, &stop->sample_timer) != 0)
        return -errno;
    return 0;
}

static void set_timer(struct stop *stop, int64_t at_ms)
{
    const struct itimerspec when = {.it_value = monotonic_timespec(at_ms)};

    INVARIANT(timer_settime(stop->timer, TIMER_ABSTIME, &when, NULL) == 0);
}

static void limit_log(struct log_writer *log, uint32_t drain_timeout_ms)
{
    log_writer_drain(log, drain_timeout_ms > 2 * ANSWERING_MS ? drain_timeout_ms - ANSWERING_MS
                                                              : drain_timeout_ms / 2);
}

/* A text with the signals that cut when they come second, without those that are ignored. */
static const char *cutting_signals(const struct stop *stop)
{
    bool takes_term = sigismember(&stop->signals, SIGTERM) == 1;
    bool takes_int = sigismember(&stop->signals, SIGINT) == 1;

    if (takes_term && takes_int)
        return "; a second SIGINT or SIGTERM cuts at once";
    if (takes_term || takes_int)
        return takes_term ? "; a second SIGTERM cuts at once" : "; a second SIGINT cuts at once";
    return "";
}

/* When the drain timeout has passed, and the cut after it has had its time. */
static int64_t drain_end_ms(const struct stop *stop)
{
    return atomic_load(&stop->began_ms) + atomic_load(&stop->drain_timeout_ms) + STOP_CUT_MS;
}

/* Begins the drain, and prints how many connections it waits for. */
static void drain(struct stop *stop)
{
    struct lined_stats stats;

    atomic_store(&stop->began_ms, monotonic_ms());
    if (stop->log != NULL)
        limit_log(stop->log, atomic_load(&stop->drain_timeout_ms));
    lined_server_stats(stop->server, &stats, sizeof stats);
    notify_stopping(stats.connected);
    lined_server_drain(stop->server);
    set_timer(stop, drain_end_ms(stop));
    if (stats.connected > 0)
        message(MESSAGE_INFO, "draining %" PRIu64 " connection%s%s", stats.connected,
                stats.connected == 1 ? "" : "s", cutting_signals(stop));
}

/* The first signal: drains, at once or after the delay. */
static void begin_end(struct stop *stop)
{
    uint32_t delay_ms = atomic_load(&stop->drain_delay_ms);

    atomic_store(&stop->due_ms, monotonic_ms() + delay_ms);
    if (delay_ms == 0) {
        drain(stop);
    } else {
        message(MESSAGE_INFO, "the drain begins in %" PRIu32 ".%" PRIu32 " seconds%s",
                delay_ms / 1000, delay_ms % 1000 / 100, cutting_signals(stop));
        set_timer(stop, atomic_load(&stop->due_ms));
    }
    stop->handled_ms = monotonic_ms();
}

static bool drain_is_due(const struct stop *stop)
{
    return stop_phase(stop) == STOP_DELAYED && atomic_load(&stop->cut_ms) == 0 &&
           monotonic_ms() >= atomic_load(&stop->due_ms);
}

static void cut(struct stop *stop)
{
    if (stop->log != NULL)
        log_writer_hurry(stop->log, LOG_HURRY_MS);
    lined_server_stop(stop->server);
    if (!atomic_load(&stop->has_ended)) /* a callback may run, even without a connection */
        stop_note_cut(stop);
}

/* True if the signal may be a copy of the first one, because some senders send it twice. A signal
 * that came while the drain began waited for the thread, so the time counts from then on. */
static bool is_the_same(const struct stop *stop)
{
    return monotonic_ms() - stop->handled_ms < STOP_SAME_MS;
}

/* A second SIGHUP does not cut: when a terminal closes, the shell sends one, and the kernel sends
 * another. */
static void end(struct stop *stop, int signal)
{
    if (stop_phase(stop) == STOP_SERVING) {
        begin_end(stop);
    } else if (signal != SIGHUP && !is_the_same(stop)) {
        cut(stop);
    }
}

static void hang_up(struct stop *stop)
{
    if (stop->reload != NULL && stop_phase(stop) != STOP_DRAINING) {
        notify_reloading();
        notify_reloaded(stop->reload(stop->reload_context));
    } else if (stop->reload == NULL && stop->has_terminal) {
        end(stop, SIGHUP);
    } else if (stop->reload == NULL) {
        message(MESSAGE_INFO, "SIGHUP: there is no --config or --log-file to read or open again; a "
                              "change of an option or the environment needs a restart");
    }
}

void stop_note_cut(struct stop *stop)
{
    int64_t now = monotonic_ms();
    int64_t not_yet = 0;

    if (!atomic_compare_exchange_strong(&stop->cut_ms, &not_yet, now))
        return;
    set_timer(stop, now + STOP_CUT_MS);
}

void stop_note_ended(struct stop *stop)
{
    atomic_store(&stop->has_ended, true);
}

/* Without a connection no cut is noted at the drain timeout, and a callback may still run. */
static bool end_is_overdue(const struct stop *stop)
{
    int64_t cut_ms = atomic_load(&stop->cut_ms);

    if (cut_ms != 0)
        return monotonic_ms() >= cut_ms + STOP_CUT_MS;
    return stop_phase(stop) == STOP_DRAINING && !atomic_load(&stop->has_ended) &&
           monotonic_ms() >= drain_end_ms(stop);
}

/* Ends the process, threads and all. Nothing here waits: the library holds no lock while a callback
 * runs, nor the log while its reader is waited for. */
_Noreturn static void give_up(struct stop *stop)
{
    struct lined_stats stats;

    lined_server_stats(stop->server, &stats, sizeof stats);
    if (stats.connected == 0)
        message(MESSAGE_ERROR, "a callback or a timer of the handler has not returned one second "
                               "after the cut; lined exits now");
    else
        message(MESSAGE_ERROR,
                "%" PRIu64
                " connection%s not ended one second after the cut, because a callback or a task "
                "of the handler has not returned; lined exits now",
                stats.connected, stats.connected == 1 ? " has" : "s have");
    if (stop->log != NULL) {
        log_writer_abandon(stop->log);
        report_lost_lines(stop->log);
    }
    warning_end();
    report_summary(stop->server, stop->log);
    _exit(STATUS_CUT);
}

/* In a drain the acceptors end, so they do not answer; its timeout limits it anyway. */
static bool is_alive(const struct stop *stop)
{
    return atomic_load(&stop->began_ms) != 0 || lined_server_check(stop->server);
}

static void *take_signals(void *argument)
{
    struct stop *stop = argument;

    for (;;) {
        int signal;
        INVARIANT(sigwait(&stop->signals, &signal) == 0);
        if (atomic_load(&stop->over))
            return NULL;
        if (signal == SIGUSR1)
            report_statistics(stop->server, stop->log);
        else if (signal == WATCHDOG_SIGNAL)
            notify_watchdog(is_alive(stop));
        else if (signal == SAMPLE_SIGNAL)
            stop->sample(stop->sample_context);
        else if (signal == SIGHUP)
            hang_up(stop);
        else if (signal != WARNING_SIGNAL)
            end(stop, signal);
        else if (end_is_overdue(stop))
            give_up(stop);
        else if (drain_is_due(stop))
            drain(stop);
        else if (atomic_exchange(&stop->wants_drain, false) && stop_phase(stop) == STOP_SERVING)
            begin_end(stop);
        else
            warning_due();
    }
}

void stop_set_timeouts(struct stop *stop, uint32_t drain_timeout_ms, uint32_t drain_delay_ms)
{
    atomic_store(&stop->drain_timeout_ms, drain_timeout_ms);
    atomic_store(&stop->drain_delay_ms, drain_delay_ms);
}

enum stop_phase stop_phase(const struct stop *stop)
{
    if (atomic_load(&stop->began_ms) != 0)
        return STOP_DRAINING;
    return atomic_load(&stop->due_ms) != 0 ? STOP_DELAYED : STOP_SERVING;
}

static void start_samples(const struct stop *stop)
{
    const struct timespec interval = {.tv_sec = STOP_SAMPLE_MS / 1000};
    const struct itimerspec when = {.it_interval = interval, .it_value = interval};

    INVARIANT(timer_settime(stop->sample_timer, 0, &when, NULL) == 0);
}

int stop_start(struct stop *stop, lined_server *server, struct log_writer *log)
{
    stop->server = server;
    stop->log = log;
    int failed = thread_start(&stop->thread, take_signals, stop);
    if (failed == 0)
        notify_start_watchdog();
    if (failed == 0 && stop->sample != NULL)
        start_samples(stop);
    return failed;
}

/* pthread_kill(3) of musl would call tkill(2), which the sandbox does not allow, because it can
 * signal other processes. */
static void wake(struct stop *stop)
{
    const struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};

    INVARIANT(timer_settime(stop->wake_timer, TIMER_ABSTIME, &at_once, NULL) == 0);
}

void stop_drain(struct stop *stop)
{
    atomic_store(&stop->wants_drain, true);
    wake(stop);
}

void stop_end(struct stop *stop)
{
    atomic_store(&stop->over, true);
    wake(stop);
    INVARIANT(pthread_join(stop->thread, NULL) == 0);
}
