/*
 * The packet log: what clients send, one log line each.
 *
 * A connection's thread formats its lines into a chunk of its own, under no lock. At the end of a
 * batch, or when the chunk is full, the chunk is appended to the log in one piece. So log lines are
 * never torn, and those of one connection keep their order.
 *
 * chunk is the slot of the observer: NULL at first, owned by the connection's thread.
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
