#include "pushing_handler.h"

#include "await.h"
#include "dial.h"
#include "embed.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- what the library sends ---- */

atomic_int sends; /* by the library */
atomic_size_t send_sizes[SENDS_MAX];
static _Thread_local bool has_no_memory;
static _Thread_local int sends_of_thread;

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    if (flags & MSG_DONTWAIT) {
        int number = atomic_fetch_add(&sends, 1);
        sends_of_thread++;
        if (number < SENDS_MAX)
            atomic_store(&send_sizes[number], size);
    }
    return __real_send(fd, bytes, size, flags);
}

/* The compiler may make a call of malloc out of one of realloc. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return has_no_memory ? NULL : __real_malloc(size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return has_no_memory ? NULL : __real_realloc(memory, size);
}

/* ---- a handler that pushes as it is told ---- */

lined_handle listeners[512];
atomic_int listener_count;
sem_t is_parked, go_on;
char chunk[16 * 1024];
const char long_reply[LONG_REPLY_SIZE];

static void park(void)
{
    sem_post(&is_parked);
    while (sem_wait(&go_on) != 0)
        continue;
}

static int answer(lined_conn *conn, size_t number)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%zu\n", number);

    return lined_send(conn, text, (size_t)size);
}

int push_parts(const char *bytes, size_t size)
{
    const struct iovec parts[] = {{"<", 1}, {NULL, 0}, {(void *)bytes, size - 1}, {">\n", 2}};

    return lined_pushv(listeners[0], parts, 4);
}

/* WORD ARGUMENT; see the calls in the tests. */
static int obey(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    const char *rest = memchr(line, ' ', size);
    size_t rest_size = rest == NULL ? 0 : (size_t)(line + size - ++rest);

    if (strncmp(line, "listen", 6) == 0) {
        listeners[atomic_fetch_add(&listener_count, 1)] = lined_conn_handle(conn);
        return lined_send(conn, "ok\n", 3);
    }
    if (strncmp(line, "push ", 5) == 0)
        return answer(conn, (size_t)lined_push(listeners[0], rest, rest_size));
    if (strncmp(line, "five ", 5) == 0) {
        int results = 0;
        for (int i = 0; i < 5; i++)
            results |= lined_push(listeners[0], rest, rest_size);
        return answer(conn, (size_t)results);
    }
    if (strncmp(line, "quiet ", 6) == 0) /* without an answer */
        return lined_push(listeners[0], rest, rest_size);
    if (strncmp(line, "poor ", 5) == 0) { /* without memory */
        has_no_memory = true;
        int result = lined_push(listeners[0], rest, rest_size);
        has_no_memory = false;
        return result;
    }
    if (strncmp(line, "parts ", 6) == 0)
        return answer(conn, (size_t)push_parts(rest, rest_size));
    if (strncmp(line, "self ", 5) == 0) {
        ck_assert_int_eq(lined_send(conn, "reply\n", 6), LINED_OK);
        return lined_push(lined_conn_handle(conn), rest, rest_size);
    }
    if (strncmp(line, "long ", 5) == 0) {
        ck_assert_int_eq(lined_push(listeners[0], rest, rest_size), LINED_OK);
        return lined_send(conn, long_reply, sizeof long_reply);
    }
    if (strncmp(line, "last ", 5) == 0) {
        ck_assert_int_eq(lined_push(listeners[0], rest, rest_size), LINED_OK);
        return LINED_END;
    }
    if (strncmp(line, "nothing\n", 8) == 0)
        return LINED_OK;
    if (strncmp(line, "flush\n", 6) == 0)
        return lined_flush(conn);
    if (strncmp(line, "pending\n", 8) == 0)
        return answer(conn, lined_pending(listeners[0]));
    if (strncmp(line, "many\n", 5) == 0)
        return answer(conn, lined_push_many(listeners, (size_t)atomic_load(&listener_count), chunk,
                                            sizeof chunk));
    if (strncmp(line, "forty\n", 6) == 0)
        for (int i = 0; i < 40; i++)
            ck_assert_int_eq(lined_push(listeners[0], chunk, 1000), LINED_OK);
    park();
    return LINED_OK;
}

const struct lined_handler obedient = {.line = obey};

lined_server *start_pushing(int mode)
{
    prepare((enum lined_mode)mode);
    atomic_store(&listener_count, 0);
    ck_assert_int_eq(sem_init(&is_parked, 0, 0), 0);
    ck_assert_int_eq(sem_init(&go_on, 0, 0), 0);
    return start_handler(&obedient);
}

int dial_listener(lined_server *server)
{
    return become_listener(dial(lined_server_port(server)));
}

int become_listener(int client)
{
    say(client, "listen\n");
    expect(client, "ok\n");
    /* While the client's thread has not returned from sending that, pushes wait for this thread. */
    do {
        sends_of_thread = 0;
        ck_assert_int_eq(lined_push(listeners[atomic_load(&listener_count) - 1], "x\n", 2),
                         LINED_OK);
        expect(client, "x\n");
    } while (sends_of_thread == 0);
    return client;
}

void await_parked(void)
{
    AWAIT(sem_trywait(&is_parked) == 0);
}
