#include "read_all.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_all(int fd, char *bytes, size_t room)
{
    size_t used = 0;

    while (used < room) {
        ssize_t size = read(fd, bytes + used, room - used);
        if (size == 0)
            break;
        if (size < 0 && errno != EINTR)
            return -errno;
        used += size > 0 ? (size_t)size : 0;
    }
    return (ssize_t)used;
}
