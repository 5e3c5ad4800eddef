/*
 * Ends lined-load after a failure: one line on standard error names the thing and the remedy.
 */
#ifndef FAIL_H
#define FAIL_H

enum {
    EXIT_WRONG = 1, /* a reply was wrong, or a connection failed */
    EXIT_USAGE = 2,
};

/* Prints "lined-load: ", the text and an LF, and exits with this status. Removes the progress line
 * first. */
__attribute__((format(printf, 2, 3), noreturn)) void fail(int status, const char *format, ...);

#endif
