/*
 * lined: line services over TCP, one blocking thread for each connection.
 *
 * A server listens, accepts, and gives each connection a thread of its own. A worker says what is
 * done with the lines: as callbacks that are handed one line after another, or as a task, a
 * function that owns the connection and pulls for itself. Replies gather and are sent when no whole
 * line is left to handle, so a single line is answered at once and a pipeline costs few system
 * calls.
 *
 * A thread whose connection has ended may serve another: what a worker changes of a thread, such as
 * its name or its thread-local storage, stays, and thread-local destructors run when the thread
 * ends, not when the connection does.
 *
 *     struct lined_options options;
 *     lined_server *server;
 *
 *     lined_options_init(&options);
 *     options.port = 0;
 *     if (lined_server_start(&server, &options, &my_worker) < 0) ...
 *     ... lined_server_port(server) ...
 *     lined_server_drain(server);
 *     lined_server_wait(server);
 *     lined_server_free(server);
 *
 * Delivery. In passive mode the callbacks of each connection run on that connection's thread, those
 * of different connections at the same time. In active mode all callbacks of the server run on one
 * owner thread, one at a time, in the order in which the lines came: a worker needs no locks then.
 *
 * Results. Every function that can fail returns an int: 0 is success, a positive value is one of
 * the expected conditions of enum lined_result, a negative value is a failure, -errno.
 *
 * The library prints nothing, installs no signal handler and keeps no global state. Its threads
 * block all signals. It sends with MSG_NOSIGNAL, so a vanished client raises no SIGPIPE.
 */
#ifndef LINED_H
#define LINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LINED_API          __attribute__((visibility("default")))
#define LINED_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define LINED_API
#define LINED_CHECK_RESULT
#endif

/* A listening server. Made by lined_server_start, ended by lined_server_free. */
typedef struct lined_server lined_server;

/* One connection. Every function that takes one may be called from the callbacks and the task of
 * that connection, and from nowhere else. It is gone once close has returned. To reach a connection
 * from elsewhere, take its handle. */
typedef struct lined_conn lined_conn;

/* Names a connection, also after it has gone. A value: copy it, compare nothing but with
 * lined_handle_is. Each connection has a number of its own that is never given again (a slot and
 * the slot's generation), so a handle that is too old is known as such: that is why there is
 * nothing to release. It must not be used once its server is freed. */
typedef struct lined_handle {
    lined_server *server;
    uint64_t number; /* 0 is nobody's */
} lined_handle;

/* Expected conditions. As the reason of a close they say why the connection ended. */
enum lined_result {
    LINED_OK = 0,
    LINED_EOF,          /* the client ended its side, and everything it sent has been handled */
    LINED_RESET,        /* the client reset the connection, or went before its replies were sent */
    LINED_END,          /* the worker asked to end: replies so far are sent first */
    LINED_SEND_TIMEOUT, /* the client has taken nothing of its replies for send_timeout_ms */
    LINED_IDLE_TIMEOUT, /* the client sent nothing for idle_timeout_ms */
    LINED_LINE_TIMEOUT, /* a line was begun and not finished for line_timeout_ms */
    LINED_SESSION_TIMEOUT, /* the connection was there for session_timeout_ms */
    LINED_LOST,            /* the client's host answers no more, and no reply waits for it */
    LINED_LINE_TOO_LONG,   /* max_line bytes without an LF, and long_line is LINED_LONG_CLOSE */
    LINED_STOPPING,        /* the server drains: every line received before has been handled */
    LINED_CUT,             /* the server was stopped, or its drain ran out of time */
    LINED_SLOW_CONSUMER,   /* the client did not take what others sent it */
    LINED_DEADLINE,        /* the task's own deadline has passed; the connection goes on */
    LINED_GONE,            /* the handle's connection has gone */
};

/* What a line longer than max_line gets. */
enum lined_long_line {
    LINED_LONG_SPLIT, /* each max_line bytes without an LF are a line of their own */
    LINED_LONG_CLOSE, /* its connection is closed with LINED_LINE_TOO_LONG */
};

/* What bytes after the last LF get when the client ends its side. */
enum lined_partial {
    LINED_PARTIAL_DROP,    /* they are dropped and counted in bytes_dropped */
    LINED_PARTIAL_DELIVER, /* they are a last line, without an LF */
};

/* What clients get who come while max_connections are connected. */
enum lined_overflow {
    LINED_OVERFLOW_WAIT,   /* they wait in the backlog until somebody leaves */
    LINED_OVERFLOW_REFUSE, /* the worker's reject_busy, and then their connection is closed */
};

#define LINED_MAX_LINE_LEAST 16u
#define LINED_MAX_LINE_MOST  (1024u * 1024u)

/* The range of lined_options.busy_poll_us: from 0 to 10 ms. */
#define LINED_BUSY_POLL_MOST 10000u

/* Who runs a worker's callbacks. */
enum lined_mode {
    LINED_PASSIVE, /* each connection's own thread */
    LINED_ACTIVE,  /* one owner thread for all, in the order of arrival; no tasks */
};

/* The most bytes of a worker's reject_busy and reject_per_ip. They are sent without waiting: each
 * new connection has room for so many. */
#define LINED_REJECT_MAX 1024u

/* A worker: what a server does with its connections. Has line or task, and what else it needs; the
 * rest is NULL. Read-only to the library; it must outlive the server. Callbacks of one connection
 * run one at a time, and never two at once in active mode. A callback has about 100 KiB of stack.
 * It must return: one that calls pthread_exit(3), or whose thread is cancelled (pthread_cancel(3)),
 * aborts the process with a message, for its connection could never end.
 */
struct lined_worker {
    /* The server starts: it listens, but has accepted nobody and made no thread yet, so what is
     * given up here (a user, the filesystem) its threads do not have either. Whatever is put into
     * *shared is what lined_shared returns for its connections. Returns LINED_OK, or -errno: then
     * lined_server_start fails with it. On the thread that starts the server. */
    int (*start)(lined_server *server, void **shared);

    /* The server is being freed, and no other callback will run. The place to free shared. On the
     * thread that frees it. */
    void (*stop)(void *shared);

    /* A connection begins. Whatever is put into *state is handed to the other callbacks. Returns
     * LINED_OK; or another result, such as LINED_END or -errno: then the connection ends for that
     * reason, and close is not called. Neither is called for a connection that was cut before. */
    int (*open)(lined_conn *conn, void **state);

    /* One line: size bytes, its LF among them (a piece of a line that was split may have none, and
     * an unfinished last line has none). Any byte may be in it, NUL too; it is not terminated, and
     * it is gone when the callback returns. Returns LINED_OK to go on, LINED_END to end the
     * connection once the replies so far are sent, or -errno to fail it. The result of lined_send
     * can be returned as it is. */
    int (*line)(lined_conn *conn, void *state, const char *line, size_t size);

    /* Instead of line: owns the connection until it returns, and pulls with lined_recv_line and
     * lined_recv_exact. Returns the reason for the end: the result of a receive
     * as it is, LINED_END, or LINED_OK, which counts as LINED_END. What it has sent goes out first.
     * Passive mode only. */
    int (*task)(lined_conn *conn, void *state);

    /* The connection ends, for the reason: an enum lined_result or -errno. What is sent here goes
     * out if the client still reads. The place to free state. */
    void (*close)(lined_conn *conn, void *state, int reason);

    /* A client above a limit is sent one of these before its connection is closed: a text in the
     * protocol of the worker, at most LINED_REJECT_MAX bytes before its NUL. NULL: the default. */
    const char *reject_busy;   /* above max_connections: "Server busy\n" by default */
    const char *reject_per_ip; /* above max_per_ip: by default
                                * "Too many connections from your address\n" */
};

/* What a module for lined --worker FILE.so exports, as
 *
 *     LINED_API const struct lined_module lined_module = {LINED_ABI, &my_worker};
 *
 * in C, and with extern "C" before it in C++. abi comes first: it changes when a struct or a
 * function here does, and lined loads no module that was made for another. A module finds the
 * library in the command; it is not linked to one of its own. */
#define LINED_ABI 5u

struct lined_module {
    uint32_t abi;
    const struct lined_worker *worker;
};

/* An observer: sees what goes on, changes nothing. For logs. Read-only to the library; it must
 * outlive the server. Any callback may be NULL. line, settled and closed run on the connection's
 * own thread, one at a time for each connection; slot is a pointer of the observer's own that
 * starts as NULL for each connection. */
struct lined_observer {
    void *context; /* handed to every callback */

    /* A line was taken and is handled, or is about to be; its replies are not sent yet. */
    void (*line)(void *context, void **slot, const char *line, size_t size);

    /* No whole line is left: the replies are about to be sent, and then the thread waits for
     * the client. What was gathered should be shown now. */
    void (*settled)(void *context, void **slot);

    /* The connection is over, for the reason: an enum lined_result or -errno. */
    void (*closed)(void *context, void **slot, lined_conn *conn, int reason);

    /* connections are being cut: the drain timeout has passed, or lined_server_stop was called.
     * Called at most once: on the thread that stops the server, or on one of the library's.
     * Whatever makes this observer's other callbacks wait should let go now, or lined_server_wait
     * cannot return. */
    void (*cut)(void *context, uint64_t connections);

    /* Accepting has run into trouble; new clients wait meanwhile. what ("accept" or "thread")
     * failed with error, an errno, and will be tried again; or what is "limit" and error is 0:
     * max_connections are connected. Called by the acceptor thread each time, which can be often:
     * whoever shows it should say it once and count the rest. */
    void (*trouble)(void *context, const char *what, int error);
};

/* How a server listens and treats its clients. Call lined_options_init first. Each time in
 * milliseconds is at most INT32_MAX, which is 24.8 days. */
struct lined_options {
    const char *ip;                 /* IPv4 or IPv6 literal; default "127.0.0.1" */
    uint16_t port;                  /* default 1234; 0: the kernel chooses */
    int backlog;                    /* for listen(2), at least 1; default 4096 */
    size_t max_line;                /* bytes, LF counted; 16 to 1 MiB; default 1460 */
    enum lined_long_line long_line; /* default LINED_LONG_SPLIT */
    enum lined_partial partial;     /* default LINED_PARTIAL_DROP */
    uint32_t send_timeout_ms;       /* default 30,000; 0: no limit */
    uint32_t idle_timeout_ms;       /* default 0: no limit */
    uint32_t line_timeout_ms;       /* for a line that is begun; default 0: no limit */
    uint32_t session_timeout_ms;    /* for the whole connection; default 0: no limit */
    uint32_t drain_timeout_ms;      /* how long a drain waits for the workers; default 5,000 */
    enum lined_mode mode;           /* default LINED_PASSIVE */
    size_t push_limit;            /* bytes from others that may wait for one client, at least 1; one
                                   * more and it is disconnected; default 1 MiB */
    uint32_t busy_poll_us;        /* how long to wait awake for bytes, where that pays; at most
                                   * LINED_BUSY_POLL_MOST; 0: never; default 50 */
    size_t max_connections;       /* at the same time; default 0: no limit */
    enum lined_overflow overflow; /* default LINED_OVERFLOW_WAIT */
    size_t max_per_ip;            /* connections from one address at the same time; one more gets
                                   * the worker's reject_per_ip and is closed. As many again may
                                   * be in the second in which a client that was told the end is
                                   * waited for. The first 64 bits of an IPv6 address count.
                                   * Default 0: no limit */
    uint32_t accept_rate;         /* accepted a second, the others wait; default 0: no limit */
    const struct lined_observer *observer; /* default NULL: nobody watches */
};

/* An errno of accept(2), and how often it came. */
struct lined_accept_error {
    int error;
    uint64_t count;
};

/* More than the errnos that accept(2) can fail with and a server outlives. */
#define LINED_ACCEPT_ERRORS_MOST 24

/* Figures since the start. */
struct lined_stats {
    uint64_t connections;     /* accepted and given a thread */
    uint64_t connected;       /* of these, still here */
    uint64_t connected_peak;  /* the most that were here at once */
    uint64_t connections_cut; /* of these, cut by the drain timeout or lined_server_stop */
    uint64_t lines;           /* handed to the worker */
    uint64_t bytes_in;        /* received; each is in a line or in bytes_dropped once all ended */
    uint64_t bytes_out;       /* taken over by the kernel for sending */
    uint64_t bytes_dropped;   /* received and not handed on: unfinished lines, mostly */
    uint64_t slow_consumers;  /* connections that ended with LINED_SLOW_CONSUMER */
    uint64_t refused;         /* turned away: over max_connections, or over max_per_ip */
    uint64_t mailbox_deepest; /* the most messages that ever waited for the owner; active mode */

    /* What accept(2) failed with, in the order in which each errno first came; count is 0 in those
     * that are not used. */
    struct lined_accept_error accept_errors[LINED_ACCEPT_ERRORS_MOST];
};

/* Sets every field to its default. */
LINED_API void lined_options_init(struct lined_options *options);

/* Listens, and starts the acceptor thread. When this returns 0 a client can connect; *server is
 * to be freed by lined_server_free. options are copied (ip too); worker and the observer are not.
 * Fails with -EINVAL for an option out of range, an ip that is no literal, a worker without line or
 * task or with a text of more than LINED_REJECT_MAX bytes, or a task in active mode; with what
 * socket(2), bind(2), listen(2), epoll_create1(2) or pthread_create(3) failed with; and with what
 * the worker's start returned. On failure nothing is left open. Any thread. */
LINED_API int lined_server_start(lined_server **server, const struct lined_options *options,
                                 const struct lined_worker *worker);

/* The port it listens on, in host byte order; the kernel's choice where 0 was asked for. Any
 * thread. */
LINED_API uint16_t lined_server_port(const lined_server *server);

/* The figures as of now. Any thread. */
LINED_API void lined_server_stats(lined_server *server, struct lined_stats *stats);

/* Begins a drain and returns at once: no new connections; each line that the kernel had received
 * is handled and answered; then its connection ends. The drain timeout runs from here; when it has
 * passed, the connections that are left are cut, whether or not a thread is in lined_server_wait. A
 * second call changes nothing. Any thread, callbacks too. */
LINED_API void lined_server_drain(lined_server *server);

/* Stops at once: what is connected is cut. Does not wait. Any thread, callbacks too. A callback
 * that runs is not interrupted: it learns of the cut from the result of its next call. */
LINED_API void lined_server_stop(lined_server *server);

/* Blocks until the server was told to drain or to stop, and its last connection has ended, which is
 * after its last callback has returned; the figures are final then. Returns LINED_OK when
 * every connection ended by itself, LINED_CUT when some were cut, and -errno when accept(2) failed
 * for good (the server has drained then). No callback may call it. */
LINED_API int lined_server_wait(lined_server *server);

/* Stops the server if it still runs, waits until no callback runs or will run, no thread of a
 * connection will touch the server again, and no other thread is inside lined_server_wait, and
 * frees it. Do not call it from a callback. The threads of connections are detached, and the last
 * one may still be returning: do not unload the library (dlclose(3)) after it. */
LINED_API void lined_server_free(lined_server *server);

/* The next line, for a task: *line points to *size bytes, its LF among them, valid until the next
 * receive. Sends what has gathered before it waits. Returns LINED_OK, LINED_DEADLINE, or the reason
 * for the end, which every later call returns too: LINED_EOF, LINED_RESET, LINED_IDLE_TIMEOUT,
 * LINED_LINE_TIMEOUT, LINED_SESSION_TIMEOUT, LINED_LOST, LINED_LINE_TOO_LONG, LINED_STOPPING,
 * LINED_CUT, LINED_SLOW_CONSUMER, LINED_SEND_TIMEOUT, -errno. */
LINED_API LINED_CHECK_RESULT int lined_recv_line(lined_conn *conn, const char **line, size_t *size);

#define LINED_EXACT_MOST (16u * 1024u * 1024u)

/* The next size bytes, whatever they are, for a task whose protocol says how long things are:
 * *bytes points to them, valid until the next receive. At most LINED_EXACT_MOST, or -EMSGSIZE.
 * Returns as lined_recv_line does; where the client ends before, what it sent of them is dropped.
 * Once a part of them is there, line_timeout_ms counts as it does for a line.
 */
LINED_API LINED_CHECK_RESULT int lined_recv_exact(lined_conn *conn, const char **bytes,
                                                  size_t size);

/* From now on, a receive that is not done in ms milliseconds from this call returns LINED_DEADLINE;
 * nothing received is lost. 0: no deadline. For a task; elsewhere it has no effect. */
LINED_API void lined_set_deadline(lined_conn *conn, uint32_t ms);

/* Adds size bytes to what is sent to the client. They go out when no whole line is left to
 * handle, or when much has gathered; this can block until the client reads, at most for the send
 * timeout. In active mode it never blocks: what is sent in one callback gathers, 16 MiB at most,
 * and one byte more is -ENOBUFS. Returns LINED_OK; LINED_SEND_TIMEOUT, LINED_SLOW_CONSUMER,
 * LINED_CUT, or LINED_SESSION_TIMEOUT, after which the connection ends; or -errno. A failure is
 * permanent: every later call returns it too. A cut, and the end of the session, are noticed at
 * least once in each 64 KiB that are sent, so a callback that heeds the result does not outlast
 * them. Bytes for a client that has reset are dropped and the result is LINED_OK: lines received
 * before its reset are still handled, and then the connection ends with LINED_RESET. Long replies
 * ask lined_peer_gone. */
LINED_API LINED_CHECK_RESULT int lined_send(lined_conn *conn, const void *bytes, size_t size);

/* Sends what has gathered now. Results as for lined_send. In active mode it does nothing. */
LINED_API LINED_CHECK_RESULT int lined_flush(lined_conn *conn);

/* True if no byte can reach the client any more: it has reset the connection, the kernel has given
 * it up, a send has failed, or the connection was cut. A task or a callback that works long on one
 * reply asks this between its steps, and returns LINED_RESET when it is true. It costs at most one
 * system call (getsockopt(2) with TCP_INFO). False after a half-close: such a client still reads.
 */
LINED_API bool lined_peer_gone(lined_conn *conn);

/* What the worker's start put into *shared. */
LINED_API void *lined_shared(const lined_conn *conn);

/* The server of the connection. */
LINED_API lined_server *lined_conn_server(const lined_conn *conn);

/* The handle of the connection: for lined_push and lined_broadcast, from any thread. */
LINED_API lined_handle lined_conn_handle(const lined_conn *conn);

/* True if both name the same connection. Any thread. */
LINED_API bool lined_handle_is(lined_handle handle, lined_handle other);

/* Sends size bytes to another connection. Never blocks, and never lands inside a reply: what a line
 * callback sends stays together, and so does what a task sends between two receives or flushes.
 * What one thread pushes to one connection arrives in that order. What the client's kernel does not
 * take waits, up to push_limit bytes; a client that leaves more waiting is disconnected with
 * LINED_SLOW_CONSUMER. Pushed to the own connection, bytes may overtake replies that have gathered.
 * Returns LINED_OK, LINED_GONE, or LINED_SLOW_CONSUMER. Any thread. */
LINED_API LINED_CHECK_RESULT int lined_push(lined_handle handle, const void *bytes, size_t size);

/* Pushes to every connection whose open callback has returned, or that has none, but not to
 * except's; {NULL, 0} excepts none. A connection that opens or ends during the call may be left
 * out. After a cut it returns at once. Returns how many were reached. Any thread. */
LINED_API size_t lined_broadcast(lined_server *server, const void *bytes, size_t size,
                                 lined_handle except);

/* Room for any text of lined_peer, its terminating NUL counted. */
#define LINED_PEER_SIZE 72

/* Writes the client's address into text, terminated: "127.0.0.1:49152" or "[::1]:49152". */
LINED_API void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE]);

/* Room for any text of lined_reason, its terminating NUL counted. */
#define LINED_REASON_SIZE 40

/* Writes the reason of a close into text, terminated, in the words of a log: "line too long",
 * "timeout", or for -errno the errno's name in lower case ("etimedout"). Any thread. */
LINED_API void lined_reason(int reason, char text[LINED_REASON_SIZE]);

/* The library's version, "MAJOR.MINOR.PATCH". Any thread. */
LINED_API const char *lined_version(void);

/* The worker that lined serves by default: answers each line "Received: <line>\n". */
LINED_API extern const struct lined_worker lined_worker_received;

#ifdef __cplusplus
}
#endif

#endif
