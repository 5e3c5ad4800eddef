/* The limits, as the system shows them. */
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

/* More than any of these files has, but for a cgroup file with very many hierarchies, of which the
 * first count. */
#define TEXT_SIZE 4096

/* Reads the file at root, folder and name, terminated. False: there is none, or no memory. With
 * read(2) and no stream: for want of memory a stream reads byte by byte, and a file of /proc/sys
 * has only one read, so that of 32768 there would be a 3. */
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

/* The number that the file begins with. */
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
    char text[TEXT_SIZE];
    uint64_t used;

    if (read_text(text, root, "/proc/", "loadavg") &&
        /* NOLINTNEXTLINE(cert-err34-c): the same */
        sscanf(text, "%*s %*s %*s %*u/%" SCNu64, &used) == 1)
        return used;
    return LIMITS_NONE;
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

/* How many descriptors the process has open, without the one that this takes. */
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

/* The number after a field's name and a colon in a process's status, as proc(5) has it. 0: there is
 * no such process any more, or no such field. */
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

/* What is left of a limit of memory, in KiB; field tells how much is in use. */
static uint64_t read_memory_left(const char *root, int resource, const char *field)
{
    uint64_t limit = read_rlimit(resource);

    return limit == LIMITS_NONE ? limit : left_of(limit / 1024, read_status(root, "self", field));
}

/* How many threads the user has in other processes than this one. /proc shows a process as a folder
 * that belongs to its user. */
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

/* The limit does not hold for root, but for the root of a user namespace it does: there
 * user_namespaces(7) shows other ranges than the whole in uid_map. */
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
