#include "flusher.h"

#include "base/event.h"
#include "base/invariant.h"
#include "base/thread.h"
#include "lined.h"
#include "net/peer.h"
#include "outbox.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The number of the events in epoll; no connection has it. */
#define WAKE_NUMBER 0u

/* A socket takes bytes, or its connection is dead. If the connection has ended since, its number
 * finds no entry. Its descriptor cannot stand for another, because epoll forgets a closed one.
 * *is_refused becomes true if the socket took no bytes all the same. */
static void deliver(struct flusher *flusher, uint64_t number, bool *is_refused)
{
    struct table_entry *entry = conn_table_borrow(flusher->table, number);

    if (entry == NULL)
        return;
    if (!outbox_deliver_locked(entry->outbox))
        *is_refused = true;
    flusher_watch_locked(flusher, entry);
    conn_table_return(entry);
}

static void pause_for_memory(struct flusher *flusher)
{
    struct pollfd woken = {.fd = flusher->wake, .events = POLLIN};

    poll(&woken, 1, SEND_RETRY_MS);
}

static void *flusher_main(void *argument)
{
    struct flusher *flusher = argument;

    while (!atomic_load(&flusher->is_ending)) {
        struct epoll_event events[64];
        bool is_refused = false;
        int left_ms = lifecycle_drain_left_ms(flusher->lifecycle);
        if (left_ms == 0) {
            flusher->drain_is_over(flusher->context);
            continue; /* cut: there is no timeout to wait for any more */
        }
        int count = epoll_wait(flusher->epoll, events, sizeof events / sizeof events[0], left_ms);
        INVARIANT(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; i++) {
            if (events[i].data.u64 == WAKE_NUMBER)
                event_clear(flusher->wake);
            else
                deliver(flusher, events[i].data.u64, &is_refused);
        }
        if (is_refused) /* epoll would report at once again that the socket is writable */
            pause_for_memory(flusher);
    }
    return NULL;
}

int flusher_init(struct flusher *flusher, struct conn_table *table, struct lifecycle *lifecycle,
                 void (*drain_is_over)(void *context), void *context)
{
    struct epoll_event woken = {.events = EPOLLIN, .data.u64 = WAKE_NUMBER};
    struct epoll_event stopping = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = WAKE_NUMBER};

    *flusher = (struct flusher){
        .table = table, .lifecycle = lifecycle, .drain_is_over = drain_is_over, .context = context};
    flusher->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (flusher->epoll < 0)
        return -errno;
    flusher->wake = event_open();
    int failed = flusher->wake < 0 ? flusher->wake : LINED_OK;
    if (failed == LINED_OK &&
        (epoll_ctl(flusher->epoll, EPOLL_CTL_ADD, flusher->wake, &woken) < 0 ||
         epoll_ctl(flusher->epoll, EPOLL_CTL_ADD, lifecycle->stop_event, &stopping) < 0)) {
        failed = -errno;
        close(flusher->wake);
    }
    if (failed != LINED_OK)
        close(flusher->epoll);
    return failed;
}

void flusher_deinit(struct flusher *flusher)
{
    close(flusher->wake);
    close(flusher->epoll);
}

int flusher_start(struct flusher *flusher)
{
    atomic_store(&flusher->is_ending, false);
    return thread_start(&flusher->thread, flusher_main, flusher);
}

void flusher_end(struct flusher *flusher)
{
    atomic_store(&flusher->is_ending, true);
    event_set(flusher->wake);
    INVARIANT(pthread_join(flusher->thread, NULL) == 0);
}

void flusher_watch_locked(struct flusher *flusher, struct table_entry *entry)
{
    struct epoll_event writable = {.events = EPOLLOUT | EPOLLONESHOT, .data.u64 = entry->number};

    if (!outbox_needs_flusher_locked(entry->outbox))
        return;
    int operation = entry->outbox->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(flusher->epoll, operation, entry->fd, &writable) == 0)
        entry->outbox->is_watched = true;
    else /* no memory, or max_user_watches: without the flusher the bytes would never be sent */
        outbox_disconnect_locked(entry->outbox);
}
