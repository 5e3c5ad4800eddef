#define _GNU_SOURCE /* setresuid, initgroups */
#include "privileges.h"

#include "command/message.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

bool privileges_find(struct privileges *privileges, const char *name,
                     char message[PRIVILEGES_MESSAGE_SIZE])
{
    errno = 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
    const struct passwd *entry = getpwnam(name);
    if (entry == NULL) {
        char text[ERROR_TEXT_SIZE];
        /* getpwnam(3): some sources set errno if there is no such user. */
        bool is_unknown = errno == 0 || errno == ENOENT || errno == ESRCH || errno == EPERM;
        snprintf(message, PRIVILEGES_MESSAGE_SIZE, "%s",
                 is_unknown ? "there is no user with this name; 'getent passwd' lists the names"
                            : error_text(errno, text));
        return false;
    }
    if (entry->pw_uid == 0) {
        snprintf(message, PRIVILEGES_MESSAGE_SIZE, "must be a user other than root");
        return false;
    }
    *privileges = (struct privileges){name, entry->pw_uid, entry->pw_gid};
    return true;
}

/* Returns 0, or errno and the call that failed. */
static int become(const struct privileges *privileges, const char **call)
{
    *call = "initgroups";
    if (initgroups(privileges->name, privileges->group) < 0)
        return errno;
    *call = "setresgid";
    if (setresgid(privileges->group, privileges->group, privileges->group) < 0)
        return errno;
    *call = "setresuid";
    if (setresuid(privileges->user, privileges->user, privileges->user) < 0)
        return errno;
    *call = "prctl";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return errno;
    return 0;
}

/* Checks the effect of the calls. With a kept capability the last two calls would succeed. */
static bool is_for_good(const struct privileges *privileges)
{
    uid_t user;
    uid_t effective_user;
    uid_t saved_user;
    gid_t group;
    gid_t effective_group;
    gid_t saved_group;

    return getresuid(&user, &effective_user, &saved_user) == 0 &&
           getresgid(&group, &effective_group, &saved_group) == 0 && user == privileges->user &&
           effective_user == privileges->user && saved_user == privileges->user &&
           group == privileges->group && effective_group == privileges->group &&
           saved_group == privileges->group && setresuid((uid_t)-1, 0, (uid_t)-1) < 0 &&
           setgroups(0, NULL) < 0;
}

bool privileges_drop(const struct privileges *privileges, char message[PRIVILEGES_MESSAGE_SIZE])
{
    const char *call;
    int error = become(privileges, &call);

    if (error != 0) {
        char text[ERROR_TEXT_SIZE];
        snprintf(message, PRIVILEGES_MESSAGE_SIZE,
                 "cannot become user '%.64s': %s: %s; start lined as root, or as that user",
                 privileges->name, call, error_text(error, text));
        return false;
    }
    if (!is_for_good(privileges)) {
        snprintf(
            message, PRIVILEGES_MESSAGE_SIZE,
            "user '%.64s' could become root again; start lined as root, without kept capabilities "
            "(capabilities(7))",
            privileges->name);
        return false;
    }
    return true;
}
