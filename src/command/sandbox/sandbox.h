/*
 * The sandbox: a process that serves needs no files, no other programs, no new sockets, and has
 * them no more. Two layers, for where one is not in the kernel or has a hole: Landlock takes the
 * filesystem away, seccomp every system call that serving does not need.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* The filter of system calls that lined was started under kills a process that enters this part. */
#define SANDBOX_KILLED (-1)

/* What is in force. Of each part: 0 where it is, else the errno that says why not, or
 * SANDBOX_KILLED. */
struct sandbox {
    int landlock;
    int syscalls;
    long landlock_version; /* where landlock is 0: see landlock.h */
    bool was_filtered;     /* lined was started under a filter, which may be what refuses a part */
};

/* Whether this build has one. Builds whose runtime opens files while it runs have none. */
bool sandbox_is_built(void);

/* Goes in, for good. Landlock holds the calling thread and those that it starts from now on,
 * seccomp all threads of the process. A part that the kernel lacks, or that a filter refuses, is
 * left out. */
struct sandbox sandbox_enter(void);

/* What is in force, as text: "sandbox: Landlock (filesystem, TCP), seccomp". */
#define SANDBOX_TEXT_SIZE 384
const char *sandbox_text(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE]);

/* What to do where a filter refuses a part, as text; NULL: none does. */
const char *sandbox_remedy(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE]);

#endif
