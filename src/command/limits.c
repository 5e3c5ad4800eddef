#include "limits.h"

#include <stdio.h>
#include <sys/resource.h>

/* At least this number of descriptors is not for connections: open ones, lined's own, and those of
 * modules. */
#define DESCRIPTORS_RESERVED 64u

/* Threads besides those of connections and acceptors: main, the writer of the log, the thread for
 * signals, the flusher, the timer thread, the dispatcher of active mode, and one of the handler, as
 * kv has it. */
#define THREADS_OWN 7u

/* One eighth of threads and maps, but at most this number, is left to other processes: an
 * administrator must be able to log in to a full server. */
#define SHARED_RESERVED_MOST 1024u

/* A thread's stack and the guard page below it. */
#define MAPS_A_THREAD 2u

/* The maximum number of mappings of enlarged buffers (block.h), and of malloc, see set_up_memory in
 * main.c. */
#define MAPS_OF_MEMORY (8u * 1024u + 8u * 1024u)

/* Memory besides that of connections: the two buffers of the log, the stacks of lined's own
 * threads, and the memory of the C library. */
#define MEMORY_OWN_KB (6u * 1024u)

/* Memory of one connection besides its stack: the guard page below that, its struct, and a share of
 * the buffers that some connections enlarge. If there is no memory to enlarge a buffer, it keeps
 * its size. */
#define MEMORY_A_CONNECTION_KB (4 + 28)

/* The maximum number of connections that numbers can name (slot_map.h). */
#define CONNECTIONS_MOST ((uint64_t)1 << 24)

void limits_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE,
                  &limit); /* after a failure, the limit that is read next is still true */
    }
}

static uint64_t less(uint64_t number, uint64_t other)
{
    return number < other ? number : other;
}

static uint64_t minus(uint64_t number, uint64_t other)
{
    return number > other ? number - other : 0;
}

/* Subtracts a reserve, but at most half of the number. */
static uint64_t without(uint64_t number, uint64_t reserve)
{
    return number - less(reserve, number / 2);
}

static uint64_t shared(uint64_t number)
{
    return without(number, less(number / 8, SHARED_RESERVED_MOST));
}

/* Those that lined needs besides the open ones, without any connection of the server. */
static uint64_t own_descriptors(const struct limits *limits)
{
    return LIMITS_SERVER_DESCRIPTORS + limits->listeners * LIMITS_LISTENER_DESCRIPTORS -
           limits->listeners_inherited + limits->files + limits->admin_descriptors;
}

/* Rejected clients are in the reserve, which may be less than what they need: an acceptor closes
 * them when descriptors run out. */
static uint64_t for_descriptors(const struct limits *limits)
{
    uint64_t needed = limits->descriptors_used + own_descriptors(limits);
    uint64_t reserve = minus(DESCRIPTORS_RESERVED, needed);

    uint64_t left = without(minus(limits->descriptors, needed),
                            reserve > limits->rejected ? reserve : limits->rejected);
    return limits->have_events ? left / 2 : left;
}

static uint64_t for_threads(uint64_t left, uint64_t own)
{
    return shared(minus(left, own));
}

/* In a container the numbers of the system may belong to other namespaces, so they alone do not
 * prevent lined from serving. */
static uint64_t for_threads_of_system(uint64_t left, uint64_t own)
{
    uint64_t allowed = for_threads(left, own);

    return allowed > 0 ? allowed : 1;
}

static uint64_t for_memory(uint64_t left_kb, uint64_t own_kb, uint64_t each_kb)
{
    return minus(left_kb, own_kb) / each_kb;
}

struct limits_bound limits_connections(const struct limits *limits)
{
    const uint64_t descriptors = own_descriptors(limits);
    const uint64_t threads = THREADS_OWN + limits->listeners + limits->admin_threads;
    const uint64_t more = limits->listeners - 1 + limits->admin_threads; /* than usual */
    const uint64_t maps = more * MAPS_A_THREAD;
    const uint64_t each_kb = limits->stack_kb + MEMORY_A_CONNECTION_KB;
    const uint64_t memory_kb = MEMORY_OWN_KB + more * each_kb;
    const struct {
        uint64_t allowed;
        struct limits_bound bound;
    } bounds[] = {
        {for_descriptors(limits),
         {0, "RLIMIT_NOFILE", "ulimit -n, or LimitNOFILE= in a unit", "descriptors",
          minus(limits->descriptors, limits->descriptors_used), descriptors}},
        {for_threads(limits->user_threads, threads),
         {0, "RLIMIT_NPROC", "ulimit -u, or LimitNPROC= in a unit", "threads", limits->user_threads,
          threads}},
        {for_threads_of_system(limits->system_threads, threads),
         {0, "kernel.threads-max and kernel.pid_max", "sysctl", "threads", limits->system_threads,
          threads}},
        {for_threads(limits->group_threads, threads),
         {0, "pids.max of the control group", "TasksMax= in a unit", "threads",
          limits->group_threads, threads}},
        {shared(minus(without(limits->maps, MAPS_OF_MEMORY), maps)) / MAPS_A_THREAD,
         {0, "vm.max_map_count", "sysctl", "maps", limits->maps, maps + MAPS_A_THREAD}},
        {for_memory(limits->address_kb, memory_kb, each_kb),
         {0, "RLIMIT_AS", "ulimit -v, or LimitAS= in a unit", "KiB", limits->address_kb,
          memory_kb}},
        {for_memory(limits->data_kb, memory_kb, each_kb),
         {0, "RLIMIT_DATA", "ulimit -d, or LimitDATA= in a unit", "KiB", limits->data_kb,
          memory_kb}},
    };
    struct limits_bound least = {.name = "lined itself"};
    uint64_t allowed = CONNECTIONS_MOST;

    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (bounds[i].allowed < allowed) {
            allowed = bounds[i].allowed;
            least = bounds[i].bound;
        }
    }
    least.connections = (size_t)allowed;
    return least;
}

/* ---- texts ---- */

static void put_limit(char text[32], int resource, rlim_t unit)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        snprintf(text, 32, "unlimited");
    else
        snprintf(text, 32, "%ju", (uintmax_t)(limit.rlim_cur / unit));
}

const char *limits_of_threads(char text[LIMITS_TEXT_SIZE])
{
    char processes[32];
    char kilobytes[32];

    put_limit(processes, RLIMIT_NPROC, 1);
    put_limit(kilobytes, RLIMIT_AS, 1024);
    snprintf(text, LIMITS_TEXT_SIZE,
             "raise the limit that is reached: RLIMIT_NPROC (ulimit -u: %s, for all processes of "
             "the user), pids.max of the control group, or memory (ulimit -v: %s)",
             processes, kilobytes);
    return text;
}
