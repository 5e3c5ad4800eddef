/*
 * Simple clients for a server that may fail under them: nothing here fails a test, and everything
 * has a deadline of five seconds.
 */
#ifndef VISITOR_H
#define VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Connects; every call on the socket has the deadline. receive_buffer in bytes; 0: the system's.
 * -1: errno says why not. */
int visitor_dial(uint16_t port, int receive_buffer);

/* Sends so many lines, one after another; true if each was answered. */
bool visitor_talk(uint16_t port, int lines);

/* Sends lines of so many bytes in all before it reads, with little room for replies; then reads to
 * the end. Of several megabytes the server's sends must wait. */
void visitor_flood(uint16_t port, size_t most);

/* Sends a line and stays; returns the socket, or -1. */
int visitor_stay(uint16_t port);

/* Reads to the end and closes; false if it did not come in time. -1 has ended already. */
bool visitor_drink(int fd);

/* How many entries /proc/PID/FOLDER has: "fd" for descriptors, "task" for threads. */
size_t visitor_count(pid_t pid, const char *folder);

/* Waits until it has no more than so many; false if that does not come in time. */
bool visitor_await_count(pid_t pid, const char *folder, size_t most);

#endif
