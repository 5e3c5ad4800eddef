/* The command with callbacks of modules: for the end, and such as do not return. */
#include "command.h"
#include "dial.h"
#include "process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A client: the callback for its line never returns. */
static int get_stuck_in_a_callback(const char *drain_timeout, const char *mode)
{
    process_serve(&server, -1,
                  ARGUMENTS("--handler=" MODULES "/module_stuck.so", drain_timeout, mode));
    int client = dial(server.port);
    say(client, "never\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "stuck");
    return client;
}

/* After the cut it ends although a callback does not, and says so; the summary comes all the same.
 */
static void expect_the_end_of_a_stuck_callback(int client)
{
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, "lined: 1 connection has not ended one second after the cut, "
                               "because a callback or a task of the handler has not returned; "
                               "lined exits now\n"
                               "lined: served 1 connections, ") != NULL,
                  "it says \"%s\"", text);
    ck_assert_ptr_nonnull(strstr(text, "\n{\"connections\":1,\"connected\":1,"));
    ck_assert_int_eq(process_wait(&server), 3);
    hang_up(client);
}

START_TEST(past_the_drain_timeout_a_stuck_callback_is_left)
{
    static const char *const modes[] = {"--mode=passive", "--mode=active"};

    if (process_skips_modules())
        return;
    for (int i = 0; i < 2; i++) {
        int client = get_stuck_in_a_callback("--drain-timeout=0.1", modes[i]);
        ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        expect_the_end_of_a_stuck_callback(client);
    }
}
END_TEST

START_TEST(after_a_second_signal_a_stuck_callback_is_left)
{
    if (process_skips_modules())
        return;
    int client = get_stuck_in_a_callback("--drain-timeout=1000", "--mode=passive");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    expect_the_end_of_a_stuck_callback(client);
}
END_TEST

/* The task waits for a condition of its own: draining makes it return. */
START_TEST(a_module_learns_of_the_end)
{
    if (process_skips_modules())
        return;
    process_serve(&server, -1,
                  ARGUMENTS("--handler=" MODULES "/module_ends.so", "--drain-timeout=1000"));
    int client = dial(server.port);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "waiting");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    expect(client, "bye\n");
    process_rest(&server.err, text, sizeof text);
    const char *draining = strstr(text, "\ndraining\n");
    if (draining == NULL && strncmp(text, "draining\n", 9) == 0) /* before lined's own message */
        draining = text;
    ck_assert_msg(draining != NULL && strstr(draining, "\nfini\n") != NULL, "it says \"%s\"", text);
    ck_assert_int_eq(process_wait(&server), 0);
    hang_up(client);
}
END_TEST

/* No connection is there, so none is cut. */
START_TEST(a_stuck_draining_is_left)
{
    static const char *const arguments[][2] = {{"--drain-timeout=0.1", "--mode=passive"},
                                               {"--drain-timeout=0.1", "--mode=active"},
                                               {"--drain-timeout=1000", "--mode=passive"}};

    if (process_skips_modules())
        return;
    for (int i = 0; i < 3; i++) {
        process_serve(&server, -1,
                      ARGUMENTS("--handler=" MODULES "/module_stuck_end.so", arguments[i][0],
                                arguments[i][1]));
        ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        process_line(&server.err, text, sizeof text);
        ck_assert_str_eq(text, "stuck");
        if (i == 2)
            cut_by(SIGTERM);
        process_rest(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text,
                             "lined: a callback or a timer of the handler has not returned one "
                             "second after the cut; lined exits now\n"
                             "lined: served 0 connections, ") == text,
                      "it says \"%s\"", text);
        ck_assert_int_eq(process_wait(&server), 3);
    }
}
END_TEST

#ifndef IS_SANITIZED /* AddressSanitizer does not follow the unwinding of a cancelled thread */
static void expect_abort(const char *line, const char *mode)
{
    int status;

    process_serve(&server, -1, ARGUMENTS("--handler=" MODULES "/module_leaves.so", mode));
    int client = dial(server.port);
    say(client, line);
    process_rest(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: a callback has ended its thread, by pthread_exit or as one that "
                           "is cancelled: a callback must return\n");
    ck_assert_int_eq(waitpid(server.pid, &status, 0), server.pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    close(server.out.fd);
    close(server.err.fd);
    hang_up(client);
}

START_TEST(a_callback_that_ends_its_thread_aborts)
{
    if (process_skips_modules())
        return;
    expect_abort("exit\n", "--mode=passive");
    expect_abort("exit\n", "--mode=active");
    expect_abort("cancel\n", "--mode=passive");
    expect_abort("cancel\n", "--mode=active");
}
END_TEST
#endif

/* With the event of each connection, inside the sandbox. */
START_TEST(a_module_wakes_its_tasks)
{
    if (process_skips_modules())
        return;
    process_serve(&server, -1, ARGUMENTS("--handler=" MODULES "/module_wakes.so"));
    int waiting = dial(server.port);
    int client = dial(server.port);
    say(waiting, "wait\n");
    expect(waiting, "waiting\n");
    say(client, "wake\n");
    expect(client, "0\n");
    expect(waiting, "woken\n");
    end_by(SIGTERM, 0);
    hang_up(waiting);
    hang_up(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        past_the_drain_timeout_a_stuck_callback_is_left,
        after_a_second_signal_a_stuck_callback_is_left,
        a_module_wakes_its_tasks,
        a_module_learns_of_the_end,
        a_stuck_draining_is_left,
#ifndef IS_SANITIZED
        a_callback_that_ends_its_thread_aborts,
#endif
    };
    return command_run("command_callbacks", tests, sizeof tests / sizeof tests[0]);
}
