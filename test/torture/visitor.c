#include "visitor.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DEADLINE_SECONDS 5

int visitor_dial(uint16_t port, int receive_buffer)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval deadline = {.tv_sec = DEADLINE_SECONDS};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool receive_reply(int fd, const char *reply)
{
    char bytes[256];
    size_t had = 0;
    size_t size = strlen(reply);

    while (had < size) {
        ssize_t more = recv(fd, bytes + had, size - had, 0);
        if (more <= 0)
            return false;
        had += (size_t)more;
    }
    return memcmp(bytes, reply, size) == 0;
}

bool visitor_talk(uint16_t port, int lines)
{
    int fd = visitor_dial(port, 0);
    bool is_served = fd >= 0;

    for (int i = 0; i < lines && is_served; i++)
        is_served =
            send(fd, "hello\n", 6, MSG_NOSIGNAL) == 6 && receive_reply(fd, "Received: hello\n\n");
    if (fd >= 0)
        close(fd);
    return is_served;
}

/* Sends what the socket takes without waiting. */
static bool send_some(int fd, const char *bytes, size_t size, size_t *sent)
{
    ssize_t more = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (more > 0)
        *sent += (size_t)more;
    return more > 0 || errno == EAGAIN;
}

void visitor_flood(uint16_t port, size_t most)
{
    static char lines[4096];
    static char replies[65536];
    int fd = visitor_dial(port, 4096);
    size_t sent = 0;
    bool goes_on = fd >= 0;

    memset(lines, 'x', sizeof lines);
    for (size_t i = 63; i < sizeof lines; i += 64)
        lines[i] = '\n';
    /* The first wait for room is the server's: this thread reads no replies yet. */
    while (goes_on && sent < most) {
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        if (poll(&writable, 1, 50) == 0)
            break;
        size_t at = sent % sizeof lines;
        goes_on = send_some(fd, lines + at, sizeof lines - at, &sent);
    }
    if (goes_on)
        shutdown(fd, SHUT_WR);
    while (fd >= 0 && recv(fd, replies, sizeof replies, 0) > 0)
        continue;
    if (fd >= 0)
        close(fd);
}

int visitor_stay(uint16_t port)
{
    int fd = visitor_dial(port, 0);

    if (fd >= 0 && send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6) {
        close(fd);
        return -1;
    }
    return fd;
}

bool visitor_drink(int fd)
{
    char bytes[4096];
    ssize_t size = 0;

    if (fd < 0)
        return true;
    while ((size = recv(fd, bytes, sizeof bytes, 0)) > 0)
        continue;
    bool is_late = size < 0 && errno == EAGAIN;
    close(fd);
    return !is_late;
}

size_t visitor_count(pid_t pid, const char *folder)
{
    char path[64];
    size_t count = 0;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, folder);
    DIR *entries = opendir(path);
    if (entries == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

bool visitor_await_count(pid_t pid, const char *folder, size_t most)
{
    for (int i = 0; i < DEADLINE_SECONDS * 200; i++) {
        if (visitor_count(pid, folder) <= most)
            return true;
        poll(NULL, 0, 5);
    }
    return false;
}
