#include "folder_lock.h"

#include "base/invariant.h"
#include "base/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_MS  1000
#define RETRY_MS 5

int folder_lock(const char *path)
{
    const int64_t until = monotonic_ms() + WAIT_MS;
    const char *slash = strrchr(path, '/');
    char folder[128];

    INVARIANT(slash != NULL && (size_t)(slash - path) < sizeof folder - 1);
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + (slash == path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || monotonic_ms() >= until) {
            close(fd);
            return -1;
        }
        poll(NULL, 0, RETRY_MS);
    }
    return fd;
}

void folder_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
