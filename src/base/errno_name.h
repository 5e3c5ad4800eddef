/*
 * The names of errnos, for the packet log and the statistics. The table is lined's own, so that the
 * names are the same with every C library: musl has no strerrorname_np(3).
 */
#ifndef ERRNO_NAME_H
#define ERRNO_NAME_H

/* "EAGAIN" for EAGAIN. NULL: Linux has no errno of that number. */
const char *errno_name(int error);

#endif
