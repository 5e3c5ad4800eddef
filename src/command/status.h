/*
 * The exit statuses of lined, see lined(1).
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
    STATUS_DRAINED = 0,
    STATUS_CANNOT_SERVE = 1,
    STATUS_USAGE = 2,
    STATUS_CUT = 3, /* connections were cut, or lines of the packet log were lost */
};

#endif
