/* What the sandbox refuses, tried in it. */
#define _GNU_SOURCE /* clone, setresuid, unshare, O_TMPFILE */
#include "../src/cmd/sandbox.h"

#include "../src/cmd/landlock.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
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

static void *return_argument(void *argument)
{
    return argument;
}

static void refuse_processes_and_files(void)
{
    char *const no_arguments[] = {NULL};
    const struct sandbox sandbox = sandbox_enter();

    EXPECT(sandbox.syscalls == 0);
    EXPECT_REFUSED(open("/dev/null", O_RDONLY));
    EXPECT_REFUSED(openat(AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600));
    EXPECT_REFUSED(unlink("/tmp/lined-never-there"));
    EXPECT_REFUSED(execve("/bin/true", no_arguments, no_arguments));
    EXPECT_REFUSED(fork());
    EXPECT_REFUSED(vfork());
    EXPECT_REFUSED(syscall(SYS_clone3, NULL, (size_t)0));
    EXPECT_REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
    EXPECT_REFUSED(unshare(CLONE_FS));
    EXPECT_REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    EXPECT_REFUSED(kill(getpid(), 0));
    EXPECT_REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
    EXPECT_REFUSED(syscall(SYS_memfd_create, "", 0));
    EXPECT_REFUSED(setresuid(0, 0, 0));
}

/* Between SCHED_OTHER and SCHED_BATCH, and of nobody else. */
static void change_only_the_own_policy(void)
{
    const struct sched_param none = {0}, first = {.sched_priority = 1};

    EXPECT(sandbox_enter().syscalls == 0);
    EXPECT(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    EXPECT(sched_getscheduler(0) == SCHED_BATCH);
    EXPECT(sched_setscheduler(0, SCHED_OTHER, &none) == 0);
    EXPECT_REFUSED(sched_setscheduler(0, SCHED_FIFO, &first));
    EXPECT_REFUSED(sched_setscheduler(0, SCHED_IDLE, &none));
    EXPECT_REFUSED(sched_setscheduler(getpid(), SCHED_BATCH, &none));
    EXPECT_REFUSED(sched_setscheduler(getppid(), SCHED_BATCH, &none));
    EXPECT_REFUSED(sched_getscheduler(getppid()));
}

START_TEST(the_own_policy_may_be_changed)
{
    if (sched_getscheduler(0) != SCHED_OTHER) {
        printf("skipped: it needs SCHED_OTHER\n");
        return;
    }
    expect_in_sandbox(change_only_the_own_policy);
}
END_TEST

static void refuse_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int made_before = socket(AF_INET, SOCK_STREAM, 0);

    EXPECT(made_before >= 0);
    EXPECT(sandbox_enter().syscalls == 0);
    EXPECT_REFUSED(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_REFUSED(socket(AF_UNIX, SOCK_DGRAM, 0));
    EXPECT_REFUSED(connect(made_before, (struct sockaddr *)&address, sizeof address));
    EXPECT_REFUSED(bind(made_before, (struct sockaddr *)&address, sizeof address));
    EXPECT_REFUSED(listen(made_before, 1));
}

static void refuse_by_argument(void)
{
    char byte = 'x';
    int readable = 0;
    int socket_before = socket(AF_INET, SOCK_DGRAM, 0);

    EXPECT(sandbox_enter().syscalls == 0);
    EXPECT_REFUSED(ioctl(STDIN_FILENO, TIOCSTI, &byte));
    EXPECT(ioctl(socket_before, FIONREAD, &readable) == 0);
    EXPECT_REFUSED(fcntl(socket_before, F_SETOWN, getppid()));
    EXPECT_REFUSED(fcntl(socket_before, F_SETSIG, SIGKILL));
    EXPECT(fcntl(socket_before, F_SETFL, fcntl(socket_before, F_GETFL) | O_NONBLOCK) == 0);
    EXPECT(fcntl(socket_before, F_SETFD, fcntl(socket_before, F_GETFD) | FD_CLOEXEC) == 0);
    EXPECT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED);
    EXPECT(errno == ENOSYS);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(page != MAP_FAILED);
    EXPECT_REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
    EXPECT(mprotect(page, 4096, PROT_READ) == 0);
    EXPECT_REFUSED(syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, NULL));
}

static void allow_threads(void)
{
    pthread_t thread;
    void *returned;

    EXPECT(sandbox_enter().syscalls == 0);
    EXPECT(pthread_create(&thread, NULL, return_argument, &barrier) == 0);
    EXPECT(pthread_join(thread, &returned) == 0 && returned == &barrier);
    EXPECT(pthread_kill(pthread_self(), 0) == 0);
}

START_TEST(the_filter_refuses_files_and_processes)
{
    expect_in_sandbox(refuse_processes_and_files);
}
END_TEST

START_TEST(the_filter_refuses_sockets)
{
    expect_in_sandbox(refuse_sockets);
}
END_TEST

START_TEST(the_filter_looks_at_arguments)
{
    expect_in_sandbox(refuse_by_argument);
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
    EXPECT(sandbox_enter().syscalls == 0);
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
    EXPECT(sandbox_enter().syscalls == 0);
    EXPECT(call_20_of_i386() == -ENOSYS); /* getpid there, writev here: not for its number */
}

static void refuse_x32(void)
{
    EXPECT(sandbox_enter().syscalls == 0);
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

START_TEST(the_filter_knows_its_machine)
{
    expect_in_sandbox(refuse_x32);
    if (has_i386())
        expect_in_sandbox(refuse_i386);
    else
        printf("skipped: calls of i386, for this kernel takes none\n");
}
END_TEST
#endif

/* Landlock alone: the calls are there, and refuse. */
static void deny_files_by_landlock(void)
{
    int folder = open("/", O_PATH | O_DIRECTORY);

    EXPECT(folder >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(landlock_deny() == 0);
    EXPECT(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
    EXPECT(openat(folder, "etc", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
    EXPECT(mkdir("/tmp/lined-sandbox-test", 0700) == -1 && errno == EACCES);
    EXPECT(execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
    EXPECT(open("/dev/null", O_WRONLY) == -1 && errno == EACCES);
}

START_TEST(landlock_denies_files)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION) <
        0) {
        printf("skipped: this kernel has no Landlock\n");
        return;
    }
    expect_in_sandbox(deny_files_by_landlock);
}
END_TEST

START_TEST(what_is_not_in_force_is_said)
{
    char said[SANDBOX_TEXT_SIZE];

    ck_assert_str_eq(sandbox_text(&(struct sandbox){0, 0}, said),
                     "sandbox: Landlock (filesystem), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){EOPNOTSUPP, 0}, said),
                     "sandbox: no Landlock (Operation not supported), seccomp");
    ck_assert_str_eq(sandbox_text(&(struct sandbox){ENOSYS, EINVAL}, said),
                     "sandbox: no Landlock (Function not implemented), no seccomp (Invalid "
                     "argument)");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_own_policy_may_be_changed,
        the_filter_refuses_files_and_processes,
        the_filter_refuses_sockets,
        the_filter_looks_at_arguments,
        threads_can_be_made,
        the_filter_holds_threads_made_before,
#if defined(__x86_64__)
        the_filter_knows_its_machine,
#endif
        landlock_denies_files,
        what_is_not_in_force_is_said,
    };
    if (!sandbox_is_built()) {
        printf("skipped: this build has no sandbox\n");
        return 77;
    }
    return suite_run("sandbox", tests, sizeof tests / sizeof tests[0]);
}
