/* How much memory the process may use: the least of the limits of a system that the test makes. */
#include "../src/command/limits.h"
#include "../src/command/limits_memory.h"

#include "fake_root.h"
#include "suite.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#define MIB      (UINT64_C(1024) * 1024)
#define PHYSICAL "the physical memory"
#define GROUP_1  "memory.limit_in_bytes of the control group"
#define GROUP_2  "memory.max of the control group"

static void expect_limit(uint64_t bytes, const char *name)
{
    const struct limits_memory limit = limits_memory_read(fake_root());

    ck_assert_uint_eq(limit.bytes, bytes);
    ck_assert_str_eq(limit.name, name);
}

static void make_machine(void)
{
    fake_root_make();
    fake_root_write("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree:          102400 kB\n");
}

START_TEST(without_another_limit_it_is_the_physical_memory)
{
    make_machine();
    expect_limit(8192 * MIB, PHYSICAL);
    fake_root_remove();
}
END_TEST

START_TEST(each_group_of_version_2_counts)
{
    make_machine();
    fake_root_write("/proc/self/cgroup", "0::/a/b/c\n");
    fake_root_write("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    fake_root_write("/sys/fs/cgroup/a/b/memory.max", "1073741824\n");
    fake_root_write("/sys/fs/cgroup/a/b/memory.current", "1000000000\n"); /* is not subtracted */
    expect_limit(1024 * MIB, GROUP_2);
    fake_root_write("/sys/fs/cgroup/a/memory.max", "536870912\n");
    expect_limit(512 * MIB, GROUP_2);
    fake_root_write("/sys/fs/cgroup/a/b/c/memory.max", "268435456\n");
    expect_limit(256 * MIB, GROUP_2);
    fake_root_write("/sys/fs/cgroup/a/b/c/memory.max", "99999999999999\n");
    fake_root_write("/sys/fs/cgroup/a/b/memory.max", "max\n");
    fake_root_write("/sys/fs/cgroup/a/memory.max", "max\n");
    expect_limit(8192 * MIB, PHYSICAL);
    fake_root_remove();
}
END_TEST

/* A container has the limit in the root of its own hierarchy. */
START_TEST(the_root_of_a_namespace_counts)
{
    make_machine();
    fake_root_write("/proc/self/cgroup", "0::/\n");
    fake_root_write("/sys/fs/cgroup/memory.max", "134217728\n");
    expect_limit(128 * MIB, GROUP_2);
    fake_root_remove();
}
END_TEST

/* The last number is what version 1 has without a limit. */
START_TEST(each_group_of_version_1_counts)
{
    make_machine();
    fake_root_write("/proc/self/cgroup", "9:name=systemd:/x\n8:pids:/y\n4:memory:/a/b\n0::/\n");
    fake_root_write("/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "1048576\n"); /* of others */
    fake_root_write("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "1073741824\n");
    expect_limit(1024 * MIB, GROUP_1);
    fake_root_write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912\n");
    expect_limit(512 * MIB, GROUP_1);
    fake_root_write("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    fake_root_write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    expect_limit(8192 * MIB, PHYSICAL);
    fake_root_write("/proc/meminfo", "");
    expect_limit(LIMITS_NONE, "no limit");
    fake_root_remove();
}
END_TEST

static void set_limit(int resource, uint64_t bytes)
{
    const struct rlimit limit = {.rlim_cur = (rlim_t)bytes, .rlim_max = RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(resource, &limit), 0);
}

/* The machine has 512 PiB, and limits are above 20 TiB, because AddressSanitizer maps terabytes. */
START_TEST(limits_of_the_process_count)
{
    enum { TIB_IN_MIB = 1024 * 1024 };

    fake_root_make();
    fake_root_write("/proc/meminfo", "MemTotal: 562949953421312 kB\n");
    expect_limit((UINT64_C(1) << 59), PHYSICAL);
    set_limit(RLIMIT_AS, 65536 * (TIB_IN_MIB * MIB));
    expect_limit(65536 * (TIB_IN_MIB * MIB), "RLIMIT_AS");
    set_limit(RLIMIT_DATA, 32768 * (TIB_IN_MIB * MIB));
    expect_limit(32768 * (TIB_IN_MIB * MIB), "RLIMIT_DATA");
    fake_root_remove();
}
END_TEST

START_TEST(unreadable_files_are_no_limit)
{
    fake_root_make();
    expect_limit(LIMITS_NONE, "no limit");
    fake_root_write("/proc/meminfo", "MemTotal: much\n");
    fake_root_write("/proc/self/cgroup", "0::/a\n4:memory:/a\n");
    fake_root_write("/sys/fs/cgroup/a/memory.max", "");
    expect_limit(LIMITS_NONE, "no limit");
    fake_root_remove();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_another_limit_it_is_the_physical_memory,
        each_group_of_version_2_counts,
        the_root_of_a_namespace_counts,
        each_group_of_version_1_counts,
        limits_of_the_process_count,
        unreadable_files_are_no_limit,
    };
    return suite_run("limits_memory", tests, sizeof tests / sizeof tests[0]);
}
