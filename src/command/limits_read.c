/* Reads the limits from the system. */
#include "limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

static uint64_t read_rlimit(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return LIMITS_NONE;
    return limit.rlim_cur;
}

/* More than the size of each of these files. A cgroup file with many hierarchies can be larger;
 * then the first ones count. */
#define TEXT_SIZE 4096

/* Reads the file at root, folder and name; the text is terminated. False: there is no such file. It
 * uses read(2): without memory a stdio stream reads byte by byte, and a file of /proc/sys can only
 * be read once, so the result for 32768 would be 3. */
static bool read_text(char text[TEXT_SIZE], const char *root, const char *folder, const char *name)
{
    char path[PATH_SIZE];
    size_t size = 0;
    ssize_t more;

    int length = snprintf(path, sizeof path, "%s%s%s", root, folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while ((more = read(fd, text + size, TEXT_SIZE - 1 - size)) > 0 || (more < 0 && errno == EINTR))
        size += more > 0 ? (size_t)more : 0;
    close(fd);
    text[size] = '\0';
    return more == 0;
}

/* The number at the beginning of the file. */
static uint64_t read_number(const char *root, const char *folder, const char *name)
{
    char text[TEXT_SIZE];
    uint64_t number;

    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes no number that does not fit */
    if (read_text(text, root, folder, name) && sscanf(text, "%" SCNu64, &number) == 1)
        return number;
    return LIMITS_NONE; /* pids.max may say "max" */
}

static uint64_t less(uint64_t number, uint64_t other)
{
    return number < other ? number : other;
}

/* most minus used; either can be LIMITS_NONE. */
static uint64_t left_of(uint64_t most, uint64_t used)
{
    if (most == LIMITS_NONE || used == LIMITS_NONE)
        return most;
    return used < most ? most - used : 0;
}

/* The number of threads in the system: the fourth field of /proc/loadavg is RUNNING/ALL. */
static uint64_t read_system_threads_used(const char *root)
{
    char text[TEXT_SIZE];
    uint64_t used;

    if (read_text(text, root, "/proc/", "loadavg") &&
        /* NOLINTNEXTLINE(cert-err34-c): the same */
        sscanf(text, "%*s %*s %*s %*u/%" SCNu64, &used) == 1)
        return used;
    return LIMITS_NONE;
}

/* The free part in the control group with this path, and in each of its parents, under a mounted
 * hierarchy. */
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
    char text[TEXT_SIZE];
    char *rest = text;
    char *line;
    uint64_t left = LIMITS_NONE;

    if (!read_text(text, root, "/proc/self/", "cgroup"))
        return LIMITS_NONE;
    while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
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
    return left;
}

/* The number of open descriptors of the process, without the one of this function. */
static uint64_t read_descriptors_used(const char *root)
{
    char path[PATH_SIZE];
    uint64_t count = 0;

    snprintf(path, sizeof path, "%s/proc/self/fd", root);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this folder */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count > 0 ? count - 1 : 0;
}

/* The number of a field in /proc/PID/status (proc(5)). 0: the process or the field does not exist.
 */
static uint64_t read_status(const char *root, const char *process, const char *field)
{
    char text[TEXT_SIZE];
    char folder[64];
    char name[32];
    uint64_t number;

    snprintf(folder, sizeof folder, "/proc/%.32s", process);
    snprintf(name, sizeof name, "\n%s:", field);
    const char *found = read_text(text, root, folder, "/status") ? strstr(text, name) : NULL;
    /* NOLINTNEXTLINE(cert-err34-c): the same */
    return found != NULL && sscanf(found + strlen(name), "%" SCNu64, &number) == 1 ? number : 0;
}

/* The free part of a limit of memory, in KiB; field has the part in use. */
static uint64_t read_memory_left(const char *root, int resource, const char *field)
{
    uint64_t limit = read_rlimit(resource);

    return limit == LIMITS_NONE ? limit : left_of(limit / 1024, read_status(root, "self", field));
}

/* The number of threads of the user in other processes. In /proc a process is a folder that belongs
 * to its user. */
static uint64_t read_threads_of_others(const char *root, uid_t user)
{
    char path[PATH_SIZE];
    uint64_t threads = 0;

    snprintf(path, sizeof path, "%s/proc", root);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this folder */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat status;
        long process = strtol(entry->d_name, NULL, 10);
        if (process > 0 && process != getpid() &&
            fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 && status.st_uid == user)
            threads += read_status(root, entry->d_name, "Threads");
    }
    closedir(folder);
    return threads;
}

/* RLIMIT_NPROC does not apply to root, but it applies to the root of a user namespace. In such a
 * namespace uid_map has another range than the whole one (user_namespaces(7)). */
static bool is_real_root(const char *root, uid_t user)
{
    char text[TEXT_SIZE];
    uint64_t outside;
    uint64_t count;

    if (user != 0)
        return false;
    return !read_text(text, root, "/proc/self/", "uid_map") ||
           /* NOLINTNEXTLINE(cert-err34-c): the same */
           sscanf(text, "%*u %" SCNu64 " %" SCNu64, &outside, &count) != 2 ||
           (outside == 0 && count == UINT32_MAX);
}

static uint64_t read_user_threads(const char *root, uid_t user)
{
    uint64_t limit = is_real_root(root, user) ? LIMITS_NONE : read_rlimit(RLIMIT_NPROC);

    return limit == LIMITS_NONE ? limit : left_of(limit, read_threads_of_others(root, user));
}

void limits_read(struct limits *limits, const char *root, uid_t user)
{
    uint64_t threads = less(read_number(root, "/proc/sys/kernel/", "threads-max"),
                            read_number(root, "/proc/sys/kernel/", "pid_max"));

    *limits = (struct limits){
        .descriptors = read_rlimit(RLIMIT_NOFILE),
        .descriptors_used = read_descriptors_used(root),
        .user_threads = read_user_threads(root, user),
        .system_threads = left_of(threads, read_system_threads_used(root)),
        .group_threads = read_group_threads(root),
        .maps = read_number(root, "/proc/sys/vm/", "max_map_count"),
        .address_kb = read_memory_left(root, RLIMIT_AS, "VmSize"),
        .data_kb = read_memory_left(root, RLIMIT_DATA, "VmData"),
    };
}
