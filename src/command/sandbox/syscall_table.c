#define _GNU_SOURCE /* CLONE_, MAP_ */
#include "syscall_table.h"

#ifdef SYSCALL_TABLE_MACHINE

#include <fcntl.h>
#include <linux/fs.h> /* RWF_NOWAIT */
#include <linux/futex.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* What an argument must be. All but NULL_POINTER compare the lower 32 bits. That is all there is of
 * an int. It is enough for the parameters that are an unsigned long to the kernel, too: no flag of
 * mmap(2), mprotect(2) and fcntl(2) is above it, and those of clone(2) are cut to it. */
#define IS(position, wanted) {.number = (position), .mask = UINT32_MAX, .value = (uint32_t)(wanted)}
#define HAS(position, bits)                                                                        \
    {.number = (position), .mask = (uint32_t)(bits), .value = (uint32_t)(bits)}
#define HAS_NOT(position, bits)  {.number = (position), .mask = (uint32_t)(bits)}
#define HAS_ONLY(position, bits) HAS_NOT(position, ~(uint32_t)(bits))
/* An address whose lower half is 0 is an address: all of it is compared. */
#define NULL_POINTER(position) {.number = (position), .mask = UINT64_MAX}
/* The kernel takes a position of -1 for the descriptor's own (pwritev2(2)). */
#define IS_ALL_ONES(position) {.number = (position), .mask = UINT64_MAX, .value = UINT64_MAX}
/* The number of this process; or 0, which stands for the calling thread. */
#define OWN_PROCESS(position) {.number = (position), .mask = UINT32_MAX, .is_own_process = true}
#define OF_ITSELF(position)   IS(position, 0)

/* Whatever its flags: in which memory the word is, and by which clock the wait ends. */
#define FUTEX_IS(operation) {.number = 1, .mask = (uint32_t)FUTEX_CMD_MASK, .value = (operation)}

/* All that glibc starts a thread with (createthread.c). */
#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* Each entry says what needs it, and why it opens no way out of the process. "Modules" is for calls
 * that lined does not make itself: the code of a module may make them, through libc.
 *
 * The kernel has a bitmap of the calls that are allowed with any argument. For each of the others
 * it runs the program, from the first rule on: so the calls that are made most often stand first.
 */
const struct syscall_rule syscall_table[] = {
    /* ---- lines in, replies out, on sockets that are open ---- */

    /* Replies. Without an address, and without the flags that could use one: MSG_FASTOPEN connects
     * a listener that was shut down to any address (tcp_sendmsg_fastopen in the kernel's tcp.c).
     * sendmsg(2) could do that too, and could pass descriptors on. */
    {.call = SYS_sendto, .arguments = {HAS_ONLY(3, MSG_NOSIGNAL | MSG_DONTWAIT), NULL_POINTER(4)}},
    /* Locks and condition variables, in memory of its own. Not the operations for priority
     * inheritance: they take a lock's holder from memory, by its number, and raise the priority of
     * that thread, which may be one of another process. */
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAIT)}},
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAKE)}},
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAIT_BITSET)}},
    /* Whether the client has gone, and how many wait in the backlog. Numbers. Other options make
     * descriptors (SO_PEERPIDFD: of the client's process) or map memory (TCP_ZEROCOPY_RECEIVE). */
    {.call = SYS_getsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_INFO)}},
    /* How many bytes can be received. A number; other requests type into terminals (TIOCSTI) or
     * configure network devices. */
    {.call = SYS_ioctl, .arguments = {IS(1, FIONREAD)}},
    /* How many bytes are not acknowledged. A number. */
    {.call = SYS_ioctl, .arguments = {IS(1, SIOCOUTQ)}},
    /* How long recv(2) waits. Other options attach filters, mark packets for another route, or
     * let a socket connect (TCP_FASTOPEN_CONNECT, TCP_REPAIR). */
    {.call = SYS_setsockopt, .arguments = {IS(1, SOL_SOCKET), IS(2, SO_RCVTIMEO)}},
    /* Lines. Its flags choose how bytes are read. recvmsg(2) could receive descriptors. */
    {.call = SYS_recvfrom},
#ifdef SYS_poll
    /* Waiting for sockets and pipes. It changes nothing. */
    {.call = SYS_poll},
#else
    /* poll(3) on arm64. It changes nothing but the caller's signal mask, as it waits. */
    {.call = SYS_ppoll},
#endif

    /* ---- connections that come and go ---- */

    /* Clients, from the listener. Its flags are about the new descriptor. */
    {.call = SYS_accept4},
    /* The end of a connection, or of the listener. The socket can do less after it. */
    {.call = SYS_shutdown},
    /* The end of a descriptor. */
    {.call = SYS_close},
    /* A drain: the flags of the listener. Asked for. */
    {.call = SYS_fcntl, .arguments = {IS(1, F_GETFL)}},
    /* A drain: the listener becomes non-blocking; these are all its flags then. Not O_ASYNC: the
     * kernel sends SIGIO to the processes of a terminal. Not F_SETOWN: it chooses that process. */
    {.call = SYS_fcntl, .arguments = {IS(1, F_SETFL), IS(2, O_RDWR | O_NONBLOCK)}},

    /* ---- the flusher (flusher.c) ---- */

    /* Events of descriptors that are open. Root could keep the machine from suspending with
     * EPOLLWAKEUP; it is in memory, which a filter cannot read. */
    {.call = SYS_epoll_ctl},
#ifdef SYS_epoll_wait
    {.call = SYS_epoll_wait},
#else
    /* epoll_wait(2) on arm64. */
    {.call = SYS_epoll_pwait},
#endif

    /* ---- descriptors that are open: the right to read or write was checked at open(2) ---- */

    {.call = SYS_write},  /* the packet log, lines on standard error; waking the flusher */
    {.call = SYS_writev}, /* libc: the message of a broken invariant */
    /* Lines on standard error, where that is another user's pipe. At the place of the descriptor:
     * at another, what O_APPEND protects could be overwritten. */
    {.call = SYS_pwritev2, .arguments = {IS_ALL_ONES(3), IS(5, RWF_NOWAIT)}},
    {.call = SYS_read}, /* the flusher is woken; modules: files that their start has opened */

    /* ---- waiting, and the time: asked for, never set ---- */

    {.call = SYS_sched_yield}, /* busy polling lets other threads run */
    {.call =
         SYS_restart_syscall}, /* the kernel's own call, where a stop interrupted a timed wait */
    {.call = SYS_clock_nanosleep}, /* modules: sleep(3) and nanosleep(3) */
    {.call = SYS_timer_settime},   /* late warnings, and a cut's end; its timers signal itself */
    {.call = SYS_clock_gettime},   /* deadlines, where libc cannot read the clock without a call */
    {.call = SYS_gettimeofday},    /* modules: as the line above */
#ifdef SYS_time
    {.call = SYS_time}, /* modules: as the line above */
#endif

    /* ---- memory: of the process, and none of it executable ---- */

    /* Stacks, and malloc(3). Not of files: through a shared mapping of a log, what O_APPEND
     * protects could be overwritten. */
    {.call = SYS_mmap, .arguments = {HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)}},
    /* Stacks: all but the guard page becomes writable. */
    {.call = SYS_mprotect, .arguments = {HAS_NOT(2, PROT_EXEC)}},
    /* The C library frees a part of an idle stack. Other advice takes pages out of the machine's
     * use (MADV_HWPOISON, of root), or shares them with other processes (MADV_MERGEABLE). */
    {.call = SYS_madvise, .arguments = {IS(2, MADV_DONTNEED)}},
    {.call = SYS_mremap}, /* realloc(3); a mapping keeps its rights */
    {.call = SYS_munmap}, /* free(3), stacks */
    {.call = SYS_brk},    /* malloc(3); the heap is not executable */

    /* ---- threads, and no processes ---- */

    /* Threads of connections. Without the flags for namespaces, tracers and descriptors of
     * processes. clone3(2) has its flags in memory, which a filter cannot read; libc does without.
     */
    {.call = SYS_clone, .arguments = {HAS(0, CLONE_THREAD), HAS_ONLY(0, THREAD_FLAGS)}},
    {.call = SYS_set_robust_list}, /* libc starts a thread; an address in its own memory */
    {.call = SYS_rseq},            /* as the line above */
    {.call = SYS_exit},            /* the end of a thread */
    {.call = SYS_exit_group},      /* the end of the process */
    /* The core that the thread runs on, where libc cannot read it without a call. A number. */
    {.call = SYS_getcpu},

    /* ---- signals, of the process itself ---- */

    {.call = SYS_rt_sigprocmask},  /* libc starts a thread; abort(3) */
    {.call = SYS_rt_sigtimedwait}, /* sigwait(3): SIGTERM, SIGUSR1 */
    {.call = SYS_rt_sigaction},    /* libc starts its first thread; abort(3) */
    {.call = SYS_rt_sigreturn},    /* modules: the return from a handler */
    /* The end of the thread that takes signals; abort(3). To threads of the process only. */
    {.call = SYS_tgkill, .arguments = {OWN_PROCESS(0)}},

    /* ---- numbers: asked for, never set ---- */

    {.call = SYS_getpid},    /* libc, for tgkill */
    {.call = SYS_gettid},    /* libc, for abort(3) */
    {.call = SYS_geteuid},   /* the user in the line that says what is in force */
    {.call = SYS_getuid},    /* modules: such calls cannot fail, so their results are not checked */
    {.call = SYS_getgid},    /* as the line above */
    {.call = SYS_getegid},   /* as the line above */
    {.call = SYS_getrusage}, /* modules: of the process itself */
    {.call = SYS_getrandom}, /* modules: arc4random(3) ends the process where it is refused */
    {.call = SYS_sched_getaffinity, .arguments = {OF_ITSELF(0)}}, /* modules: number of cores */
    /* Modules: sysconf(3). Limits cannot be set: with RLIMIT_CORE raised, a crash writes a file. */
    {.call = SYS_prlimit64, .arguments = {OF_ITSELF(0), NULL_POINTER(2)}},
};

const size_t syscall_table_size = sizeof syscall_table / sizeof syscall_table[0];

#endif
