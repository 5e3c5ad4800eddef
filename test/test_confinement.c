/* What holds a lined that serves, seen from outside in /proc: the sandbox, and --user. */
#define _GNU_SOURCE /* setresuid */
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process server;
static char text[8192];

/* A filter over this process and its children: these three calls get this action. */
static void filter_calls(uint32_t action, uint32_t first, uint32_t second, uint32_t third)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, third, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof instructions / sizeof *instructions, instructions};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* The calls that enter Landlock, and seccomp if it is asked for. */
static void filter_sandbox(uint32_t action, bool and_seccomp)
{
    filter_calls(action, SYS_landlock_create_ruleset, SYS_landlock_restrict_self,
                 and_seccomp ? SYS_seccomp : SYS_landlock_restrict_self);
}

/* In every thread. */
static void expect_status(const char *field, const char *value)
{
    char path[64];
    size_t threads = 0;

    snprintf(path, sizeof path, "/proc/%d/task", (int)server.pid);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        ck_assert_msg(strcmp(process_status(&server, entry->d_name, field), value) == 0,
                      "thread %s has %s %s", entry->d_name, field,
                      process_status(&server, entry->d_name, field));
        threads++;
    }
    closedir(folder);
    ck_assert_uint_ge(threads, 4); /* main, acceptor, flusher, signals, and the log's */
}

static void expect_confined(const char *what)
{
    size_t length = strlen(what);

    ck_assert_msg(strncmp(server.confined, "lined: ", 7) == 0 &&
                      strncmp(server.confined + 7, what, length) == 0,
                  "it says \"%s\", not \"%s\"", server.confined, what);
}

static void serve_a_line(void)
{
    int client = dial(server.port);

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    hang_up(client);
}

static void end_well(void)
{
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(process_wait(&server), 0);
}

START_TEST(it_is_on_by_default)
{
    process_serve(&server, -1, ARGUMENTS(NULL));
    expect_confined("sandbox: ");
    ck_assert_ptr_nonnull(strstr(server.confined, ", seccomp; user "));
    expect_status("Seccomp", "2");
    expect_status("NoNewPrivs", "1");
    serve_a_line();
    end_well();
}
END_TEST

START_TEST(it_can_be_left_off)
{
    process_serve(&server, -1, ARGUMENTS("--no-sandbox"));
    expect_confined("no sandbox: --no-sandbox is set; user ");
    expect_status("Seccomp", "0");
    expect_status("NoNewPrivs", "0");
    serve_a_line();
    end_well();
    setenv("LINED_NO_SANDBOX", "on", 1);
    process_serve(&server, -1, ARGUMENTS(NULL));
    expect_confined("no sandbox: LINED_NO_SANDBOX is set; user ");
    end_well();
}
END_TEST

/* It serves, and says what is in force and how to have it all. */
static void expect_remedy_with(const char *const *arguments, const char *in_force,
                               const char *line_of_the_unit)
{
    process_serve(&server, -1, arguments);
    expect_confined(in_force);
    ck_assert_ptr_nonnull(strstr(server.limit, "a system call filter"));
    const char *added = strstr(server.limit, "add this line to the unit: ");
    ck_assert_msg(added != NULL, "it says \"%s\"", server.limit);
    ck_assert_str_eq(added + strlen("add this line to the unit: "), line_of_the_unit);
    serve_a_line();
    end_well();
}

static void expect_remedy(const char *in_force, const char *line_of_the_unit)
{
    expect_remedy_with(ARGUMENTS(NULL), in_force, line_of_the_unit);
}

/* As a kernel without the two does, or a unit with SystemCallErrorNumber=. */
START_TEST(a_denied_sandbox_is_reported)
{
    filter_sandbox(SECCOMP_RET_ERRNO | ENOSYS, true);
    expect_remedy("sandbox: no Landlock (Function not implemented), no seccomp (Function not "
                  "implemented); user ",
                  "SystemCallFilter=landlock_create_ruleset landlock_restrict_self seccomp");
}
END_TEST

START_TEST(a_partly_denied_sandbox_is_reported)
{
    filter_sandbox(SECCOMP_RET_ERRNO | EPERM, false);
    expect_remedy("sandbox: no Landlock (Operation not permitted), seccomp; user ",
                  "SystemCallFilter=landlock_create_ruleset landlock_restrict_self");
}
END_TEST

/* Without a rule SIGHUP cannot open the file again. */
START_TEST(a_denied_rule_is_reported)
{
    filter_calls(SECCOMP_RET_ERRNO | ENOSYS, SYS_landlock_add_rule, SYS_landlock_add_rule,
                 SYS_landlock_add_rule);
    expect_remedy_with(ARGUMENTS("--config", "/dev/null"), "sandbox: Landlock (",
                       "SystemCallFilter=landlock_add_rule");
    process_serve(&server, -1, ARGUMENTS("--config", "/dev/null"));
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    do /* the line with the limit may come first */
        process_line(&server.err, text, sizeof text);
    while (strncmp(text, "lined: at most", 14) == 0);
    ck_assert_str_eq(text,
                     "lined: cannot read the configuration '/dev/null': Permission denied; the "
                     "user of lined must be allowed to read it; the old configuration stays");
    end_well();
}
END_TEST

/* As systemd's SystemCallFilter=@system-service does. */
START_TEST(a_filter_that_kills_is_outlived)
{
    filter_sandbox(SECCOMP_RET_KILL_PROCESS, true);
    expect_remedy("sandbox: no Landlock (a system call filter kills it), no seccomp (a "
                  "system call filter kills it); user ",
                  "SystemCallFilter=landlock_create_ruleset landlock_restrict_self seccomp");
}
END_TEST

START_TEST(a_filter_that_kills_for_a_part_is_outlived)
{
    filter_sandbox(SECCOMP_RET_KILL_THREAD, false);
    signal(SIGCHLD, SIG_IGN); /* then a child's exit status is not to be had */
    process_serve(&server, -1, ARGUMENTS(NULL));
    signal(SIGCHLD, SIG_DFL);
    expect_confined("sandbox: no Landlock (a system call filter kills it), seccomp; user ");
    serve_a_line();
    end_well();
}
END_TEST

/* A listener on a port of 127.0.0.1 that the kernel chooses. */
static int listen_outside(char port[16])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(port, 16, "%u\n", ntohs(address.sin_port));
    return fd;
}

/* Its handler (taken_over.c) sends with MSG_FASTOPEN on the listener, which it has shut down. What
 * is sent on the loopback device has arrived when the call returns. */
static void expect_no_way_out(const char *const arguments[])
{
    char port[16];
    int outside = listen_outside(port);
    struct pollfd readable = {.fd = outside, .events = POLLIN};

    process_serve(&server, -1, arguments);
    int client = dial(server.port);
    say(client, port);
    expect(client, "Function not implemented\n");
    expect_eof(client);
    ck_assert_int_eq(poll(&readable, 1, 0), 0);
    hang_up(client);
    process_wait(&server); /* without its listener it ends */
    close(outside);
}

START_TEST(a_handler_that_was_taken_over_cannot_connect)
{
    if (process_skips_modules())
        return;
    expect_no_way_out(ARGUMENTS("--handler", TAKEN_OVER));
    expect_no_way_out(ARGUMENTS("--handler", TAKEN_OVER, "--mode", "active"));
}
END_TEST

/* ---- Unix sockets ---- */

static void expect_socket_file(bool is_left, const char *user)
{
    char folder[] = "/tmp/lined-confinement-XXXXXX";
    const struct passwd *owner = getpwnam(user);
    char path[64];
    char listen_text[80];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert(owner != NULL && (geteuid() != 0 || chown(folder, owner->pw_uid, 0) == 0));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(listen_text, sizeof listen_text, "--listen=unix:%s", path);
    if (geteuid() == 0 && owner->pw_uid != 0)
        process_run(&server, -1, ARGUMENTS(listen_text, "--user", user));
    else
        process_run(&server, -1, ARGUMENTS(listen_text));
    do
        process_line(&server.err, text, sizeof text);
    while (strstr(text, "at a time") == NULL);
    ck_assert_int_eq(access(path, F_OK), 0);
    end_well();
    ck_assert_int_eq(access(path, F_OK), is_left ? 0 : -1);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static bool has_landlock(void)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION) >= 0)
        return true;
    suite_skip("this kernel has no Landlock");
    return false;
}

START_TEST(in_the_sandbox_it_removes_its_socket_file)
{
    const struct passwd *user = getpwuid(geteuid());

    if (!has_landlock() || user == NULL)
        return;
    expect_socket_file(false, user->pw_name);
    filter_sandbox(SECCOMP_RET_ERRNO | EPERM, false); /* from now on there is no Landlock */
    expect_socket_file(true, user->pw_name);
}
END_TEST

/* ---- --user ---- */

static void expect_rejected(const char *user, int status, const char *part)
{
    process_run(&server, -1, ARGUMENTS("--port", "0", "--user", user));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" lacks \"%s\"", text, part);
    ck_assert_msg(strchr(text, '\n') == text + strlen(text) - 1, "not one line: %s", text);
    ck_assert_int_eq(process_wait(&server), status);
}

START_TEST(a_user_it_cannot_become_is_reported)
{
    expect_rejected("lined-no-such-user", 2,
                    "--user 'lined-no-such-user': there is no user with this name");
    expect_rejected("root", 2, "--user 'root': must be a user other than root");
    expect_rejected("0", 2,
                    "--user '0': there is no user with this name; a number needs a group: UID:GID");
    expect_rejected("0:0", 2, "--user '0:0': must be a user other than root");
    expect_rejected("1000:", 2, "--user '1000:': must be UID:GID, two numbers from 1 to ");
    expect_rejected("two words", 2, "--user 'two words': must be the name of a user, or UID:GID");
    expect_rejected("", 2, "--user '': must be the name of a user, or UID:GID");
}
END_TEST

START_TEST(without_root_it_can_become_no_other_user)
{
    const struct passwd *user = getpwnam("nobody");

    ck_assert_ptr_nonnull(user);
    process_copy_lined();
    /* For this test's own process, which Check has forked. */
    if (geteuid() == 0 && setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
        suite_skip(
            "this root cannot become user nobody (CAP_SETUID, or a user namespace without it)");
        return;
    }
    expect_rejected("nobody", 1,
                    "cannot become user 'nobody': initgroups: Operation not permitted; start lined "
                    "as root");
}
END_TEST

/* Its four ids of /proc: real, effective, saved, and of the filesystem. */
static void expect_ids(const char *field, unsigned id)
{
    char ids[64];

    snprintf(ids, sizeof ids, "%u\t%u\t%u\t%u", id, id, id, id);
    expect_status(field, ids);
}

/* True where --user nobody can work. A root can lack the capabilities, or be in a user namespace
 * without this user; so a child tries. */
static bool is_root(void)
{
    const struct passwd *user = getpwnam("nobody");
    int status;

    ck_assert_ptr_nonnull(user);
    pid_t child = fork();
    if (child == 0)
        _exit(geteuid() == 0 && initgroups("nobody", user->pw_gid) == 0 &&
                      setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
                      setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (status == 0)
        return true;
    suite_skip("it needs a root that can become user nobody (CAP_SETUID, CAP_SETGID)");
    return false;
}

/* The line on standard error names the user. groups are its supplementary groups. */
static void expect_user(const char *const arguments[], const char *name, uid_t user, gid_t group,
                        const char *groups)
{
    char named[64];

    snprintf(named, sizeof named, "; user %s", name);
    process_serve(&server, -1, arguments);
    const char *found = strstr(server.confined, named);
    ck_assert_msg(found != NULL && strcmp(found, named) == 0, "the line is \"%s\"",
                  server.confined);
    expect_ids("Uid", user);
    expect_ids("Gid", group);
    expect_status("Groups", groups);
    expect_status("CapEff", "0000000000000000");
    expect_status("CapPrm", "0000000000000000");
    expect_status("NoNewPrivs", "1");
    serve_a_line();
    end_well();
}

static void expect_nobody(const char *const arguments[])
{
    const struct passwd *user = getpwnam("nobody");
    char groups[64];

    ck_assert_ptr_nonnull(user);
    snprintf(groups, sizeof groups, "%u ", user->pw_gid);
    expect_user(arguments, "nobody", user->pw_uid, user->pw_gid, groups);
}

/* The numbers need no entry in a database of users. */
START_TEST(as_root_it_becomes_a_user_by_number)
{
    if (!is_root())
        return;
    ck_assert_int_eq(setgroups(2, (const gid_t[]){0, 1}), 0); /* which it must not keep */
    expect_user(ARGUMENTS("--user=54321:65432"), "54321:65432", 54321, 65432, "");
    expect_user(ARGUMENTS("--user=54321:65432", "--no-sandbox"), "54321:65432", 54321, 65432, "");
}
END_TEST

START_TEST(as_root_it_becomes_the_user_nobody)
{
    if (!is_root())
        return;
    ck_assert_int_eq(setgroups(2, (const gid_t[]){0, 1}), 0); /* which it must not keep */
    expect_nobody(ARGUMENTS("--user=nobody"));
    expect_nobody(ARGUMENTS("--user=nobody", "--no-sandbox"));
    setenv("LINED_USER", "nobody", 1);
    expect_nobody(ARGUMENTS("--mode=active", "--quiet"));
}
END_TEST

START_TEST(as_root_a_handler_that_was_taken_over_cannot_connect)
{
    if (process_skips_modules())
        return;
    if (is_root())
        expect_no_way_out(ARGUMENTS("--handler", TAKEN_OVER, "--user", "nobody"));
}
END_TEST

START_TEST(as_root_it_binds_first)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char port[16];

    if (!is_root())
        return;
    for (uint16_t number = 1023; number > 512; number--) { /* one that is free now */
        address.sin_port = htons(number);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
            break;
        if (errno == EACCES) {
            suite_skip("this root may not bind a port below 1024 (CAP_NET_BIND_SERVICE)");
            return;
        }
    }
    close(fd);
    snprintf(port, sizeof port, "--port=%u", ntohs(address.sin_port));
    process_serve(&server, -1, ARGUMENTS(port, "--user=nobody"));
    ck_assert_uint_eq(server.port, ntohs(address.sin_port));
    serve_a_line();
    end_well();
}
END_TEST

START_TEST(as_root_it_removes_its_socket_file_as_the_user)
{
    if (is_root() && has_landlock())
        expect_socket_file(false, "nobody");
}
END_TEST

/* A capability that outlives the change of user would let it become root again. */
START_TEST(as_root_a_way_back_is_rejected)
{
    if (!is_root())
        return;
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0) { /* outlives exec */
        suite_skip("this root may not set securebits (CAP_SETPCAP)");
        return;
    }
    expect_rejected("nobody", 1, "user 'nobody' could become root again");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_is_on_by_default,
        it_can_be_left_off,
        a_handler_that_was_taken_over_cannot_connect,
        in_the_sandbox_it_removes_its_socket_file,
        a_denied_sandbox_is_reported,
        a_partly_denied_sandbox_is_reported,
        a_denied_rule_is_reported,
        a_filter_that_kills_is_outlived,
        a_filter_that_kills_for_a_part_is_outlived,
        a_user_it_cannot_become_is_reported,
        without_root_it_can_become_no_other_user,
        as_root_it_becomes_the_user_nobody,
        as_root_it_becomes_a_user_by_number,
        as_root_a_handler_that_was_taken_over_cannot_connect,
        as_root_it_binds_first,
        as_root_it_removes_its_socket_file_as_the_user,
        as_root_a_way_back_is_rejected,
    };
    if (!LINED_SANDBOX)
        return suite_skip("this build has no sandbox (LINED_SANDBOX=OFF)");
    unsetenv("LINED_NO_SANDBOX"); /* which whole test runs may have set */
    return suite_run("confinement", tests, sizeof tests / sizeof tests[0]);
}
