/* A server in which allocations for a connection fail. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <lined.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* The allocation of the library's threads that fails, counted from 1 on; 0: none. */
static _Atomic int allocation_to_fail;
static _Atomic unsigned allocation_failures;
static pthread_t test_thread; /* its allocations are not counted, unless */
static _Atomic bool counts_every_thread;

static bool fails_to_allocate(void)
{
    if (atomic_load(&allocation_to_fail) == 0 ||
        (!atomic_load(&counts_every_thread) && pthread_equal(pthread_self(), test_thread)) ||
        atomic_fetch_sub(&allocation_to_fail, 1) != 1)
        return false;
    atomic_fetch_add(&allocation_failures, 1);
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
void *__wrap_realloc(void *bytes, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails_to_allocate() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_to_allocate() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size)
{
    return fails_to_allocate() ? NULL : __real_realloc(bytes, size);
}

/* Each allocation for a connection fails once: it waits, and is served. In both modes. */
START_TEST(a_client_waits_where_memory_is_short)
{
    enum { ALLOCATIONS = 10 };

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        prepare_overload();
        options.mode = mode;
        options.max_per_ip = 10; /* it allocates, too */
        test_thread = pthread_self();
        atomic_store(&allocation_failures, 0);
        lined_server *server = start_handler(&counting);
        for (int i = 1; i <= ALLOCATIONS; i++) {
            atomic_store(&allocation_to_fail, i);
            int client = dial(lined_server_port(server));
            talk(client);
            atomic_store(&allocation_to_fail, 0);
            hang_up(client);
            AWAIT(stats_of(server).connected == 0);
        }
        ck_assert_uint_gt(atomic_load(&allocation_failures), 1);
        ck_assert_uint_lt(atomic_load(&allocation_failures), ALLOCATIONS); /* all were met */
        finish(server);
    }
}
END_TEST

/* A listener costs two allocations. */
START_TEST(without_memory_an_inherited_socket_stays_the_callers)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(listen(listener, 8), 0); /* at a port of the kernel's choice */
    lined_server *server;
    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), 0);
    atomic_store(&counts_every_thread, true);
    for (int i = 1; i <= 2; i++) {
        atomic_store(&allocation_to_fail, i);
        ck_assert_int_eq(lined_server_listen_fd(server, listener), -ENOMEM);
        ck_assert_int_ge(fcntl(listener, F_GETFD), 0);
        atomic_store(&allocation_to_fail, i);
        ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), -ENOMEM);
    }
    atomic_store(&counts_every_thread, false);
    ck_assert_int_eq(lined_server_listen_fd(server, listener), 0);
    lined_server_free(server);
}
END_TEST

static void unused(lined_server *server, void *argument)
{
}

/* The heap, the timer, and its number: the heap that was allocated stays. */
START_TEST(without_memory_there_is_no_timer)
{
    static const int fails[] = {1, 2, 2};
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), 0);
    atomic_store(&counts_every_thread, true);
    for (size_t i = 0; i < sizeof fails / sizeof fails[0]; i++) {
        atomic_store(&allocation_to_fail, fails[i]);
        ck_assert_uint_eq(lined_after(server, 0, unused, NULL), 0);
        ck_assert_int_eq(atomic_load(&allocation_to_fail), 0);
    }
    atomic_store(&counts_every_thread, false);
    lined_timer timer = lined_after(server, 0, unused, NULL);
    ck_assert_uint_ne(timer, 0);
    ck_assert(lined_cancel(server, timer));
    lined_server_free(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_waits_where_memory_is_short,
        without_memory_an_inherited_socket_stays_the_callers,
        without_memory_there_is_no_timer,
    };
    return suite_run("allocation_errors", tests, sizeof tests / sizeof tests[0]);
}
