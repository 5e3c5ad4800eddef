#define _GNU_SOURCE /* syscall */
#include "sandbox.h"

#include "say.h"
#include "syscall_filter.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool sandbox_is_built(void)
{
    return LINED_SANDBOX;
}

/* ---- Landlock ---- */

/* linux/landlock.h of Debian 12 knows the first member only. A kernel that does not know the others
 * takes them as long as they are zero. */
struct ruleset {
    uint64_t filesystem;
    uint64_t network;
    uint64_t scoped;
};

/* All that a kernel with this version of Landlock can deny. A right that it does not know is an
 * error, so each version has its own; the numbers are those of landlock(7). */
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

/* 0 or errno. No rule is added to what is denied, so there is no exception. */
static int deny_files(void)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0)
        return errno; /* ENOSYS: not in the kernel; EOPNOTSUPP: not switched on at boot */
    const struct ruleset denied = everything(version);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &denied, sizeof denied, 0);
    if (fd < 0)
        return errno;
    int error = syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? errno : 0;
    close(fd);
    return error;
}

/* ---- both ---- */

struct sandbox sandbox_enter(void)
{
    /* Both ask for it, so that nobody can hand a set-user-ID program a world that lies to it. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return (struct sandbox){.landlock = errno, .syscalls = errno};
    struct sandbox sandbox = {.landlock = deny_files()};
    sandbox.syscalls = syscall_filter_enter(); /* last, for it refuses the calls above */
    return sandbox;
}

const char *sandbox_text(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE])
{
    char landlock[SAY_ERROR_SIZE + 32] = "Landlock (filesystem)";
    char syscalls[SAY_ERROR_SIZE + 32] = "seccomp";
    char why[SAY_ERROR_SIZE];

    if (sandbox->landlock != 0)
        snprintf(landlock, sizeof landlock, "no Landlock (%s)", say_error(sandbox->landlock, why));
    if (sandbox->syscalls != 0)
        snprintf(syscalls, sizeof syscalls, "no seccomp (%s)", say_error(sandbox->syscalls, why));
    snprintf(text, SANDBOX_TEXT_SIZE, "sandbox: %s, %s", landlock, syscalls);
    return text;
}
