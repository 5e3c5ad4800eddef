/*
 * Workers: the detached threads that serve connections, one connection at a time.
 */
#ifndef WORKER_H
#define WORKER_H

#include "active/mailbox.h"
#include "base/thread_cache.h"
#include "conn/service.h"
#include "net/address.h"
#include "net/admission.h"
#include "net/listener.h"
#include "table/conn_table.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What the workers of one server need. Only stack_size changes after workers_init; the parts that
 * the pointers lead to lock for themselves. */
struct workers {
    const struct service *service;
    struct conn_table *table;
    struct admission *admission;
    struct mailbox *mailbox;   /* active mode */
    struct thread_cache cache; /* locks for itself */
    _Atomic size_t stack_size; /* of new threads; an old value costs one more try */
};

void workers_init(struct workers *workers, const struct service *service, struct conn_table *table,
                  struct admission *admission, struct mailbox *mailbox);

/* After workers_end. */
void workers_deinit(struct workers *workers);

/* Gives the client on fd, which admission_admit has admitted, a worker. counted: see there.
 * is_proxy: it was admitted as address_none, and begins with a PROXY header. LINED_OK: the worker
 * takes over fd, and will call admission_leave and admission_forget. Else nothing has changed:
 * LINED_STOPPING if the server was cut; -EUSERS if max_connections are present; -errno if there is
 * no memory or no thread (pthread_create(3)). Any acceptor. */
int worker_start(struct workers *workers, const struct listener *listener, int fd,
                 const union net_address *peer, const union net_address *counted, bool is_proxy);

/* Waits until every worker has ended. No connection may come any more. */
void workers_end(struct workers *workers);

#endif
