#define _GNU_SOURCE /* ptsname */
/* lined-load: each kind of load against lined, and against peers with a fault. */
#include "../src/load/histogram.h"
#include "../src/load/schedule.h"
#include "faulty_peer.h"
#include "process.h"
#include "suite.h"
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Columns of --csv, from 0; lined-load(1) has them all. */
enum {
    CONNECTIONS = 0,
    LINES_A_SECOND = 3,
    P50_US = 4,
    P99_US = 5,
    SERVER_US = 7,
    SERVER_KB = 8,
    MAX_US = 9,
    LOAD_CPU = 11,
    MODE = 12,
    RATE = 13,
    UNANSWERED = 14,
    FIRST_S = 16,
    AGAIN_S = 17,
    RESTED_KB = 20,
    COLUMNS = 21
};

static struct process server, load;
static struct faulty_peer peer;
static char out[4096], err[4096];
static char *column[COLUMNS + 1];

/* Runs lined-load against a port with further arguments, to its end; its outputs are in out and
 * err. */
static void run(uint16_t port, int status, const char *const arguments[])
{
    char port_text[8];
    const char *all[32] = {"--port", port_text};

    snprintf(port_text, sizeof port_text, "%u", port);
    for (size_t i = 0; arguments[i] != NULL; i++)
        all[i + 2] = arguments[i];
    process_run_command(&load, LINED_LOAD, -1, all);
    process_rest(&load.out, out, sizeof out);
    process_rest(&load.err, err, sizeof err);
    int ended = process_wait(&load);
    ck_assert_msg(ended == status, "exit status %d, it says \"%s\" and \"%s\"", ended, out, err);
}

static void split_columns(void)
{
    int count = 0;

    for (char *field = strtok(out, ",\n"); field != NULL && count <= COLUMNS;
         field = strtok(NULL, ",\n"))
        column[count++] = field;
    ck_assert_int_eq(count, COLUMNS);
}

static double number(int index)
{
    char *end;
    double value = strtod(column[index], &end);

    ck_assert_msg(*end == '\0' && end != column[index], "column %d is \"%s\"", index,
                  column[index]);
    return value;
}

static void serve(void)
{
    process_serve(&server, -1, ARGUMENTS("--quiet"));
}

/* Drains lined, and reads how many connections and lines it served. */
static void end_serving(unsigned long *connections, unsigned long *lines)
{
    char said[4096];

    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, said, sizeof said);
    const char *served = strstr(said, "lined: served ");
    ck_assert_ptr_nonnull(served);
    ck_assert_msg(sscanf(served, "lined: served %lu connections, %lu lines", connections, lines) ==
                      2,
                  "lined says \"%s\"", said);
    ck_assert_int_eq(process_wait(&server), 0);
}

static const char *server_pid(void)
{
    static char text[16];

    snprintf(text, sizeof text, "%d", (int)server.pid);
    return text;
}

static void meet_fault(enum fault fault, uint32_t line, const char *part,
                       const char *const arguments[])
{
    peer = (struct faulty_peer){.fault = fault, .line = line};
    faulty_peer_start(&peer);
    run(peer.port, 1, arguments);
    faulty_peer_stop(&peer);
    ck_assert_msg(strstr(err, part) != NULL, "it says \"%s\", not \"%s\"", err, part);
    ck_assert_str_eq(out, "");
}

START_TEST(a_closed_loop_reports_what_lined_served)
{
    unsigned long connections, lines, reported;

    serve();
    run(server.port, 0, ARGUMENTS("-c", "5", "-o", "8", "-d", "0.4", "--pid", server_pid()));
    ck_assert_ptr_eq(strstr(out, "closed loop: 5 connections x 8 in flight, lines of 32 bytes\n"),
                     out);
    const char *throughput = strstr(out, " lines/s (");
    ck_assert_ptr_nonnull(throughput);
    ck_assert_int_eq(sscanf(throughput, " lines/s (%lu lines in 0.", &reported), 1);
    ck_assert_ptr_nonnull(strstr(out, "\n  latency     p50 "));
    ck_assert_ptr_nonnull(strstr(out, "\n  server      "));
    ck_assert_ptr_nonnull(strstr(out, "\n  lined-load  "));
    ck_assert_str_eq(err, "");
    end_serving(&connections, &lines);
    ck_assert_uint_eq(connections, 5);
    ck_assert_uint_gt(reported, 0);
    ck_assert_uint_ge(lines, reported);
    ck_assert_uint_le(lines, reported + 5 * 8);
}
END_TEST

START_TEST(csv_has_its_columns)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0, ARGUMENTS("-c", "3", "-d", "0.4", "--csv", "--pid", server_pid()));
    end_serving(&connections, &lines);
    ck_assert_int_eq(strncmp(out, "3,1,32,", 7), 0);
    split_columns();
    ck_assert_double_gt(number(LINES_A_SECOND), 0);
    ck_assert_double_gt(number(P50_US), 0);
    ck_assert_double_ge(number(P99_US), number(P50_US));
    ck_assert_double_ge(number(MAX_US), number(P99_US));
    ck_assert_double_gt(number(SERVER_US), 0);
    ck_assert_double_gt(number(SERVER_KB), 100);
    ck_assert_str_eq(column[MODE], "closed");
}
END_TEST

START_TEST(an_open_loop_sends_every_line_that_is_due)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0, ARGUMENTS("--rate", "2001", "-c", "3", "-d", "0.5", "--csv"));
    end_serving(&connections, &lines);
    split_columns();
    ck_assert_uint_eq(connections, 3);
    ck_assert_uint_eq(lines, 1001);
    ck_assert_str_eq(column[MODE], "open");
    ck_assert_str_eq(column[RATE], "2001");
    ck_assert_str_eq(column[UNANSWERED], "0");
}
END_TEST

/* A few lines a second leave it almost nothing to do but wait. */
static double load_cpu_percent(const char *awake)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0, ARGUMENTS("-r", "20", "-c", "1", "-d", "0.5", "--csv", awake));
    end_serving(&connections, &lines);
    ck_assert_uint_eq(lines, 10);
    split_columns();
    return number(LOAD_CPU);
}

/* A busy machine leaves less of a core to a thread that always wants it, but a multiple of what a
 * thread takes that sleeps. */
START_TEST(awake_threads_do_not_sleep)
{
    ck_assert_double_gt(load_cpu_percent("--awake"), 3 * load_cpu_percent(NULL));
}
END_TEST

START_TEST(churn_makes_a_connection_for_each_line)
{
    unsigned long connections, lines, reported;

    serve();
    run(server.port, 0, ARGUMENTS("--churn", "-c", "4", "-d", "0.4"));
    end_serving(&connections, &lines);
    const char *throughput = strstr(out, " connections/s (");
    ck_assert_ptr_nonnull(throughput);
    ck_assert_int_eq(sscanf(throughput, " connections/s (%lu in 0.", &reported), 1);
    ck_assert_uint_eq(connections, lines);
    ck_assert_uint_gt(reported, 4);
    ck_assert_uint_ge(connections, reported);
    ck_assert_uint_le(connections, reported + 4);
}
END_TEST

START_TEST(hold_asks_every_connection_twice)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0,
        ARGUMENTS("--hold", "-c", "300", "-o", "7", "-d", "0.4", "--csv", "--pid", server_pid()));
    end_serving(&connections, &lines);
    split_columns();
    ck_assert_uint_eq(connections, 300);
    ck_assert_uint_eq(lines, 2 * 7 * 300);
    ck_assert_str_eq(column[MODE], "hold");
    ck_assert_double_gt(number(FIRST_S), 0);
    ck_assert_double_gt(number(AGAIN_S), 0);
}
END_TEST

#ifndef IS_SANITIZED /* they keep what is freed */
/* KB a connection, after a silence in which enlarged buffers are released. */
static double rested_kb(const char *lines_at_once, const char *size)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0,
        ARGUMENTS("--hold", "-c", "200", "-o", lines_at_once, "-s", size, "-d", "2.5", "--csv",
                  "--pid", server_pid()));
    end_serving(&connections, &lines);
    split_columns();
    return number(RESTED_KB);
}

/* The C library may keep some of what a burst took, but not the two buffers of 64 KiB. */
START_TEST(the_server_frees_enlarged_buffers)
{
    double idle = rested_kb("1", "32");
    double after_burst = rested_kb("64", "1460");

    ck_assert_double_gt(idle, 1);
    ck_assert_double_le(after_burst, 2 * idle);
}
END_TEST
#endif

START_TEST(non_readers_come_on_top)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0, ARGUMENTS("--non-readers", "3", "-c", "2", "-d", "0.4"));
    end_serving(&connections, &lines);
    ck_assert_uint_eq(connections, 5);
    ck_assert_ptr_nonnull(strstr(out, "\n  non-readers 3, of which the server ended 0\n"));
}
END_TEST

START_TEST(lines_of_every_size_are_checked)
{
    unsigned long connections, lines;

    serve();
    run(server.port, 0, ARGUMENTS("-s", "2", "-o", "4096", "-c", "2", "-d", "0.4"));
    run(server.port, 0, ARGUMENTS("-s", "1460", "-o", "4096", "-c", "2", "-d", "0.4"));
    run(server.port, 0, ARGUMENTS("-s", "33", "-o", "7", "--rate", "100000", "-d", "0.4"));
    end_serving(&connections, &lines);
}
END_TEST

START_TEST(the_soft_limit_of_descriptors_is_raised)
{
    unsigned long connections, lines;
    struct rlimit limit;

    serve();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 64;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    run(server.port, 0, ARGUMENTS("-c", "100", "-d", "0.4"));
    end_serving(&connections, &lines);
    ck_assert_uint_eq(connections, 100);
}
END_TEST

START_TEST(a_wrong_byte_is_noticed_in_each_load)
{
    const char *const message = "a reply is wrong, after ";

    meet_fault(FAULT_BYTE, 100, message, ARGUMENTS("-c", "1"));
    ck_assert_ptr_nonnull(strstr(err, "after 99 correct replies"));
    meet_fault(FAULT_BYTE, 100, message, ARGUMENTS("-c", "1", "-r", "10000"));
    meet_fault(FAULT_BYTE, 1, message, ARGUMENTS("-c", "1", "--churn"));
    meet_fault(FAULT_BYTE, 2, message, ARGUMENTS("-c", "1", "--hold", "-d", "0.01"));
}
END_TEST

START_TEST(a_reply_too_many_is_noticed_in_each_load)
{
    const char *const message = "there are more replies than lines";

    meet_fault(FAULT_TWICE, 100, message, ARGUMENTS("-c", "1"));
    meet_fault(FAULT_TWICE, 1, message, ARGUMENTS("-c", "1", "-r", "10"));
    meet_fault(FAULT_TWICE, 1, message, ARGUMENTS("-c", "1", "--churn"));
    meet_fault(FAULT_TWICE, 1, message, ARGUMENTS("-c", "1", "--hold"));
}
END_TEST

START_TEST(a_reply_after_the_end_is_noticed)
{
    const char *const message = "there are more replies than lines";

    meet_fault(FAULT_LATE_REPLY, 100, message, ARGUMENTS("-c", "1", "-d", "0.05"));
    meet_fault(FAULT_LATE_REPLY, 100, message, ARGUMENTS("-c", "1", "-d", "0.05", "-r", "100"));
    meet_fault(FAULT_LATE_REPLY, 100, message, ARGUMENTS("-c", "1", "--churn"));
    meet_fault(FAULT_LATE_REPLY, 100, message, ARGUMENTS("-c", "1", "-d", "0.01", "--hold"));
}
END_TEST

START_TEST(a_lost_reply_is_noticed_at_the_next)
{
    meet_fault(FAULT_LOST, 100, "a reply is wrong, after 99", ARGUMENTS("-c", "1", "-o", "2"));
}
END_TEST

START_TEST(a_close_with_lines_unanswered_is_noticed_in_each_load)
{
    meet_fault(FAULT_CLOSE, 100, "ended a connection after 99 replies", ARGUMENTS("-c", "1"));
    meet_fault(FAULT_CLOSE, 1, "ended a connection after 0 replies",
               ARGUMENTS("-c", "1", "-r", "10"));
    meet_fault(FAULT_CLOSE, 1, "ended a connection after 0 replies",
               ARGUMENTS("-c", "1", "--churn"));
    meet_fault(FAULT_CLOSE, 1, "ended a connection after 0 replies",
               ARGUMENTS("-c", "1", "--hold"));
}
END_TEST

START_TEST(a_close_with_all_answered_is_noticed)
{
    meet_fault(FAULT_CLOSE_IDLE, 1, "ended a connection after 1 replies",
               ARGUMENTS("-c", "1", "-r", "1", "-d", "3"));
    meet_fault(FAULT_CLOSE_IDLE, 1, "ended one of 1 connections", ARGUMENTS("-c", "1", "--hold"));
}
END_TEST

START_TEST(a_server_that_closes_first_may_churn)
{
    peer = (struct faulty_peer){.fault = FAULT_CLOSE_IDLE, .line = 1};
    faulty_peer_start(&peer);
    run(peer.port, 0, ARGUMENTS("--churn", "-c", "3", "-d", "0.2"));
    faulty_peer_stop(&peer);
}
END_TEST

START_TEST(silence_is_noticed)
{
    meet_fault(FAULT_SILENT, 1, "1 lines are not answered, and no reply came for 5 s",
               ARGUMENTS("-c", "1", "-d", "0.1"));
    meet_fault(FAULT_SILENT, 1, " lines are not answered, and no reply came for 5 s",
               ARGUMENTS("-c", "1", "-d", "0.1", "-r", "1000"));
}
END_TEST

START_TEST(a_target_that_does_not_listen_is_reported_with_the_remedy)
{
    peer = (struct faulty_peer){.fault = FAULT_NONE};
    faulty_peer_start(&peer);
    faulty_peer_stop(&peer); /* now no process listens on its port */
    run(peer.port, 1, ARGUMENTS("-c", "1"));
    ck_assert_ptr_nonnull(strstr(err, "Connection refused; is the server running"));
    run(peer.port, 1, ARGUMENTS("-c", "1", "--churn"));
    ck_assert_ptr_nonnull(strstr(err, "Connection refused; is the server running"));
}
END_TEST

/* A stall of 300 ms in a second: three of ten users that come every 5 milliseconds feel it. */
static void run_stalled(const char *const arguments[])
{
    peer = (struct faulty_peer){.fault = FAULT_STALL};
    faulty_peer_start(&peer);
    run(peer.port, 0, arguments);
    faulty_peer_stop(&peer);
    split_columns();
    ck_assert_double_ge(number(MAX_US), FAULTY_PEER_STALL_MS * 1e3);
}

START_TEST(a_stall_shows_in_an_open_loop)
{
    run_stalled(ARGUMENTS("-c", "1", "-d", "1", "--csv", "-r", "200", "-o", "200"));
    ck_assert_double_ge(number(P99_US), 250e3);
    ck_assert_double_lt(number(P50_US), 150e3);
}
END_TEST

START_TEST(a_closed_loop_hides_a_stall)
{
    run_stalled(ARGUMENTS("-c", "1", "-d", "1", "--csv"));
    ck_assert_double_lt(number(P99_US), 100e3);
}
END_TEST

START_TEST(lines_beyond_outstanding_wait_and_count)
{
    run_stalled(ARGUMENTS("-c", "1", "-d", "1", "--csv", "-r", "1000", "-o", "4", "-s", "10"));
    ck_assert_uint_le(peer.waiting_bytes, 3 * 10);
    ck_assert_double_ge(number(P99_US), 250e3);
    ck_assert_str_eq(column[UNANSWERED], "0");
}
END_TEST

static void await_reached(void)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    ck_assert_int_eq(sem_timedwait(&peer.reached, &deadline), 0);
}

/* Interrupts it after so many lines that the peer posts. */
static void interrupt(uint32_t line, int times, const char *const arguments[])
{
    char port[8];
    const char *all[16] = {"-c", "1", "-d", "1000", "--port", port};

    peer = (struct faulty_peer){.fault = FAULT_NONE, .line = line};
    faulty_peer_start(&peer);
    snprintf(port, sizeof port, "%u", peer.port);
    for (size_t i = 0; arguments[i] != NULL; i++)
        all[i + 6] = arguments[i];
    process_run_command(&load, LINED_LOAD, -1, all);
    for (int i = 0; i < times; i++)
        await_reached();
    ck_assert_int_eq(kill(load.pid, SIGINT), 0);
    process_rest(&load.out, out, sizeof out);
    process_rest(&load.err, err, sizeof err);
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(process_wait(&load), 0);
    ck_assert_ptr_nonnull(strstr(out, "\n  latency     p50 "));
    faulty_peer_stop(&peer);
}

START_TEST(an_interrupt_prints_the_figures_so_far)
{
    interrupt(100, 1, ARGUMENTS("-s", "10"));
    interrupt(100, 1, ARGUMENTS("-r", "1000"));
    interrupt(1, 10, ARGUMENTS("--churn"));
}
END_TEST

/* Reads from the terminal until it has shown this. */
static void await_shown(int terminal, const char *part)
{
    size_t size = 0;

    do {
        struct pollfd readable = {.fd = terminal, .events = POLLIN};
        ck_assert_int_eq(poll(&readable, 1, 10000), 1);
        ck_assert_uint_lt(size, sizeof err - 1);
        ssize_t n = read(terminal, err + size, sizeof err - 1 - size);
        ck_assert_msg(n > 0, "it has shown \"%s\" only", err);
        size += (size_t)n;
        err[size] = '\0';
    } while (strstr(err, part) == NULL);
}

START_TEST(a_terminal_is_shown_progress)
{
    unsigned long connections, lines;
    int terminal = terminal_open();
    char port[8];

    if (terminal < 0)
        return;
    serve();
    snprintf(port, sizeof port, "%u", server.port);
    /* process.h gives it a pipe as standard error; the shell puts the terminal in its place. */
    process_run_command(&load, "/bin/sh", -1,
                        ARGUMENTS("-c", "exec \"$0\" -p \"$1\" -d 1000 2>\"$2\"", LINED_LOAD, port,
                                  ptsname(terminal)));
    await_shown(terminal, " of 1000 s, ");
    ck_assert_int_eq(kill(load.pid, SIGTERM), 0);
    process_rest(&load.out, out, sizeof out);
    ck_assert_int_eq(process_wait(&load), 0);
    ck_assert_ptr_eq(strstr(out, "closed loop: "), out);
    close(terminal);
    end_serving(&connections, &lines);
}
END_TEST

/* Words that are not usable: status 2, one line with the remedy. */
START_TEST(bad_options_are_one_line_and_status_2)
{
    const struct {
        const char *arguments[5];
        const char *message;
    } cases[] = {
        {{"--rat", "5x"}, "--rate '5x': must be a number from 1 to"},
        {{"--raet", "5"}, "unknown or ambiguous option '--raet'"},
        {{"--ho"}, "unknown or ambiguous option '--ho'"},
        {{"-x"}, "unknown option '-x'"},
        {{"-c"}, "option '-c' needs a value"},
        {{"--connections"}, "option '--connections' needs a value"},
        {{"--churn=yes"}, "option '--churn=yes' takes no value"},
        {{"-c", "0"}, "--connections '0': must be a number from 1 to 60000"},
        {{"-d", "0"}, "--duration '0': must be a number of seconds above 0"},
        {{"--host", "localhost"}, "--host 'localhost': must be an IPv4"},
        {{"--churn", "--hold"}, "--rate, --churn and --hold are different loads: set one of them"},
        {{"--churn", "-r", "5"}, "--rate, --churn and --hold are different loads: set one of them"},
        {{"--churn", "-o", "2"}, "--outstanding cannot be combined with --churn"},
        {{"--hold", "--non-readers", "2"}, "--non-readers cannot be combined with --hold"},
        {{"--hold", "--awake"}, "--awake cannot be combined with --hold"},
        {{"more"}, "unexpected argument 'more'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(1, 2, cases[i].arguments);
        ck_assert_msg(strstr(err, cases[i].message) == err + strlen("lined-load: "),
                      "it says \"%s\", not \"%s\"", err, cases[i].message);
        ck_assert_ptr_eq(strchr(err, '\n'), err + strlen(err) - 1);
        ck_assert_ptr_nonnull(strstr(err, "(try 'lined-load --help')"));
        ck_assert_str_eq(out, "");
    }
}
END_TEST

START_TEST(no_such_process_is_said)
{
    run(1, 1, ARGUMENTS("--hold", "--pid", "2147483647"));
    ck_assert_ptr_nonnull(strstr(err, "--pid 2147483647: "));
}
END_TEST

START_TEST(help_and_version_go_to_standard_output)
{
    run(1, 0, ARGUMENTS("--version"));
    ck_assert_str_eq(out, "lined-load " LINED_VERSION "\n");
    run(1, 0, ARGUMENTS("--help"));
    ck_assert_ptr_eq(strstr(out, "Usage: lined-load "), out);
    ck_assert_str_eq(err, "");
}
END_TEST

START_TEST(a_histogram_counts_within_its_buckets)
{
    static struct histogram histogram;

    ck_assert_uint_eq(histogram_quantile(&histogram, 0.5), 0);
    histogram_add(&histogram, 10, 98);
    histogram_add(&histogram, 1000000, 1);
    histogram_add(&histogram, 77, 0);
    histogram_add(&histogram, UINT64_MAX, 1);
    ck_assert_uint_eq(histogram.total, 100);
    ck_assert_uint_eq(histogram_quantile(&histogram, 0), 10);
    ck_assert_uint_eq(histogram_quantile(&histogram, 0.97), 10);
    ck_assert_uint_ge(histogram_quantile(&histogram, 0.98), 1000000);
    ck_assert_uint_le(histogram_quantile(&histogram, 0.98), 1016000);
    ck_assert_uint_eq(histogram.most, UINT64_MAX);
    for (uint64_t value = 1; value < (uint64_t)1 << 50; value = value * 5 / 4 + 1) {
        memset(&histogram, 0, sizeof histogram);
        histogram_add(&histogram, value, 1);
        histogram_add(&histogram, UINT64_MAX, 1); /* or the greatest would be told exactly */
        uint64_t told = histogram_quantile(&histogram, 0);
        ck_assert_uint_ge(told, value);
        ck_assert_uint_le(told, value + value / 64);
    }
}
END_TEST

START_TEST(a_schedule_agrees_with_itself)
{
    const uint32_t rates[] = {1, 3, 7, 1000, 999983, 10000000};

    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        struct schedule schedule = {.began_ns = 12345, .rate = rates[r], .connections = 7};
        ck_assert_uint_eq(schedule_due(&schedule, 12344), 0);
        ck_assert_uint_eq(schedule_due(&schedule, 12345), 1);
        for (uint64_t i = 1; i < (uint64_t)1 << 34; i = i * 3 / 2 + 1) {
            uint64_t due_ns = schedule_due_ns(&schedule, i);
            ck_assert_uint_eq(schedule_due(&schedule, due_ns), i + 1);
            ck_assert_uint_eq(schedule_due(&schedule, due_ns - 1), i);
        }
        /* A second brings as many as the rate says, shared evenly. */
        uint64_t due = schedule_due(&schedule, 12345 + SCHEDULE_NS_PER_S - 1), sum = 0;
        ck_assert_uint_eq(due, rates[r]);
        for (uint32_t c = 0; c < 7; c++)
            sum += schedule_share(&schedule, due, c);
        ck_assert_uint_eq(sum, due);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_closed_loop_reports_what_lined_served,
        csv_has_its_columns,
        an_open_loop_sends_every_line_that_is_due,
        awake_threads_do_not_sleep,
        churn_makes_a_connection_for_each_line,
        hold_asks_every_connection_twice,
#ifndef IS_SANITIZED
        the_server_frees_enlarged_buffers,
#endif
        non_readers_come_on_top,
        lines_of_every_size_are_checked,
        the_soft_limit_of_descriptors_is_raised,
        a_wrong_byte_is_noticed_in_each_load,
        a_reply_too_many_is_noticed_in_each_load,
        a_reply_after_the_end_is_noticed,
        a_lost_reply_is_noticed_at_the_next,
        a_close_with_lines_unanswered_is_noticed_in_each_load,
        a_close_with_all_answered_is_noticed,
        a_server_that_closes_first_may_churn,
        silence_is_noticed,
        a_target_that_does_not_listen_is_reported_with_the_remedy,
        a_stall_shows_in_an_open_loop,
        a_closed_loop_hides_a_stall,
        lines_beyond_outstanding_wait_and_count,
        an_interrupt_prints_the_figures_so_far,
        a_terminal_is_shown_progress,
        bad_options_are_one_line_and_status_2,
        no_such_process_is_said,
        help_and_version_go_to_standard_output,
        a_histogram_counts_within_its_buckets,
        a_schedule_agrees_with_itself,
    };
    return suite_run("lined_load", tests, sizeof tests / sizeof tests[0]);
}
