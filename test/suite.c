#define _GNU_SOURCE /* program_invocation_short_name */
#include "suite.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Generous: valgrind and sanitizers on a busy machine stay below it. */
#define SECONDS_MOST 120

int suite_skip(const char *reason)
{
    const char *test = tcase_name(); /* NULL in main */

    printf("skipped: %s: %s%s%s\n", program_invocation_short_name, test == NULL ? "" : test,
           test == NULL ? "" : ": ", reason);
    return 77;
}

/* Searches the file that TEST_SKIP names for the test, and prints its line. */
static bool is_skipped(const char *test)
{
    const char *name = getenv("TEST_SKIP");
    size_t length = strlen(test);
    char line[512];
    bool is_found = false;

    if (name == NULL)
        return false;
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        fprintf(stderr, "TEST_SKIP '%s': %s\n", name, strerror(errno));
        exit(EXIT_FAILURE);
    }
    while (!is_found && fgets(line, sizeof line, file) != NULL)
        is_found = strncmp(line, test, length) == 0 && line[length] == ':';
    fclose(file);
    if (is_found)
        printf("skipped: %s: %s", program_invocation_short_name, line);
    return is_found;
}

int suite_run_loop(const char *name, const TTest *const tests[], size_t count, int times)
{
    Suite *suite = suite_create(name);

    for (size_t i = 0; i < count; i++) {
        if (is_skipped(tests[i]->name))
            continue;
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
