/* Reads the limits from the system. */
#include "limits.h"
#include "limits_file.h"
#include "limits_group.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

static uint64_t less(uint64_t number, uint64_t other)
{
    return number < other ? number : other;
}

/* The number of threads in the system: the fourth field of /proc/loadavg is RUNNING/ALL. */
static uint64_t read_system_threads_used(const char *root)
{
    char text[LIMITS_FILE_SIZE];
    uint64_t used;

    if (limits_file_text(text, root, "/proc/", "loadavg") &&
        /* NOLINTNEXTLINE(cert-err34-c): the same */
        sscanf(text, "%*s %*s %*s %*u/%" SCNu64, &used) == 1)
        return used;
    return LIMITS_NONE;
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
    char text[LIMITS_FILE_SIZE];
    char folder[64];
    char name[32];
    uint64_t number;

    snprintf(folder, sizeof folder, "/proc/%.32s", process);
    snprintf(name, sizeof name, "\n%s:", field);
    const char *found = limits_file_text(text, root, folder, "/status") ? strstr(text, name) : NULL;
    /* NOLINTNEXTLINE(cert-err34-c): the same */
    return found != NULL && sscanf(found + strlen(name), "%" SCNu64, &number) == 1 ? number : 0;
}

/* The free part of a limit of memory, in KiB; field has the part in use. */
static uint64_t read_memory_left(const char *root, int resource, const char *field)
{
    uint64_t limit = limits_rlimit(resource);

    return limit == LIMITS_NONE ? limit
                                : limits_left(limit / 1024, read_status(root, "self", field));
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
    char text[LIMITS_FILE_SIZE];
    uint64_t outside;
    uint64_t count;

    if (user != 0)
        return false;
    return !limits_file_text(text, root, "/proc/self/", "uid_map") ||
           /* NOLINTNEXTLINE(cert-err34-c): the same */
           sscanf(text, "%*u %" SCNu64 " %" SCNu64, &outside, &count) != 2 ||
           (outside == 0 && count == UINT32_MAX);
}

static uint64_t read_user_threads(const char *root, uid_t user)
{
    uint64_t limit = is_real_root(root, user) ? LIMITS_NONE : limits_rlimit(RLIMIT_NPROC);

    return limit == LIMITS_NONE ? limit : limits_left(limit, read_threads_of_others(root, user));
}

void limits_read(struct limits *limits, const char *root, uid_t user)
{
    uint64_t threads = less(limits_file_number(root, "/proc/sys/kernel/", "threads-max"),
                            limits_file_number(root, "/proc/sys/kernel/", "pid_max"));

    *limits = (struct limits){
        .descriptors = limits_rlimit(RLIMIT_NOFILE),
        .descriptors_used = read_descriptors_used(root),
        .user_threads = read_user_threads(root, user),
        .system_threads = limits_left(threads, read_system_threads_used(root)),
        .group_threads = limits_group_left(root, "pids", "/pids.max", "/pids.current"),
        .maps = limits_file_number(root, "/proc/sys/vm/", "max_map_count"),
        .address_kb = read_memory_left(root, RLIMIT_AS, "VmSize"),
        .data_kb = read_memory_left(root, RLIMIT_DATA, "VmData"),
    };
}
