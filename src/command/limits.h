/*
 * How many connections the limits of the system allow: each needs a descriptor and a thread.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The limits of the system, and the part that is in use. LIMITS_NONE: no limit, or a limit that
 * cannot be read. */
#define LIMITS_NONE UINT64_MAX

struct limits {
    uint64_t descriptors;      /* RLIMIT_NOFILE */
    uint64_t descriptors_used; /* of these, the open ones */
    uint64_t user_threads;     /* RLIMIT_NPROC, if it applies to the user, minus the threads of the
                                  user's other processes, which count too */
    uint64_t system_threads;   /* kernel.threads-max, kernel.pid_max: the free part */
    uint64_t group_threads;    /* pids.max of the control group: the free part */
    uint64_t maps;             /* vm.max_map_count */
    uint64_t address_kb;       /* RLIMIT_AS: the free part, in KiB */
    uint64_t data_kb;          /* RLIMIT_DATA: the free part, in KiB */

    /* What is opened and created later; limits_read does not set it. */
    uint64_t listeners;           /* at least 1 */
    uint64_t listeners_inherited; /* of these, the sockets that are open already */
    uint64_t files;               /* descriptors of the log and the configuration */
    uint64_t rejected;            /* descriptors of clients that are rejected, at most */
    uint64_t admin_descriptors;   /* of the admin listener and its connections */
    uint64_t admin_threads;
    uint64_t stack_kb; /* the stack of a thread of a connection, in KiB */
    bool have_events;  /* each connection has an event besides its socket, because the handler is
                        * wakeable */
};

/* Descriptors of a server: the event that it stops, and two of the flusher (flusher.h). */
#define LIMITS_SERVER_DESCRIPTORS 3u

/* Descriptors of a listener: its socket, the event of its acceptor, and the one that accept(2)
 * takes before there is a client. */
#define LIMITS_LISTENER_DESCRIPTORS 3u

/* Descriptors of the clients that a listener rejects, at most: REJECT_MAX of the library. */
#define LIMITS_LISTENER_REJECTED 32u

/* Raises RLIMIT_NOFILE to its hard limit, for this process. */
void limits_raise(void);

/* Reads the limits for a lined that runs as this user. root is the folder of /proc and /sys: "",
 * except in tests. */
void limits_read(struct limits *limits, const char *root, uid_t user);

/* The lowest limit. */
struct limits_bound {
    size_t connections; /* how many it allows, minus a reserve; 0: lined cannot serve */
    const char *name;
    const char *raised_by; /* how to raise it */
    const char *unit;      /* what it limits, for messages */
    uint64_t left;         /* how many of these lined can have */
    uint64_t own;          /* how many of these lined needs without any connection */
};

/* Pure. */
struct limits_bound limits_connections(const struct limits *limits);

/* A text for a thread that could not be created: the limits on threads, with the values of those
 * that belong to the process. */
#define LIMITS_TEXT_SIZE 256
const char *limits_of_threads(char text[LIMITS_TEXT_SIZE]);

#endif
