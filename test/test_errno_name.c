/* The names of errnos, compared with those of glibc. */
#define _GNU_SOURCE /* strerrorname_np */
#include "base/errno_name.h"

#include "suite.h"

#include <errno.h>
#include <limits.h>
#include <lined.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The kernel's errnos end here: a system call that returns one of -4095 to -1 has failed. */
#define ERRNO_MAX 4095

static bool is_same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

START_TEST(every_name_is_that_of_glibc)
{
    int named = 0;

    for (int error = -ERRNO_MAX; error <= ERRNO_MAX; error++) {
        /* glibc has "0" for 0, which is no errno. */
        const char *expected = error == 0 ? NULL : strerrorname_np(error);
        ck_assert_msg(is_same(errno_name(error), expected), "errno %d is %s, and not %s", error,
                      errno_name(error), expected);
        named += expected != NULL;
    }
    ck_assert_int_gt(named, 100);
    ck_assert_ptr_null(errno_name(INT_MAX));
    ck_assert_ptr_null(errno_name(INT_MIN));
}
END_TEST

START_TEST(every_name_is_a_reason_in_lower_case)
{
    char text[LINED_REASON_SIZE];

    for (int error = 1; error <= ERRNO_MAX; error++) {
        const char *name = strerrorname_np(error);
        char unknown[LINED_REASON_SIZE];

        snprintf(unknown, sizeof unknown, "unknown reason %d", -error);
        lined_reason(-error, text);
        ck_assert_msg(strcasecmp(text, name == NULL ? unknown : name) == 0, "errno %d is \"%s\"",
                      error, text);
        ck_assert_ptr_null(strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_name_is_that_of_glibc,
        every_name_is_a_reason_in_lower_case,
    };
    return suite_run("errno_name", tests, sizeof tests / sizeof tests[0]);
}
