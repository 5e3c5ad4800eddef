/*
 * A client for tests: dial, say, expect. Every call has a deadline of 30 seconds and fails the
 * test when it passes, so no test hangs and none sleeps.
 */
#ifndef DIAL_H
#define DIAL_H

#include <stddef.h>
#include <stdint.h>

/* Connects to 127.0.0.1:port. */
int dial(uint16_t port);

/* Like dial, with a receive buffer of size bytes: a client that soon has no room for replies. */
int dial_narrow(uint16_t port, int size);

/* Sends text, or size bytes. */
void say(int fd, const char *text);
void say_bytes(int fd, const void *bytes, size_t size);

/* Sends until the server has reset the connection, or all is sent. Returns the bytes sent. */
size_t say_what_it_takes(int fd, const void *bytes, size_t size);

/* Receives just these bytes. */
void expect(int fd, const char *text);
void expect_bytes(int fd, const void *bytes, size_t size);

/* Receives the end of file, without any byte before it. */
void expect_eof(int fd);

/* Receives to the end of file, at most size bytes; returns how many. */
size_t receive_rest(int fd, char *bytes, size_t size);

/* Receives to the end of file or a reset, and throws it away; returns how many bytes it was. */
size_t drink(int fd);

/* Ends the sending side. */
void half_close(int fd);

/* Closes. */
void hang_up(int fd);

/* Closes with a reset. */
void hang_up_rudely(int fd);

#endif
