#include "../src/base/thread.h"
#include "../src/command/limits.h"
#include "../src/command/listen.h"
#include "../src/net/reject.h"

#include "fake_root.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct limits none = {.descriptors = LIMITS_NONE,
                                   .user_threads = LIMITS_NONE,
                                   .system_threads = LIMITS_NONE,
                                   .group_threads = LIMITS_NONE,
                                   .maps = LIMITS_NONE,
                                   .address_kb = LIMITS_NONE,
                                   .data_kb = LIMITS_NONE,
                                   .listeners = 1,
                                   .stack_kb = THREAD_STACK_SIZE / 1024};

static void expect_allowed(struct limits limits, size_t expected, const char *expected_name)
{
    const struct limits_bound bound = limits_connections(&limits);

    ck_assert_uint_eq(bound.connections, expected);
    ck_assert_str_eq(bound.name, expected_name);
}

START_TEST(the_least_limit_binds)
{
    struct limits limits = none;

    expect_allowed(limits, 16777216, "lined itself");
    limits.maps = 65530;
    expect_allowed(limits, (65530 - 16 * 1024 - 1024) / 2, "vm.max_map_count");
    limits.system_threads = 22000;
    expect_allowed(limits, 22000 - 8 - 1024, "kernel.threads-max and kernel.pid_max");
    limits.descriptors = 20000;
    expect_allowed(limits, 20000 - 64, "RLIMIT_NOFILE");
    limits.group_threads = 4915;
    expect_allowed(limits, 4907 - 4907 / 8, "pids.max of the control group");
    limits.user_threads = 100;
    expect_allowed(limits, 92 - 92 / 8, "RLIMIT_NPROC");
}
END_TEST

/* What lined and others have in use is not for connections; of what is left a reserve is kept, and
 * where there is little, half of it is for connections all the same. */
START_TEST(descriptors_in_use_count)
{
    struct limits limits = none;

    limits.descriptors = 200;
    limits.descriptors_used = 4;
    expect_allowed(limits, 136, "RLIMIT_NOFILE");
    limits.descriptors_used = 100; /* inherited */
    expect_allowed(limits, 200 - 100 - 6, "RLIMIT_NOFILE");
    limits.descriptors_used = 4;
    limits.descriptors = 20;
    expect_allowed(limits, 5, "RLIMIT_NOFILE");
    limits.descriptors = 11;
    expect_allowed(limits, 1, "RLIMIT_NOFILE");
    limits.descriptors = 10;
    expect_allowed(limits, 0, "RLIMIT_NOFILE");
    ck_assert_uint_eq(limits_connections(&limits).own, 6);
    limits.descriptors = 0;
    expect_allowed(limits, 0, "RLIMIT_NOFILE");
}
END_TEST

START_TEST(lineds_own_threads_count)
{
    struct limits limits = none;

    limits.user_threads = 9;
    expect_allowed(limits, 1, "RLIMIT_NPROC");
    limits.user_threads = 8;
    expect_allowed(limits, 0, "RLIMIT_NPROC");
    ck_assert_uint_eq(limits_connections(&limits).left, 8);
    ck_assert_uint_eq(limits_connections(&limits).own, 8);
    limits = none;
    limits.group_threads = 4;
    expect_allowed(limits, 0, "pids.max of the control group");
    limits = none;
    limits.system_threads = 4;
    expect_allowed(limits, 1, "kernel.threads-max and kernel.pid_max"); /* see limits.c */
}
END_TEST

/* 6 MiB for lined itself, and 160 KiB a connection; a sanitizer's stacks are larger. */
START_TEST(memory_is_for_lined_first_and_then_for_connections)
{
    const uint64_t each = THREAD_STACK_SIZE / 1024 + 32;
    struct limits limits = none;

    limits.address_kb = 6 * 1024 + 100 * each;
    expect_allowed(limits, 100, "RLIMIT_AS");
    limits.data_kb = 6 * 1024 + 50 * each + each - 1;
    expect_allowed(limits, 50, "RLIMIT_DATA");
    limits.data_kb = 6 * 1024;
    expect_allowed(limits, 0, "RLIMIT_DATA");
    ck_assert_str_eq(limits_connections(&limits).unit, "KiB");
}
END_TEST

START_TEST(a_wakeable_connection_has_two_descriptors)
{
    struct limits limits = none;

    limits.descriptors = 207;
    limits.descriptors_used = 100;
    limits.have_events = true;
    expect_allowed(limits, (207 - 100 - 6) / 2, "RLIMIT_NOFILE");
}
END_TEST

START_TEST(the_admin_listener_counts)
{
    struct limits limits = none;

    limits.admin_descriptors = 24;
    limits.admin_threads = 19;
    limits.descriptors = 200;
    limits.descriptors_used = 100;
    expect_allowed(limits, 200 - 100 - 6 - 24, "RLIMIT_NOFILE");
    ck_assert_uint_eq(limits_connections(&limits).own, 30);
    limits.user_threads = 27;
    expect_allowed(limits, 0, "RLIMIT_NPROC");
    limits.user_threads = 28;
    expect_allowed(limits, 1, "RLIMIT_NPROC");
    limits = none;
    limits.admin_threads = 2;
    limits.maps = 65530;
    expect_allowed(limits, (65530 - 16 * 1024 - 4 - 1024) / 2, "vm.max_map_count");
    limits.address_kb = 6 * 1024 + 7 * (THREAD_STACK_SIZE / 1024 + 32);
    expect_allowed(limits, 5, "RLIMIT_AS");
}
END_TEST

/* Each has a socket, an event, the descriptor of accept(2), and a thread. */
START_TEST(each_listener_counts)
{
    struct limits limits = none;

    limits.listeners = 20;
    limits.descriptors = 200;
    limits.descriptors_used = 4;
    expect_allowed(limits, 200 - 4 - 3 - 60, "RLIMIT_NOFILE");
    limits.listeners_inherited = 5;
    limits.files = 2;
    expect_allowed(limits, 200 - 4 - 3 - 60 + 5 - 2, "RLIMIT_NOFILE");
    limits.user_threads = 27;
    expect_allowed(limits, 0, "RLIMIT_NPROC");
    limits.user_threads = 28;
    expect_allowed(limits, 1, "RLIMIT_NPROC");
    limits = none;
    limits.listeners = 3;
    limits.maps = 65530;
    expect_allowed(limits, (65530 - 16 * 1024 - 4 - 1024) / 2, "vm.max_map_count");
    limits.address_kb = 6 * 1024 + 7 * (THREAD_STACK_SIZE / 1024 + 32);
    expect_allowed(limits, 5, "RLIMIT_AS");
}
END_TEST

static void expect_listeners(const struct options *options, int count, int admin, size_t listeners,
                             uint64_t expected)
{
    const struct activation activation = {.count = count, .admin = admin};
    uint64_t inherited;

    ck_assert_uint_eq(listen_count(options, &activation, &inherited), listeners);
    ck_assert_uint_eq(inherited, expected);
}

/* Sockets of the service manager, without that of the admin listener, else those of --listen. */
START_TEST(inherited_sockets_are_open_already)
{
    struct options options = {.listen_count = 0};

    expect_listeners(&options, 0, -1, 1, 0); /* --ip and --port */
    options.listen[options.listen_count++] = "127.0.0.1:0";
    options.listen[options.listen_count++] = "fd:5";
    expect_listeners(&options, 0, -1, 2, 1);
    expect_listeners(&options, 1, ACTIVATION_FIRST_FD, 2, 1);
    expect_listeners(&options, 4, ACTIVATION_FIRST_FD + 1, 3, 3);
    expect_listeners(&options, 4, -1, 4, 4);
}
END_TEST

/* They take half of the rest at most, because they are closed when descriptors run out. */
START_TEST(rejected_clients_are_in_the_reserve)
{
    struct limits limits = none;

    limits.descriptors = 200;
    limits.descriptors_used = 4;
    limits.rejected = LIMITS_LISTENER_REJECTED;
    ck_assert_uint_eq(limits.rejected, REJECT_MAX);
    expect_allowed(limits, 136, "RLIMIT_NOFILE");
    limits.rejected = 64;
    expect_allowed(limits, 200 - 4 - 6 - 64, "RLIMIT_NOFILE");
    limits.rejected = 640;
    expect_allowed(limits, 95, "RLIMIT_NOFILE");
}
END_TEST

START_TEST(memory_in_use_is_subtracted)
{
    enum { MIB = 1024 * 1024 };
    const uint64_t left_kb = UINT64_C(1) << 36; /* 64 TiB: AddressSanitizer maps 20 */
    const struct rlimit limit = {.rlim_cur = (rlim_t)left_kb * 1024 + 300 * MIB,
                                 .rlim_max = RLIM_INFINITY};
    struct limits limits;

    fake_root_make();
    fake_root_write("/proc/self/status", "Name:\tx\nVmSize:\t  307200 kB\nVmData:\t  204800 kB\n");
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.data_kb, LIMITS_NONE);
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.data_kb, left_kb + 100 * 1024);
    ck_assert_uint_eq(limits.address_kb, LIMITS_NONE);
    fake_root_remove();
}
END_TEST

START_TEST(the_systems_limits_are_read)
{
    struct limits limits;

    fake_root_make();
    fake_root_write("/proc/sys/kernel/threads-max", "192730\n");
    fake_root_write("/proc/sys/kernel/pid_max", "32768\n");
    fake_root_write("/proc/sys/vm/max_map_count", "65530\n");
    fake_root_write("/proc/loadavg", "0.20 0.18 0.12 1/768 11206\n");
    fake_root_write("/proc/self/cgroup", "9:name=systemd:/x\n8:pids:/a/b\n7:blkio:/\n0::/c/d\n");
    fake_root_write("/sys/fs/cgroup/pids/a/b/pids.max", "max\n");
    fake_root_write("/sys/fs/cgroup/pids/a/pids.max", "9000\n");
    fake_root_write("/sys/fs/cgroup/pids/a/pids.current", "1000\n");
    fake_root_write("/sys/fs/cgroup/c/d/pids.max", "8600\n");
    fake_root_write("/sys/fs/cgroup/c/d/pids.current", "500\n");
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.system_threads, 32000);
    ck_assert_uint_eq(limits.group_threads, 8000); /* of the group above counts as well */
    ck_assert_uint_eq(limits.maps, 65530);
    fake_root_write("/sys/fs/cgroup/c/d/pids.current", "600\n");
    fake_root_write("/sys/fs/cgroup/pids/a/pids.current", "9001\n");
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.group_threads, 0);
    fake_root_remove();
}
END_TEST

START_TEST(what_cannot_be_read_is_no_limit)
{
    struct limits limits;

    limits_read(&limits, "/nowhere", 0);
    ck_assert_uint_eq(limits.system_threads, LIMITS_NONE);
    ck_assert_uint_eq(limits.group_threads, LIMITS_NONE);
    ck_assert_uint_eq(limits.maps, LIMITS_NONE);
}
END_TEST

/* A system that is none of those that are known says nothing, and nothing is made up. */
START_TEST(what_is_not_understood_is_no_limit)
{
    char line[600];
    struct limits limits;

    fake_root_make();
    fake_root_write("/proc/sys/kernel/threads-max", "1000\n");
    fake_root_write("/proc/loadavg", "what has become of the numbers\n");
    fake_root_write("/proc/self/cgroup", "\nno colon\n1:one colon\n3:cpu:/a\n0::/a\n");
    fake_root_write("/sys/fs/cgroup/a/pids.max", "300\n"); /* without pids.current */
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.system_threads, 1000);
    ck_assert_uint_eq(limits.group_threads, 300);
    snprintf(line, sizeof line, "0::/%0500d\n", 0); /* with more, longer than a path that is read */
    fake_root_write("/proc/self/cgroup", line);
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.group_threads, LIMITS_NONE);
    fake_root_remove();
}
END_TEST

/* A process of the test's user, with so many threads. */
static void write_process(const char *number, const char *threads)
{
    char path[64];
    char text[64];

    snprintf(path, sizeof path, "/proc/%s/status", number);
    snprintf(text, sizeof text, "Name:\tx\nThreads:\t%s\n", threads);
    fake_root_write(path, text);
}

/* RLIMIT_NPROC counts the threads of all processes of the user; /proc shows them. */
START_TEST(the_process_limit_binds_users_other_than_root)
{
    enum { LIMIT = 5000 };
    const struct rlimit limit = {.rlim_cur = LIMIT, .rlim_max = LIMIT};
    const uid_t user = geteuid() == 0 ? 1000 : geteuid();
    char own[32];
    struct limits limits;

    ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
    limits_read(&limits, "/nowhere", user);
    ck_assert_uint_eq(limits.user_threads, LIMIT);
    fake_root_make();
    ck_assert_int_eq(chown(fake_root(), user, (gid_t)-1), 0);
    ck_assert_int_eq(seteuid(user), 0); /* so that the folders are the user's */
    write_process("17", "30");
    write_process("18", "4");
    write_process("sys", "1000");
    snprintf(own, sizeof own, "%d", (int)getpid());
    write_process(own, "500"); /* what this one makes is lined's own */
    fake_root_write("/proc/19/cmdline", "it has ended in the meantime");
    limits_read(&limits, fake_root(), user);
    ck_assert_uint_eq(limits.user_threads, LIMIT - 34);
    limits_read(&limits, fake_root(), user + 1);
    ck_assert_uint_eq(limits.user_threads, LIMIT);
    ck_assert_int_eq(seteuid(getuid()), 0);
    fake_root_remove();
}
END_TEST

/* The limit binds the root of a user namespace, and no other. */
START_TEST(processes_bind_no_root)
{
    struct rlimit limit;
    struct limits limits;

    ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 5000 ? limit.rlim_max : 5000;
    ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
    fake_root_make();
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.user_threads, LIMITS_NONE);
    fake_root_write("/proc/self/uid_map", "         0          0 4294967295\n");
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.user_threads, LIMITS_NONE);
    fake_root_write("/proc/self/uid_map", "         0     100000      65536\n");
    limits_read(&limits, fake_root(), 0);
    ck_assert_uint_eq(limits.user_threads, limit.rlim_cur);
    fake_root_remove();
}
END_TEST

START_TEST(the_descriptors_are_raised_to_the_hard_limit)
{
    struct rlimit limit;
    struct limits limits;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_max = limit.rlim_max < 500 ? limit.rlim_max : 500;
    limit.rlim_cur = 100;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    limits_raise();
    limits_read(&limits, "", 0);
    ck_assert_uint_eq(limits.descriptors, limit.rlim_max);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_least_limit_binds,
        descriptors_in_use_count,
        lineds_own_threads_count,
        memory_is_for_lined_first_and_then_for_connections,
        a_wakeable_connection_has_two_descriptors,
        the_admin_listener_counts,
        each_listener_counts,
        inherited_sockets_are_open_already,
        rejected_clients_are_in_the_reserve,
        memory_in_use_is_subtracted,
        the_systems_limits_are_read,
        what_cannot_be_read_is_no_limit,
        what_is_not_understood_is_no_limit,
        the_process_limit_binds_users_other_than_root,
        processes_bind_no_root,
        the_descriptors_are_raised_to_the_hard_limit,
    };
    return suite_run("limits", tests, sizeof tests / sizeof tests[0]);
}
