/*
 * The sandbox: a process that serves needs no files, no other programs and no new sockets, so it
 * gives them up. There are two layers, in case the kernel lacks one of them or one has a flaw:
 * Landlock denies the filesystem, and seccomp every system call that serving does not need.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "allowed_files.h"

#include <stdbool.h>

/* The system call filter of the parent kills a process that enters this part. */
#define SANDBOX_KILLED (-1)

/* The active parts. For each part: 0 if it is active, or the errno of the failure, or
 * SANDBOX_KILLED. */
struct sandbox {
    int landlock;
    int syscalls;
    long landlock_version; /* valid if landlock is 0; see landlock.h */
    int rule_error;        /* the same; 0, or why an allowed file cannot be reached either */
    bool was_filtered;     /* lined was started under a filter, which can reject a part */
    bool adds_rules;       /* there are allowed files, so Landlock needs rules */
};

/* True if this build has a sandbox. Builds with sanitizers have none, because their runtime opens
 * files. */
bool sandbox_is_built(void);

/* Enters the sandbox permanently. Landlock applies to the calling thread and the threads that it
 * creates from now on, seccomp to all threads of the process. A part that the kernel lacks, or that
 * a filter rejects, is left out. The allowed files can only be reached if Landlock is active,
 * because seccomp cannot restrict the paths of system calls. */
struct sandbox sandbox_enter(const struct allowed_files *allowed);

/* The active parts, as text: "sandbox: Landlock (filesystem, TCP), seccomp". */
#define SANDBOX_TEXT_SIZE 512
const char *sandbox_text(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE]);

/* The remedy if a filter rejects a part, as text; NULL if no filter does. */
const char *sandbox_remedy(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE]);

#endif
