#define _GNU_SOURCE /* pipe2 */
#include "sandbox.h"

#include "command/message.h"
#include "landlock.h"
#include "syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool sandbox_is_built(void)
{
    return LINED_SANDBOX;
}

/* Both parts require this. Otherwise a process in the sandbox could run a set-user-ID program,
 * which would not expect that its system calls fail. */
static int forgo_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? errno : 0;
}

/* ---- a filter that lined was started under ---- */

static int enter_landlock(const struct allowed_files *allowed)
{
    long version;
    int rule_error;

    return landlock_deny(&version, &rule_error, allowed);
}

static int enter_filter(const struct allowed_files *allowed)
{
    return syscall_filter_enter(allowed);
}

/* In a child: enters the part, and then writes a byte if it was not killed. */
_Noreturn static void try_and_report(int (*enter)(const struct allowed_files *),
                                     const struct allowed_files *allowed, int told)
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core file if it is killed */
    if (forgo_privileges() == 0)
        enter(allowed);
    _exit(write(told, "", 1) == 1 ? 0 : 1);
}

/* A filter rejects a call with an errno, which is noticed when the part is entered, or it kills the
 * process, which the process cannot prevent. So a child tries it. It reports by a pipe, because its
 * exit status is lost if SIGCHLD is ignored. Returns 0, SANDBOX_KILLED, or an errno if no child can
 * try it. */
static int try_in_child(int (*enter)(const struct allowed_files *),
                        const struct allowed_files *allowed)
{
    int ends[2];
    char byte;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    pid_t pid = fork();
    int error = pid < 0 ? errno : 0;
    if (pid == 0)
        try_and_report(enter, allowed, ends[1]);
    close(ends[1]);
    if (error == 0 && read(ends[0], &byte, 1) != 1)
        error = SANDBOX_KILLED;
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return error;
}

/* ---- entering ---- */

struct sandbox sandbox_enter(const struct allowed_files *allowed)
{
    struct sandbox sandbox = {.was_filtered =
                                  prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER,
                              .adds_rules = allowed->count > 0 || allowed->append_folder != NULL ||
                                            allowed->read_folder != NULL};

    if (sandbox.was_filtered) {
        sandbox.landlock = try_in_child(enter_landlock, allowed);
        sandbox.syscalls = try_in_child(enter_filter, allowed);
    }
    int error = forgo_privileges();
    if (sandbox.landlock == 0)
        sandbox.landlock =
            error != 0 ? error
                       : landlock_deny(&sandbox.landlock_version, &sandbox.rule_error, allowed);
    if (sandbox.syscalls == 0) /* last, because it rejects the calls above */
        sandbox.syscalls =
            error != 0 ? error : syscall_filter_enter(sandbox.landlock == 0 ? allowed : NULL);
    return sandbox;
}

/* ---- texts ---- */

static const char *why_not(int error, char text[ERROR_TEXT_SIZE])
{
    return error == SANDBOX_KILLED ? "a system call filter kills it" : error_text(error, text);
}

const char *sandbox_text(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE])
{
    char exceptions[ERROR_TEXT_SIZE + 32] = "";
    char landlock[sizeof exceptions + 96];
    char syscalls[ERROR_TEXT_SIZE + 32] = "seccomp";
    char why[ERROR_TEXT_SIZE];

    if (sandbox->rule_error != 0)
        snprintf(exceptions, sizeof exceptions, "; no exceptions for files: %s",
                 why_not(sandbox->rule_error, why));
    if (sandbox->landlock == 0)
        snprintf(landlock, sizeof landlock, "Landlock (%s%s)",
                 landlock_denied(sandbox->landlock_version), exceptions);
    else
        snprintf(landlock, sizeof landlock, "no Landlock (%s)", why_not(sandbox->landlock, why));
    if (sandbox->syscalls != 0)
        snprintf(syscalls, sizeof syscalls, "no seccomp (%s)", why_not(sandbox->syscalls, why));
    snprintf(text, SANDBOX_TEXT_SIZE, "sandbox: %s, %s", landlock, syscalls);
    return text;
}

/* The usual errnos of filters: SystemCallErrorNumber= of systemd is EPERM in most units, and the
 * profiles of containers have ENOSYS or EPERM. */
static bool may_be_rejected(int error)
{
    return error == SANDBOX_KILLED || error == EPERM || error == EACCES || error == ENOSYS;
}

const char *sandbox_remedy(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE])
{
    bool needs_landlock = may_be_rejected(sandbox->landlock);
    bool needs_rules =
        (needs_landlock && sandbox->adds_rules) || may_be_rejected(sandbox->rule_error);
    bool needs_seccomp = may_be_rejected(sandbox->syscalls);
    const char *calls[] = {needs_rules ? " landlock_add_rule" : "",
                           needs_landlock ? " landlock_create_ruleset landlock_restrict_self" : "",
                           needs_seccomp ? " seccomp" : ""};
    char line[128];

    if (!sandbox->was_filtered || !(needs_landlock || needs_rules || needs_seccomp))
        return NULL;
    snprintf(line, sizeof line, "%s%s%s", calls[0], calls[1], calls[2]);
    snprintf(text, SANDBOX_TEXT_SIZE,
             "lined was started under a system call filter, such as SystemCallFilter= of a unit; "
             "to allow the sandbox, add this line to the unit: SystemCallFilter=%s",
             line + 1);
    return text;
}
