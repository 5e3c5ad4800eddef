/*
 * Tells the service manager when lined is ready, reloads, stops, and is alive: the protocol of
 * sd_notify(3) with NOTIFY_SOCKET and WATCHDOG_USEC, and a newline on a descriptor, as s6 expects
 * it. The socket is connected, and the timer created, before the sandbox forbids both. Without
 * these settings every function does nothing, and no timer runs.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Sent to the process by a timer when WATCHDOG=1 is due, but only if notify_has_watchdog. */
#define WATCHDOG_SIGNAL SIGVTALRM

/* Sets the descriptor for the newline. False: it is not open for writing. Call it before lined
 * opens a descriptor, which could get this number. */
bool notify_set_descriptor(int fd);

/* Reads the variables by get, as getenv(3) does. self: the number of this process; another number
 * in WATCHDOG_PID means that the watchdog is not for it. A socket that cannot be reached is a
 * warning. False: *why says which value is wrong, and what it must be. One thread exists yet. */
bool notify_open(char *(*get)(const char *name), pid_t self, const char **why);

/* True: WATCHDOG_SIGNAL must be blocked, and notify_watchdog be called for each. */
bool notify_has_watchdog(void);

/* Starts the timer of the watchdog. */
void notify_start_watchdog(void);

/* The functions below never wait for longer than a second, and can be called by any thread. */

/* Clients are served: at the start. */
void notify_ready(void);

/* A reload begins. */
void notify_reloading(void);

/* After each notify_reloading: clients are served, with the new settings or the old ones. */
void notify_reloaded(bool is_done);

/* A stop has begun, and waits for the connections. Only the first call is sent. */
void notify_stopping(uint64_t connections);

/* On WATCHDOG_SIGNAL. False: an acceptor thread has not answered, so nothing is sent, and after
 * WATCHDOG_USEC the service manager restarts lined. Only by the thread for signals. */
void notify_watchdog(bool is_alive);

#endif
