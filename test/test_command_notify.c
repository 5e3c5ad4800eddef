/* What the command tells a service manager: readiness, the drain, and that its acceptors are alive.
 */
#include "await.h"
#include "command.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTERVAL_MS 100

static char folder[] = "/tmp/lined-notify-XXXXXX";
static int manager = -1; /* the socket that a service manager would read */

/* Opens the socket, and passes its name to lined: an abstract one, or one with a path. */
static void open_manager(bool is_abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[sizeof address.sun_path];

    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(manager, 0);
    if (is_abstract) {
        snprintf(name, sizeof name, "@lined-notify-%d", (int)getpid());
    } else {
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(name, sizeof name, "%s/socket", folder);
    }
    memcpy(address.sun_path, name, strlen(name));
    if (is_abstract)
        address.sun_path[0] = '\0';
    ck_assert_int_eq(bind(manager, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) +
                                      (is_abstract ? 0 : 1))),
                     0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void remove_folder(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/socket", folder);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* The next text that the manager receives, within 30 seconds. */
static const char *next_text(void)
{
    static char received[256];
    struct pollfd readable = {.fd = manager, .events = POLLIN};

    ck_assert_int_eq(poll(&readable, 1, 30000), 1);
    ssize_t size = recv(manager, received, sizeof received - 1, 0);
    ck_assert_int_gt(size, 0);
    received[size] = '\0';
    return received;
}

static void expect_nothing(int ms)
{
    struct pollfd readable = {.fd = manager, .events = POLLIN};

    ck_assert_int_eq(poll(&readable, 1, ms), 0);
}

static void set_watchdog(int interval_ms)
{
    char value[32];

    snprintf(value, sizeof value, "%d", 2 * interval_ms * 1000);
    ck_assert_int_eq(setenv("WATCHDOG_USEC", value, 1), 0);
}

static void expect_ready_and_stopping(void)
{
    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_str_eq(next_text(), "READY=1\nSTATUS=serving");
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_str_eq(next_text(), "STOPPING=1\nSTATUS=draining 1 connection");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
    expect_nothing(0); /* STOPPING=1 once, and no watchdog */
}

START_TEST(a_socket_with_a_path_is_notified)
{
    open_manager(false);
    expect_ready_and_stopping();
    remove_folder();
}
END_TEST

/* Landlock may forbid to reach an abstract socket, but not one that is connected before. */
START_TEST(an_abstract_socket_is_notified)
{
    open_manager(true);
    expect_ready_and_stopping();
}
END_TEST

START_TEST(a_reload_is_notified)
{
    char log[128];

    open_manager(false);
    snprintf(log, sizeof log, "%s/log", folder);
    process_serve(&server, -1, ARGUMENTS("--log-file", log));
    ck_assert_str_eq(next_text(), "READY=1\nSTATUS=serving");
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    const char *reloading = next_text();
    ck_assert_msg(strncmp(reloading, "RELOADING=1\n", 12) == 0 &&
                      strstr(reloading, "\nMONOTONIC_USEC=") != NULL,
                  "%s", reloading);
    ck_assert_str_eq(next_text(), "READY=1\nSTATUS=serving");
    ck_assert_int_eq(unlink(log), 0);
    ck_assert_int_eq(mkdir(log, 0700), 0);
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    ck_assert_int_eq(strncmp(next_text(), "RELOADING=1\n", 12), 0);
    ck_assert_str_eq(next_text(),
                     "READY=1\nSTATUS=serving; the last reload failed, see the messages");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(process_wait(&server), 0);
    ck_assert_int_eq(rmdir(log), 0);
    remove_folder();
}
END_TEST

/* READY=1 comes when clients can connect: a server that cannot listen does not send it. */
START_TEST(a_server_that_cannot_start_is_not_ready)
{
    open_manager(true);
    process_run(&server, -1, ARGUMENTS("--ip", "192.0.2.1", "--port", "0"));
    ck_assert_int_eq(process_wait(&server), 1);
    expect_nothing(0);
}
END_TEST

START_TEST(a_socket_that_cannot_be_reached_is_a_warning)
{
    static const char *const names[] = {"/nowhere/at/all", "vsock:2:1234", "relative"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        process_run(&server, -1, ARGUMENTS("-q", "--port", "0"));
        process_line(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text, "NOTIFY_SOCKET") != NULL && strstr(text, names[i]) != NULL, "%s",
                      text);
        process_line(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text, "listening on") != NULL, "%s", text);
        end_by(SIGTERM, 0);
    }
}
END_TEST

START_TEST(a_watchdog_that_is_not_a_number_is_status_2)
{
    static const char *const values[] = {"0", "-1", "1s", "99999999999999999999"};

    open_manager(true);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_assert_int_eq(setenv("WATCHDOG_USEC", values[i], 1), 0);
        process_run(&server, -1, ARGUMENTS("-q", "--port", "0"));
        process_rest(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text, "WATCHDOG_USEC must be a number") != NULL, "%s", text);
        ck_assert_int_eq(process_wait(&server), 2);
    }
}
END_TEST

START_TEST(the_watchdog_of_another_process_is_ignored)
{
    open_manager(true);
    set_watchdog(1);
    ck_assert_int_eq(setenv("WATCHDOG_PID", "1", 1), 0);
    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_str_eq(next_text(), "READY=1\nSTATUS=serving");
    expect_nothing(100);
    end_by(SIGTERM, 0);
}
END_TEST

#ifndef IS_SANITIZED /* ThreadSanitizer has a thread of its own that wakes up */
/* Without a watchdog no thread wakes up: not one has switched its context a moment later. */
static unsigned long count_switches(void)
{
    unsigned long sum = 0;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/task", (int)server.pid);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] != '.')
            sum +=
                strtoul(process_status(&server, task->d_name, "voluntary_ctxt_switches"), NULL, 10);
    }
    closedir(tasks);
    return sum;
}

START_TEST(without_a_watchdog_no_thread_wakes_up)
{
    unsigned long before;
    int tries = 0;

    open_manager(true);
    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_str_eq(next_text(), "READY=1\nSTATUS=serving");
    do { /* the start may still be at work */
        ck_assert_int_lt(tries++, 100);
        before = count_switches();
        expect_nothing(300);
    } while (count_switches() != before);
    end_by(SIGTERM, 0);
}
END_TEST
#endif

static void expect_signs_of_life(int count)
{
    while (count > 0) {
        const char *received = next_text();
        ck_assert_msg(strcmp(received, "WATCHDOG=1") == 0 || strncmp(received, "READY=1", 7) == 0,
                      "%s", received);
        count -= received[0] == 'W';
    }
}

START_TEST(the_acceptors_are_alive_also_at_the_connection_limit)
{
    open_manager(true);
    set_watchdog(INTERVAL_MS);
    process_serve(&server, -1, ARGUMENTS("-q", "--max-connections", "1"));
    expect_signs_of_life(3);
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    int waiting = dial(server.port); /* in the backlog */
    expect_signs_of_life(5);
    hang_up(client);
    say(waiting, "hello\n");
    expect(waiting, "Received: hello\n\n");
    expect_signs_of_life(3);
    hang_up(waiting);
    end_by(SIGTERM, 0);
}
END_TEST

/* The thread that waits for clients is the one in the system call poll or accept. */
static pid_t find_acceptor(void)
{
    char path[64];
    pid_t found = 0;

    snprintf(path, sizeof path, "/proc/%d/task", (int)server.pid);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char where[128] = "";
        char file[512];
        snprintf(file, sizeof file, "%s/%s/wchan", path, task->d_name);
        FILE *wchan = task->d_name[0] == '.' ? NULL : fopen(file, "r");
        if (wchan == NULL)
            continue;
        if (fgets(where, sizeof where, wchan) != NULL &&
            (strstr(where, "poll") != NULL || strstr(where, "accept") != NULL) &&
            strstr(where, "epoll") == NULL && strstr(where, "ep_poll") == NULL)
            found = (pid_t)strtol(task->d_name, NULL, 10);
        fclose(wchan);
    }
    closedir(tasks);
    return found;
}

/* A debugger stops this thread alone. */
START_TEST(an_acceptor_that_does_not_answer_is_noticed)
{
    pid_t acceptor = 0;

    open_manager(true);
    set_watchdog(INTERVAL_MS);
    process_serve(&server, -1, ARGUMENTS("-q", "--no-sandbox"));
    expect_signs_of_life(2);
    for (int tries = 0; acceptor == 0 && tries < 1000; tries++)
        acceptor = find_acceptor();
    if (acceptor == 0 || ptrace(PTRACE_SEIZE, acceptor, NULL, NULL) != 0) {
        suite_skip("this system does not let a test stop a thread of its child");
        end_by(SIGTERM, 0);
        return;
    }
    ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, acceptor, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(acceptor, NULL, __WALL), acceptor);
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, "an acceptor thread does not answer") != NULL, "%s", text);
    while (recv(manager, text, sizeof text, MSG_DONTWAIT) > 0)
        continue;
    expect_nothing(5 * INTERVAL_MS);
    ck_assert_int_eq(ptrace(PTRACE_DETACH, acceptor, NULL, NULL), 0);
    expect_signs_of_life(3);
    end_by(SIGTERM, 0);
}
END_TEST

/* The drain takes longer than WATCHDOG_USEC. */
START_TEST(a_drain_is_alive)
{
    open_manager(true);
    set_watchdog(INTERVAL_MS);
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
    int client = get_stuck();
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    while (strncmp(next_text(), "STOPPING=1", 10) != 0)
        continue;
    expect_signs_of_life(4);
    drink(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* A shell opens descriptor 3 and becomes lined. $1: a file. */
static void run_with_descriptor(const char *redirection, const char *file)
{
    char script[256];

    snprintf(script, sizeof script, "exec \"$0\" -q --port 0 --notify-fd 3 %s", redirection);
    process_run_command(&server, "/bin/sh", -1, ARGUMENTS("-c", script, LINED_COMMAND, file));
}

/* As s6 has it: a newline, and the end. Clients can connect then. */
START_TEST(a_descriptor_gets_a_newline)
{
    char path[128];
    char bytes[2];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fifo = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(fifo, 0);
    run_with_descriptor("3>\"$1\"", path);
    struct pollfd readable = {.fd = fifo, .events = POLLIN};
    ck_assert_int_eq(poll(&readable, 1, 30000), 1);
    ck_assert_int_eq(read(fifo, bytes, 2), 1);
    ck_assert_int_eq(bytes[0], '\n');
    ck_assert_int_eq(poll(&readable, 1, 30000), 1); /* POLLHUP */
    ck_assert_int_eq(read(fifo, bytes, 1), 0);
    close(fifo);
    remove_folder();
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(sscanf(text, "lined: listening on 127.0.0.1:%hu", &server.port), 1);
    answer_one("here\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_written_is_status_2)
{
    static const char *const redirections[] = {"3>&-", "3</dev/null"};

    for (size_t i = 0; i < sizeof redirections / sizeof *redirections; i++) {
        run_with_descriptor(redirections[i], "");
        process_rest(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text, "--notify-fd '3'") != NULL &&
                          strstr(text, "open for writing") != NULL,
                      "%s", text);
        ck_assert_int_eq(process_wait(&server), 2);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_socket_with_a_path_is_notified,
        an_abstract_socket_is_notified,
        a_reload_is_notified,
        a_server_that_cannot_start_is_not_ready,
        a_socket_that_cannot_be_reached_is_a_warning,
        a_watchdog_that_is_not_a_number_is_status_2,
        the_watchdog_of_another_process_is_ignored,
#ifndef IS_SANITIZED
        without_a_watchdog_no_thread_wakes_up,
#endif
        the_acceptors_are_alive_also_at_the_connection_limit,
        an_acceptor_that_does_not_answer_is_noticed,
        a_drain_is_alive,
        a_descriptor_gets_a_newline,
        a_descriptor_that_cannot_be_written_is_status_2,
    };

    return command_run("command_notify", tests, sizeof tests / sizeof *tests);
}
