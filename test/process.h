/*
 * The lined command, or another, as a child process, for tests. It dies with the test, whatever
 * happens.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGUMENTS   ((const char *const[]){NULL})

/* One of its outputs, read through a buffer. */
struct reader {
    int fd; /* -1 where the test gave it another */
    size_t begin;
    size_t end;
    char bytes[4096];
};

struct process {
    pid_t pid;
    struct reader out;
    struct reader err;
    uint16_t port;
    char confined[512]; /* what it says of its sandbox; process_serve reads it */
    char limit[512];    /* the line in which it says how many connections it takes, as a rule */
};

/* The path of the tested lined: the value of the environment variable TEST_LINED, or the lined that
 * is built with the tests. */
const char *process_lined(void);
#define LINED_COMMAND process_lined()

/* Returns true, and reports the test as skipped, if that lined is linked statically and loads no
 * modules. The test must then return. */
bool process_skips_modules(void);

/* The text of an errno in the messages of that lined. It depends on the C library of that lined. */
const char *process_error(int error);

/* Runs lined with these arguments, which end with NULL; the command's name is not among them.
 * Its standard output is a pipe, or the descriptor out where that is not -1. */
void process_run(struct process *process, int out, const char *const arguments[]);

/* The same with another command, given by its path. */
void process_run_command(struct process *process, const char *command, int out,
                         const char *const arguments[]);

/* From now on lined is run from a copy in memory, which every user can reach and run. A test that
 * becomes another user calls it before: the build may lie below a folder that only its owner may
 * enter, or be of an owner with the umask 077. */
void process_copy_lined(void);

/* If it is not NULL, the next processes begin a session of their own at this terminal. */
extern const char *process_terminal;

/* Runs lined, with --port 0 before the arguments; returns once it listens on process->port. */
void process_serve(struct process *process, int out, const char *const arguments[]);

/* Reads one line, its LF left out, terminated; fails the test at the end of file. Deadline 30
 * seconds. */
void process_line(struct reader *reader, char *line, size_t size);

/* Reads to the end of file, terminated. Returns the number of bytes. */
size_t process_rest(struct reader *reader, char *text, size_t size);

/* Waits for its end; returns its exit status. */
int process_wait(struct process *process);

/* The value of a field of /proc/PID/status, or of the status of one of its threads, given by the
 * name of its folder; thread may be NULL. Numbers in it are separated by tabs or spaces. Valid
 * until the next call. */
const char *process_status(const struct process *process, const char *thread, const char *field);

/* How many descriptors it has open, and how many threads. */
size_t process_descriptors(const struct process *process);
size_t process_threads(const struct process *process);

#endif
