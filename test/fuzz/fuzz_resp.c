/*
 * A client of kv: whatever it sends, the replies are whole RESP, and they are the same however its
 * bytes are cut: all at once, one by one, and in two pieces, split at each point there is.
 *
 * kv's own task runs, on a connection that is made of memory (the functions of lined.h below) and
 * with time and chance that repeat.
 */
#include "../../src/base/invariant.h"
#include "../../src/handlers/kv/kv.h"
#include "../memory_input.h"
#include "fuzz.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MAX_LINE     ((size_t)300)             /* short, so that short inputs pass it */
#define REPLIES_MOST ((size_t)4 * 1024 * 1024) /* inputs with more are passed over */
#define SIZE_LIMIT   ((size_t)1024)            /* there are as many plays as bytes */

struct lined_conn {
    struct memory_input input;
    char *replies; /* the first play fills it; the others are compared with it */
    size_t replied;
    size_t expected; /* size of what the first play filled in; SIZE_MAX: this is it */
};

/* kv finds these in place of the C library's, see CMakeLists.txt. */
static int64_t now_ms;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){now_ms / 1000, (long)(now_ms % 1000) * 1000000};
    return 0;
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    (void)flags;
    memset(buffer, 7, size);
    return (ssize_t)size;
}

/* No thread of kv's own: it would run at other moments each time. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    (void)thread;
    (void)attributes;
    (void)run;
    (void)argument;
    return EAGAIN;
}

/* ---- the connection ---- */

int lined_recv_line(lined_conn *conn, const char **line, size_t *size)
{
    now_ms += 40; /* in time for things to expire; at the same rate however bytes are cut */
    return memory_recv_line(&conn->input, line, size);
}

int lined_recv_exact(lined_conn *conn, const char **bytes, size_t size)
{
    return memory_recv_exact(&conn->input, bytes, size);
}

int lined_send(lined_conn *conn, const void *bytes, size_t size)
{
    if (size == 0)
        return LINED_OK;
    if (conn->replied + size > REPLIES_MOST) { /* only to bound the memory; it is the first play */
        conn->replied = REPLIES_MOST + 1;
        return LINED_OK;
    }
    if (conn->expected == SIZE_MAX)
        memcpy(conn->replies + conn->replied, bytes, size);
    else
        INVARIANT(conn->replied + size <= conn->expected &&
                  memcmp(conn->replies + conn->replied, bytes, size) == 0);
    conn->replied += size;
    return LINED_OK;
}

bool lined_peer_gone(lined_conn *conn)
{
    (void)conn;
    return false;
}

void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE])
{
    (void)conn;
    strcpy(text, "peer");
}

const char *lined_version(void)
{
    return "0";
}

/* ---- what replies are ---- */

/* The end of the line that begins here; it has no control character inside. */
static const char *line_end(const char *at, const char *end)
{
    while (at < end && *at != '\r') {
        INVARIANT((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f);
        at++;
    }
    INVARIANT(end - at >= 2 && at[1] == '\n');
    return at + 2;
}

/* The end of the simple value that begins here; elements of arrays, sets and maps stand beside
 * their header, and *owed says how many are still to come. */
static const char *value_end(const char *at, const char *end, long long *owed)
{
    const char *rest = line_end(at, end);
    long long number = strtoll(at + 1, NULL, 10); /* the line's CR ends it */

    *owed -= *owed > 0;
    switch (*at) {
    case '+':
    case '-':
    case ':':
        return rest;
    case '_':
        INVARIANT(rest - at == 3);
        return rest;
    case '=':
        INVARIANT(number >= 4 && end - rest >= 4 && memcmp(rest, "txt:", 4) == 0);
        /* fall through */
    case '$':
        if (number == -1)
            return rest;
        INVARIANT(number >= 0 && number + 2 <= end - rest);
        INVARIANT(memcmp(rest + number, "\r\n", 2) == 0);
        return rest + number + 2;
    case '*':
        if (number == -1) /* EXEC did nothing */
            return rest;
        /* fall through */
    case '~':
        INVARIANT(number >= 0);
        *owed += number;
        return rest;
    case '%':
        INVARIANT(number >= 0);
        *owed += 2 * number;
        return rest;
    default:
        INVARIANT(*at == '+');
        return rest;
    }
}

static void must_be_whole(const char *replies, size_t size)
{
    const char *end = replies + size;
    long long owed = 0;

    while (replies < end)
        replies = value_end(replies, end, &owed);
    INVARIANT(owed == 0);
}

/* ---- plays ---- */

/* The reason that kv ends with. */
static int play(lined_conn *conn, size_t first, size_t next)
{
    now_ms = 1000000;
    void *context = NULL;

    INVARIANT(kv_init(NULL, NULL, &context) == LINED_OK);
    conn->replied = 0;
    memory_input_begin(&conn->input, MAX_LINE, first, next);
    int reason = lined_handler_kv.task(context, conn, NULL);
    INVARIANT(reason == LINED_EOF || reason == LINED_END);
    kv_fini(context);
    memory_input_end(&conn->input);
    return reason;
}

static void must_be_alike(lined_conn *conn, int reason, size_t first, size_t next)
{
    INVARIANT(play(conn, first, next) == reason);
    INVARIANT(conn->replied == conn->expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char replies[REPLIES_MOST];

    if (size > SIZE_LIMIT)
        return 0;
    lined_conn conn = {
        .input = {.bytes = data, .size = size}, .replies = replies, .expected = SIZE_MAX};
    int reason = play(&conn, size, size);
    if (conn.replied > REPLIES_MOST)
        return 0;
    must_be_whole(replies, conn.replied);
    conn.expected = conn.replied;
    must_be_alike(&conn, reason, 1, 1);
    for (size_t at = 1; at < size; at++)
        must_be_alike(&conn, reason, at, size);
    return 0;
}
