/*
 * The packet log: what clients send, one log line each, on a descriptor. An observer of the server.
 *
 * A connection's thread formats its lines into a chunk of its own, under no lock. When it is about
 * to wait, or the chunk is full, the chunk is appended to the log's pending text in one piece, so
 * log lines are never torn and each connection's keep their order. One writer thread writes what is
 * pending, as much as there is. Nothing is lost: when too much is pending, connections wait.
 */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include <lined.h>
#include <stdbool.h>
#include <stdint.h>

struct packet_log;

/* Starts the writer thread; fd stays the caller's. When writing fails, failed is called once, on
 * the writer thread, with the errno; from then on what is logged is dropped. 0 or -errno. */
int packet_log_start(struct packet_log **started, int fd, void (*failed)(int error));

/* Fills in the callbacks that log; trouble is left alone. */
void packet_log_observe(struct packet_log *log, struct lined_observer *observer);

/* The server is to end. Connections that still wait for room when timeout_ms have passed wait no
 * longer: from then on what is logged is dropped, for the reader is stuck. packet_log_stop waits no
 * longer either. Any thread. */
void packet_log_hurry(struct packet_log *log, uint32_t timeout_ms);

/* Ends the log; nobody may log any more. Waits at most timeout_ms until all is written, and returns
 * true if it is, or if writing had failed before. If not, the writer is stuck in write(2): it is
 * left alone, and the log must not be freed, for the process is about to end. */
bool packet_log_stop(struct packet_log *log, uint32_t timeout_ms);

/* After packet_log_stop has returned true. */
void packet_log_free(struct packet_log *log);

#endif
