#define _GNU_SOURCE /* syscall, CLONE_, SCHED_BATCH */
#include "syscall_filter.h"

#include "../invariant.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The machines that the table is known to fit. Elsewhere lined says that it has no seccomp. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef THIS_MACHINE

/* A call that is allowed where an argument, as far as the mask goes, has this value. Without a mask
 * it is allowed whatever its arguments. Of an argument the lower 32 bits are compared: each that is
 * compared here is an int to the kernel, or has no flag above them. */
struct rule {
    long call;
    unsigned argument;
    uint32_t mask;
    uint32_t value;
    bool of_itself; /* argument 0, a process or a thread, must be 0: the calling one */
};

/* What a thread that is started may not have besides: namespaces, a tracer. */
#define CLONE_NOT_FOR_THREADS                                                                      \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | CLONE_PTRACE)

#define ALL_BITS UINT32_MAX

static const struct rule rules[] = {
    /* lines in, replies out */
    {.call = SYS_recvfrom},
    {.call = SYS_sendto},
    {.call = SYS_recvmsg},
    {.call = SYS_sendmsg},
    {.call = SYS_ppoll},
#ifdef SYS_poll /* arm64 has ppoll only */
    {.call = SYS_poll},
#endif
    {.call = SYS_ioctl, .argument = 1, .mask = ALL_BITS, .value = FIONREAD},
    {.call = SYS_ioctl, .argument = 1, .mask = ALL_BITS, .value = SIOCOUTQ},

    /* connections that come and go */
    {.call = SYS_accept4},
    {.call = SYS_shutdown},
    {.call = SYS_close},
    {.call = SYS_getsockopt},
    {.call = SYS_setsockopt},
    {.call = SYS_getsockname},
    {.call = SYS_getpeername},
    /* not F_SETOWN, with which the kernel sends signals to other processes */
    {.call = SYS_fcntl, .argument = 1, .mask = ALL_BITS, .value = F_GETFD},
    {.call = SYS_fcntl, .argument = 1, .mask = ALL_BITS, .value = F_SETFD},
    {.call = SYS_fcntl, .argument = 1, .mask = ALL_BITS, .value = F_GETFL},
    {.call = SYS_fcntl, .argument = 1, .mask = ALL_BITS, .value = F_SETFL},
    {.call = SYS_fcntl, .argument = 1, .mask = ALL_BITS, .value = F_DUPFD_CLOEXEC},

    /* the courier */
    {.call = SYS_epoll_create1},
    {.call = SYS_epoll_ctl},
    {.call = SYS_epoll_pwait},
#ifdef SYS_epoll_wait /* arm64 has epoll_pwait only */
    {.call = SYS_epoll_wait},
#endif
    {.call = SYS_eventfd2},

    /* the packet log, standard error, eventfd */
    {.call = SYS_read},
    {.call = SYS_write},
    {.call = SYS_writev},

    /* locks, and waiting */
    {.call = SYS_futex},
    {.call = SYS_sched_yield},
    {.call = SYS_nanosleep},
    {.call = SYS_clock_nanosleep},
    {.call = SYS_restart_syscall}, /* after SIGSTOP and SIGCONT, for calls with a timeout */

    /* warnings whose second is over; the timer is made before */
    {.call = SYS_timer_settime},
    {.call = SYS_timer_delete},

    /* the time, where the kernel's clock cannot be read without a call */
    {.call = SYS_clock_gettime},
    {.call = SYS_gettimeofday},
#ifdef SYS_time
    {.call = SYS_time},
#endif

    /* memory, none of it executable */
    {.call = SYS_mmap, .argument = 2, .mask = PROT_EXEC, .value = 0},
    {.call = SYS_mprotect, .argument = 2, .mask = PROT_EXEC, .value = 0},
    {.call = SYS_mremap},
    {.call = SYS_munmap},
    {.call = SYS_madvise},
    {.call = SYS_brk},
    {.call = SYS_getrandom},

    /* threads, no processes; clone3 hides its flags from a filter, and libc falls back to clone */
    {.call = SYS_clone,
     .argument = 0,
     .mask = CLONE_THREAD | CLONE_NOT_FOR_THREADS,
     .value = CLONE_THREAD},
    {.call = SYS_set_robust_list},
    {.call = SYS_set_tid_address},
    {.call = SYS_rseq},
    {.call = SYS_sched_getaffinity}, /* malloc asks for the number of cores */
    {.call = SYS_getcpu},            /* where libc cannot read it without a call */
    {.call = SYS_sched_getscheduler, .argument = 0, .mask = ALL_BITS, .value = 0},
    {.call = SYS_sched_setscheduler,
     .argument = 1,
     .mask = ALL_BITS,
     .value = SCHED_OTHER,
     .of_itself = true},
    {.call = SYS_sched_setscheduler,
     .argument = 1,
     .mask = ALL_BITS,
     .value = SCHED_BATCH,
     .of_itself = true},
    {.call = SYS_exit},

    /* signals; abort(3) sends one to its own thread */
    {.call = SYS_rt_sigprocmask},
    {.call = SYS_rt_sigtimedwait},
    {.call = SYS_rt_sigaction},
    {.call = SYS_rt_sigreturn},
    {.call = SYS_sigaltstack},

    /* figures about itself; those of a number cannot fail, so nobody checks them */
    {.call = SYS_getpid},
    {.call = SYS_gettid},
    {.call = SYS_getuid},
    {.call = SYS_geteuid},
    {.call = SYS_getgid},
    {.call = SYS_getegid},
    {.call = SYS_getrusage},
    {.call = SYS_prlimit64, .argument = 0, .mask = ALL_BITS, .value = 0},

    {.call = SYS_exit_group},
};

/* Room for the start, eight instructions a rule at most, those for tgkill, and the end. */
#define PROGRAM_MOST (8 + 8 * (sizeof rules / sizeof rules[0] + 1))

struct program {
    struct sock_filter instructions[PROGRAM_MOST];
    unsigned short length;
};

static void put(struct program *program, struct sock_filter instruction)
{
    INVARIANT(program->length < PROGRAM_MOST);
    program->instructions[program->length++] = instruction;
}

static void put_load(struct program *program, size_t offset)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Goes on where the accumulator is the value, else skips so many instructions. */
static void put_unless_equal_skip(struct program *program, uint32_t value, uint8_t skip)
{
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

static void put_return(struct program *program, uint32_t action)
{
    put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Both machines are little-endian: the lower half comes first. */
static size_t argument_offset(unsigned argument)
{
    return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
}

/* With the number of the call in the accumulator, before and after. */
static void put_rule(struct program *program, const struct rule *rule)
{
    if (rule->mask == 0) {
        put_unless_equal_skip(program, (uint32_t)rule->call, 1);
        put_return(program, SECCOMP_RET_ALLOW);
        return;
    }
    put_unless_equal_skip(program, (uint32_t)rule->call, rule->of_itself ? 7 : 5);
    if (rule->of_itself) {
        put_load(program, argument_offset(0));
        put_unless_equal_skip(program, 0, 4);
    }
    put_load(program, argument_offset(rule->argument));
    put(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->mask));
    put_unless_equal_skip(program, rule->value, 1);
    put_return(program, SECCOMP_RET_ALLOW);
    put_load(program, offsetof(struct seccomp_data, nr)); /* there may be another rule for it */
}

/* As if the kernel had no such call: libc and programs know what to do without. A filter that
 * killed would let one unforeseen call, of a newer libc perhaps, take the whole server down. */
#define REFUSED (SECCOMP_RET_ERRNO | ENOSYS)

static void put_program(struct program *program)
{
    const struct rule own_signals = {
        .call = SYS_tgkill, .argument = 0, .mask = ALL_BITS, .value = (uint32_t)getpid()};

    program->length = 0;
    put_load(program, offsetof(struct seccomp_data, arch));
    put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_MACHINE, 1, 0));
    put_return(program, REFUSED); /* another machine's numbers mean other calls */
    put_load(program, offsetof(struct seccomp_data, nr));
    /* The numbers of x32 have a bit set that none in the table has. */
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        put_rule(program, &rules[i]);
    put_rule(program, &own_signals);
    put_return(program, REFUSED);
}

int syscall_filter_enter(void)
{
    struct program program;

    put_program(&program);
    const struct sock_fprog filter = {.len = program.length, .filter = program.instructions};
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result < 0)
        return errno;
    return result == 0 ? 0 : EBUSY; /* else a thread that has a filter of its own */
}

#else

int syscall_filter_enter(void)
{
    return ENOTSUP;
}

#endif
