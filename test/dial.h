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

/* The same from this address of the loopback, in the host's byte order. */
int dial_from(uint32_t source, uint16_t port);

/* Sends text, or size bytes. */
void say(int fd, const char *text);
void say_bytes(int fd, const void *bytes, size_t size);

/* Sends until the server has reset the connection, or all is sent. Returns the bytes sent. */
size_t say_what_it_takes(int fd, const void *bytes, size_t size);

/* Sends empty lines and reads no reply, until the server has taken nothing for 300 ms: its thread
 * is blocked in a send, or it has given the connection up. */
void stop_reading(int fd);

/* How many bytes sent on fd the other kernel has acknowledged, which means that it has them. The
 * SYN counts as one, and so does the FIN. */
uint64_t acknowledged(int fd);
void await_acknowledged(int fd, uint64_t bytes);

/* Receives this number of bytes. */
void receive_exactly(int fd, void *bytes, size_t size);

/* Receives just these bytes. */
void expect(int fd, const char *text);
void expect_bytes(int fd, const void *bytes, size_t size);

/* Receives the end of file, without any byte before it. */
void expect_eof(int fd);

/* Receives to the end of file, at most size bytes; returns how many. */
size_t receive_rest(int fd, char *bytes, size_t size);

/* Receives to the end of file or a reset, and throws it away; returns how many bytes it was. */
size_t drink(int fd);

/* The same, and keeps the bytes, of which there must be at most size. */
size_t receive_until_end(int fd, char *bytes, size_t size);

/* Ends the sending side. */
void half_close(int fd);

/* Closes. */
void hang_up(int fd);

/* Closes with a reset. */
void hang_up_rudely(int fd);

#endif
