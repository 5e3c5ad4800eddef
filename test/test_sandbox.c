/* What the sandbox refuses, tried in it. */
#define _GNU_SOURCE /* clone, setresuid, unshare, O_TMPFILE */
#include "../src/command/sandbox/sandbox.h"

#include "../src/command/sandbox/landlock.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t barrier;

/* A test in the sandbox runs in a child of its own, which tells by its exit status: Check writes
 * its results to a file. 0, or the line that failed. */
#define EXPECT(expression)                                                                         \
    do {                                                                                           \
        if (!(expression))                                                                         \
            _exit(__LINE__ % 256 == 0 ? 1 : __LINE__ % 256);                                       \
    } while (0)

static void expect_success(pid_t pid)
{
    int status;

    ck_assert_int_ge(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
    ck_assert_msg(WEXITSTATUS(status) == 0, "line %d, modulo 256", WEXITSTATUS(status));
}

static int run_and_exit(void *what)
{
    (*(void (**)(void))what)();
    _exit(0);
}

/* Like vfork(2): a process of its own on this one's memory, which waits. So what
 * scripts/coverage.sh counts in it is not lost: in the sandbox it could not be written to a file.
 */
static void expect_in_sandbox(void (*what)(void))
{
    static char stack[256 * 1024] __attribute__((aligned(64)));

    expect_success(
        clone(run_and_exit, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &what));
}

/* With memory of its own, for what libc keeps there of threads must not be mixed up. */
static void expect_threads_in_sandbox(void (*what)(void))
{
    pid_t pid = fork();

    if (pid == 0)
        run_and_exit(&what);
    expect_success(pid);
}

#define EXPECT_REFUSED(call)                                                                       \
    do {                                                                                           \
        errno = 0;                                                                                 \
        EXPECT((call) == -1 && errno == ENOSYS);                                                   \
    } while (0)

/* No Unix socket was made. */
static const struct allowed_files no_file;

static struct sandbox enter(void)
{
    return sandbox_enter(&no_file);
}

static void *return_argument(void *argument)
{
    return argument;
}

static void refuse_processes_and_files(void)
{
    char *const no_arguments[] = {NULL};
    struct stat file;
    const struct sandbox sandbox = enter();

    EXPECT(sandbox.syscalls == 0);
    EXPECT_REFUSED(open("/dev/null", O_RDONLY));
    EXPECT_REFUSED(openat(AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600));
    EXPECT_REFUSED(unlink("/tmp/lined-never-there"));
    EXPECT_REFUSED(lstat("/tmp/lined-never-there", &file));
    EXPECT_REFUSED(execve("/bin/true", no_arguments, no_arguments));
    EXPECT_REFUSED(fork());
    EXPECT_REFUSED(vfork());
    EXPECT_REFUSED(syscall(SYS_clone3, NULL, (size_t)0));
    EXPECT_REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
    EXPECT_REFUSED(unshare(CLONE_FS));
    EXPECT_REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    EXPECT_REFUSED(kill(getpid(), 0));
    EXPECT_REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
    EXPECT_REFUSED(syscall(SYS_tkill, getppid(), 0));
    EXPECT_REFUSED(syscall(SYS_memfd_create, "", 0));
    EXPECT_REFUSED(setresuid(0, 0, 0));
}

static void keep_the_policy(void)
{
    const struct sched_param none = {0};

    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(sched_setscheduler(0, SCHED_BATCH, &none));
    EXPECT_REFUSED(sched_setscheduler(getppid(), SCHED_BATCH, &none));
    EXPECT_REFUSED(sched_getscheduler(getppid()));
}

START_TEST(the_scheduling_policy_stays)
{
    expect_in_sandbox(keep_the_policy);
}
END_TEST

static void refuse_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int made_before = socket(AF_INET, SOCK_STREAM, 0);

    EXPECT(made_before >= 0);
    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_REFUSED(socket(AF_UNIX, SOCK_DGRAM, 0));
    EXPECT_REFUSED(connect(made_before, (struct sockaddr *)&address, sizeof address));
    EXPECT_REFUSED(bind(made_before, (struct sockaddr *)&address, sizeof address));
    EXPECT_REFUSED(listen(made_before, 1));
}

/* On a port of 127.0.0.1 that the kernel chooses: a listener, or a datagram socket. */
static int open_port(int type, struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, type, 0);

    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    EXPECT(fd >= 0 && bind(fd, (struct sockaddr *)address, size) == 0);
    EXPECT(type != SOCK_STREAM || listen(fd, 1) == 0);
    EXPECT(getsockname(fd, (struct sockaddr *)address, &size) == 0);
    return fd;
}

/* What is sent on the loopback device has arrived when the call returns. */
static bool has_arrived(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    return poll(&readable, 1, 0) != 0;
}

/* A listener that was shut down is a socket without a connection. Sending with MSG_FASTOPEN gives
 * it one, where net.ipv4.tcp_fastopen has bit 1 set, as it has by default. */
static void refuse_to_connect_by_sending(void)
{
    struct sockaddr_in own, others;
    int listener = open_port(SOCK_STREAM, &own);
    int outside = open_port(SOCK_STREAM, &others);
    char secret[] = "secret";
    struct iovec part = {.iov_base = secret, .iov_len = sizeof secret};
    const struct msghdr message = {
        .msg_name = &others, .msg_namelen = sizeof others, .msg_iov = &part, .msg_iovlen = 1};

    EXPECT(enter().syscalls == 0);
    EXPECT(shutdown(listener, SHUT_RDWR) == 0);
    EXPECT_REFUSED(sendto(listener, secret, sizeof secret, MSG_FASTOPEN, (struct sockaddr *)&others,
                          sizeof others));
    EXPECT_REFUSED(sendto(listener, secret, sizeof secret, MSG_FASTOPEN | MSG_NOSIGNAL, NULL, 0));
    EXPECT_REFUSED(sendmsg(listener, &message, MSG_FASTOPEN));
    EXPECT(!has_arrived(outside));
}

/* A copy of the address at an address of which the lower half is 0. */
static void *at_a_round_address(const void *bytes, size_t size)
{
    for (uint64_t at = UINT64_C(1) << 36; at < UINT64_C(1) << 40; at += UINT64_C(1) << 36) {
        void *page = mmap((void *)(uintptr_t)at, 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (page == (void *)(uintptr_t)at)
            return memcpy(page, bytes, size);
    }
    EXPECT(!"a place is free");
    return NULL;
}

static void refuse_to_send_to_an_address(void)
{
    struct sockaddr_in own, others;
    int mine = open_port(SOCK_DGRAM, &own);
    int outside = open_port(SOCK_DGRAM, &others);
    const struct sockaddr *at = at_a_round_address(&others, sizeof others);

    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(sendto(mine, "x", 1, 0, (struct sockaddr *)&others, sizeof others));
    EXPECT_REFUSED(sendto(mine, "x", 1, 0, at, sizeof others));
    EXPECT(!has_arrived(outside));
}

/* An int is the lower half of its argument, whatever is in the upper half. */
static void send_as_replies_are_sent(void)
{
    int ends[2];

    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(enter().syscalls == 0);
    EXPECT(send(ends[0], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1);
    EXPECT(syscall(SYS_sendto, ends[0], "x", 1, INT64_C(0x5a5a5a5a) << 32 | MSG_NOSIGNAL, NULL,
                   0) == 1);
    EXPECT_REFUSED(send(ends[0], "x", 1, MSG_OOB | MSG_NOSIGNAL));
}

/* SCM_RIGHTS on the socket of a client: see unix(7). */
static void refuse_descriptors_of_others(void)
{
    int ends[2];
    int readable = open("/etc/passwd", O_RDONLY);
    char byte = 'x';
    char control[CMSG_SPACE(sizeof readable)] __attribute__((aligned(16))) = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof readable), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &readable, sizeof readable);
    EXPECT(readable >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    EXPECT(sendmsg(ends[0], &message, 0) == 1);
    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(recvmsg(ends[1], &message, 0));
    EXPECT_REFUSED(sendmsg(ends[0], &message, 0));
    EXPECT(recv(ends[1], &byte, 1, 0) == 1); /* the descriptor is dropped */
}

#define SO_PEERPIDFD_NUMBER 77 /* SO_PEERPIDFD, which the C library's headers may lack */

static void refuse_other_socket_options(void)
{
    struct sock_filter drop_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog filter = {.len = 1, .filter = drop_all};
    const struct timeval second = {.tv_sec = 1};
    struct sockaddr_in own;
    struct tcp_info info;
    int number = 1;
    socklen_t size = sizeof number, info_size = sizeof info;
    int fd = open_port(SOCK_STREAM, &own);

    EXPECT(enter().syscalls == 0);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0);
    EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &number, sizeof number) == 0);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &number, sizeof number) == 0);
    EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &number, sizeof number) == 0);
    EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &number, sizeof number) == 0);
    EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &number, sizeof number) == 0);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &number, sizeof number) == 0);
    EXPECT_REFUSED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
    EXPECT_REFUSED(setsockopt(fd, SOL_SOCKET, SO_MARK, &number, sizeof number));
    EXPECT_REFUSED(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &number, sizeof number));
    EXPECT_REFUSED(setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &number, sizeof number));
    /* the same number at another level: both arguments count */
    EXPECT_REFUSED(setsockopt(fd, IPPROTO_TCP, SO_RCVTIMEO, &second, sizeof second));
    EXPECT_REFUSED(setsockopt(fd, IPPROTO_IP, SO_RCVTIMEO, &second, sizeof second));
    EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size) == 0);
    EXPECT_REFUSED(getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &number, &size));
    EXPECT_REFUSED(getsockopt(fd, SOL_SOCKET, TCP_INFO, &info, &info_size));
    EXPECT_REFUSED(getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD_NUMBER, &number, &size));
}

START_TEST(a_send_reaches_only_its_client)
{
    expect_in_sandbox(refuse_to_connect_by_sending);
    expect_in_sandbox(refuse_to_send_to_an_address);
    expect_in_sandbox(send_as_replies_are_sent);
}
END_TEST

START_TEST(no_descriptor_comes_through_a_socket)
{
    expect_in_sandbox(refuse_descriptors_of_others);
}
END_TEST

START_TEST(sockets_keep_their_options)
{
    expect_in_sandbox(refuse_other_socket_options);
}
END_TEST

static void refuse_by_argument(void)
{
    char byte = 'x';
    int readable = 0;
    int made_before = socket(AF_INET, SOCK_STREAM, 0);

    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(ioctl(STDIN_FILENO, TIOCSTI, &byte));
    EXPECT(ioctl(made_before, SIOCOUTQ, &readable) == 0);
    EXPECT_REFUSED(fcntl(made_before, F_SETOWN, getppid()));
    EXPECT_REFUSED(fcntl(made_before, F_SETSIG, SIGKILL));
    EXPECT_REFUSED(fcntl(made_before, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
    EXPECT_REFUSED(syscall(SYS_sched_getaffinity, 1, sizeof readable, &readable));
}

/* Executable, of a file, shared with other processes, taken from the machine. */
static void refuse_other_memory(void)
{
    int file = memfd_create("log", MFD_CLOEXEC);
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

    EXPECT(file >= 0 && ftruncate(file, 4096) == 0);
    EXPECT(enter().syscalls == 0);
    EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, anonymous, -1, 0) == MAP_FAILED);
    EXPECT(errno == ENOSYS);
    errno = 0;
    EXPECT(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
    EXPECT(errno == ENOSYS);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    EXPECT(page != MAP_FAILED);
    EXPECT(madvise(page, 4096, MADV_DONTNEED) == 0);
    EXPECT(madvise(page, 4096, MADV_FREE) == 0);
    EXPECT_REFUSED(madvise(page, 4096, MADV_MERGEABLE));
    EXPECT_REFUSED(
        madvise(page, 0, MADV_HWPOISON)); /* of no page, in case that it is not refused */
    EXPECT_REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
    EXPECT(mprotect(page, 4096, PROT_READ) == 0);
    EXPECT(munmap(page, 4096) == 0);
}

/* With RLIMIT_CORE raised, a crash writes a file of its choice where there is no Landlock. */
static void refuse_to_set_limits(void)
{
    struct rlimit limit;

    EXPECT(enter().syscalls == 0);
    EXPECT(getrlimit(RLIMIT_CORE, &limit) == 0);
    EXPECT_REFUSED(setrlimit(RLIMIT_CORE, &limit));
    EXPECT_REFUSED(
        syscall(SYS_prlimit64, 0, RLIMIT_CORE, at_a_round_address(&limit, sizeof limit), NULL));
    EXPECT_REFUSED(syscall(SYS_prlimit64, 1, RLIMIT_CORE, NULL, &limit));
}

/* A lock that claims to be held by another process's thread would raise its priority. */
static void refuse_priority_inheritance(void)
{
    const struct timespec past = {.tv_sec = 1};
    uint32_t other_word = 0;
    uint32_t word = (uint32_t)getppid(); /* which the sandbox does not tell */

    EXPECT(enter().syscalls == 0);
    EXPECT(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0);
    EXPECT(syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0) == -1 && errno == EAGAIN);
    EXPECT(syscall(SYS_futex, &word, FUTEX_REQUEUE_PRIVATE, 0, 1, &other_word, 0) == 0);
    EXPECT_REFUSED(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, &past, NULL, 0));
    EXPECT_REFUSED(syscall(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0));
}

/* The kernel refuses threads without CLONE_SIGHAND as well, but with another errno. */
static void refuse_other_threads(void)
{
    EXPECT(enter().syscalls == 0);
    EXPECT(syscall(SYS_clone, CLONE_THREAD, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL);
    EXPECT_REFUSED(syscall(SYS_clone, 0, NULL, NULL, NULL, NULL)); /* a process without a signal */
    EXPECT_REFUSED(syscall(SYS_clone, CLONE_THREAD | CLONE_PIDFD, NULL, NULL, NULL, NULL));
    EXPECT_REFUSED(syscall(SYS_clone, CLONE_THREAD | CLONE_PARENT, NULL, NULL, NULL, NULL));
    EXPECT_REFUSED(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, NULL, NULL, NULL, NULL));
}

static void allow_threads(void)
{
    pthread_t thread;
    void *returned;

    EXPECT(enter().syscalls == 0);
    EXPECT(pthread_create(&thread, NULL, return_argument, &barrier) == 0);
    EXPECT(pthread_join(thread, &returned) == 0 && returned == &barrier);
    EXPECT(pthread_kill(pthread_self(), 0) == 0);
}

START_TEST(the_filter_denies_files_and_processes)
{
    expect_in_sandbox(refuse_processes_and_files);
}
END_TEST

START_TEST(the_filter_denies_sockets)
{
    expect_in_sandbox(refuse_sockets);
}
END_TEST

START_TEST(the_filter_looks_at_arguments)
{
    expect_in_sandbox(refuse_by_argument);
    expect_in_sandbox(refuse_other_memory);
    expect_in_sandbox(refuse_to_set_limits);
    expect_in_sandbox(refuse_priority_inheritance);
    expect_in_sandbox(refuse_other_threads);
}
END_TEST

START_TEST(threads_can_be_made)
{
    expect_threads_in_sandbox(allow_threads);
}
END_TEST

static void *try_to_open(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    EXPECT_REFUSED(open("/dev/null", O_RDONLY));
    return NULL;
}

static void hold_earlier_threads(void)
{
    pthread_t thread;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, try_to_open, NULL) == 0);
    EXPECT(enter().syscalls == 0);
    pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
}

START_TEST(the_filter_holds_threads_made_before)
{
    expect_threads_in_sandbox(hold_earlier_threads);
}
END_TEST

/* The same number means another call on another machine: int 0x80 is i386's. */
#if defined(__x86_64__)
static long call_20_of_i386(void)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    return result;
}

static void refuse_i386(void)
{
    EXPECT(enter().syscalls == 0);
    EXPECT(call_20_of_i386() == -ENOSYS); /* getpid there, writev here: not for its number */
}

static void refuse_x32(void)
{
    EXPECT(enter().syscalls == 0);
    EXPECT_REFUSED(syscall(0x40000000 | SYS_getpid));
}

/* Not every kernel, nor every hypervisor, lets i386 calls through: then they end the program. */
static bool has_i386(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(call_20_of_i386() == getpid() ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void refuse_other_machines(void)
{
    expect_in_sandbox(refuse_x32);
    if (has_i386())
        expect_in_sandbox(refuse_i386);
    else
        suite_skip("this kernel takes no calls of i386");
}
#else
static void refuse_other_machines(void)
{
    suite_skip("calls of other machines are tried on x86-64 only");
}
#endif

START_TEST(the_filter_knows_its_machine)
{
    refuse_other_machines();
}
END_TEST

/* Landlock alone: the calls are there, and refuse. */
static void deny_files_by_landlock(void)
{
    int folder = open("/", O_PATH | O_DIRECTORY);
    int rule_error;
    long version;

    EXPECT(folder >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(landlock_deny(&version, &rule_error, &no_file) == 0);
    EXPECT(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
    EXPECT(openat(folder, "etc", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
    EXPECT(mkdir("/tmp/lined-sandbox-test", 0700) == -1 && errno == EACCES);
    EXPECT(execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
    EXPECT(open("/dev/null", O_WRONLY) == -1 && errno == EACCES);
}

/* What is said to be denied is: TCP, and signals to others, of which the parent is one. */
static void deny_what_is_said(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rule_error;
    long version;

    EXPECT(fd >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(landlock_deny(&version, &rule_error, &no_file) == 0);
    if (strstr(landlock_denied(version), "TCP") != NULL) {
        EXPECT(bind(fd, (const struct sockaddr *)&address, sizeof address) == -1);
        EXPECT(errno == EACCES);
        EXPECT(connect(fd, (const struct sockaddr *)&address, sizeof address) == -1);
        EXPECT(errno == EACCES);
    }
    if (strstr(landlock_denied(version), "signals") != NULL)
        EXPECT(kill(getppid(), 0) == -1 && errno == EPERM);
}

/* ---- a socket file that must be removed at the end ---- */

static struct allowed_files removable;
static char folder[] = "/tmp/lined-sandbox-XXXXXX";
static char inside[64], outside[64], file_outside[80];

static void make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* Two folders in a folder, each with a file; the first one's file is removable. */
static void make_files(void)
{
    snprintf(folder, sizeof folder, "/tmp/lined-sandbox-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/inside", folder);
    snprintf(outside, sizeof outside, "%s/outside", folder);
    ck_assert_int_eq(mkdir(inside, 0700), 0);
    ck_assert_int_eq(mkdir(outside, 0700), 0);
    snprintf(removable.paths[0], REMOVABLE_SIZE, "%s/socket", inside);
    removable.count = 1;
    make_file(removable.paths[0]);
    snprintf(file_outside, sizeof file_outside, "%s/file", outside);
    make_file(file_outside);
}

static void remove_files(void)
{
    unlink(removable.paths[0]);
    unlink(file_outside);
    ck_assert_int_eq(rmdir(inside), 0);
    ck_assert_int_eq(rmdir(outside), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void remove_only_the_socket(void)
{
    const char *path = removable.paths[0];
    struct stat file;

    const struct sandbox sandbox = sandbox_enter(&removable);
    EXPECT(sandbox.landlock == 0 && sandbox.syscalls == 0);
    EXPECT(lstat(path, &file) == 0);
    EXPECT(unlink(file_outside) == -1 && errno == EACCES);
    EXPECT(unlink(path) == 0);
    EXPECT(lstat(path, &file) == -1 && errno == ENOENT);
    EXPECT_REFUSED(open(path, O_CREAT | O_WRONLY, 0600));
    EXPECT_REFUSED(rmdir(inside));
    EXPECT_REFUSED(syscall(SYS_unlinkat, AT_FDCWD, inside, AT_REMOVEDIR));
    EXPECT_REFUSED(syscall(SYS_newfstatat, 0, "", &file, AT_EMPTY_PATH));
    EXPECT_REFUSED(rename(file_outside, path));
    EXPECT_REFUSED(chmod(file_outside, 0666));
}

/* Landlock alone: below the folder files may be removed, but not made, read or written. */
static void only_remove_by_landlock(void)
{
    const char *path = removable.paths[0];
    int rule_error;
    long version;

    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(landlock_deny(&version, &rule_error, &removable) == 0 && rule_error == 0);
    EXPECT(open(path, O_RDONLY) == -1 && errno == EACCES);
    EXPECT(open(path, O_WRONLY) == -1 && errno == EACCES);
    EXPECT(unlink(file_outside) == -1 && errno == EACCES);
    EXPECT(rmdir(outside) == -1 && errno == EACCES);
    EXPECT(unlink(path) == 0);
    EXPECT(open(path, O_CREAT | O_WRONLY, 0600) == -1 && errno == EACCES);
}

/* The calls are there only if Landlock restricts them. */
static void remove_nothing_without_landlock(void)
{
    struct sock_filter no_landlock[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof no_landlock / sizeof *no_landlock, no_landlock};
    struct stat file;

    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    const struct sandbox sandbox = sandbox_enter(&removable);
    EXPECT(sandbox.landlock == EPERM && sandbox.syscalls == 0);
    EXPECT_REFUSED(unlink(removable.paths[0]));
    EXPECT_REFUSED(lstat(removable.paths[0], &file));
}

static bool has_landlock(void)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION) >= 0)
        return true;
    suite_skip("this kernel has no Landlock");
    return false;
}

START_TEST(landlock_denies_files)
{
    if (has_landlock())
        expect_in_sandbox(deny_files_by_landlock);
}
END_TEST

START_TEST(only_a_socket_file_can_be_removed)
{
    if (!has_landlock())
        return;
    make_files();
    expect_in_sandbox(remove_nothing_without_landlock);
    expect_in_sandbox(remove_only_the_socket);
    make_file(removable.paths[0]);
    expect_in_sandbox(only_remove_by_landlock);
    remove_files();
}
END_TEST

START_TEST(landlock_denies_what_is_said)
{
    if (has_landlock())
        expect_in_sandbox(deny_what_is_said);
}
END_TEST

START_TEST(what_is_not_in_force_is_said)
{
    char said[SANDBOX_TEXT_SIZE];

    ck_assert_str_eq(sandbox_text(&(struct sandbox){.landlock_version = 3}, said),
                     "sandbox: Landlock (filesystem), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){.landlock_version = 4}, said),
                     "sandbox: Landlock (filesystem, TCP), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){.landlock_version = 6}, said),
                     "sandbox: Landlock (filesystem, TCP, signals, abstract sockets), seccomp");
    ck_assert_str_eq(
        sandbox_text(&(struct sandbox){.landlock_version = 6, .rule_error = ENOSYS}, said),
        "sandbox: Landlock (filesystem, TCP, signals, abstract sockets; no exceptions for files: "
        "Function not implemented), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){.landlock = EOPNOTSUPP}, said),
                     "sandbox: no Landlock (Operation not supported), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){.landlock = ENOSYS, .syscalls = EINVAL}, said),
                     "sandbox: no Landlock (Function not implemented), no seccomp (Invalid "
                     "argument)");
}
END_TEST

/* Only where a filter was there before, and where what it may answer with is the reason. */
START_TEST(what_a_filter_must_allow_is_said)
{
    char said[SANDBOX_TEXT_SIZE];

    ck_assert_ptr_null(sandbox_remedy(&(struct sandbox){.landlock = 0}, said));
    ck_assert_ptr_null(sandbox_remedy(&(struct sandbox){.landlock = ENOSYS}, said));
    ck_assert_ptr_null(sandbox_remedy(&(struct sandbox){.was_filtered = true}, said));
    ck_assert_ptr_null(
        sandbox_remedy(&(struct sandbox){.landlock = EOPNOTSUPP, .was_filtered = true}, said));
    ck_assert_ptr_nonnull(
        sandbox_remedy(&(struct sandbox){.syscalls = EPERM, .was_filtered = true}, said));
    ck_assert_ptr_nonnull(strstr(said, ": SystemCallFilter=seccomp"));
    ck_assert_ptr_nonnull(sandbox_remedy(
        &(struct sandbox){.landlock = EPERM, .was_filtered = true, .adds_rules = true}, said));
    ck_assert_ptr_nonnull(strstr(said, ": SystemCallFilter=landlock_add_rule landlock_create"));
    ck_assert_ptr_null(sandbox_remedy(&(struct sandbox){.rule_error = ENOSYS}, said));
    ck_assert_ptr_nonnull(
        sandbox_remedy(&(struct sandbox){.rule_error = ENOSYS, .was_filtered = true}, said));
    ck_assert_str_eq(strstr(said, ": SystemCallFilter="), ": SystemCallFilter=landlock_add_rule");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_scheduling_policy_stays,
        the_filter_denies_files_and_processes,
        the_filter_denies_sockets,
        a_send_reaches_only_its_client,
        no_descriptor_comes_through_a_socket,
        sockets_keep_their_options,
        the_filter_looks_at_arguments,
        threads_can_be_made,
        the_filter_holds_threads_made_before,
        the_filter_knows_its_machine,
        landlock_denies_files,
        only_a_socket_file_can_be_removed,
        landlock_denies_what_is_said,
        what_is_not_in_force_is_said,
        what_a_filter_must_allow_is_said,
    };
    if (!sandbox_is_built())
        return suite_skip("this build has no sandbox (LINED_SANDBOX=OFF)");
    return suite_run("sandbox", tests, sizeof tests / sizeof tests[0]);
}
