#define _GNU_SOURCE /* program_invocation_short_name */
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Generous: valgrind and sanitizers on a busy machine stay below it. */
#define SECONDS_MOST 120

int suite_skip(const char *reason)
{
    const char *test = tcase_name(); /* NULL in main */

    printf("skipped: %s: %s%s%s\n", program_invocation_short_name, test == NULL ? "" : test,
           test == NULL ? "" : ": ", reason);
    return 77;
}

int suite_run_loop(const char *name, const TTest *const tests[], size_t count, int times)
{
    Suite *suite = suite_create(name);

    for (size_t i = 0; i < count; i++) {
        TCase *test_case = tcase_create(tests[i]->name);
        tcase_set_timeout(test_case, SECONDS_MOST);
        tcase_add_loop_test(test_case, tests[i], 0, times);
        suite_add_tcase(suite, test_case);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int suite_run(const char *name, const TTest *const tests[], size_t count)
{
    return suite_run_loop(name, tests, count, 1);
}
