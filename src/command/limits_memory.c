#include "limits_memory.h"

#include "limits.h"
#include "limits_file.h"
#include "limits_group.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* In version 1 a control group without a limit has a number near INT64_MAX. */
#define BYTES_MAX ((uint64_t)1 << 60)

/* /proc/meminfo: "MemTotal:  8048012 kB" (proc(5)). */
static uint64_t read_physical(const char *root)
{
    static const char field[] = "MemTotal:";
    char text[LIMITS_FILE_SIZE];
    uint64_t kb;

    if (!limits_file_text(text, root, "/proc/", "meminfo"))
        return LIMITS_NONE;
    const char *found = strstr(text, field);
    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes no number that does not fit */
    if (found == NULL || sscanf(found + strlen(field), "%" SCNu64, &kb) != 1)
        return LIMITS_NONE;
    return kb < BYTES_MAX / 1024 ? kb * 1024 : LIMITS_NONE;
}

struct limits_memory limits_memory_read(const char *root)
{
    const struct limits_memory all[] = {
        {read_physical(root), "the physical memory"},
        {limits_group_left(root, "memory", "/memory.max", NULL), "memory.max of the control group"},
        {limits_group_left(root, "memory", "/memory.limit_in_bytes", NULL),
         "memory.limit_in_bytes of the control group"},
        {limits_rlimit(RLIMIT_AS), "RLIMIT_AS"},
        {limits_rlimit(RLIMIT_DATA), "RLIMIT_DATA"},
    };
    struct limits_memory least = {.bytes = LIMITS_NONE, .name = "no limit"};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].bytes < least.bytes && all[i].bytes < BYTES_MAX)
            least = all[i];
    }
    return least;
}
