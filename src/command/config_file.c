#include "config_file.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Reads to the end, or one byte more than is allowed. Returns the size, or -errno. The sandbox does
 * not allow to ask for the size of a file. */
static ssize_t read_all(int fd, char *text)
{
    size_t used = 0;

    while (used <= CONFIG_SIZE_MAX) {
        ssize_t size = read(fd, text + used, CONFIG_SIZE_MAX + 1 - used);
        if (size == 0)
            break;
        if (size < 0 && errno != EINTR)
            return -errno;
        used += size > 0 ? (size_t)size : 0;
    }
    return (ssize_t)used;
}

bool config_file_read(struct config *config, const char *path, char message[CONFIG_MESSAGE_SIZE])
{
    int fd = openat(AT_FDCWD, path, CONFIG_FILE_FLAGS);
    ssize_t size = fd < 0 ? -errno : read_all(fd, config->text);

    config->file = path;
    config->count = 0;
    if (fd >= 0)
        close(fd);
    if (size < 0) {
        char text[ERROR_TEXT_SIZE];
        snprintf(message, CONFIG_MESSAGE_SIZE, "cannot read the configuration '%.128s': %s%s", path,
                 error_text((int)-size, text),
                 size == -EACCES ? "; the user of lined must be allowed to read it" : "");
        return false;
    }
    if ((size_t)size > CONFIG_SIZE_MAX) {
        snprintf(message, CONFIG_MESSAGE_SIZE,
                 "the configuration '%.128s' has more than 65536 bytes, which is the maximum",
                 path);
        return false;
    }
    return config_parse(config, (size_t)size, message);
}
