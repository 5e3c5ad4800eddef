/*
 * The end of lined-load when it cannot go on: one line on standard error that names the thing and
 * the remedy.
 */
#ifndef FAIL_H
#define FAIL_H

enum {
    EXIT_WRONG = 1, /* a reply was wrong, or a connection failed */
    EXIT_USAGE = 2,
};

/* Prints "lined-load: ", the text and LF, and exits with this status. A progress line that is
 * shown is wiped first. */
__attribute__((format(printf, 2, 3), noreturn)) void fail(int status, const char *format, ...);

#endif
