#include "../src/base/invariant.h"

#include "suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int one = 1; /* the compiler is not to know the result */

/* In a child: breaks an invariant, with standard error in a pipe. */
static void break_one(int standard_error)
{
    const struct rlimit none = {0};

    setrlimit(RLIMIT_CORE, &none);
    dup2(standard_error, STDERR_FILENO);
    INVARIANT(one == 2);
    exit(EXIT_SUCCESS);
}

START_TEST(a_broken_invariant_says_where_and_aborts)
{
    char text[256] = "";
    size_t size = 0;
    int ends[2];
    int status;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        break_one(ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + size, sizeof text - 1 - size)) > 0;)
        size += (size_t)got;
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "test_invariant.c:"));
    ck_assert_ptr_nonnull(strstr(text, "invariant broken: one == 2\n"));
}
END_TEST

START_TEST(one_that_holds_says_nothing)
{
    INVARIANT(one == 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_broken_invariant_says_where_and_aborts,
        one_that_holds_says_nothing,
    };
    return suite_run("invariant", tests, sizeof tests / sizeof tests[0]);
}
