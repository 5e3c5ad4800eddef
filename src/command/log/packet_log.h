/*
 * The packet log: one log line for each line of a client.
 *
 * The thread of a connection formats the lines into a chunk of the connection, without a lock. At
 * the end of a batch, or when the chunk is full, the chunk is appended to the log in one piece. So
 * log lines are never torn, and those of one connection keep their order.
 *
 * chunk is the slot of the observer: NULL at first, and owned by the thread of the connection.
 */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include "log_writer.h"

#include <lined.h>
#include <stddef.h>

struct packet_log_chunk;

void packet_log_line(struct log_writer *log, struct packet_log_chunk **chunk, const char *line,
                     size_t size);

void packet_log_batch_end(struct log_writer *log, struct packet_log_chunk **chunk);

void packet_log_closed(struct log_writer *log, struct packet_log_chunk **chunk,
                       const lined_conn *conn, int reason);

#endif
