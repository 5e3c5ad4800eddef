/* The example docs/examples/queue, as test_examples.sh has built it: beside beanstalkd, and alone.
 */
#include "await.h"
#include "command.h"
#include "dial.h"
#include "folder.h"
#include "process.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 3

/* The statistics of queue. README.md says that it has no others of beanstalkd. */
static const char *const keys[] = {"---",
                                   "current-jobs-ready",
                                   "current-jobs-reserved",
                                   "current-jobs-delayed",
                                   "current-jobs-buried",
                                   "current-waiting"};

/* The first lines of answers that differ: README.md has the same rows. */
static const struct {
    const char *said, *beanstalkd, *lined;
} differences[] = {
    {"peek-ready", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"peek-delayed", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"peek-buried", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"kick-job 99", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"reserve-job 99", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"peek 99", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"touch 99", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"pause-tube default 0", "PAUSED", "UNKNOWN_COMMAND"},
    {"stats-job 99", "NOT_FOUND", "UNKNOWN_COMMAND"},
    {"list-tubes", "OK", "UNKNOWN_COMMAND"},
    {"list-tube-used", "USING default", "UNKNOWN_COMMAND"},
    {"list-tubes-watched", "OK", "UNKNOWN_COMMAND"},
    {"stats-tube nonsense", "NOT_FOUND", "OK"},
    {"statsx", "BAD_FORMAT", "UNKNOWN_COMMAND"},
    {"stats-tube", "BAD_FORMAT", "UNKNOWN_COMMAND"},
    {"reserve-with-timeout", "BAD_FORMAT", "UNKNOWN_COMMAND"},
    {"reserve-with-timeout x", "TIMED_OUT", "BAD_FORMAT"},
    {"reserve-with-timeout 0x", "TIMED_OUT", "BAD_FORMAT"},
    {"kick 1 2", "KICKED 0", "BAD_FORMAT"},
    {"kick -1", "KICKED 0", "BAD_FORMAT"},
};

static struct process beanstalkd;
static int session_line; /* for messages; 0: no session */

static void start_queue(const char *option)
{
    process_serve(&server, -1, ARGUMENTS("--handler=" EXAMPLES "/queue.so", "--quiet", option));
}

/* Receives to the next LF, terminated without CR and LF. */
static void receive_line(int fd, char *line, size_t size)
{
    size_t length = 0;

    do {
        ck_assert_uint_lt(length, size);
        ck_assert_msg(recv(fd, line + length, 1, MSG_WAITALL) == 1,
                      "line %d: socket %d: no more after '%.*s'", session_line, fd, (int)length,
                      line);
    } while (line[length++] != '\n');
    ck_assert_uint_ge(length, 2);
    ck_assert_int_eq(line[length - 2], '\r');
    line[length - 2] = '\0';
}

static bool is_compared(const char *line)
{
    size_t length = strcspn(line, ":");

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i]) == length && strncmp(line, keys[i], length) == 0)
            return true;
    return false;
}

/* The lines of a text that are compared, behind its answer without the size. */
static void keep_compared(char *body, char *answer, size_t size)
{
    snprintf(answer, size, "OK\n");
    for (char *rest = body, *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t length = strlen(answer);
        if (is_compared(line))
            snprintf(answer + length, size - length, "%s\n", line);
    }
}

/* An answer with its body, if it has one. */
static void receive_answer(int fd, char *answer, size_t size)
{
    char line[256], body[4096];
    unsigned long long id;
    size_t length;

    receive_line(fd, line, sizeof line);
    bool is_job = sscanf(line, "RESERVED %llu %zu", &id, &length) == 2;
    bool is_text = sscanf(line, "OK %zu", &length) == 1;
    snprintf(answer, size, "%s", line);
    if (!is_job && !is_text)
        return;
    ck_assert_uint_lt(length + 2, sizeof body);
    ck_assert_int_eq(recv(fd, body, length + 2, MSG_WAITALL), length + 2);
    ck_assert(memcmp(body + length, "\r\n", 2) == 0);
    body[length] = '\0';
    if (is_text)
        keep_compared(body, answer, size);
    else
        snprintf(answer, size, "%s\n%s", line, body);
}

static int dial_beanstalkd(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval deadline = {.tv_sec = 30};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", folder_path("socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), 0);
    AWAIT(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* False: it is not installed. */
static bool start_beanstalkd(void)
{
    char address[256];

    if (access("/usr/bin/beanstalkd", X_OK) != 0) {
        suite_skip("beanstalkd is not installed");
        return false;
    }
    folder_make();
    snprintf(address, sizeof address, "unix:%s", folder_path("socket"));
    process_run_command(&beanstalkd, "/usr/bin/beanstalkd", -1, ARGUMENTS("-l", address));
    return true;
}

static void end_beanstalkd(void)
{
    ck_assert_int_eq(kill(beanstalkd.pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(beanstalkd.pid, NULL, 0), beanstalkd.pid);
    close(beanstalkd.out.fd);
    close(beanstalkd.err.fd);
    folder_remove();
}

static void say_both(const int fds[2], const char *said)
{
    for (int i = 0; i < 2; i++) {
        for (const char *rest = said; *rest != '\0'; rest += strncmp(rest, "\\n", 2) == 0 ? 2 : 1) {
            if (strncmp(rest, "\\n", 2) == 0)
                say(fds[i], "\r\n");
            else
                say_bytes(fds[i], rest, 1);
        }
        say(fds[i], "\r\n");
    }
}

/* Says it again until a client waits: no other answer tells of that. */
static void expect_waiting(int fd, const char *said, char *answer, size_t size)
{
    do {
        say(fd, said);
        say(fd, "\r\n");
        receive_answer(fd, answer, size);
    } while (strstr(answer, "current-waiting: 1\n") == NULL);
}

static void expect_alike(const int fds[2], const char *said, int number)
{
    char answers[2][8192];

    for (int i = 0; i < 2; i++) {
        if (said[0] == '~')
            expect_waiting(fds[i], said + 1, answers[i], sizeof answers[i]);
        else
            receive_answer(fds[i], answers[i], sizeof answers[i]);
    }
    ck_assert_msg(strcmp(answers[0], answers[1]) == 0,
                  "line %d: '%s': beanstalkd answers '%s', lined '%s'", number, said, answers[0],
                  answers[1]);
}

START_TEST(beanstalkd_and_queue_answer_a_session_alike)
{
    char line[512];
    int fds[CLIENTS][2], number = 0, answers = 0;

    if (process_skips_modules() || !start_beanstalkd())
        return;
    start_queue(NULL);
    FILE *session = fopen(TEST_FOLDER "/queue_session.txt", "r");
    ck_assert_ptr_nonnull(session);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i][0] = dial_beanstalkd();
        fds[i][1] = dial(server.port);
    }
    while (fgets(line, sizeof line, session) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        session_line = ++number;
        if (line[0] == '\0' || line[0] == '#')
            continue;
        const int *pair = fds[line[0] - 'A'];
        const char *said = line[1] == '\0' ? "" : line + 2;
        bool is_awaited = said[0] != '!';
        if (said[0] != '?' && said[0] != '~')
            say_both(pair, is_awaited ? said : said + 1);
        if (strcmp(said, "quit") == 0) {
            expect_eof(pair[0]);
            expect_eof(pair[1]);
        } else if (is_awaited) {
            expect_alike(pair, said, number);
            answers++;
        }
    }
    ck_assert_int_gt(answers, 100);
    fclose(session);
    end_beanstalkd();
    end_by(SIGTERM, 0);
}
END_TEST

/* Other versions differ in other things: Debian 13 has 1.13. */
static bool is_version_of_the_readme(void)
{
    char version[64] = "";
    FILE *said = popen("/usr/bin/beanstalkd -v", "r");

    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_nonnull(fgets(version, sizeof version, said));
    pclose(said);
    return strcmp(version, "beanstalkd 1.12\n") == 0;
}

START_TEST(the_differences_are_those_of_the_readme)
{
    static char readme[32768];
    char answer[8192], row[256];

    if (process_skips_modules() || !start_beanstalkd())
        return;
    FILE *file = fopen(TEST_FOLDER "/../docs/examples/queue/README.md", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_lt(fread(readme, 1, sizeof readme - 1, file), sizeof readme - 1);
    fclose(file);
    start_queue(NULL);
    bool is_described = is_version_of_the_readme();
    if (!is_described)
        suite_skip("the answers of beanstalkd, which is not 1.12; those of queue are compared");
    const int fds[2] = {dial_beanstalkd(), dial(server.port)};
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        say_both(fds, differences[i].said);
        const char *const expected[2] = {differences[i].beanstalkd, differences[i].lined};
        for (int j = 0; j < 2; j++) {
            receive_answer(fds[j], answer, sizeof answer);
            answer[strcspn(answer, "\n")] = '\0';
            if (j == 1 || is_described)
                ck_assert_str_eq(answer, expected[j]);
        }
        snprintf(row, sizeof row, "| `%s` | `%s` | `%s` |\n", differences[i].said,
                 differences[i].beanstalkd, differences[i].lined);
        ck_assert_msg(strstr(readme, row) != NULL, "README.md of queue lacks %s", row);
    }
    end_beanstalkd();
    end_by(SIGTERM, 0);
}
END_TEST

/* beanstalkd is not needed from here on. */
START_TEST(a_put_wakes_a_reserve)
{
    char answer[8192];

    if (process_skips_modules())
        return;
    start_queue(NULL);
    int worker = dial(server.port), producer = dial(server.port);
    say(worker, "reserve\r\n");
    expect_waiting(producer, "stats-tube default", answer, sizeof answer);
    say(producer, "put 0 0 10 3\r\na\nb\r\n");
    expect(producer, "INSERTED 1\r\n");
    expect(worker, "RESERVED 1 3\r\na\nb\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_client_that_has_ended_its_side_does_not_wait)
{
    if (process_skips_modules())
        return;
    start_queue(NULL);
    int worker = dial(server.port);
    say(worker, "reserve\r\nuse default\r\n");
    half_close(worker);
    expect(worker, "TIMED_OUT\r\nUSING default\r\n");
    expect_eof(worker);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_job_of_a_worker_that_resets_is_ready_again)
{
    if (process_skips_modules())
        return;
    start_queue(NULL);
    int worker = dial(server.port), other = dial(server.port);
    say(other, "put 0 0 1000 1\r\na\r\n");
    expect(other, "INSERTED 1\r\n");
    say(worker, "reserve\r\n");
    expect(worker, "RESERVED 1 1\r\na\r\n");
    say(other, "reserve\r\n");
    hang_up_rudely(worker);
    expect(other, "RESERVED 1 1\r\na\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

/* Not in the session: beanstalkd 1.12 at times does not notice that the time has passed. Then the
 * job stays reserved until its worker says something. */
START_TEST(a_job_whose_time_to_run_has_passed_is_ready_again)
{
    if (process_skips_modules())
        return;
    start_queue(NULL);
    int worker = dial(server.port), other = dial(server.port);
    say(worker, "put 0 0 1 1\r\na\r\nreserve\r\n");
    expect(worker, "INSERTED 1\r\nRESERVED 1 1\r\na\r\n");
    say(other, "reserve\r\n");
    expect(other, "RESERVED 1 1\r\na\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_drain_ends_reserves_that_wait)
{
    enum { WORKERS = 10 };
    int workers[WORKERS];

    if (process_skips_modules())
        return;
    start_queue("--drain-timeout=1000");
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = dial(server.port);
        say(workers[i], "use tube\r\n");
        expect(workers[i], "USING tube\r\n");
        say(workers[i], "reserve\r\n");
    }
    end_by(SIGTERM, 0);
    for (int i = 0; i < WORKERS; i++) {
        expect(workers[i], "TIMED_OUT\r\n");
        expect_eof(workers[i]);
    }
}
END_TEST

START_TEST(a_long_line_is_one_error)
{
    char line[1001];

    if (process_skips_modules())
        return;
    start_queue(NULL);
    int client = dial(server.port);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    say(client, line);
    say(client, "\r\nuse default\r\n");
    expect(client, "BAD_FORMAT\r\nUSING default\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_client_watches_at_most_32_tubes)
{
    char said[64], expected[64];

    if (process_skips_modules())
        return;
    start_queue(NULL);
    int client = dial(server.port);
    for (int i = 2; i <= 32; i++) {
        snprintf(said, sizeof said, "watch tube%d\r\n", i);
        snprintf(expected, sizeof expected, "WATCHING %d\r\n", i);
        say(client, said);
        expect(client, expected);
    }
    say(client, "watch tube33\r\n");
    expect(client, "OUT_OF_MEMORY\r\n");
    say(client, "watch tube2\r\nignore tube2\r\nwatch tube33\r\n");
    expect(client, "WATCHING 32\r\nWATCHING 31\r\nWATCHING 32\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

/* The first client reserves more than the kernel takes for it, and reads nothing: its task waits in
 * a send. */
START_TEST(a_client_that_does_not_read_delays_no_other)
{
    enum { JOBS = 400, SIZE = 65535 };
    static char put[SIZE + 64];
    char answer[8192];

    if (process_skips_modules())
        return;
    start_queue(NULL);
    int reader = dial(server.port), other = dial(server.port);
    int length = snprintf(put, sizeof put, "put 0 0 1000 %d\r\n", SIZE);
    memset(put + length, 'x', SIZE);
    memcpy(put + length + SIZE, "\r\n", 2);
    for (int i = 0; i < JOBS; i++) {
        say_bytes(other, put, (size_t)length + SIZE + 2);
        receive_line(other, answer, sizeof answer);
    }
    for (int i = 0; i < JOBS; i++)
        say(reader, "reserve\r\n");
    for (int i = 0; i < 2000; i++) {
        say(other, "stats\r\n");
        receive_answer(other, answer, sizeof answer);
    }
    ck_assert_ptr_null(strstr(answer, "current-jobs-ready: 0\n"));
    ck_assert_ptr_null(strstr(answer, "current-jobs-reserved: 0\n"));
    hang_up_rudely(reader);
    end_by(SIGTERM, 0);
}
END_TEST

/* Jobs of more than 64 MiB are not taken; after a deletion there is room again. */
START_TEST(memory_is_bounded)
{
    static char put[65535 + 64];
    char answer[64];
    int taken = 0;

    if (process_skips_modules())
        return;
    start_queue(NULL);
    int client = dial(server.port);
    int length = snprintf(put, sizeof put, "put 0 0 10 65535\r\n");
    memset(put + length, 'x', 65535);
    memcpy(put + length + 65535, "\r\n", 2);
    for (;; taken++) {
        say_bytes(client, put, (size_t)length + 65537);
        receive_line(client, answer, sizeof answer);
        if (strncmp(answer, "INSERTED ", 9) != 0)
            break;
    }
    ck_assert_str_eq(answer, "OUT_OF_MEMORY");
    ck_assert_int_gt(taken, 1000);
    ck_assert_int_lt(taken, 1024);
    say(client, "delete 1\r\n");
    expect(client, "DELETED\r\n");
    say_bytes(client, put, (size_t)length + 65537);
    receive_line(client, answer, sizeof answer);
    ck_assert_msg(strncmp(answer, "INSERTED ", 9) == 0, "it answers %s", answer);
    say(client, "put 0 0 10 65536\r\n");
    memset(put, 'x', 65536);
    memcpy(put + 65536, "\r\n", 2);
    say_bytes(client, put, 65538);
    expect(client, "JOB_TOO_BIG\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

#define LOAD_CLIENTS 8
#define LOAD_JOBS    300 /* of each producer */

/* How often each job was deleted. */
static atomic_int deleted[LOAD_CLIENTS * LOAD_JOBS];
static atomic_int all_deleted;

static void *produce(void *argument)
{
    int first = *(int *)argument * LOAD_JOBS;
    int fd = dial(server.port);
    char text_of_put[64], answer[64];

    for (int i = first; i < first + LOAD_JOBS; i++) {
        snprintf(text_of_put, sizeof text_of_put, "put %d 0 100 6\r\n%06d\r\n", i % 7, i);
        say(fd, text_of_put);
        receive_line(fd, answer, sizeof answer);
    }
    hang_up(fd);
    return NULL;
}

/* Deletes most jobs, releases some, and disconnects with some. */
static void *work(void *argument)
{
    unsigned step = (unsigned)*(int *)argument;
    int fd = dial(server.port);

    while (atomic_load(&all_deleted) < LOAD_CLIENTS * LOAD_JOBS) {
        char answer[256], command[64];
        unsigned long long id;
        int job;
        say(fd, "reserve-with-timeout 1\r\n");
        receive_answer(fd, answer, sizeof answer);
        if (sscanf(answer, "RESERVED %llu 6\n%d", &id, &job) != 2)
            continue;
        step++;
        if (step % 23 == 0) {
            hang_up(fd);
            fd = dial(server.port);
            continue;
        }
        snprintf(command, sizeof command,
                 step % 5 == 0 ? "release %llu 3 0\r\n" : "delete %llu\r\n", id);
        say(fd, command);
        receive_line(fd, answer, sizeof answer);
        if (strcmp(answer, "DELETED") == 0) {
            atomic_fetch_add(&deleted[job], 1);
            atomic_fetch_add(&all_deleted, 1);
        }
    }
    hang_up(fd);
    return NULL;
}

START_TEST(no_job_is_lost_or_handed_out_twice)
{
    pthread_t threads[2 * LOAD_CLIENTS];
    int numbers[2 * LOAD_CLIENTS];
    char answer[8192];

    if (process_skips_modules())
        return;
    start_queue(NULL);
    for (int i = 0; i < 2 * LOAD_CLIENTS; i++) {
        numbers[i] = i / 2;
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, i % 2 == 0 ? produce : work, &numbers[i]), 0);
    }
    for (int i = 0; i < 2 * LOAD_CLIENTS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < LOAD_CLIENTS * LOAD_JOBS; i++)
        ck_assert_msg(atomic_load(&deleted[i]) == 1, "job %d: %d times", i, deleted[i]);
    int client = dial(server.port);
    say(client, "stats\r\n");
    receive_answer(client, answer, sizeof answer);
    ck_assert_ptr_nonnull(strstr(answer, "current-jobs-ready: 0\ncurrent-jobs-reserved: 0\n"));
    end_by(SIGTERM, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        beanstalkd_and_queue_answer_a_session_alike,
        the_differences_are_those_of_the_readme,
        a_put_wakes_a_reserve,
        a_client_that_has_ended_its_side_does_not_wait,
        a_job_of_a_worker_that_resets_is_ready_again,
        a_job_whose_time_to_run_has_passed_is_ready_again,
        a_drain_ends_reserves_that_wait,
        a_long_line_is_one_error,
        a_client_watches_at_most_32_tubes,
        a_client_that_does_not_read_delays_no_other,
        memory_is_bounded,
        no_job_is_lost_or_handed_out_twice,
    };

    return command_run("queue", tests, sizeof tests / sizeof tests[0]);
}
