#include "limits_file.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_SIZE 512

/* It uses read(2): without memory a stdio stream reads byte by byte, and a file of /proc/sys can
 * only be read once, so the result for 32768 would be 3. */
bool limits_file_text(char text[LIMITS_FILE_SIZE], const char *root, const char *folder,
                      const char *name)
{
    char path[PATH_SIZE];
    size_t size = 0;
    ssize_t more;

    int length = snprintf(path, sizeof path, "%s%s%s", root, folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while ((more = read(fd, text + size, LIMITS_FILE_SIZE - 1 - size)) > 0 ||
           (more < 0 && errno == EINTR))
        size += more > 0 ? (size_t)more : 0;
    close(fd);
    text[size] = '\0';
    return more == 0;
}

uint64_t limits_file_number(const char *root, const char *folder, const char *name)
{
    char text[LIMITS_FILE_SIZE];
    uint64_t number;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes no number that does not fit */
    if (limits_file_text(text, root, folder, name) && sscanf(text, "%" SCNu64, &number) == 1)
        return number;
    return LIMITS_NONE;
}

uint64_t limits_rlimit(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return LIMITS_NONE;
    return limit.rlim_cur;
}

uint64_t limits_left(uint64_t max, uint64_t used)
{
    if (max == LIMITS_NONE || used == LIMITS_NONE)
        return max;
    return used < max ? max - used : 0;
}
