#define _GNU_SOURCE /* syscall */
#include "landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
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

/* No rule is added, so there is no exception. */
int landlock_deny(long *version)
{
    *version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (*version < 0)
        return errno; /* ENOSYS: not in the kernel; EOPNOTSUPP: not switched on at boot */
    const struct ruleset denied = everything(*version);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &denied, sizeof denied, 0);
    if (fd < 0)
        return errno;
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
