/* --log-file, its rotation, and what the log has: --log-format, --log-peer, --log-probes. */
#include "await.h"
#include "command.h"
#include "dial.h"
#include "folder.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char log_text[32 * 1024 * 1024];

static void serve_with(const char *option, const char *value, const char *other)
{
    process_serve(&server, -1, ARGUMENTS("--log-file", folder_path("log"), option, value, other));
}

static void hang_up_server_and_expect(const char *part)
{
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
}

START_TEST(a_new_file_begins_at_a_hangup)
{
    folder_make();
    serve_with(NULL, NULL, NULL);
    answer_one("one\n");
    AWAIT(folder_read("log", log_text, sizeof log_text) > 0 &&
          strstr(log_text, "Client disconnected\n") != NULL);
    ck_assert_str_eq(log_text, "Incoming packet: \"one\\n\"\nClient disconnected\n");
    ck_assert_int_eq(rename(folder_path("log"), folder_path("log.1")), 0);
    hang_up_server_and_expect("opened the packet log");
    answer_one("two\n");
    end_by(SIGTERM, 0);
    folder_read("log", log_text, sizeof log_text);
    ck_assert_str_eq(log_text, "Incoming packet: \"two\\n\"\nClient disconnected\n");
    folder_remove();
}
END_TEST

enum { CLIENTS = 8, LINES = 2000, ROTATIONS = 20 };

static void *talk(void *unused)
{
    int client = dial(server.port);

    for (int i = 0; i < LINES; i++) {
        say(client, "hello\n");
        expect(client, "Received: hello\n\n");
    }
    hang_up(client);
    return unused;
}

static size_t count(const char *line)
{
    size_t lines = 0;

    for (const char *at = log_text; (at = strstr(at, line)) != NULL; at += strlen(line))
        lines++;
    return lines;
}

/* Each line is whole, and in one of the files. */
START_TEST(no_line_is_lost_while_files_rotate)
{
    pthread_t clients[CLIENTS];
    static const char packet[] = "Incoming packet: \"hello\\n\"\n";
    static const char end[] = "Client disconnected\n";
    size_t lines = 0, bytes = 0;
    char name[16];

    folder_make();
    serve_with(NULL, NULL, NULL);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&clients[i], NULL, talk, NULL), 0);
    for (int i = 0; i < ROTATIONS; i++) {
        AWAIT(folder_read("log", log_text, 64) > 0);
        snprintf(name, sizeof name, "log.%d", i);
        ck_assert_int_eq(rename(folder_path("log"), folder_path(name)), 0);
        hang_up_server_and_expect("opened the packet log");
        answer_one("hello\n"); /* also if the clients have ended */
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(clients[i], NULL), 0);
    end_by(SIGTERM, 0);
    for (int i = 0; i <= ROTATIONS; i++) {
        snprintf(name, sizeof name, i < ROTATIONS ? "log.%d" : "log", i);
        bytes += folder_read(name, log_text, sizeof log_text);
        lines += count(packet);
        bytes -= count(packet) * strlen(packet) + count(end) * strlen(end);
    }
    ck_assert_uint_eq(lines, CLIENTS * LINES + ROTATIONS);
    ck_assert_uint_eq(bytes, 0);
    ck_assert_ptr_null(strstr(text, "lacks"));
    folder_remove();
}
END_TEST

/* A folder takes the place of the file. */
START_TEST(the_old_file_stays_if_the_new_one_cannot_be_opened)
{
    folder_make();
    serve_with(NULL, NULL, NULL);
    ck_assert_int_eq(rename(folder_path("log"), folder_path("old")), 0);
    ck_assert_int_eq(mkdir(folder_path("log"), 0700), 0);
    hang_up_server_and_expect("the packet log continues in the old file");
    answer_one("still\n");
    end_by(SIGTERM, 0);
    ck_assert_int_eq(rmdir(folder_path("log")), 0);
    folder_read("old", log_text, sizeof log_text);
    ck_assert_str_eq(log_text, "Incoming packet: \"still\\n\"\nClient disconnected\n");
    folder_remove();
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_an_error)
{
    process_run(&server, -1, ARGUMENTS("--port=0", "--log-file=/nowhere/log"));
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: cannot open --log-file '/nowhere/log' to append to it: "
                           "No such file or directory");
    ck_assert_int_eq(process_wait(&server), 1);
}
END_TEST

/* Reads two messages: the main thread says that the file is open, the log's thread that writing
 * succeeds. Either may be the first. */
static void hang_up_server_and_expect_success(void)
{
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    size_t length = strlen(text);
    process_line(&server.err, text + length, sizeof text - length);
    ck_assert_msg(strstr(text, "opened the packet log") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "succeeds again") != NULL, "%s", text);
}

/* As answer_one; and the log has the end of the client. */
static void answer_to_the_end(const char *line, const char *reply)
{
    int client = dial(server.port);

    say(client, line);
    expect(client, reply);
    half_close(client);
    expect_eof(client);
    hang_up(client);
}

/* The device is always full. A new file takes what waits, and begins with a whole line. */
START_TEST(after_a_full_disk_a_new_file_has_the_lines)
{
    folder_make();
    ck_assert_int_eq(symlink("/dev/full", folder_path("log")), 0);
    process_serve(&server, -1, ARGUMENTS("--no-sandbox", "--log-file", folder_path("log")));
    answer_to_the_end("kept\n", "Received: kept\n\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "No space left on device; the packet log is tried again"));
    ck_assert_int_eq(unlink(folder_path("log")), 0);
    hang_up_server_and_expect_success();
    answer_to_the_end("more\n", "Received: more\n\n");
    end_by(SIGTERM, 0);
    folder_read("log", log_text, sizeof log_text);
    ck_assert_str_eq(log_text, "Incoming packet: \"kept\\n\"\nClient disconnected\n"
                               "Incoming packet: \"more\\n\"\nClient disconnected\n");
    folder_remove();
}
END_TEST

START_TEST(json_has_an_object_for_each_event)
{
    folder_make();
    serve_with("--log-format=json", NULL, NULL);
    answer_one("a\"b\n");
    end_by(SIGTERM, 0);
    folder_read("log", log_text, sizeof log_text);
    ck_assert_ptr_nonnull(strstr(log_text, "\"peer\":\"127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(log_text, "\"event\":\"open\"}\n{\"ts\":\"20"));
    ck_assert_ptr_nonnull(
        strstr(log_text, "\"event\":\"line\",\"bytes\":4,\"line\":\"a\\\"b\\n\"}\n"));
    ck_assert_ptr_nonnull(
        strstr(log_text, "\"event\":\"close\",\"bytes\":4,\"reason\":\"disconnected\"}\n"));
    folder_remove();
}
END_TEST

START_TEST(time_and_address_begin_each_line)
{
    char peer[64];

    process_serve(&server, -1, ARGUMENTS("--log-peer"));
    answer_one("x\n");
    process_line(&server.out, text, sizeof text);
    ck_assert_int_eq(
        sscanf(text, "20%*2d-%*2d-%*2dT%*2d:%*2d:%*2d.%*6dZ %63s Incoming packet:", peer), 1);
    ck_assert_int_eq(strncmp(peer, "127.0.0.1:", 10), 0);
    ck_assert_str_eq(text + 28 + strlen(peer), " Incoming packet: \"x\\n\"");
    process_line(&server.out, text, sizeof text);
    ck_assert_int_eq(strncmp(text + 28, peer, strlen(peer)), 0);
    ck_assert_str_eq(text + 28 + strlen(peer), " Client disconnected");
    end_by(SIGTERM, 0);
}
END_TEST

static void probe(void)
{
    int client = dial(server.port);

    half_close(client);
    expect_eof(client);
    hang_up(client);
}

START_TEST(probes_and_lines_can_be_left_out)
{
    process_serve(&server, -1, ARGUMENTS("--log-probes=no", "--log-lines=no"));
    probe();
    answer_one("x\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.out, text, sizeof text);
    ck_assert_str_eq(text, "Client disconnected\n");
    ck_assert_int_eq(process_wait(&server), 0);
    process_serve(&server, -1, ARGUMENTS("--log-probes=no", "--log-format=json"));
    probe();
    answer_one("x\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.out, log_text, sizeof log_text);
    ck_assert_uint_eq(count("\"event\":\"open\""), 1);
    ck_assert_uint_eq(count("\"event\":\"close\""), 1);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_new_file_begins_at_a_hangup,
        no_line_is_lost_while_files_rotate,
        the_old_file_stays_if_the_new_one_cannot_be_opened,
        a_file_that_cannot_be_opened_is_an_error,
        after_a_full_disk_a_new_file_has_the_lines,
        json_has_an_object_for_each_event,
        time_and_address_begin_each_line,
        probes_and_lines_can_be_left_out,
    };
    return command_run("command_log_file", tests, sizeof tests / sizeof tests[0]);
}
