#include "sandbox.h"

#include "landlock.h"
#include "say.h"
#include "syscall_filter.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

bool sandbox_is_built(void)
{
    return LINED_SANDBOX;
}

struct sandbox sandbox_enter(void)
{
    /* Both ask for it, so that nobody can hand a set-user-ID program a world that lies to it. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return (struct sandbox){.landlock = errno, .syscalls = errno};
    struct sandbox sandbox = {.landlock = landlock_deny()};
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
