#include "limits_group.h"

#include "limits.h"
#include "limits_file.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 512

/* The files that each group has. */
struct files {
    const char *root;
    const char *max;
    const char *used; /* or NULL */
};

static uint64_t left_in(const struct files *files, const char *folder)
{
    uint64_t max = limits_file_number(files->root, folder, files->max);

    return files->used == NULL
               ? max
               : limits_left(max, limits_file_number(files->root, folder, files->used));
}

/* The least of the control group with this path and of its parents, under a mounted hierarchy. */
static uint64_t least_of_groups(const struct files *files, const char *hierarchy, char *group)
{
    uint64_t least = LIMITS_NONE;

    for (;;) {
        char folder[PATH_SIZE];
        int length = snprintf(folder, sizeof folder, "%s%s", hierarchy, group);
        if (length < 0 || (size_t)length >= sizeof folder)
            return least;
        uint64_t left = left_in(files, folder);
        if (left < least)
            least = left;
        char *last = strrchr(group, '/');
        if (last == NULL)
            return least;
        *last = '\0';
    }
}

/* /proc/self/cgroup: "0::/a/b" of version 2, "8:pids:/a/b" of version 1. */
uint64_t limits_group_left(const char *root, const char *controller, const char *max,
                           const char *used)
{
    const struct files files = {.root = root, .max = max, .used = used};
    char text[LIMITS_FILE_SIZE];
    char hierarchy[64];
    char *rest = text;
    char *line;
    uint64_t least = LIMITS_NONE;

    if (!limits_file_text(text, root, "/proc/self/", "cgroup"))
        return LIMITS_NONE;
    snprintf(hierarchy, sizeof hierarchy, "/sys/fs/cgroup/%s", controller);
    while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
        uint64_t left = LIMITS_NONE;
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *group++ = '\0';
        if (controllers[1] == '\0')
            left = least_of_groups(&files, "/sys/fs/cgroup", group);
        else if (strcmp(controllers + 1, controller) == 0)
            left = least_of_groups(&files, hierarchy, group);
        if (left < least)
            least = left;
    }
    return least;
}
