#define _GNU_SOURCE /* O_PATH, syscall */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h of Debian 12 has only the first member. A kernel that does not know the others
 * accepts them if they are zero. */
struct ruleset {
    uint64_t filesystem;
    uint64_t network;
    uint64_t scoped;
};

/* All rights that a kernel with this version of Landlock can deny. An unknown right is an error, so
 * each version has its own set; the numbers are those of landlock(7). */
static struct ruleset everything(long version)
{
    const unsigned rights = version >= 5   ? 16  /* + ioctl on devices */
                            : version >= 3 ? 15  /* + truncate */
                            : version >= 2 ? 14  /* + move between folders */
                                           : 13; /* read, write, execute, list, remove, make */
    return (struct ruleset){
        .filesystem = (UINT64_C(1) << rights) - 1,
        .network = version >= 4 ? 3 : 0, /* bind and connect of TCP */
        .scoped = version >= 6 ? 3 : 0,  /* abstract unix sockets and signals to others */
    };
}

/* The folder of the path: "/run" of "/run/lined.sock", "/" of "/lined.sock". Paths are absolute. */
static const char *folder_of(const char *path, char folder[PATH_MAX])
{
    size_t size = (size_t)(strrchr(path, '/') - path);

    if (size == 0 || size >= PATH_MAX)
        return "/";
    memcpy(folder, path, size);
    folder[size] = '\0';
    return folder;
}

/* Allows access to the files below the folder. If that fails, they cannot be reached later, which
 * does less harm than to go on without Landlock: *error is the errno. */
static void allow(int ruleset, const char *folder, uint64_t access, int *error)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};

    if (folder == NULL)
        return;
    rule.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rule.parent_fd < 0 ||
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        *error = errno;
    if (rule.parent_fd >= 0)
        close(rule.parent_fd);
}

/* 0, or the errno of the last rule that failed. */
static int allow_files(int ruleset, const struct allowed_files *allowed)
{
    char folder[PATH_MAX];
    int error = 0;

    for (size_t i = 0; i < allowed->count; i++)
        allow(ruleset, folder_of(allowed->paths[i], folder), LANDLOCK_ACCESS_FS_REMOVE_FILE,
              &error);
    allow(ruleset, allowed->append_folder,
          LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG, &error);
    allow(ruleset, allowed->read_folder, LANDLOCK_ACCESS_FS_READ_FILE, &error);
    return error;
}

int landlock_deny(long *version, int *rule_error, const struct allowed_files *allowed)
{
    *version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (*version < 0)
        return errno; /* ENOSYS: not in the kernel; EOPNOTSUPP: not switched on at boot */
    const struct ruleset denied = everything(*version);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &denied, sizeof denied, 0);
    if (fd < 0)
        return errno;
    *rule_error = allow_files(fd, allowed);
    int error = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? errno : 0;
    close(fd);
    return error;
}

const char *landlock_denied(long version)
{
    const struct ruleset denied = everything(version);

    if (denied.scoped != 0)
        return "filesystem, TCP, signals, abstract sockets";
    return denied.network != 0 ? "filesystem, TCP" : "filesystem";
}
