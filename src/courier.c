#include "courier.h"

#include "invariant.h"
#include "lined.h"
#include "net.h"
#include "thread.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the eventfd is known by; no connection has it. */
#define WAKE_NUMBER 0u

/* A socket takes bytes, or its connection is dead. It may have left since: then there is none of
 * that number. Its descriptor cannot stand for another, because epoll forgets what is closed.
 * *is_refused becomes true where the socket took none all the same. */
static void deliver(struct courier *courier, uint64_t number, bool *is_refused)
{
    struct registry_entry *entry = registry_borrow(courier->registry, number);

    if (entry == NULL)
        return;
    if (!outbox_deliver_locked(&entry->outbox))
        *is_refused = true;
    courier_watch_locked(courier, entry);
    registry_return(entry);
}

static void take_wake(struct courier *courier)
{
    uint64_t unused;

    INVARIANT(read(courier->wake, &unused, sizeof unused) == sizeof unused);
}

static void pause_for_memory(struct courier *courier)
{
    struct pollfd woken = {.fd = courier->wake, .events = POLLIN};

    poll(&woken, 1, NET_REFUSED_PAUSE_MS);
}

static void *courier_main(void *argument)
{
    struct courier *courier = argument;

    while (!atomic_load(&courier->is_ending)) {
        struct epoll_event events[64];
        bool is_refused = false;
        int left_ms = registry_drain_left_ms(courier->registry);
        if (left_ms == 0) {
            courier->drain_is_over(courier->context);
            continue; /* cut: nothing is left of the timeout to wait for */
        }
        int count = epoll_wait(courier->epoll, events, sizeof events / sizeof events[0], left_ms);
        INVARIANT(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; i++) {
            if (events[i].data.u64 == WAKE_NUMBER)
                take_wake(courier);
            else
                deliver(courier, events[i].data.u64, &is_refused);
        }
        if (is_refused) /* epoll would say again at once that the socket is writable */
            pause_for_memory(courier);
    }
    return NULL;
}

static void wake(struct courier *courier)
{
    const uint64_t one = 1;

    INVARIANT(write(courier->wake, &one, sizeof one) == sizeof one);
}

static int open_descriptors(struct courier *courier)
{
    struct epoll_event ending = {.events = EPOLLIN, .data.u64 = WAKE_NUMBER};

    courier->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (courier->epoll < 0)
        return -errno;
    courier->wake = eventfd(0, EFD_CLOEXEC);
    if (courier->wake < 0 || epoll_ctl(courier->epoll, EPOLL_CTL_ADD, courier->wake, &ending) < 0) {
        int error = errno;
        if (courier->wake >= 0)
            close(courier->wake);
        close(courier->epoll);
        return -error;
    }
    return LINED_OK;
}

static void close_descriptors(struct courier *courier)
{
    close(courier->wake);
    close(courier->epoll);
}

int courier_init(struct courier *courier, struct registry *registry,
                 void (*drain_is_over)(void *context), void *context)
{
    courier->registry = registry;
    courier->drain_is_over = drain_is_over;
    courier->context = context;
    atomic_init(&courier->is_ending, false);
    int failed = open_descriptors(courier);
    if (failed != LINED_OK)
        return failed;
    failed = thread_start(&courier->thread, courier_main, courier);
    if (failed != LINED_OK)
        close_descriptors(courier);
    return failed;
}

void courier_notice_drain(struct courier *courier)
{
    if (courier->wake >= 0)
        wake(courier);
}

void courier_deinit(struct courier *courier)
{
    atomic_store(&courier->is_ending, true);
    wake(courier);
    INVARIANT(pthread_join(courier->thread, NULL) == 0);
    close_descriptors(courier);
}

void courier_watch_locked(struct courier *courier, struct registry_entry *entry)
{
    struct epoll_event writable = {.events = EPOLLOUT | EPOLLONESHOT, .data.u64 = entry->number};

    if (!outbox_needs_courier_locked(&entry->outbox))
        return;
    int operation = entry->outbox.is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(courier->epoll, operation, entry->fd, &writable) == 0)
        entry->outbox.is_watched = true;
    else /* no memory, or max_user_watches: without the courier nobody would ever send it */
        outbox_disconnect_locked(&entry->outbox);
}
