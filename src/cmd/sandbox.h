/*
 * The sandbox: a process that serves needs no files, no other programs, no new sockets, and has
 * them no more. Two layers, for where one is not in the kernel or has a hole: Landlock takes the
 * filesystem away, seccomp every system call that serving does not need.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* What is in force. Of each part: 0 where it is, else the errno that says why not. */
struct sandbox {
    int landlock;
    int syscalls;
};

/* Whether this build has one. Builds whose runtime opens files while it runs have none. */
bool sandbox_is_built(void);

/* Goes in, for good. Landlock holds the calling thread and those that it starts from now on,
 * seccomp all threads of the process. A part that the kernel lacks is left out. */
struct sandbox sandbox_enter(void);

/* What is in force, as text: "sandbox: Landlock (filesystem), seccomp". */
#define SANDBOX_TEXT_SIZE 384
const char *sandbox_text(const struct sandbox *sandbox, char text[SANDBOX_TEXT_SIZE]);

#endif
