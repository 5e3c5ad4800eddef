/*
 * For tests that put functions of their own in place of poll and recv (--wrap, see CMakeLists.txt).
 * Where the compiler knows the size of the buffer, fortified headers make calls of __poll_chk and
 * __recv_chk out of these. Which calls that are differs with compiler and libc, and it is none of a
 * test's business: so the linker brings them here, and here they become poll and recv again.
 * This file is compiled without fortified headers.
 */
#include <poll.h>
#include <sys/socket.h>

int __wrap___poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t room);
ssize_t __wrap___recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);

int __wrap___poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t room)
{
    (void)room;
    return poll(polled, count, timeout);
}

ssize_t __wrap___recv_chk(int fd, void *bytes, size_t size, size_t room, int flags)
{
    (void)room;
    return recv(fd, bytes, size, flags);
}
