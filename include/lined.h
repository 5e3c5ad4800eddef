/*
 * lined: line services over TCP, with one blocking thread for each connection.
 *
 * A server listens, accepts, and gives each connection to a worker thread. A handler says what is
 * done with the lines. It is a set of callbacks: either `line` (or `text`), which is called with
 * one line after another, or `task`, a function that owns the connection and receives for itself.
 * Replies gather, and are sent when no complete line is left to handle; so a single line is
 * answered at once, and a pipeline of lines costs few system calls.
 *
 *     struct lined_options options;
 *     lined_server *server;
 *
 *     lined_options_init(&options, sizeof options);
 *     options.port = 0;
 *     if (lined_server_new(&server, &options, &my_handler, my_context) < 0) ...
 *     ... drop privileges, open files; lined_server_port(server) is known ...
 *     if (lined_server_start(server) < 0) ...
 *     ...
 *     lined_server_drain(server);
 *     lined_server_wait(server);
 *     lined_server_free(server);
 *
 * Delivery. In passive mode the callbacks of each connection run on that connection's worker
 * thread, and the callbacks of different connections run at the same time. In active mode all
 * callbacks of the server run on one thread, the dispatcher, one at a time, in the order in which
 * the lines came; then a handler needs no locks.
 *
 * Results. A function that can fail returns an int: 0 is success, a positive value is one of the
 * expected conditions of enum lined_result, a negative value is a failure, -errno.
 *
 * Threads. A worker thread may serve another connection after the end of one. A handler's changes
 * of its thread, such as its name or its thread-local storage, stay; thread-local destructors run
 * when the thread ends, not when the connection ends. The library's threads block all signals.
 *
 * The library prints nothing, installs no signal handler and keeps no global state. It sends with
 * MSG_NOSIGNAL, so a client that has gone causes no SIGPIPE.
 *
 * Three surprises.
 *
 * 1. In active mode the reply of one callback is at most 16 MiB, because the dispatcher never waits
 *    for a client: one byte more is -ENOBUFS, and the connection ends. The next line of a client is
 *    taken when its replies have been sent.
 * 2. In passive mode lined_send waits for a client that does not read, up to the send timeout. A
 *    callback that holds a lock meanwhile blocks all clients with callbacks that want the lock.
 *    Make the reply under the lock, release the lock, then send.
 * 3. A callback that calls pthread_exit(3), or is in a thread that is cancelled, aborts the
 *    process: its connection could never end.
 *
 * Growth. A program that was built with this header runs with every later 1.x library. The structs
 * that a program passes begin with their size or end with reserved fields, and new values are added
 * behind the last of an enumeration: treat an unknown enum lined_result as an end of the
 * connection.
 */
#ifndef LINED_H
#define LINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LINED_API          __attribute__((visibility("default")))
#define LINED_CHECK_RESULT __attribute__((warn_unused_result))
#define LINED_FORMAT       __attribute__((format(printf, 2, 3)))
#else
#define LINED_API
#define LINED_CHECK_RESULT
#define LINED_FORMAT
#endif

/* A server. lined_server_new makes it, lined_server_free frees it. */
typedef struct lined_server lined_server;

/* One connection. Only the callbacks and the task of that connection may pass it to a function, and
 * only until close has returned. To reach a connection from another place, keep its handle. */
typedef struct lined_conn lined_conn;

/* Names a connection, even after it has ended. It is a value: copy it, and compare it only with
 * lined_handle_is. A number is never used again (it is a slot and the slot's generation), so an old
 * handle is recognized, and nothing has to be released. Do not use it after its server was freed.
 */
typedef struct lined_handle {
    lined_server *server;
    uint64_t number; /* 0 names no connection */
} lined_handle;

/* Names a timer, as a lined_handle names a connection. 0 names no timer. */
typedef uint64_t lined_timer;

/* Room for any text of lined_peer, including its NUL. */
#define LINED_PEER_SIZE 128

/* Expected conditions. As the reason given to close they say why the connection ended. */
enum lined_result {
    LINED_OK = 0,
    LINED_EOF,             /* the client ended its side, and all that it sent has been handled */
    LINED_RESET,           /* the client reset the connection, or was gone before its replies */
    LINED_END,             /* the handler asked for the end: the replies so far are sent first */
    LINED_SEND_TIMEOUT,    /* sending made no progress for send_timeout_ms */
    LINED_IDLE_TIMEOUT,    /* the client sent nothing for idle_timeout_ms */
    LINED_LINE_TIMEOUT,    /* a line was begun and not completed within line_timeout_ms */
    LINED_SESSION_TIMEOUT, /* the connection has lasted session_timeout_ms */
    LINED_LOST,            /* the client's host no longer answers, and all replies were sent */
    LINED_LINE_TOO_LONG,   /* max_line bytes without an LF, and long_line is LINED_LONG_CLOSE */
    LINED_STOPPING,        /* the server drains: every line received before has been handled */
    LINED_CUT,             /* lined_server_stop was called, or the drain timeout has passed */
    LINED_SLOW_CONSUMER,   /* the client did not read the bytes that were pushed to it */
    LINED_DEADLINE,        /* the deadline of lined_set_deadline has passed; for a task the
                            * connection continues */
    LINED_GONE,            /* the connection of the handle has ended */
    LINED_DENIED,          /* allow or deny does not admit the client's address */
    LINED_OVER_LIMIT,      /* max_per_ip connections have the address of the PROXY header */

    /* The PROXY header is wrong, is missing, or was not complete after 3 seconds. */
    LINED_BAD_PROXY_HEADER,

    LINED_ENDED, /* lined_end was called */
    LINED_WOKEN, /* lined_wake was called; the connection continues */
};

/* What happens to a line longer than max_line. */
enum lined_long_line {
    /* Each max_line bytes without an LF are delivered as a line. Not for a protocol with commands:
     * a client could hide one in the tail of a long line. */
    LINED_LONG_SPLIT,

    LINED_LONG_CLOSE, /* its connection is closed with LINED_LINE_TOO_LONG */

    /* The first max_line bytes are delivered as a line, without an LF, or as a text of max_line
     * bytes. The rest, and its LF, are dropped and counted in bytes_dropped. */
    LINED_LONG_DISCARD,
};

/* What happens to the bytes after the last LF when the client ends its side. */
enum lined_partial {
    LINED_PARTIAL_DROP,    /* they are dropped, and counted in bytes_dropped */
    LINED_PARTIAL_DELIVER, /* they are delivered as a last line, without an LF */
};

/* What happens to a client that comes while max_connections are connected. */
enum lined_overflow {
    LINED_OVERFLOW_WAIT,   /* it waits in the backlog until another connection ends */
    LINED_OVERFLOW_REJECT, /* it gets the handler's reject_busy, and its connection is closed */
};

/* The header by which a proxy passes on the address of its client. */
enum lined_proxy_protocol {
    LINED_PROXY_NONE, /* no header is expected from any address */
    LINED_PROXY_V1,   /* version 1: a line of text */
    LINED_PROXY_V2,   /* version 2: binary */
    LINED_PROXY_ANY,  /* version 1 or 2 */
};

/* What happens to the connections when a drain begins. */
enum lined_drain_mode {
    LINED_DRAIN_CLOSE, /* each handles the lines that it has received, and ends */
    LINED_DRAIN_WAIT,  /* each goes on until its client ends it, or the drain timeout cuts it */
};

/* The thread that runs a handler's callbacks. */
enum lined_mode {
    LINED_PASSIVE, /* each connection's worker thread */
    LINED_ACTIVE,  /* one dispatcher thread for all, in the order of arrival; no tasks */
};

/* The times of lined_set_timeout: the fields of struct lined_options with these names. */
enum lined_timeout {
    LINED_TIMEOUT_SEND,    /* send_timeout_ms */
    LINED_TIMEOUT_IDLE,    /* idle_timeout_ms */
    LINED_TIMEOUT_LINE,    /* line_timeout_ms */
    LINED_TIMEOUT_SESSION, /* session_timeout_ms */
};

/* The range of max_line, in bytes: from 16 to 1 MiB. */
#define LINED_MAX_LINE_MIN 16u
#define LINED_MAX_LINE_MAX (1024u * 1024u)

/* The range of stack_size, in bytes: from 64 KiB to 1 GiB. */
#define LINED_STACK_MIN ((size_t)64 * 1024)
#define LINED_STACK_MAX ((size_t)1024 * 1024 * 1024)

/* The maximum of busy_poll_us: 10 ms. */
#define LINED_BUSY_POLL_MAX 10000u

/* The maximum length of reject_busy and reject_per_ip, in bytes. These texts are sent without
 * waiting, and every new connection has room for that much. */
#define LINED_REJECT_MAX 1024u

/* The maximum length of greeting, in bytes. */
#define LINED_GREETING_MAX 1024u

/* A handler: what a server does with its connections. It has one of `line`, `text` and `task`; the
 * other fields may be NULL. The library only reads it; it must outlive the server.
 *
 * context is the pointer that lined_server_new was given. The callbacks of one connection run one
 * at a time; in active mode the callbacks of all connections do. A callback has stack_size bytes of
 * stack, of which the library uses less than 28 KiB. A callback must return: if it calls
 * pthread_exit(3), or its thread is cancelled (pthread_cancel(3)), the process is aborted with a
 * message, since its connection could never end.
 */
struct lined_handler {
    /* A connection begins. A pointer stored in *state is passed to the other callbacks. Returns
     * LINED_OK. Another result, such as LINED_END or -errno, ends the connection for that reason,
     * without a call of close. Neither is called for a connection that was cut before. */
    int (*open)(void *context, lined_conn *conn, void **state);

    /* One line of size bytes, including its LF. A piece of a split line, and an unfinished last
     * line, may have no LF. It can contain any byte, also NUL; it is not terminated, and it is
     * valid until the callback returns. After lined_expect it is that many bytes instead of a line.
     * Returns LINED_OK to continue, LINED_END to end the connection after the replies so far are
     * sent, or -errno to fail it. The result of lined_send can be returned as it is. */
    int (*line)(void *context, lined_conn *conn, void *state, const char *line, size_t size);

    /* The same with a copy of the line, as a string: without its LF, or CR and LF, terminated by
     * NUL. It can be changed, text[0] to text[length], until the callback returns. The line can
     * contain NUL; then length tells. After lined_expect it is exactly that many bytes. */
    int (*text)(void *context, lined_conn *conn, void *state, char *text, size_t length);

    /* Instead of `line`: owns the connection until it returns, and receives with lined_recv_line,
     * lined_recv_text and lined_recv_exact. Returns the reason for the end: the result of a receive
     * as it is, LINED_END, or LINED_OK, which counts as LINED_END. What it has sent goes out first.
     * Passive mode only. */
    int (*task)(void *context, lined_conn *conn, void *state);

    /* The connection ends, for the reason: an enum lined_result or -errno. Bytes that are sent here
     * reach a client that still reads. The place to free state. */
    void (*close)(void *context, lined_conn *conn, void *state, int reason);

    /* The deadline of lined_set_deadline has passed, and is cleared. The callback may set the next
     * one. Returns LINED_OK to continue; results as line. NULL: the connection ends with
     * LINED_DEADLINE. Not for a task. */
    int (*deadline)(void *context, lined_conn *conn, void *state);

    /* The server drains, by lined_server_drain or because accept(2) has failed for good; and it was
     * cut, by lined_server_stop or the drain timeout. Each is called at most once, draining before
     * cut, on the timer thread, in active mode on the dispatcher. It has returned before
     * lined_server_wait returns, and is not called after. A server that is cut at once does not
     * drain; one that is never started calls neither; a start that fails may have called cut. A
     * callback or task that waits for something of its own must be made to return now; in active
     * mode one that waits delays these calls, and has to ask lined_server_is_draining itself. They
     * may take locks, push, wake and end connections, drain or stop the server, and must not wait
     * for a client. Idle connections end at the same time, so a push in draining may come too late:
     * to say goodbye to each client, send in close, with the reason LINED_STOPPING. */
    void (*draining)(void *context, lined_server *server);
    void (*cut)(void *context, lined_server *server);

    /* lined_wake wakes the task. Costs an eventfd for each connection, and a poll(2) for each
     * receive that waits. */
    bool wakeable;

    /* The texts for clients above a limit, in the protocol of the handler, of at most
     * LINED_REJECT_MAX bytes before the NUL. NULL: the default. */
    const char *reject_busy;   /* above max_connections; default "Server busy\n" */
    const char *reject_per_ip; /* above max_per_ip; default
                                * "Too many connections from your address\n" */

    void *reserved[6]; /* NULL */
};

/* Why accepting pauses. */
enum lined_accept_pause {
    LINED_PAUSE_ACCEPT, /* accept(2) has failed with error, and will be tried again */
    LINED_PAUSE_THREAD, /* no memory or no thread for a client: error; it will be tried again */
    LINED_PAUSE_LIMIT,  /* max_connections are connected; error is 0 */
};

/* An observer sees what happens and changes nothing. For logs. The library only reads it; it must
 * outlive the server. Any callback may be NULL. opened, line, batch_end and closed run on the
 * connection's worker thread, one at a time for each connection; slot is a pointer of the
 * observer's own, NULL at first. They may pass conn to lined_peer, lined_peer_address,
 * lined_local_address, lined_conn_handle and lined_conn_received only. */
struct lined_observer {
    void *context; /* passed to every callback */

    /* A connection begins: before any other call for it. If a PROXY header is expected, this is
     * after the header, so that lined_peer has the final address. */
    void (*opened)(void *context, lined_conn *conn, void **slot);

    /* A line was taken and is handled, or is about to be; its replies are not sent yet. */
    void (*line)(void *context, lined_conn *conn, void **slot, const char *line, size_t size);

    /* The end of a batch: no complete line is left. The replies are sent next, and then the thread
     * waits for the client. The place to write what was gathered. */
    void (*batch_end)(void *context, lined_conn *conn, void **slot);

    /* The connection has ended, for the reason: an enum lined_result or -errno. */
    void (*closed)(void *context, lined_conn *conn, void **slot, int reason);

    /* connections are being cut, because the drain timeout has passed or lined_server_stop was
     * called. Called at most once, on the thread that stops the server or on one of the library's.
     * If another callback of this observer waits for something, it must stop waiting now, or
     * lined_server_wait cannot return. */
    void (*cut)(void *context, uint64_t connections);

    /* Accepting pauses; new clients wait in the meantime. Called on the acceptor's thread each
     * time, which can be often: print it rarely. */
    void (*accept_paused)(void *context, enum lined_accept_pause why, int error);

    void *reserved[6]; /* NULL */
};

/* How a server listens and treats its clients. Call lined_options_init first. Each time in
 * milliseconds is at most INT32_MAX, which is 24.8 days. lined_server_set changes the fields marked
 * "set:", which say when the change takes effect. */
struct lined_options {
    size_t size;                    /* of this struct in the program; see lined_options_init */
    const char *ip;                 /* IPv4 or IPv6 literal; default "127.0.0.1". NULL: no listener,
                                     * see lined_server_listen */
    uint16_t port;                  /* default 1234; 0: the kernel chooses */
    int backlog;                    /* for listen(2), at least 1; default 4096 */
    bool reuse_port;                /* SO_REUSEPORT, so that another process can listen on the same
                                     * port; TCP only; default false */
    size_t max_line;                /* bytes, including the LF; 16 to 1 MiB; default 1460 */
    enum lined_long_line long_line; /* default LINED_LONG_SPLIT */
    enum lined_partial partial;     /* default LINED_PARTIAL_DROP */
    uint32_t send_timeout_ms;       /* default 30,000; 0: no limit. set: the next time that a send
                                     * has to wait */
    uint32_t idle_timeout_ms;       /* default 0: no limit. set: new connections */
    uint32_t line_timeout_ms;       /* for a line that was begun; default 0: no limit. set: new
                                     * connections */
    uint32_t session_timeout_ms;    /* for the whole connection; default 0: no limit. set: new
                                     * connections */
    uint32_t drain_timeout_ms;      /* how long a drain waits for connections; default 5,000. set:
                                     * the drain, if it has not begun */
    enum lined_mode mode;           /* default LINED_PASSIVE */
    size_t push_limit;            /* pushed bytes that may wait for one client, at least 1; one byte
                                   * more disconnects the client; default 1 MiB */
    uint32_t busy_poll_us;        /* how long a receive polls before it sleeps, if no other thread
                                   * wants the core; at most LINED_BUSY_POLL_MAX; 0: never;
                                   * default 50 */
    size_t max_connections;       /* at the same time; default 0: no limit. set: the next client;
                                   * connections above the limit stay */
    size_t max_per_ip;            /* connections from one address at the same time; the next one
                                   * gets the handler's reject_per_ip and is closed. Up to as many
                                   * more connections may be in lingering close, for at most one
                                   * second. Of an IPv6 address the first 64 bits count. Default 0:
                                   * no limit. set: the next client; connections that were accepted
                                   * while there was no limit do not count */
    enum lined_overflow overflow; /* default LINED_OVERFLOW_WAIT. set: the next client */
    uint32_t accept_rate;         /* accepted per second, the others wait; default 0: no limit.
                                   * set: after the next client, at most one second later */
    uint32_t line_rate; /* lines per second that are taken from each connection, the others
                         * wait; those of the last 0.1 seconds can be used later. Not
                         * for lined_recv_exact. Default 0: no limit */
    enum lined_drain_mode drain_mode; /* default LINED_DRAIN_CLOSE */
    const char *greeting; /* sent to each client at once, with an LF behind it, before the
                           * handler's open; behind a proxy after the PROXY header. At most
                           * LINED_GREETING_MAX bytes. Default NULL: none */
    const char *allow;    /* networks, such as "10.0.0.0/8,fd00::/8,192.0.2.1": a client
                           * from another address is closed without a byte. Clients of a
                           * Unix socket are always admitted. Default NULL: all */
    const char *deny;     /* networks: their clients are closed so, also if allow has them;
                           * default NULL: none */
    enum lined_proxy_protocol proxy_protocol; /* default LINED_PROXY_NONE */
    const char *proxy_from; /* networks of the proxies: from them, and from clients of a Unix
                             * socket, the header is mandatory; from other addresses it is not
                             * expected. Set exactly if proxy_protocol is set; default NULL */
    const struct lined_observer *observer; /* default NULL */
    bool measure_latency; /* count for lined_server_latency: reads the clock twice for each
                           * batch; default false */
    size_t stack_size;    /* of each thread that runs callbacks, in bytes; LINED_STACK_MIN to
                           * LINED_STACK_MAX; default 0: 128 KiB */
};

/* An errno of accept(2), and how often it occurred. */
struct lined_accept_error {
    int error;
    uint64_t count;
};

/* More than the errnos of accept(2) that a server survives. */
#define LINED_ACCEPT_ERRORS_MAX 24

/* More than the values of enum lined_result. */
#define LINED_REASONS_MAX 32

/* Statistics since the start. */
struct lined_stats {
    uint64_t connections;     /* accepted and given a thread */
    uint64_t connected;       /* of these, still connected */
    uint64_t connected_peak;  /* the maximum of connected */
    uint64_t connections_cut; /* cut by the drain timeout or lined_server_stop */
    uint64_t lines;           /* passed to the handler */
    uint64_t bytes_in;        /* received; after the end each is in a line, in bytes that a handler
                               * asked for, in a PROXY header, or in bytes_dropped */
    uint64_t bytes_out;       /* passed to the kernel for sending */
    uint64_t bytes_dropped;   /* received and not passed on: mostly unfinished lines, or the rest of
                               * long lines */
    uint64_t slow_consumers;  /* connections that ended with LINED_SLOW_CONSUMER */
    uint64_t rejected;        /* clients that were not admitted; the sum of the next three */
    uint64_t rejected_busy;   /* above max_connections */
    uint64_t rejected_per_ip; /* above max_per_ip */
    uint64_t rejected_denied; /* not admitted by allow or deny */
    uint64_t mailbox_depth;   /* messages that wait for the dispatcher now; active mode */
    uint64_t mailbox_peak;    /* the maximum of mailbox_depth */
    uint64_t uptime_ms;       /* since lined_server_new */
    uint64_t closed_errors;   /* connections that ended with -errno */

    /* Connections that ended with LINED_BAD_PROXY_HEADER. */
    uint64_t bad_proxy_headers;

    /* The errnos of accept(2), in the order in which each first occurred; count is 0 in entries
     * that are not used. */
    struct lined_accept_error accept_errors[LINED_ACCEPT_ERRORS_MAX];

    /* Connections that have ended, by their enum lined_result. Together with closed_errors and
     * connected they are connections. */
    uint64_t closed[LINED_REASONS_MAX];
};

#define LINED_LATENCY_BUCKETS 15

/* How long the server took for batches: from the return of the last receive to the return of the
 * send of its replies. A batch without replies does not count. */
struct lined_latency {
    uint64_t bound_us[LINED_LATENCY_BUCKETS]; /* the longest time of each bucket, from 50 us to
                                               * 1 s; the last is UINT64_MAX */
    uint64_t count[LINED_LATENCY_BUCKETS];    /* batches in each bucket alone */
    uint64_t sum_us;                          /* of all batches */
};

/* What lined_foreach knows of a connection. */
struct lined_conn_info {
    lined_handle handle;
    char peer[LINED_PEER_SIZE]; /* as lined_peer */
    uint64_t age_ms;            /* since it was accepted */
    uint64_t lines;             /* as in lined_stats, of this connection */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* Sets every field to its default. size is sizeof(struct lined_options) of the program: a library
 * that knows fewer fields sets the others to 0, and one that knows more does not touch what lies
 * behind. */
LINED_API void lined_options_init(struct lined_options *options, size_t size);

/* ---- a server ---- */

/* Makes a server. Unless options.ip is NULL it listens there: clients can connect, and wait to be
 * accepted. options are copied (texts too); handler and the observer are not. context is passed to
 * the handler's callbacks. Fails with -EINVAL for an option out of range, options without
 * lined_options_init, an ip that is no literal, networks that cannot be read, a handler without one
 * of `line`, `text` and `task` or with two of them, a task in active mode, `wakeable` without a
 * task, `deadline` with one, or a text that is longer than its maximum; with -E2BIG for an option
 * or a callback that this library does not know; and with the errno of socket(2), bind(2),
 * listen(2), epoll_create1(2) or eventfd(2). On failure nothing stays open. Any thread. */
LINED_API int lined_server_new(lined_server **server, const struct lined_options *options,
                               const struct lined_handler *handler, void *context);

/* Listens at one more place, before lined_server_start:
 *
 *     "127.0.0.1:1234", "[::1]:1234"   one address; the IPv6 socket takes no IPv4 clients
 *     "*:1234"                         every IPv6 and IPv4 address (0.0.0.0 if there is no IPv6)
 *     "unix:/run/lined.sock,mode=0660,group=NAME"
 *                                      a Unix socket; mode and group may be missing. They are set
 *                                      before listen(2). A socket file that refuses connections is
 *                                      replaced; at the end the file is removed if it is still the
 *                                      same and permissions allow it
 *     "fd:3"                           as lined_server_listen_fd
 *
 * Each listener has an acceptor thread; the limits apply to all together. Fails with -EINVAL for
 * another text or a server that was started, -ENOENT if there is no such group or folder,
 * -EOPNOTSUPP for a Unix socket with reuse_port, and with the errno of the system calls. */
LINED_API int lined_server_listen(lined_server *server, const char *text);

/* The same with a listening socket that another process has opened, or another part of this one:
 * TCP or Unix. The server takes it over; it never shuts it down, because other processes may share
 * it: the clients in its queue wait for the next process. O_NONBLOCK is set and stays set. Fails
 * with -ENOTSOCK, -EPROTOTYPE (no stream of TCP or Unix), -EISCONN (a connection, not a listener),
 * -EINVAL (it does not listen), -EADDRINUSE (the server has it already); then the caller still
 * owns fd. */
LINED_API int lined_server_listen_fd(lined_server *server, int fd);

/* The place of a listener, in the order in which they were added, terminated: "127.0.0.1:1234",
 * "[::]:1234" or "unix:/run/lined.sock". False: there are fewer. Any thread. */
#define LINED_LISTENER_SIZE 128
LINED_API bool lined_server_listener(lined_server *server, size_t index,
                                     char text[LINED_LISTENER_SIZE]);

/* Asks every acceptor thread for a sign of life. True: all have answered the calls before. For a
 * watchdog that calls it at an interval. They answer at a limit, too. Any thread. */
LINED_API bool lined_server_check(lined_server *server);

/* Replaces the context: for one that needs the server to be made. Before lined_server_start. */
LINED_API void lined_server_set_context(lined_server *server, void *context);

/* The context, for the function of a timer. Any thread. */
LINED_API void *lined_server_context(const lined_server *server);

/* Creates the threads; from now on clients are served. What the process gives up between
 * lined_server_new and this call (a user, the file system) the threads do not have either. Fails
 * with -EALREADY for a server that was started, -EDESTADDRREQ for one without a listener, and with
 * the errno of pthread_create(3); then clients may have been cut, and the server can only be freed.
 * One thread at a time; lined_server_wait and lined_server_free come after it has returned. */
LINED_API int lined_server_start(lined_server *server);

/* Changes the fields of options that are marked "set:", while the server runs or before. All other
 * fields must have the values that the server was made with; texts, port and the observer are not
 * compared, nor is what lined_server_listen has added. No connection is lost. Fails with -EINVAL
 * for a field that cannot change or is out of range, and with -E2BIG as lined_server_new; then
 * nothing has changed. Any thread.
 *
 * Each field is read with one atomic load, or under the lock of its user, and takes effect by
 * itself: a thread may see the new value of one field and, for a moment, the old value of another.
 */
LINED_API int lined_server_set(lined_server *server, const struct lined_options *options);

/* Stops accepting: new clients wait in the backlog, connections go on. A client that is being
 * accepted at this moment may still come. lined_server_resume accepts again. A drain accepts the
 * clients that wait, also while accepting is suspended. Both have no effect if they are called
 * twice. Any thread, callbacks too. */
LINED_API void lined_server_suspend(lined_server *server);
LINED_API void lined_server_resume(lined_server *server);

/* The port of the first TCP listener, in host byte order; the kernel's choice if 0 was asked for.
 * 0: there is no TCP listener. Any thread. */
LINED_API uint16_t lined_server_port(const lined_server *server);

/* The statistics as of now. size is sizeof(struct lined_stats) of the program: fields that this
 * library does not know become 0. Any thread. */
LINED_API void lined_server_stats(lined_server *server, struct lined_stats *stats, size_t size);

/* The latency of batches. All counts are 0 if measure_latency is not set. size is sizeof(struct
 * lined_latency) of the program, as for lined_server_stats. Any thread. */
LINED_API void lined_server_latency(lined_server *server, struct lined_latency *latency,
                                    size_t size);

/* Calls function with argument for each connection after its open callback has returned, in no
 * order, until function returns false. A connection that begins or ends during the call may be left
 * out. No lock is held in the calls, so function may wait, push or stop the server; the connection
 * may have ended meanwhile. Any thread. */
LINED_API void lined_foreach(lined_server *server,
                             bool (*function)(void *argument, const struct lined_conn_info *info),
                             void *argument);

/* Begins a drain and returns at once. No new connections; each line that the kernel has received is
 * handled and answered; then its connection ends. A TCP client that connected within the last
 * second and has sent nothing yet has 0.1 seconds for its first line. With LINED_DRAIN_WAIT
 * connections go on, until their clients end them. When the drain timeout has passed, counted from
 * this call, the connections that are left are cut, whether or not a thread is in
 * lined_server_wait. A second call changes nothing. Any thread, callbacks too, but no signal
 * handler: block SIGTERM before the start, and take it with sigwait(3). */
LINED_API void lined_server_drain(lined_server *server);

/* Cuts all connections at once, without waiting. Any thread, callbacks too. A callback that runs is
 * not interrupted: the result of its next call tells it of the cut. */
LINED_API void lined_server_stop(lined_server *server);

/* Blocks until the server was told to drain or to stop and its last connection has ended, which is
 * after its last callback has returned; the statistics are final then. Returns LINED_OK if every
 * connection ended by itself, LINED_CUT if some were cut, -EINVAL for a server that was not
 * started, and -errno if accept(2) has failed for good (then the server has drained). Any number of
 * threads, but no callback. */
LINED_API int lined_server_wait(lined_server *server);

/* Stops the server if it still runs, and frees it. Waits until no callback runs or will run, no
 * worker thread will touch the server again, and no other thread is inside lined_server_wait. The
 * worker threads are detached, and the last one may still be returning: do not unload the library
 * (dlclose(3)) at that moment. No callback may call it. */
LINED_API void lined_server_free(lined_server *server);

/* True after lined_server_drain or lined_server_stop. Any thread, callbacks too. */
LINED_API bool lined_server_is_draining(lined_server *server);

/* ---- timers ---- */

/* Calls function(server, argument) once, ms milliseconds from now, on the timer thread; in active
 * mode on the dispatcher. All timers of a server and the callbacks draining and cut share this
 * thread, so a function that waits delays the others. No timer fires after a cut, or after
 * lined_server_wait has returned. The functions of timers that are due at the same time are called
 * in the order of the calls of lined_after. Returns the timer; 0: no memory, 2^24 timers wait, the
 * server was cut or has ended, or ms is more than INT32_MAX. Any thread, callbacks too, also before
 * lined_server_start: the timer then fires after it.
 *
 * The time is that of CLOCK_MONOTONIC; a function is called late if the thread is busy, never
 * early. Call both functions with any lock of the handler held: they wait for none of them. But the
 * function of a timer may already wait for that lock while its timer is cancelled: lined_cancel
 * then returns false, and the argument must live until the function has looked at it. */
LINED_API lined_timer lined_after(lined_server *server, uint32_t ms,
                                  void (*function)(lined_server *server, void *argument),
                                  void *argument);

/* Cancels a timer. True: its function was not called and will not be, so the argument is the
 * caller's again; also for a timer that a cut or the end has kept from firing. False: the function
 * has begun, or the timer was cancelled before, or is 0. Never waits. Any thread, callbacks too;
 * before lined_server_free. */
LINED_API bool lined_cancel(lined_server *server, lined_timer timer);

/* ---- receiving, for a task ---- */

/* The next line: *line points to *size bytes, including the LF, valid until the next receive. Sends
 * the gathered replies before it waits. Returns LINED_OK, LINED_DEADLINE, or the reason for the
 * end, which every later call returns too: LINED_EOF, LINED_RESET, LINED_IDLE_TIMEOUT,
 * LINED_LINE_TIMEOUT, LINED_SESSION_TIMEOUT, LINED_LOST, LINED_LINE_TOO_LONG, LINED_STOPPING,
 * LINED_CUT, LINED_ENDED, LINED_SLOW_CONSUMER, LINED_SEND_TIMEOUT, -errno. If the handler is
 * wakeable, also LINED_WOKEN: lined_wake was called since a receive last returned it. Nothing is
 * taken then, and the wake-up comes before lines that wait. */
LINED_API LINED_CHECK_RESULT int lined_recv_line(lined_conn *conn, const char **line, size_t *size);

/* The same as a string, as the callback text has it. Valid until the next receive or lined_wait. A
 * text as long as max_line is a piece of a longer line. */
LINED_API LINED_CHECK_RESULT int lined_recv_text(lined_conn *conn, char **text, size_t *length);

#define LINED_EXACT_MAX (16u * 1024u * 1024u)

/* The next size bytes, of any value, for a protocol that says how long things are: *bytes points to
 * them, valid until the next receive. More than LINED_EXACT_MAX: -EMSGSIZE. Other results are those
 * of lined_recv_line; if the client ends before the last of them, the others are dropped. Once a
 * part of them has come, line_timeout_ms counts as it does for a line. */
LINED_API LINED_CHECK_RESULT int lined_recv_exact(lined_conn *conn, const char **bytes,
                                                  size_t size);

/* Waits for something else than a line: sends the gathered replies, and returns LINED_WOKEN,
 * LINED_DEADLINE, or why the connection is to end, as lined_recv_line. After LINED_EOF (the client
 * has ended its side) and LINED_STOPPING (the server drains) there may be lines that came before:
 * go on to receive, until a receive returns the reason. Lines are not waited for, and neither the
 * idle nor the line timeout counts. */
LINED_API LINED_CHECK_RESULT int lined_wait(lined_conn *conn);

/* ---- receiving, for all handlers ---- */

/* The next call of line or text gets exactly size bytes, of any value, instead of a line: the body
 * of a message. Size 0 takes the wish back. For the callbacks open, line, text and deadline.
 * LINED_OK; -EMSGSIZE for more than LINED_EXACT_MAX; -EINVAL in a task. */
LINED_API LINED_CHECK_RESULT int lined_expect(lined_conn *conn, size_t size);

/* Sets a deadline ms milliseconds from now; 0: none. A task gets LINED_DEADLINE from each receive
 * that is not complete by then, until it sets another deadline; other handlers get one call of
 * deadline, when the connection next waits for its client. No received byte is lost. More than
 * INT32_MAX counts as that. For the callbacks of the connection, and its task. */
LINED_API void lined_set_deadline(lined_conn *conn, uint32_t ms);

/* Changes the maximum length of a line for this connection, from the next line on that is not
 * complete yet. LINED_OK, or -EINVAL for a size outside of LINED_MAX_LINE_MIN to
 * LINED_MAX_LINE_MAX. For the callbacks of the connection, and its task. */
LINED_API int lined_set_max_line(lined_conn *conn, size_t size);

/* Changes a timeout for this connection; 0: no limit. The session counts from its begin, the others
 * from the next wait. LINED_OK, or -EINVAL for more than INT32_MAX. For the callbacks of the
 * connection, and its task. */
LINED_API int lined_set_timeout(lined_conn *conn, enum lined_timeout timeout, uint32_t ms);

/* ---- sending ---- */

/* Adds size bytes to the replies. They are sent when no complete line is left to handle, or when 64
 * KiB have gathered; then the call can block until the client reads, at most for the send timeout.
 * A lock that the caller holds meanwhile blocks the other threads that want it. In active mode the
 * call never blocks: the replies of one callback gather, up to 16 MiB, and one byte more is
 * -ENOBUFS. Returns LINED_OK; LINED_SEND_TIMEOUT, LINED_SLOW_CONSUMER, LINED_CUT, or
 * LINED_SESSION_TIMEOUT, after which the connection ends; or -errno. A failure is permanent: every
 * later call returns it too. A cut and the end of the session are noticed at least once in 64 KiB
 * that are sent, so a callback that returns at a failure does not outlast them. Bytes for a client
 * that has reset are dropped, and the result is LINED_OK: lines received before the reset are still
 * handled, and then the connection ends with LINED_RESET. Before a long reply, ask
 * lined_peer_gone. */
LINED_API LINED_CHECK_RESULT int lined_send(lined_conn *conn, const void *bytes, size_t size);

/* lined_send of a string, without its NUL. */
LINED_API LINED_CHECK_RESULT int lined_puts(lined_conn *conn, const char *text);

/* lined_send of a text that is made as by printf(3). Also -ENOMEM, and the errno of vsnprintf(3);
 * then nothing was sent, and the connection continues if the callback returns LINED_OK. */
LINED_API LINED_CHECK_RESULT LINED_FORMAT int lined_printf(lined_conn *conn, const char *format,
                                                           ...);

/* Sends the gathered replies now, and before them what this callback has pushed. Results as for
 * lined_send. In active mode the replies go when the callback has returned. */
LINED_API LINED_CHECK_RESULT int lined_flush(lined_conn *conn);

/* True: no byte can reach the client any more. It has reset the connection, the kernel has given it
 * up, a send has failed, or the connection was cut. A callback that works long on one reply asks
 * between its steps, and returns LINED_RESET. It costs at most one system call (getsockopt(2) with
 * TCP_INFO). False after a half-close: such a client still reads. It says nothing of bytes that
 * were sent before: only an answer of the client shows that it has them. */
LINED_API bool lined_peer_gone(lined_conn *conn);

/* ---- other connections ---- */

/* The server of the connection. */
LINED_API lined_server *lined_conn_server(const lined_conn *conn);

/* The handle of the connection: for lined_push and lined_broadcast, from any thread. */
LINED_API lined_handle lined_conn_handle(const lined_conn *conn);

/* How many bytes the connection has received. For its callbacks and the observer's. */
LINED_API uint64_t lined_conn_received(const lined_conn *conn);

/* True if both name the same connection. Any thread. */
LINED_API bool lined_handle_is(lined_handle handle, lined_handle other);

/* Sends size bytes to another connection. Never blocks, and never puts them inside a reply: the
 * bytes that a line callback sends stay together, and so do those that a task sends between two
 * receives or flushes. Bytes that one thread pushes to one connection arrive in that order. Bytes
 * that the client's kernel does not take wait, up to push_limit; a client for which more would wait
 * is disconnected with LINED_SLOW_CONSUMER. They are sent before the client's next reply, which
 * then has the send timeout for all of it. Bytes pushed to the own connection may overtake gathered
 * replies. Returns LINED_OK, LINED_GONE, or LINED_SLOW_CONSUMER. Any thread.
 *
 * A callback of a connection, and a task, gather their pushes as they do their replies: the pushes
 * go out when the connection has no complete line left, before its replies are sent, at
 * lined_flush, after 16 KiB for one client, or after about 4 MiB for all. If no received byte is
 * left to handle, the first push to each client goes at once. A gathered push returns LINED_OK,
 * also if the client turns out to be gone when it goes out; push_limit counts the bytes that the
 * kernel did not take, so gathered bytes are offered to it before a client is disconnected. Any
 * other thread, a timer, and a push to a connection of another server push at once, after what was
 * gathered for that client. */
LINED_API LINED_CHECK_RESULT int lined_push(lined_handle handle, const void *bytes, size_t size);

/* The same with the bytes of count parts, one after the other, as by writev(2): no other push comes
 * between them. A count of 0 pushes nothing. */
LINED_API LINED_CHECK_RESULT int lined_pushv(lined_handle handle, const struct iovec *parts,
                                             int count);

/* Pushes the same bytes to count connections, as lined_push to each. Returns how many took them:
 * for how many the result was LINED_OK. Any thread. */
LINED_API size_t lined_push_many(const lined_handle *handles, size_t count, const void *bytes,
                                 size_t size);

/* Pushes to every connection after its open callback has returned, except one; {NULL, 0} excludes
 * none. A connection that begins or ends during the call may be left out. After a cut
 * it returns at once. Returns how many connections took the bytes. Any thread. */
LINED_API size_t lined_broadcast(lined_server *server, const void *bytes, size_t size,
                                 lined_handle except);

/* How many pushed bytes wait in this process because the kernel does not take them; the kernel may
 * hold some megabytes before (net.ipv4.tcp_wmem). So a handler can leave out a message for a slow
 * client, before push_limit disconnects it. Bytes that callbacks have only gathered do not count:
 * the kernel may take them. 0 if the connection has ended. Any thread. */
LINED_API size_t lined_pending(lined_handle handle);

/* Ends another connection, or the own: it handles no further line, sends its pending replies and
 * what was pushed to it, then the farewell of size bytes, and ends; close gets LINED_ENDED. A
 * connection that waits for its client's next line ends at once; a callback that runs is not
 * interrupted; one that sends goes on to send, for at most the send timeout. What the kernel has
 * taken, the client can still read after the end. No
 * later push is taken. Lines that the client has sent and that were not handled are dropped.
 * Returns LINED_OK; LINED_GONE if the connection ends already; -EMSGSIZE for more than push_limit;
 * -ENOMEM. Any thread, with any lock held; never blocks. */
LINED_API int lined_end(lined_handle handle, const void *farewell, size_t size);

/* Wakes the task of a connection: its next receive or lined_wait, or the one that it is in, returns
 * LINED_WOKEN. Several wake-ups before that are one. A wake-up may come too late for the wait that
 * it was meant for; then the next receive returns it, whatever that receives. So a wakeable task
 * receives in loops that go on after LINED_WOKEN. Returns LINED_OK, LINED_GONE, or -EOPNOTSUPP
 * if the handler is not wakeable. Any thread, with any lock held; never blocks. */
LINED_API int lined_wake(lined_handle handle);

/* ---- texts ---- */

/* Writes the client's address into text, terminated: "127.0.0.1:49152", "[::1]:49152", or for a
 * client of a Unix socket "unix:" and the path of the socket. The address of a PROXY header
 * replaces that of the proxy. */
LINED_API void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE]);

/* Writes the address of the client, of at most size bytes, into address: sockaddr_in, sockaddr_in6,
 * or sockaddr_un without a path. The address of a PROXY header replaces that of the proxy. Returns
 * the size of the whole address: more than size means that it was cut. For the callbacks of the
 * connection, its task, and the observer. */
LINED_API size_t lined_peer_address(const lined_conn *conn, struct sockaddr *address, size_t size);

/* The same of the server's own side of the connection, which tells the listener: sockaddr_un
 * without a path for a Unix socket. A PROXY header does not change it. */
LINED_API size_t lined_local_address(const lined_conn *conn, struct sockaddr *address, size_t size);

/* Room for any text of lined_reason, including its NUL. */
#define LINED_REASON_SIZE 40

/* Writes the reason of a close into text, terminated, in the words of a log: "line too long",
 * "timeout", or for -errno its name in lower case ("etimedout"). Any thread. */
LINED_API void lined_reason(int reason, char text[LINED_REASON_SIZE]);

/* The library's version, "MAJOR.MINOR.PATCH". Any thread. */
LINED_API const char *lined_version(void);

/* ---- handlers ---- */

/* The default handler: answers each line with "Received: <line>\n". Its context is not used:
 * pass NULL. */
LINED_API extern const struct lined_handler lined_handler_received;

/* What a module for lined --handler FILE.so exports, as
 *
 *     LINED_API const struct lined_module lined_module = {LINED_ABI, &my_handler, my_init,
 * my_fini};
 *
 * in C, and with extern "C" before it in C++. abi comes first: it changes when a struct or a
 * function here changes, and lined loads no module that was built for another. A module finds the
 * library in the command; it is not linked to a library of its own. */
#define LINED_ABI 8u

struct lined_module {
    uint32_t abi;
    const struct lined_handler *handler;

    /* Called after lined_server_new and before lined_server_start, as the user of --user, and
     * before the sandbox: the place to open files. A pointer stored in *context is passed to the
     * handler's callbacks. Returns LINED_OK, or -errno: then lined does not start. May be NULL. */
    int (*init)(lined_server *server, const struct lined_options *options, void **context);

    /* Called after the last callback, before lined_server_free. Frees context. May be NULL. */
    void (*fini)(void *context);
};

#ifdef __cplusplus
}
#endif

#endif
