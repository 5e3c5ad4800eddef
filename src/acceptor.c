#include "acceptor.h"

#include "base/event.h"
#include "base/invariant.h"
#include "base/monotonic.h"
#include "base/thread.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* If accept(2) fails because of single clients, it is paced only after so many failures in a row.
 */
#define RETRIES_BEFORE_PAUSE 16u

/* How long the acceptor pauses when a resource has run out, unless a connection ends before. */
#define PAUSE_MS 50u

static void notify(const struct acceptor *acceptor, enum lined_accept_pause why, int error)
{
    const struct lined_observer *observer = acceptor->options->observer;

    if (observer != NULL && observer->accept_paused != NULL)
        observer->accept_paused(observer->context, why, error);
}

/* Pauses until the resource that has run out may be free again. */
static void pause_for(struct acceptor *acceptor, enum lined_accept_pause why, int error)
{
    notify(acceptor, why, error);
    reject_end(&acceptor->rejected); /* rejected clients must not hold the last descriptors */
    acceptor->failures = 0;
    lifecycle_wait_departure(acceptor->lifecycle, PAUSE_MS);
}

/* False: there is no client left to accept. Clients that come during a drain could prolong it
 * forever, so the clients that waited when it began are the last. */
static bool may_accept(struct acceptor *acceptor)
{
    switch (lifecycle_phase(acceptor->lifecycle)) {
    case LIFECYCLE_RUNNING:
        return true;
    case LIFECYCLE_CUT:
        return false;
    case LIFECYCLE_DRAINING:
        break;
    }
    if (acceptor->listener.is_inherited)
        return false;
    if (!acceptor->saw_drain) {
        acceptor->saw_drain = true;
        listener_remove_file(&acceptor->listener); /* the next server may come now */
        acceptor->queued = listener_queued(&acceptor->listener);
    }
    return acceptor->queued > 0;
}

static void answer(struct acceptor *acceptor)
{
    atomic_store_explicit(&acceptor->answered,
                          atomic_load_explicit(&acceptor->asked, memory_order_relaxed),
                          memory_order_relaxed);
}

static bool is_full(const struct acceptor *acceptor, size_t present)
{
    size_t max = live_max_connections(acceptor->live);

    return max > 0 && present >= max;
}

/* Waits while accepting is suspended. */
static void wait_for_resume(struct acceptor *acceptor)
{
    while (!lifecycle_wait_resume(acceptor->lifecycle, reject_deadline_ms(&acceptor->rejected),
                                  &acceptor->wakes)) {
        answer(acceptor);
        reject_expire(&acceptor->rejected);
    }
}

/* New clients wait in the backlog. */
static bool is_at_limit(struct acceptor *acceptor)
{
    return !live_rejects(acceptor->live) &&
           is_full(acceptor, lifecycle_present(acceptor->lifecycle));
}

/* At the limit, waits until a connection ends, or the limit changes: a change between two waits
 * ends the next one. */
static void wait_for_room(struct acceptor *acceptor)
{
    struct lifecycle *lifecycle = acceptor->lifecycle;

    if (is_at_limit(acceptor))
        notify(acceptor, LINED_PAUSE_LIMIT, 0);
    while (is_at_limit(acceptor) &&
           !lifecycle_wait_room(lifecycle, live_max_connections(acceptor->live),
                                reject_deadline_ms(&acceptor->rejected), &acceptor->wakes)) {
        answer(acceptor);
        reject_expire(&acceptor->rejected);
    }
}

/* Waits for room, and then until the next accept is due. In the meantime new clients wait in the
 * backlog. In a drain the clients have come already: they wait for room, but not for the rate. */
static void wait_for_turn(struct acceptor *acceptor)
{
    struct lifecycle *lifecycle = acceptor->lifecycle;
    int64_t due;

    wait_for_resume(acceptor);
    wait_for_room(acceptor);
    while (lifecycle_phase(lifecycle) == LIFECYCLE_RUNNING &&
           (due = admission_due_ms(acceptor->admission)) > monotonic_ms()) {
        lifecycle_pause(lifecycle, due,
                        &acceptor->wakes); /* another acceptor may accept then: checked again */
        answer(acceptor);
    }
}

/* No later accept can succeed. */
static void give_up(struct acceptor *acceptor, int error)
{
    atomic_store(&acceptor->fatal_error, error);
    lifecycle_drain(acceptor->lifecycle);
    lifecycle_end_shutdown(acceptor->lifecycle);
}

/* No client waits: waits until one comes, acceptor_check asks, or the server stops. False in a
 * drain: then there is no client left to accept. Whether it drains was asked before accept(2): a
 * client may have come after it, and before a drain that began since. */
static bool wait_for_client(struct acceptor *acceptor)
{
    if (acceptor->saw_drain)
        return false;
    int failed = reject_wait(&acceptor->rejected, acceptor->listener.fd, acceptor->wake,
                             acceptor->lifecycle->stop_event);
    event_clear(acceptor->wake);
    if (failed != 0)
        pause_for(acceptor, LINED_PAUSE_ACCEPT, -failed);
    return true;
}

/* False when there is no client left to accept. */
static bool handle_accept_error(struct acceptor *acceptor, int error)
{
    enum accept_verdict verdict = accept_verdict(error);

    if (verdict == ACCEPT_WAIT)
        return wait_for_client(acceptor);
    accept_errors_add(&acceptor->errors, error);
    if (verdict == ACCEPT_ENDED || verdict == ACCEPT_FATAL) {
        give_up(acceptor, error);
        return false;
    }
    if (verdict == ACCEPT_PAUSE || ++acceptor->failures > RETRIES_BEFORE_PAUSE)
        pause_for(acceptor, LINED_PAUSE_ACCEPT, error);
    return true;
}

/* Gives the client to a worker, or rejects or closes it: LINED_OK. Otherwise fd is still open. */
static int admit(struct acceptor *acceptor, int fd, const union net_address *peer)
{
    size_t max = live_max_connections(acceptor->live);
    size_t present = lifecycle_settled_present(acceptor->lifecycle, max > 0 ? max : SIZE_MAX);
    const char *line;
    bool is_proxy = access_expects_header(acceptor->admission->access, peer);
    union net_address counted;
    int result = admission_admit(acceptor->admission, is_proxy ? &address_none : peer, present,
                                 &line, &counted);

    if (result == LINED_DENIED) {
        close(fd);
        return LINED_OK;
    }
    if (result != LINED_OK)
        return result;
    if (line != NULL) {
        if (is_full(acceptor, present))
            notify(acceptor, LINED_PAUSE_LIMIT, 0);
        reject_begin(&acceptor->rejected, fd, line);
        return LINED_OK;
    }
    result = worker_start(acceptor->workers, &acceptor->listener, fd, peer, &counted, is_proxy);
    if (result != LINED_OK) {
        admission_leave(acceptor->admission, &counted);
        admission_forget(acceptor->admission, &counted);
    }
    return result;
}

/* Admits the client on fd, however long that takes: if there is no memory or no thread for it, or
 * another acceptor has taken the last place, this client waits here and the others in the backlog.
 */
static bool admit_patiently(struct acceptor *acceptor, int fd, const union net_address *peer)
{
    for (;;) {
        int result = admit(acceptor, fd, peer);
        if (result == LINED_OK)
            return true;
        if (result >= 0 || lifecycle_phase(acceptor->lifecycle) == LIFECYCLE_CUT)
            return false;
        answer(acceptor);
        if (result == -EUSERS)
            wait_for_turn(acceptor);
        else
            pause_for(acceptor, LINED_PAUSE_THREAD, -result);
    }
}

/* Accepts one client, or waits for one. False when there is no client left to accept. */
static bool accept_one(struct acceptor *acceptor)
{
    union net_address peer;

    int fd = listener_accept(&acceptor->listener, &peer);
    if (fd < 0)
        return handle_accept_error(acceptor, -fd);
    acceptor->failures = 0;
    admission_accepted(acceptor->admission, monotonic_ms());
    if (acceptor->saw_drain)
        acceptor->queued--;
    bool is_admitted = admit_patiently(acceptor, fd, &peer);
    if (!is_admitted)
        close(fd);
    return is_admitted;
}

static void *acceptor_main(void *argument)
{
    struct acceptor *acceptor = argument;

    while (may_accept(acceptor)) {
        answer(acceptor);
        wait_for_turn(acceptor);
        /* In the meantime a drain may have begun. */
        if (!may_accept(acceptor) || !accept_one(acceptor))
            break;
    }
    reject_end(&acceptor->rejected);
    listener_shut_down(&acceptor->listener);
    atomic_store(&acceptor->has_ended, true);
    lifecycle_end_accepting(acceptor->lifecycle);
    return NULL;
}

/* It calls the observer's accept_paused. */
static void *acceptor_thread(void *argument)
{
    return thread_run_callbacks(acceptor_main, argument);
}

int acceptor_init(struct acceptor *acceptor, const struct listener *listener,
                  const struct lined_options *options, const struct live_options *live,
                  struct lifecycle *lifecycle, struct admission *admission, struct workers *workers)
{
    int wake = event_open();

    if (wake < 0)
        return wake;
    *acceptor = (struct acceptor){.listener = *listener,
                                  .wake = wake,
                                  .options = options,
                                  .live = live,
                                  .lifecycle = lifecycle,
                                  .admission = admission,
                                  .workers = workers};
    accept_errors_init(&acceptor->errors);
    return LINED_OK;
}

void acceptor_deinit(struct acceptor *acceptor)
{
    accept_errors_deinit(&acceptor->errors);
    listener_close(&acceptor->listener);
    close(acceptor->wake);
}

int acceptor_start(struct acceptor *acceptor)
{
    lifecycle_begin_accepting(acceptor->lifecycle);
    int failed = thread_start(&acceptor->thread, acceptor_thread, acceptor);
    if (failed != LINED_OK)
        lifecycle_end_accepting(acceptor->lifecycle);
    return failed;
}

void acceptor_join(struct acceptor *acceptor)
{
    INVARIANT(pthread_join(acceptor->thread, NULL) == 0);
}

bool acceptor_check(struct acceptor *acceptor)
{
    unsigned asked = atomic_load_explicit(&acceptor->asked, memory_order_relaxed);
    bool has_answered = atomic_load_explicit(&acceptor->answered, memory_order_relaxed) == asked ||
                        atomic_load(&acceptor->has_ended);

    atomic_store_explicit(&acceptor->asked, asked + 1, memory_order_relaxed);
    event_set(acceptor->wake);
    return has_answered;
}
