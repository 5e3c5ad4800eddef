#define _GNU_SOURCE /* setresuid, initgroups */
#include "privileges.h"

#include "base/values.h"
#include "command/message.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* UINT32_MAX is not a user: for setresuid(2) it means "unchanged". */
#define ID_MAX (UINT32_MAX - 1)

#define NOT_ROOT "must be a user other than root"

/* Reads the two numbers of UID:GID. colon points to the colon in the name. */
static bool read_numbers(struct privileges *privileges, const char *name, const char *colon,
                         char message[PRIVILEGES_MESSAGE_SIZE])
{
    char user_text[sizeof "4294967294"];
    uint32_t user;
    uint32_t group;
    size_t length = (size_t)(colon - name);

    /* A text that is too long for an allowed number becomes the empty text, which is no number. */
    snprintf(user_text, sizeof user_text, "%.*s", length < sizeof user_text ? (int)length : 0,
             name);
    if (!value_number(user_text, 0, ID_MAX, &user) || !value_number(colon + 1, 0, ID_MAX, &group)) {
        snprintf(message, PRIVILEGES_MESSAGE_SIZE,
                 "must be UID:GID, two numbers from 1 to %" PRIu32, ID_MAX);
        return false;
    }
    if (user == 0 || group == 0) {
        snprintf(message, PRIVILEGES_MESSAGE_SIZE, "%s",
                 user == 0 ? NOT_ROOT : "must have a group other than 0, the group of root");
        return false;
    }
    *privileges = (struct privileges){name, true, user, group};
    return true;
}

static const char *why_unknown(const char *name)
{
    uint32_t number;

    return value_number(name, 0, UINT32_MAX, &number)
               ? "there is no user with this name; a number needs a group: UID:GID"
               : "there is no user with this name; 'getent passwd' lists the names";
}

bool privileges_find(struct privileges *privileges, const char *name,
                     char message[PRIVILEGES_MESSAGE_SIZE])
{
    const char *colon = strchr(name, ':'); /* the name of a user has no colon: passwd(5) */

    if (colon != NULL)
        return read_numbers(privileges, name, colon, message);
    errno = 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
    const struct passwd *entry = getpwnam(name);
    if (entry == NULL) {
        char text[ERROR_TEXT_SIZE];
        /* getpwnam(3): some sources set errno if there is no such user. */
        bool is_unknown = errno == 0 || errno == ENOENT || errno == ESRCH || errno == EPERM;
        snprintf(message, PRIVILEGES_MESSAGE_SIZE, "%s",
                 is_unknown ? why_unknown(name) : error_text(errno, text));
        return false;
    }
    if (entry->pw_uid == 0) {
        snprintf(message, PRIVILEGES_MESSAGE_SIZE, NOT_ROOT);
        return false;
    }
    *privileges = (struct privileges){name, false, entry->pw_uid, entry->pw_gid};
    return true;
}

/* Sets the supplementary groups: those of the user, or none for UID:GID. */
static int set_groups(const struct privileges *privileges)
{
    return privileges->is_numeric ? setgroups(0, NULL)
                                  : initgroups(privileges->name, privileges->group);
}

/* Returns 0, or errno and the call that failed. */
static int become(const struct privileges *privileges, const char **call)
{
    *call = privileges->is_numeric ? "setgroups" : "initgroups";
    if (set_groups(privileges) < 0)
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
