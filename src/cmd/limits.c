#include "limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Descriptors for all but connections: the standard ones, the listener, the courier's, modules',
 * and those of clients that are turned away (refusal.h). */
#define DESCRIPTORS_RESERVED 64u

/* Of threads and maps an eighth is left to others, so many at most: whoever has to log in to see to
 * a full server needs some too. */
#define SHARED_RESERVED_MOST 1024u

/* A thread's stack and the guard page below it. */
#define MAPS_A_THREAD 2u

/* The most of malloc's, see set_up_memory in main.c. */
#define MAPS_OF_MALLOC (16u * 1024u)

/* What registry numbers can name (slots.h). */
#define CONNECTIONS_MOST ((uint64_t)1 << 24)

#define PATH_SIZE 512

void limits_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* where it fails, what is read next is still true */
    }
}

/* ---- reading ---- */

static uint64_t read_rlimit(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return LIMITS_NONE;
    return limit.rlim_cur;
}

/* The number that the file at root, folder and name begins with. */
static uint64_t read_number(const char *root, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    uint64_t number;

    int length = snprintf(path, sizeof path, "%s%s%s", root, folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return LIMITS_NONE;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return LIMITS_NONE;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes no number that does not fit */
    bool is_number = fscanf(file, "%" SCNu64, &number) == 1; /* pids.max may say "max" */
    fclose(file);
    return is_number ? number : LIMITS_NONE;
}

static uint64_t less(uint64_t number, uint64_t other)
{
    return number < other ? number : other;
}

/* What is left of most when so many are used, which may be unknown. */
static uint64_t left_of(uint64_t most, uint64_t used)
{
    if (most == LIMITS_NONE || used == LIMITS_NONE)
        return most;
    return used < most ? most - used : 0;
}

/* How many threads the system has: the fourth field of /proc/loadavg is RUNNING/ALL. */
static uint64_t read_system_threads_used(const char *root)
{
    char path[PATH_SIZE];
    uint64_t used;

    snprintf(path, sizeof path, "%s/proc/loadavg", root);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return LIMITS_NONE;
    /* NOLINTNEXTLINE(cert-err34-c): the same */
    bool is_number = fscanf(file, "%*s %*s %*s %*u/%" SCNu64, &used) == 1;
    fclose(file);
    return is_number ? used : LIMITS_NONE;
}

/* What is left in the group of that path and in each that it is in, under a mounted hierarchy. */
static uint64_t read_groups(const char *root, const char *hierarchy, char *group)
{
    uint64_t left = LIMITS_NONE;

    for (;;) {
        char folder[PATH_SIZE];
        int length = snprintf(folder, sizeof folder, "%s%s", hierarchy, group);
        if (length < 0 || (size_t)length >= sizeof folder)
            return left;
        left = less(left, left_of(read_number(root, folder, "/pids.max"),
                                  read_number(root, folder, "/pids.current")));
        char *last = strrchr(group, '/');
        if (last == NULL)
            return left;
        *last = '\0';
    }
}

/* /proc/self/cgroup: "0::/a/b" of version 2, "8:pids:/a/b" of version 1 (cgroups(7)). */
static uint64_t read_group_threads(const char *root)
{
    char path[PATH_SIZE];
    char line[PATH_SIZE];
    uint64_t left = LIMITS_NONE;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return LIMITS_NONE;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *group++ = '\0';
        if (strcmp(controllers, ":") == 0)
            left = less(left, read_groups(root, "/sys/fs/cgroup", group));
        else if (strcmp(controllers, ":pids") == 0)
            left = less(left, read_groups(root, "/sys/fs/cgroup/pids", group));
    }
    fclose(file);
    return left;
}

void limits_read(struct limits *limits, const char *root, bool is_root)
{
    uint64_t threads = less(read_number(root, "/proc/sys/kernel/", "threads-max"),
                            read_number(root, "/proc/sys/kernel/", "pid_max"));

    *limits = (struct limits){
        .descriptors = read_rlimit(RLIMIT_NOFILE),
        .user_processes = is_root ? LIMITS_NONE : read_rlimit(RLIMIT_NPROC),
        .system_threads = left_of(threads, read_system_threads_used(root)),
        .group_threads = read_group_threads(root),
        .maps = read_number(root, "/proc/sys/vm/", "max_map_count"),
    };
}

/* ---- reckoning ---- */

static uint64_t without(uint64_t number, uint64_t reserve)
{
    /* Where there is little, half is for connections all the same. */
    return number - less(reserve, number / 2);
}

static uint64_t shared(uint64_t number)
{
    return without(number, less(number / 8, SHARED_RESERVED_MOST));
}

size_t limits_connections(const struct limits *limits, const char **which)
{
    const struct {
        uint64_t allowed;
        const char *name;
    } bounds[] = {
        {without(limits->descriptors, DESCRIPTORS_RESERVED), "RLIMIT_NOFILE"},
        {shared(limits->user_processes), "RLIMIT_NPROC"},
        {shared(limits->system_threads), "kernel.threads-max and kernel.pid_max"},
        {shared(limits->group_threads), "pids.max of the control group"},
        {shared(without(limits->maps, MAPS_OF_MALLOC)) / MAPS_A_THREAD, "vm.max_map_count"},
    };
    uint64_t least = CONNECTIONS_MOST;

    *which = "lined itself";
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (bounds[i].allowed < least) {
            least = bounds[i].allowed;
            *which = bounds[i].name;
        }
    }
    return least > 0 ? (size_t)least : 1;
}
