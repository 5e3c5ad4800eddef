/*
 * The packet log: what clients send, one log line each. An observer of the server.
 *
 * A connection's thread formats its lines into a chunk of its own, under no lock. When it is about
 * to wait, or the chunk is full, the chunk is appended to the log in one piece, so log lines are
 * never torn and each connection's keep their order.
 */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include "log_writer.h"

#include <lined.h>

/* Fills in the callbacks that log; trouble and cut are left alone. */
void packet_log_observe(struct log_writer *log, struct lined_observer *observer);

#endif
