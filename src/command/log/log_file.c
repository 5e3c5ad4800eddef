#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int log_file_open(const char *path)
{
    int fd = openat(AT_FDCWD, path, LOG_FILE_FLAGS, 0640);

    return fd < 0 ? -errno : fd;
}

int log_file_folder(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);

    if (size >= PATH_MAX)
        return -ENAMETOOLONG;
    if (slash == NULL)
        path = ".";
    size += slash == NULL || slash == path; /* ".", "/" */
    memcpy(folder, path, size);
    folder[size] = '\0';
    return 0;
}
