#define _GNU_SOURCE /* setresuid, getresuid */
/* Becoming another user, with system calls that fail, or say that they did what they did not. All
 * of them are wrapped, so no test needs root, and nothing is given up. test_confinement.c does it.
 */
#include "../src/command/sandbox/privileges.h"

#include "suite.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- a system ---- */

static struct {
    const char *failing; /* the call that fails with EPERM, or NULL */
    int find_error;      /* errno of getpwnam, where it finds no user */
    uid_t user, effective_user, saved_user;
    gid_t group, effective_group, saved_group;
    bool can_return; /* to root */
    bool has_groups; /* which can be changed still */
    bool is_numeric; /* the next setgroups drops the groups; the one after it tries to return */
    bool is_there;   /* the user */
} now;

static struct passwd entry = {.pw_uid = 1000, .pw_gid = 2000};

struct passwd *__wrap_getpwnam(const char *name);
int __wrap_initgroups(const char *name, gid_t group);
int __wrap_setresgid(gid_t group, gid_t effective, gid_t saved);
int __wrap_setresuid(uid_t user, uid_t effective, uid_t saved);
int __wrap_prctl(int option, ...);
int __wrap_getresuid(uid_t *user, uid_t *effective, uid_t *saved);
int __wrap_getresgid(gid_t *group, gid_t *effective, gid_t *saved);
int __wrap_setgroups(size_t size, const gid_t *groups);

static int result_of(const char *call)
{
    if (now.failing == NULL || strcmp(call, now.failing) != 0)
        return 0;
    errno = EPERM;
    return -1;
}

struct passwd *__wrap_getpwnam(const char *name)
{
    (void)name;
    errno = now.find_error;
    return now.is_there ? &entry : NULL;
}

int __wrap_initgroups(const char *name, gid_t group)
{
    ck_assert_str_eq(name, "alice");
    ck_assert_uint_eq(group, 2000);
    return result_of("initgroups");
}

int __wrap_setresgid(gid_t group, gid_t effective, gid_t saved)
{
    ck_assert(group == 2000 && effective == 2000 && saved == 2000);
    return result_of("setresgid");
}

int __wrap_setresuid(uid_t user, uid_t effective, uid_t saved)
{
    if (user != (uid_t)-1) {
        ck_assert(user == 1000 && effective == 1000 && saved == 1000);
        return result_of("setresuid");
    }
    ck_assert_uint_eq(effective, 0); /* the way back, tried */
    return now.can_return ? 0 : -1;
}

int __wrap_prctl(int option, ...)
{
    ck_assert_int_eq(option, PR_SET_NO_NEW_PRIVS);
    return result_of("prctl");
}

int __wrap_getresuid(uid_t *user, uid_t *effective, uid_t *saved)
{
    *user = now.user;
    *effective = now.effective_user;
    *saved = now.saved_user;
    return result_of("getresuid");
}

int __wrap_getresgid(gid_t *group, gid_t *effective, gid_t *saved)
{
    *group = now.group;
    *effective = now.effective_group;
    *saved = now.saved_group;
    return result_of("getresgid");
}

int __wrap_setgroups(size_t size, const gid_t *groups)
{
    ck_assert(size == 0 && groups == NULL);
    if (now.is_numeric) {
        now.is_numeric = false;
        return result_of("setgroups");
    }
    return now.has_groups ? 0 : -1;
}

/* As it is after all calls have done what they say. */
static void begin(void)
{
    memset(&now, 0, sizeof now);
    now.is_there = true;
    now.user = now.effective_user = now.saved_user = 1000;
    now.group = now.effective_group = now.saved_group = 2000;
}

/* ---- tests ---- */

static const struct privileges alice = {"alice", false, 1000, 2000};
static const struct privileges numbers = {"1000:2000", true, 1000, 2000};
static char message[PRIVILEGES_MESSAGE_SIZE];

START_TEST(a_user_is_found)
{
    struct privileges found;

    begin();
    ck_assert(privileges_find(&found, "alice", message));
    ck_assert_str_eq(found.name, "alice");
    ck_assert_uint_eq(found.user, 1000);
    ck_assert_uint_eq(found.group, 2000);
}
END_TEST

/* The numbers are not looked up: the system has no such user. */
START_TEST(two_numbers_are_a_user_and_a_group)
{
    struct privileges found;

    begin();
    now.is_there = false;
    ck_assert(privileges_find(&found, "1000:2000", message));
    ck_assert_str_eq(found.name, "1000:2000");
    ck_assert(found.is_numeric);
    ck_assert_uint_eq(found.user, 1000);
    ck_assert_uint_eq(found.group, 2000);
    ck_assert(privileges_find(&found, "4294967294:1", message));
    ck_assert_uint_eq(found.user, 4294967294);
    ck_assert_uint_eq(found.group, 1);
}
END_TEST

START_TEST(bad_numbers_are_rejected)
{
    static const char *const bad[] = {
        "1000:",    ":1000",           ":",        "1000:2000:3000",   "alice:2000",
        "1000:adm", "-1:2000",         "+1:2000",  " 1000:2000",       "4294967295:1",
        "1:2 ",     "1:4294967295",    "0x1:1",    "4294967296:1",     "18446744073709552616:1",
        "1.0:1",    "1:1844674407371", "1000:-01", "99999999999999:1", "000000000000001000:2000",
    };
    struct privileges found;

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!privileges_find(&found, bad[i], message), "%s is taken", bad[i]);
        ck_assert_str_eq(message, "must be UID:GID, two numbers from 1 to 4294967294");
    }
    ck_assert(!privileges_find(&found, "0:0", message));
    ck_assert_str_eq(message, "must be a user other than root");
    ck_assert(!privileges_find(&found, "0:2000", message));
    ck_assert_str_eq(message, "must be a user other than root");
    ck_assert(!privileges_find(&found, "1000:0", message));
    ck_assert_str_eq(message, "must have a group other than 0, the group of root");
    now.is_there = false;
    ck_assert(!privileges_find(&found, "1000", message));
    ck_assert_str_eq(message, "there is no user with this name; a number needs a group: UID:GID");
}
END_TEST

START_TEST(numbers_have_no_supplementary_groups)
{
    begin();
    now.is_numeric = true; /* the wrapper of initgroups refuses the name */
    ck_assert(privileges_drop(&numbers, message));
    begin();
    now.is_numeric = true;
    now.has_groups = true;
    ck_assert(!privileges_drop(&numbers, message));
    begin();
    now.is_numeric = true;
    now.failing = "setgroups";
    ck_assert(!privileges_drop(&numbers, message));
    ck_assert_str_eq(message, "cannot become user '1000:2000': setgroups: Operation not permitted; "
                              "start lined as root, or as that user");
}
END_TEST

START_TEST(an_unknown_user_and_a_failing_look_up_are_told_apart)
{
    static const int unknown[] = {0, ENOENT, ESRCH, EPERM};
    struct privileges found;

    begin();
    now.is_there = false;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        now.find_error = unknown[i];
        ck_assert(!privileges_find(&found, "alice", message));
        ck_assert_str_eq(message,
                         "there is no user with this name; 'getent passwd' lists the names");
    }
    now.find_error = EMFILE;
    ck_assert(!privileges_find(&found, "alice", message));
    ck_assert_str_eq(message, "Too many open files");
}
END_TEST

START_TEST(each_call_that_fails_is_named)
{
    static const char *const calls[] = {"initgroups", "setresgid", "setresuid", "prctl"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char expected[128];

        begin();
        now.failing = calls[i];
        ck_assert(!privileges_drop(&alice, message));
        snprintf(expected, sizeof expected,
                 "cannot become user 'alice': %s: Operation not permitted; start lined as root, "
                 "or as that user",
                 calls[i]);
        ck_assert_str_eq(message, expected);
    }
}
END_TEST

static void expect_refused(void)
{
    ck_assert(!privileges_drop(&alice, message));
    ck_assert_msg(strstr(message, "user 'alice' could become root again") == message, "%s",
                  message);
    begin();
}

/* Each alone lets it stay, or become again, what it was. */
START_TEST(what_is_kept_is_noticed)
{
    begin();
    ck_assert(privileges_drop(&alice, message));
    now.user = 0;
    expect_refused();
    now.effective_user = 0;
    expect_refused();
    now.saved_user = 0;
    expect_refused();
    now.group = 0;
    expect_refused();
    now.effective_group = 0;
    expect_refused();
    now.saved_group = 0;
    expect_refused();
    now.can_return = true;
    expect_refused();
    now.has_groups = true;
    expect_refused();
    now.failing = "getresuid";
    expect_refused();
    now.failing = "getresgid";
    expect_refused();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_user_is_found,
        two_numbers_are_a_user_and_a_group,
        bad_numbers_are_rejected,
        numbers_have_no_supplementary_groups,
        an_unknown_user_and_a_failing_look_up_are_told_apart,
        each_call_that_fails_is_named,
        what_is_kept_is_noticed,
    };
    return suite_run("privileges", tests, sizeof tests / sizeof tests[0]);
}
