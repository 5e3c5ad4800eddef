/*
 * The limits of the control groups that the process belongs to, of version 1 and 2 (cgroups(7)).
 */
#ifndef LIMITS_GROUP_H
#define LIMITS_GROUP_H

#include <stdint.h>

/* The lowest limit of the process's control group and of each of its parents, minus the part that
 * is in use there; LIMITS_NONE: no limit. controller has a hierarchy of its own in version 1, such
 * as "memory". max and used are names of files with a slash before them, such as "/pids.max"; used
 * may be NULL: nothing is subtracted. root as in limits_read. */
uint64_t limits_group_left(const char *root, const char *controller, const char *max,
                           const char *used);

#endif
