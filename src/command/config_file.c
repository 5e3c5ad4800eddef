#include "config_file.h"

#include "base/read_all.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool config_file_read(struct config *config, const char *path, char message[CONFIG_MESSAGE_SIZE])
{
    int fd = openat(AT_FDCWD, path, CONFIG_FILE_FLAGS);
    /* One byte more than is allowed: the sandbox does not allow to ask for the size. */
    ssize_t size = fd < 0 ? -errno : read_all(fd, config->text, CONFIG_SIZE_MAX + 1);

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
