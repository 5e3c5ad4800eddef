#include "password_file.h"

#include "base/read_all.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest file that can be right, and one byte. */
#define BYTES_SIZE (OPTIONS_PASSWORD_MAX + 2 + 1)

/* The size without the end of a line. */
static size_t without_line_end(const char *bytes, size_t size)
{
    if (size == 0 || bytes[size - 1] != '\n')
        return size;
    return size > 1 && bytes[size - 2] == '\r' ? size - 2 : size - 1;
}

/* NULL: it can be a password. */
static const char *wrong_with(const char *bytes, size_t size)
{
    if (size == 0)
        return "is empty";
    if (size > OPTIONS_PASSWORD_MAX)
        return "is too long";
    return memchr(bytes, '\0', size) == NULL ? NULL : "has a NUL byte";
}

/* A group may read it: the ACL of a credential of systemd shows as such a right. */
static void warn_of_others(int fd, char why[PASSWORD_FILE_WHY_SIZE])
{
    struct stat status;

    why[0] = '\0';
    if (fstat(fd, &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0)
        snprintf(why, PASSWORD_FILE_WHY_SIZE,
                 "has the mode %04o: other users may %s the password; chmod g-w,o-rwx this file",
                 (unsigned)status.st_mode & 07777,
                 (status.st_mode & S_IROTH) != 0 ? "read" : "change");
}

bool password_file_read(char password[OPTIONS_PASSWORD_MAX + 1], const char *path,
                        char why[PASSWORD_FILE_WHY_SIZE])
{
    char bytes[BYTES_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t result = fd < 0 ? -errno : read_all(fd, bytes, BYTES_SIZE);

    why[0] = '\0';
    if (fd >= 0) {
        warn_of_others(fd, why);
        close(fd);
    }
    if (result < 0) {
        char text[ERROR_TEXT_SIZE];
        snprintf(why, PASSWORD_FILE_WHY_SIZE,
                 "%s; must be a file that the user that starts lined can read",
                 error_text((int)-result, text));
        return false;
    }
    size_t size = without_line_end(bytes, (size_t)result);
    const char *wrong = wrong_with(bytes, size);
    if (wrong != NULL) {
        snprintf(why, PASSWORD_FILE_WHY_SIZE, "%s; must have a password of 1 to %d bytes", wrong,
                 OPTIONS_PASSWORD_MAX);
        return false;
    }
    memcpy(password, bytes, size);
    password[size] = '\0';
    return true;
}
