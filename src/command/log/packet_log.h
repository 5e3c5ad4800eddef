/*
 * The packet log: one log line for each line of a client, and for the end of each connection; in
 * JSON also for its begin.
 *
 * The thread of a connection formats the lines into a chunk of the connection, without a lock. At
 * the end of a batch, or when the chunk is full, the chunk is appended to the log in one piece. So
 * log lines are never torn, and those of one connection keep their order.
 *
 * client is the slot of the observer: NULL at first, and owned by the thread of the connection.
 */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include "log_style.h"
#include "log_writer.h"

#include <lined.h>
#include <stdatomic.h>
#include <stddef.h>

struct packet_log {
    struct log_writer *writer; /* set by packet_log_init; NULL: there is no packet log */
    _Atomic unsigned style;    /* the bits of a log_style. Relaxed: it guards no other memory */
};

struct packet_log_client;

/* The caller keeps the writer. */
void packet_log_init(struct packet_log *log, struct log_writer *writer,
                     const struct log_style *style);

/* For the next log line of each connection. Any thread. */
void packet_log_set_style(struct packet_log *log, const struct log_style *style);

void packet_log_opened(struct packet_log *log, struct packet_log_client **client,
                       const lined_conn *conn);

void packet_log_line(struct packet_log *log, struct packet_log_client *client,
                     const lined_conn *conn, const char *line, size_t size);

void packet_log_batch_end(struct packet_log *log, struct packet_log_client *client);

void packet_log_closed(struct packet_log *log, struct packet_log_client **client,
                       const lined_conn *conn, int reason);

#endif
