#define _GNU_SOURCE /* CLONE_, MAP_ */
#include "syscall_table.h"

#ifdef SYSCALL_TABLE_MACHINE

#include "command/config_file.h"
#include "command/log/log_file.h"

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

/* Conditions on arguments. All except NULL_POINTER and IS_ALL_ONES compare the lower 32 bits, which
 * is a whole int. It also suffices for parameters that are an unsigned long in the kernel: the
 * flags of mmap(2) and mprotect(2) are all in the lower half, and those of clone(2) are
 * cut to it. */
#define IS(position, wanted) {.number = (position), .mask = UINT32_MAX, .value = (uint32_t)(wanted)}
#define HAS(position, bits)                                                                        \
    {.number = (position), .mask = (uint32_t)(bits), .value = (uint32_t)(bits)}
#define HAS_NOT(position, bits)  {.number = (position), .mask = (uint32_t)(bits)}
#define HAS_ONLY(position, bits) HAS_NOT(position, ~(uint32_t)(bits))
/* All 64 bits are compared, because an address that is not NULL can have a lower half of 0. */
#define NULL_POINTER(position) {.number = (position), .mask = UINT64_MAX}
/* A position of -1 means the position of the descriptor (pwritev2(2)). */
#define IS_ALL_ONES(position) {.number = (position), .mask = UINT64_MAX, .value = UINT64_MAX}
/* The ID of this process; or 0, which means the calling thread. */
#define OWN_PROCESS(position) {.number = (position), .mask = UINT32_MAX, .is_own_process = true}
#define OF_ITSELF(position)   IS(position, 0)

/* With any flags: they select the kind of memory and the clock. */
#define FUTEX_IS(operation) {.number = 1, .mask = (uint32_t)FUTEX_CMD_MASK, .value = (operation)}

/* The flags with which glibc (createthread.c) and musl (pthread_create.c) create a thread. Only
 * musl has CLONE_DETACHED, which the kernel ignores. */
#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED)
/* The flags of a listening socket. musl's fcntl(3) adds O_LARGEFILE, which F_SETFL ignores. glibc's
 * O_LARGEFILE is 0 on 64-bit systems. */
#define LISTENER_FLAGS                                                                             \
    {.number = 2, .mask = UINT32_MAX & ~(uint32_t)O_LARGEFILE, .value = O_RDWR | O_NONBLOCK}

/* Each entry says what needs the call, and why it is harmless outside the process. "Modules" marks
 * calls that lined does not make itself: a module may make them through libc.
 *
 * The kernel has a bitmap of the calls that are allowed with any argument. For each other call it
 * runs the program from the first rule on, so the most frequent calls come first. */
const struct syscall_rule syscall_table[] = {
    /* ---- receiving and sending on open sockets ---- */

    /* Replies, and texts for the service manager on a connected socket. Without an address, and
       without flags that could use one: MSG_FASTOPEN connects a listener that was shut down to any
       address (tcp_sendmsg_fastopen in the kernel's tcp.c). sendmsg(2) could do that too, and could
       pass descriptors to other processes. */
    {.call = SYS_sendto, .arguments = {HAS_ONLY(3, MSG_NOSIGNAL | MSG_DONTWAIT), NULL_POINTER(4)}},
    /* Locks and condition variables. Not the operations for priority inheritance: they read the ID
       of the lock's holder from memory, and raise the priority of that thread, which can belong to
       another process. */
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAIT)}},
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAKE)}},
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_WAIT_BITSET)}},
    {.call = SYS_futex, .arguments = {FUTEX_IS(FUTEX_REQUEUE)}}, /* musl: condition variables */
    /* Asks if the client has gone, and for the length of the backlog: only numbers. Other options
       create descriptors (SO_PEERPIDFD: of the client's process) or map memory
       (TCP_ZEROCOPY_RECEIVE). */
    {.call = SYS_getsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_INFO)}},
    /* The number of bytes that can be received. Other requests write into terminals (TIOCSTI) or
       configure network devices. */
    {.call = SYS_ioctl, .arguments = {IS(1, FIONREAD)}},
    /* The number of bytes that are not acknowledged. */
    {.call = SYS_ioctl, .arguments = {IS(1, SIOCOUTQ)}},
    {.call = SYS_ioctl, .arguments = {IS(1, SIOCOUTQNSD)}},
    /* The timeout of recv(2). Other options attach filters, mark packets for another route, or
     * let a socket connect (TCP_FASTOPEN_CONNECT, TCP_REPAIR). */
    {.call = SYS_setsockopt, .arguments = {IS(1, SOL_SOCKET), IS(2, SO_RCVTIMEO)}},
    /* Receives lines. The flags select how bytes are read. recvmsg(2) could receive descriptors. */
    {.call = SYS_recvfrom},
#ifdef SYS_poll
    /* Waiting for sockets and pipes. It changes nothing. */
    {.call = SYS_poll},
#else
    /* poll(3) on arm64. It only changes the caller's signal mask, while it waits. */
    {.call = SYS_ppoll},
#endif

    /* ---- accepting and closing connections ---- */

    /* Accepts clients. The flags only concern the new descriptor. */
    {.call = SYS_accept4},
    /* musl's accept4(3) calls it if accept4(2) fails with EINVAL, as on a listener that was shut
       down. */
    {.call = SYS_accept},
    /* Ends a connection or the listener. The socket can do less afterwards. */
    {.call = SYS_shutdown},
    /* Closes a descriptor. */
    {.call = SYS_close},
    /* The options of a client of an inherited listener, which may lack them (listener.c). They
       concern when the kernel sends, probes and gives up. */
    {.call = SYS_setsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)}},
    {.call = SYS_setsockopt, .arguments = {IS(1, SOL_SOCKET), IS(2, SO_OOBINLINE)}},
    {.call = SYS_setsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_USER_TIMEOUT)}},
    {.call = SYS_setsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_KEEPIDLE)}},
    {.call = SYS_setsockopt, .arguments = {IS(1, IPPROTO_TCP), IS(2, TCP_KEEPINTVL)}},
    {.call = SYS_setsockopt, .arguments = {IS(1, SOL_SOCKET), IS(2, SO_KEEPALIVE)}},

    /* ---- the flusher (flusher.c) ---- */

    /* Events of open descriptors. With EPOLLWAKEUP, root could prevent the machine from suspending;
       this flag is in memory, which a filter cannot read. */
    {.call = SYS_epoll_ctl},
#ifdef SYS_epoll_wait
    {.call = SYS_epoll_wait},
#endif
    /* epoll_wait(3) on arm64, and of musl. */
    {.call = SYS_epoll_pwait},

    /* An event that only the holders of its descriptor can set: each connection of a module that is
       wakeable has one (waker.h). */
    {.call = SYS_eventfd2},

    /* ---- open descriptors: open(2) has checked the right to read or write ---- */

    {.call = SYS_write},  /* the packet log, messages; waking the flusher */
    {.call = SYS_writev}, /* libc: the message of a broken invariant */
    /* Messages, if standard error is a pipe of another user. Only at the position of the
       descriptor: at another one, text that O_APPEND protects could be overwritten. */
    {.call = SYS_pwritev2, .arguments = {IS_ALL_ONES(3), IS(5, RWF_NOWAIT)}},
    {.call = SYS_read}, /* waking the flusher; modules: files that init has opened */

    /* ---- waiting, and reading the time ---- */

    {.call = SYS_sched_yield}, /* busy polling lets other threads run */
    {.call =
         SYS_restart_syscall}, /* made by the kernel after a stop has interrupted a timed wait */
    {.call = SYS_clock_nanosleep}, /* modules: sleep(3) and nanosleep(3) */
    {.call = SYS_timer_settime},   /* late warnings, and the end of a cut; the timers signal this
                                      process */
    {.call = SYS_clock_gettime},   /* deadlines, if libc cannot read the clock without a call */
    {.call = SYS_gettimeofday},    /* modules: as the line above */
#ifdef SYS_time
    {.call = SYS_time}, /* modules: as the line above */
#endif

    /* ---- memory of the process, not executable ---- */

    /* Stacks and malloc(3). Not files: through a shared mapping of a log, text that O_APPEND
       protects could be overwritten. */
    {.call = SYS_mmap, .arguments = {HAS_NOT(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)}},
    /* Stacks: makes all except the guard page writable. */
    {.call = SYS_mprotect, .arguments = {HAS_NOT(2, PROT_EXEC)}},
    /* The C library frees a part of an idle stack. Other advice removes pages from use
       (MADV_HWPOISON, root only), or shares them with other processes (MADV_MERGEABLE). */
    {.call = SYS_madvise, .arguments = {IS(2, MADV_DONTNEED)}},
    {.call = SYS_madvise, .arguments = {IS(2, MADV_FREE)}}, /* musl: free(3), its own pages */
    {.call = SYS_mremap}, /* realloc(3); a mapping keeps its protection */
    {.call = SYS_munmap}, /* free(3), stacks */
    {.call = SYS_brk},    /* malloc(3); the heap is not executable */

    /* ---- threads, but no processes ---- */

    /* Creates threads. Without the flags for namespaces, tracers and descriptors of processes.
       clone3(2) has its flags in memory, which a filter cannot read; libc uses clone(2) if it
       fails. */
    {.call = SYS_clone, .arguments = {HAS(0, CLONE_THREAD), HAS_ONLY(0, THREAD_FLAGS)}},
    {.call = SYS_set_robust_list}, /* libc starts a thread; an address in its own memory */
    {.call = SYS_rseq},            /* as the line above */
    {.call = SYS_exit},            /* the end of a thread */
    {.call = SYS_exit_group},      /* the end of the process */
    /* The number of the core, if libc cannot read it without a call. */
    {.call = SYS_getcpu},

    /* ---- signals of the process itself ---- */

    {.call = SYS_rt_sigprocmask},  /* libc starts a thread; abort(3) */
    {.call = SYS_rt_sigtimedwait}, /* sigwait(3): SIGTERM, SIGUSR1 */
    {.call = SYS_rt_sigaction},    /* libc starts its first thread; abort(3) */
    {.call = SYS_rt_sigreturn},    /* modules: the return from a handler */
    /* abort(3) of glibc. Only for threads of this process. musl's abort(3) calls tkill(2), which is
       not allowed, and ends the process by SIGSEGV. */
    {.call = SYS_tgkill, .arguments = {OWN_PROCESS(0)}},

    /* ---- reading numbers ---- */

    {.call = SYS_getpid},    /* libc, for tgkill */
    {.call = SYS_gettid},    /* libc, for abort(3) */
    {.call = SYS_geteuid},   /* the user in the message about the sandbox */
    {.call = SYS_getuid},    /* modules: such calls cannot fail, so their results are not checked */
    {.call = SYS_getgid},    /* as the line above */
    {.call = SYS_getegid},   /* as the line above */
    {.call = SYS_getrusage}, /* modules: of the process itself */
    {.call = SYS_getrandom}, /* modules: arc4random(3) ends the process if it fails */
    {.call = SYS_sched_getaffinity, .arguments = {OF_ITSELF(0)}}, /* modules: number of cores */
    /* Modules: sysconf(3). Limits cannot be set: with a higher RLIMIT_CORE a crash writes a file.
     */
    {.call = SYS_prlimit64, .arguments = {OF_ITSELF(0), NULL_POINTER(2)}},
};

const size_t syscall_table_size = sizeof syscall_table / sizeof syscall_table[0];

/* The end of a Unix socket (listener.c). Landlock lets unlink(2) reach only the folders of the
 * sockets; lstat(2) reads the size and the owner of any file that the user may reach, but not its
 * bytes. */
const struct syscall_rule syscall_table_removing[] = {
    /* lstat(3) of glibc, and of musl on arm64. Not other flags: AT_EMPTY_PATH. */
    {.call = SYS_newfstatat, .arguments = {IS(0, AT_FDCWD), IS(3, AT_SYMLINK_NOFOLLOW)}},
#ifdef SYS_lstat
    {.call = SYS_lstat}, /* lstat(3) of musl */
#endif
#ifdef SYS_unlink
    {.call = SYS_unlink}, /* unlink(3) */
#else
    /* unlink(3) on arm64. Not AT_REMOVEDIR. */
    {.call = SYS_unlinkat, .arguments = {IS(0, AT_FDCWD), IS(2, 0)}},
#endif
};

const size_t syscall_table_removing_size =
    sizeof syscall_table_removing / sizeof syscall_table_removing[0];

/* musl sets O_LARGEFILE, which has no effect on these machines; with glibc it is 0. */
#define FLAGS_ARE(position, flags)                                                                 \
    {.number = (position), .mask = ~(uint32_t)O_LARGEFILE, .value = (uint32_t)(flags)}

/* Opens the packet log again (log_file.c). Landlock lets it reach only the log's folder. Not
 * O_TRUNC: text that was written stays. */
const struct syscall_rule syscall_table_appending[] = {
    {.call = SYS_openat, .arguments = {IS(0, AT_FDCWD), FLAGS_ARE(2, LOG_FILE_FLAGS)}},
};

const size_t syscall_table_appending_size =
    sizeof syscall_table_appending / sizeof syscall_table_appending[0];

/* Reads the configuration again (config_file.c). Landlock lets it reach only its folder. */
const struct syscall_rule syscall_table_reading[] = {
    {.call = SYS_openat, .arguments = {IS(0, AT_FDCWD), FLAGS_ARE(2, CONFIG_FILE_FLAGS)}},
};

const size_t syscall_table_reading_size =
    sizeof syscall_table_reading / sizeof syscall_table_reading[0];

#endif
