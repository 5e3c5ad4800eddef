/*
 * Waiting for a state that no other thread and no other process reports.
 */
#ifndef AWAIT_H
#define AWAIT_H

#include <check.h>
#include <poll.h>

/* Checks the condition each millisecond, and fails the test after 30,000 checks. */
#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        for (int checks = 0; !(condition); checks++) {                                             \
            ck_assert_msg(checks < 30000, "not in 30 seconds: %s", #condition);                    \
            poll(NULL, 0, 1);                                                                      \
        }                                                                                          \
    } while (0)

#endif
