/*
 * A library to LD_PRELOAD: lets chosen calls go wrong at chosen times.
 *
 *   FAULT_CALL     the call: one of the names below; alloc for malloc, calloc and realloc; write
 *                  is to standard output only
 *   FAULT_ERRNO    the errno it fails with, by name (not needed with FAULT_HOW)
 *   FAULT_HOW      what happens instead of failing: skip (it says it did, but did not), half (it
 *                  does half, and says so), torn (it does half, and says it did all), twice
 *   FAULT_AT       which call goes wrong, counted over all threads from 1; or
 *   FAULT_FIRST    how many do, from the first on; or
 *   FAULT_EVERY    every how many-th does
 *   FAULT_CONTROL  a file of struct fault_control, shared with the process that watches
 *
 * It counts from the moment that the control says it is armed.
 */
#define _GNU_SOURCE /* RTLD_NEXT, accept4, strerrorname_np */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum how { FAIL, SKIP, HALF, TORN, TWICE };

/* Set before main runs, and only read after. */
static const char *chosen;
static int chosen_errno;
static enum how how;
static uint64_t at, first, every;
static struct fault_control *control;

/* The next definition of each call: libc's, or a sanitizer's. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    int (*mprotect)(void *, size_t, int);
    int (*munmap)(void *, size_t);
    int (*socket)(int, int, int);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*listen)(int, int);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*send)(int, const void *, size_t, int);
    int (*setsockopt)(int, int, int, const void *, socklen_t);
    int (*getsockopt)(int, int, int, void *, socklen_t *);
    int (*shutdown)(int, int);
    int (*ioctl)(int, unsigned long, void *);
    int (*poll)(struct pollfd *, nfds_t, int);
    int (*epoll_create1)(int);
    int (*epoll_ctl)(int, int, int, struct epoll_event *);
    int (*epoll_wait)(int, struct epoll_event *, int, int);
    int (*eventfd)(unsigned, int);
    ssize_t (*write)(int, const void *, size_t);
    int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*pthread_getattr_np)(pthread_t, pthread_attr_t *);
} next;

/* This thread is amid a call that only a sanitizer makes, and does not expect to fail. */
static _Thread_local bool is_sanitizer;

/* main has returned: what runs from now on is none of lined's. gcov writes its counters then, and
 * does not expect to fail. */
static _Atomic bool is_ending;

static void end(void)
{
    atomic_store(&is_ending, true);
}

/* ISO C has no cast from what dlsym returns. */
static void find(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);

    memcpy(function, &found, sizeof found);
}

/* The loader allocates before any constructor runs, so the first call may come from there. */
static void find_all(void)
{
    if (next.malloc != NULL)
        return;
    find("calloc", &next.calloc);
    find("realloc", &next.realloc);
    find("mmap", &next.mmap);
    find("mprotect", &next.mprotect);
    find("munmap", &next.munmap);
    find("socket", &next.socket);
    find("bind", &next.bind);
    find("listen", &next.listen);
    find("accept4", &next.accept4);
    find("recv", &next.recv);
    find("send", &next.send);
    find("setsockopt", &next.setsockopt);
    find("getsockopt", &next.getsockopt);
    find("shutdown", &next.shutdown);
    find("ioctl", &next.ioctl);
    find("poll", &next.poll);
    find("epoll_create1", &next.epoll_create1);
    find("epoll_ctl", &next.epoll_ctl);
    find("epoll_wait", &next.epoll_wait);
    find("eventfd", &next.eventfd);
    find("write", &next.write);
    find("pthread_create", &next.pthread_create);
    find("pthread_getattr_np", &next.pthread_getattr_np);
    find("malloc", &next.malloc); /* the last: all are there */
}

/* ---- what goes wrong, and when ---- */

/* A wrong setting must not look like a server that stands everything. */
static void refuse(const char *name, const char *value)
{
    fprintf(stderr, "fault: %s '%s' is not allowed, see test/faults/fault.c\n", name, value);
    _exit(125);
}

static uint64_t read_count(const char *name)
{
    const char *value = getenv(name);

    return value == NULL ? 0 : strtoull(value, NULL, 10);
}

static int read_errno(const char *value)
{
    for (int number = 1; number < 200; number++) {
        const char *name = strerrorname_np(number);
        if (name != NULL && strcmp(name, value) == 0)
            return number;
    }
    refuse("FAULT_ERRNO", value);
    return 0;
}

static enum how read_how(const char *value)
{
    static const char *const names[] = {"fail", "skip", "half", "torn", "twice"};

    for (int i = 0; i < 5; i++) {
        if (strcmp(names[i], value) == 0)
            return (enum how)i;
    }
    refuse("FAULT_HOW", value);
    return FAIL;
}

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAULT_CONTROL");
    const char *error = getenv("FAULT_ERRNO");
    const char *kind = getenv("FAULT_HOW");

    find_all();
    if (file == NULL)
        return;
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        refuse("FAULT_CONTROL", file);
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (control == MAP_FAILED)
        refuse("FAULT_CONTROL", file);
    at = read_count("FAULT_AT");
    first = read_count("FAULT_FIRST");
    every = read_count("FAULT_EVERY");
    how = kind == NULL ? FAIL : read_how(kind);
    if (how == FAIL)
        chosen_errno = read_errno(error == NULL ? "" : error);
    chosen = getenv("FAULT_CALL");
}

/* Counts this call; true if it is one that goes wrong. */
static bool strikes(const char *call)
{
    find_all();
    if (chosen == NULL || strcmp(chosen, call) != 0 || is_sanitizer || atomic_load(&is_ending) ||
        atomic_load(&control->armed) == 0)
        return false;
    uint64_t number = atomic_fetch_add(&control->seen, 1) + 1;
    if (number != at && number > first && (every == 0 || number % every != 0))
        return false;
    atomic_fetch_add(&control->fired, 1);
    errno = chosen_errno;
    return true;
}

/* What a call without a size does when it goes wrong. */
static int fail_or_skip(void)
{
    return how == FAIL ? -1 : 0;
}

/* The size for half of it; one byte stays one. */
static size_t half(size_t size)
{
    return size > 1 ? size / 2 : size;
}

/* ---- the calls ---- */

void *malloc(size_t size)
{
    return strikes("alloc") ? NULL : next.malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return strikes("alloc") ? NULL : next.calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return strikes("alloc") ? NULL : next.realloc(memory, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return strikes("mmap") ? MAP_FAILED : next.mmap(address, size, protection, flags, fd, offset);
}

int mprotect(void *address, size_t size, int protection)
{
    return strikes("mprotect") ? fail_or_skip() : next.mprotect(address, size, protection);
}

int munmap(void *address, size_t size)
{
    return strikes("munmap") ? fail_or_skip() : next.munmap(address, size);
}

int socket(int domain, int type, int protocol)
{
    return strikes("socket") ? -1 : next.socket(domain, type, protocol);
}

/* glibc declares addresses as a union of pointers. */
int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    return strikes("bind") ? fail_or_skip() : next.bind(fd, address.__sockaddr__, size);
}

/* A server calls it once. What is registered now comes before all that was before main. */
int listen(int fd, int backlog)
{
    find_all();
    if (atexit(end) != 0)
        abort();
    return strikes("listen") ? fail_or_skip() : next.listen(fd, backlog);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
    return strikes("accept4") ? -1 : next.accept4(fd, address.__sockaddr__, size, flags);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    if (!strikes("recv"))
        return next.recv(fd, bytes, size, flags);
    return how == HALF ? next.recv(fd, bytes, half(size), flags) : -1;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    if (!strikes("send"))
        return next.send(fd, bytes, size, flags);
    switch (how) {
    case FAIL:
        if (chosen_errno == EPIPE || chosen_errno == ECONNRESET)
            next.shutdown(fd, SHUT_RDWR); /* a socket that says so is dead for recv as well */
        errno = chosen_errno;
        break;
    case SKIP:
        return (ssize_t)size;
    case HALF:
        return next.send(fd, bytes, half(size), flags);
    case TORN:
        next.send(fd, bytes, half(size), flags);
        return (ssize_t)size;
    case TWICE:
        next.send(fd, bytes, size, flags);
        return next.send(fd, bytes, size, flags);
    }
    return -1;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    return strikes("setsockopt") ? fail_or_skip() : next.setsockopt(fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    return strikes("getsockopt") ? fail_or_skip() : next.getsockopt(fd, level, name, value, size);
}

int shutdown(int fd, int direction)
{
    return strikes("shutdown") ? fail_or_skip() : next.shutdown(fd, direction);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *value = va_arg(arguments, void *);
    va_end(arguments);
    return strikes("ioctl") ? fail_or_skip() : next.ioctl(fd, request, value);
}

int poll(struct pollfd *polled, nfds_t count, int timeout)
{
    return strikes("poll") ? fail_or_skip() : next.poll(polled, count, timeout);
}

/* What fortified headers make of some calls of recv and poll. */
ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);
int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t room);

ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags)
{
    (void)room;
    return recv(fd, bytes, size, flags);
}

int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t room)
{
    (void)room;
    return poll(polled, count, timeout);
}

int epoll_create1(int flags)
{
    return strikes("epoll_create1") ? -1 : next.epoll_create1(flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return strikes("epoll_ctl") ? fail_or_skip() : next.epoll_ctl(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    return strikes("epoll_wait") ? fail_or_skip() : next.epoll_wait(epoll, events, most, timeout);
}

int eventfd(unsigned count, int flags)
{
    return strikes("eventfd") ? -1 : next.eventfd(count, flags);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    find_all();
    if (fd != STDOUT_FILENO || !strikes("write"))
        return next.write(fd, bytes, size);
    if (how == HALF)
        return next.write(fd, bytes, half(size));
    return how == SKIP ? (ssize_t)size : -1;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                   void *argument)
{
    return strikes("pthread_create") ? chosen_errno
                                     : next.pthread_create(thread, attributes, main, argument);
}

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    find_all();
    is_sanitizer = true;
    int error = next.pthread_getattr_np(thread, attributes);
    is_sanitizer = false;
    return error;
}
