/*
 * How a server starts and ends: drain, stop, wait and free against the acceptor and the workers of the
 * connections. See README.md here. A file and a function in brackets are the code that a step stands
 * for. Another thread may come between any two steps, except inside one atomic or d_step.
 *
 * A connection begins and ends in steps under two locks, the life cycle's and the table's. No thread
 * holds both. The order of the steps is what makes this right:
 *
 *   Begin: enter (life cycle), add (table), start the thread. A cut may come between enter and add: its
 *     walk through the table misses the connection. That is harmless, because a phase is set before its
 *     walk begins, and the connection's thread reads the phase before it waits for the first time. A
 *     thread that reads the old phase was added before the walk began, so the walk finds it and
 *     shutdown(2) wakes it. If the table came first, a walk could find a connection that the life cycle
 *     may still refuse, and the count would not cover it.
 *   End: leave (life cycle), remove (table), close(2), release (life cycle). Remove comes before close:
 *     a walk calls shutdown(2) with the table locked, so it never reaches a descriptor that is closed.
 *     Release comes last: a thread that waits for the count goes on to free the server. Leave comes
 *     before remove: a cut counts present - leaving connections, and a connection that has left the
 *     table is not cut by it.
 *   No thread for a connection: remove, then withdraw, in the opposite order of enter and add.
 *
 * SCENARIO 1: one thread ends the server, by drain or stop, perhaps before its start, and is not joined;
 *             another starts it, waits and frees. Two clients.
 * SCENARIO 2: two threads end it, one by drain, the other by drain or stop; a third starts it, waits,
 *             joins both, and frees. One fault of accept or of pthread_create.
 * SCENARIO 3: a callback ends it by drain or stop, or accept fails for good, or nothing ends it; another
 *             thread starts it or not, waits and frees, or frees at once. One fault.
 * SCENARIO 4: one thread ends it; two wait; one of these joins the other or not, and frees. One spurious
 *             wake-up.
 * SCENARIO 5: one thread drains the server, perhaps before its start, and the drain timeout passes: the
 *             flusher cuts. A client leaves its replies unread or not.
 * SCENARIO 6: one thread ends the server, and the timer thread calls draining and cut, for which the task
 *             of a client waits. A timer is set; its function and draining may stop the server. Another
 *             thread waits or not, joins the first, and frees.
 * SCENARIO 7: the same, but only the first thread ends the server, and is not joined; another waits, frees.
 * SCENARIO 8: another thread wakes the task of a client, which must see it, and ends its connection or not;
 *             one thread ends the server, perhaps only then.
 * MUTANT_*:   a bug that the check must find.
 */
#ifndef SCENARIO
#define SCENARIO 1
#endif

#if SCENARIO == 1
#define CLIENTS 2
#else
#define CLIENTS 1
#endif
#define FAULTS (SCENARIO == 2 || SCENARIO == 3)
#define SPURIOUS (SCENARIO == 4)
#define TIMERS (SCENARIO == 6 || SCENARIO == 7)
#define REMOTE (SCENARIO == 8)
#define LIMITLESS 255

#define RUNNING 0
#define DRAINING 1
#define CUT 2

#define EOF 1
#define STOPPING 2
#define WAS_CUT 3
#define WAS_ENDED 4

/* The server. freed: its memory is gone. locked: the life cycle's lock. */
bool freed, locked;
byte phase = RUNNING;
byte present, leaving, shutdown_callers, waiters, accepting;
bool is_started;

/* The table. Each section under its lock uses nothing else, so it is one step, and the lock needs no
 * variable. */
bool in_table[CLIENTS];

/* The event that is set when the server drains or is cut, as the acceptor sees it (it stays set), and as
 * the flusher sees it (EPOLLONESHOT: once). */
bool stop_event, flusher_event;

/* Condition variable over: which threads wait on it. 0 is the thread that frees, 1 the other one. The
 * thread that frees waits until the server is empty first, and then for the other waiters. */
bool waits[2];

/* The listener, and the backlog: clients that are not accepted yet. */
bool listener_open = true, listener_shut;
chan queue = [CLIENTS] of { byte };

/* The clients' sockets, on the server's side. Whole lines stand for bytes. */
bool open[CLIENTS], rd_shut[CLIENTS], wr_shut[CLIENTS], ended[CLIENTS];
byte received[CLIENTS];

/* SCENARIO 5: the drain timeout passes. Only there a client may be deaf, which means that it leaves its
 * replies unread: without the cut only the send timeout would end its connection. */
#define TIMEOUT_PASSES (SCENARIO == 5)
bool deaf[CLIENTS];

/* How many faults are still to come: accept without a descriptor, a client that accept reports as
 * aborted, no thread; a spurious wake-up. */
byte faults = FAULTS, spurious = SPURIOUS;

/* SCENARIO 3: a callback has called drain or stop. */
bool called;

/* SCENARIO 6 and 7: the timer thread. has_drained: the phase was DRAINING. timers_sleep: it waits on its condition
 * variable. told: draining or cut has told the task to return. */
bool has_drained, timers_sleep, called_draining, called_cut, is_finishing, timers_ended, timers_gone, told;
bool timer_is_set = TIMERS;

/* SCENARIO 8: the outbox and the waker of the client. borrowed: the outbox's lock. */
bool borrowed, is_ending, is_closed, has_farewell, is_woken, wake_event;
bool wake_was_seen, remote_gone;

/* Only for the properties. due: lines that were received when the drain began and are not answered.
 * over: the connection is closed or reset, and the client has learned it. */
byte due[CLIENTS];
bool over[CLIENTS];
bool acceptor_gone, flusher_is_ending, flusher_gone;
byte enders_gone, waits_begun;
bool other_over;
bool draining_has_returned, cut_has_returned, wait_has_returned;

/* The task of SCENARIO 6 and 7 answers no line. A connection that is ended drops those that it has not handled. */
#define MAY_LOSE_REPLIES (phase == CUT || faults != FAULTS || TIMERS || is_ending)

#define SERVER assert(!freed)
inline set_stop_event() { atomic { SERVER; stop_event = true; flusher_event = true } }
#define IS_EMPTY (present == 0 && accepting == 0 && shutdown_callers == 0)

/* The life cycle's lock. A section that uses only fields that the lock guards is one step, with LOCKED
 * as its first condition. A section that waits on a condition takes the lock and unlocks it. */
#define LOCKED !locked -> SERVER
inline lock() { atomic { LOCKED; locked = true } }
inline unlock() { d_step { SERVER; assert(locked); locked = false } }

inline broadcast_over() { waits[0] = false; waits[1] = false }

/* pthread_cond_wait */
inline wait_over(me) {
    d_step { SERVER; waits[me] = true; locked = false }
    atomic {
        if
        :: !waits[me] && !locked
        :: waits[me] && spurious > 0 && !locked -> spurious--
        fi;
        SERVER;
        waits[me] = false;
        locked = true
    }
}

/* [lifecycle.c notify_if_empty_locked] */
inline notify_if_empty_locked() {
    if
    :: IS_EMPTY ->
        SERVER;
#ifdef MUTANT_SIGNAL_FOR_BROADCAST
        if
        :: waits[0] -> waits[0] = false
        :: else -> waits[1] = false
        fi
#else
        broadcast_over()
#endif
    :: else
    fi
}

/* shutdown(2) of a connection by another thread. The number of a closed descriptor may belong to another
 * socket. */
inline shut(c, both) {
    d_step {
        assert(open[c]);
        rd_shut[c] = true;
        if
        :: both -> wr_shut[c] = true
        :: else
        fi
    }
}

/* Nothing more happens to this client: its variables are cleared so that fewer states differ. */
inline end_client(c) {
    assert(due[c] == 0 || MAY_LOSE_REPLIES);
    over[c] = true;
    due[c] = 0;
    received[c] = 0;
    rd_shut[c] = false;
    wr_shut[c] = false;
    ended[c] = false
}

/* close(2) */
inline close_descriptor(c) { d_step { assert(open[c]); open[c] = false; end_client(c) } }

/* shutdown(2) of the listener: clients in the backlog are reset. */
inline shut_listener() {
    atomic {
        SERVER;
        assert(listener_open);
        listener_shut = true;
        do
        :: nempty(queue) -> queue?victim; end_client(victim)
        :: empty(queue) -> victim = 0; break
        od
    }
}

/* [lifecycle.c lifecycle_begin_accepting] */
inline lifecycle_begin_accepting() { atomic { LOCKED; accepting++ } }

/* [lifecycle.c lifecycle_end_accepting] */
inline lifecycle_end_accepting() {
    atomic {
        LOCKED;
        assert(accepting > 0);
        accepting--;
#ifndef MUTANT_ACCEPTOR_DOES_NOT_NOTIFY
        notify_if_empty_locked()
#endif
    }
}

/* [lifecycle.c lifecycle_enter] */
inline lifecycle_enter() {
    atomic {
        LOCKED;
#ifdef MUTANT_ENTER_AFTER_CUT
        entered = true;
#else
        entered = phase != CUT;
#endif
        if
        :: entered -> present++; assert(phase != CUT)
        :: else
        fi
    }
}

/* [conn_table.c conn_table_add] The phase may have changed since the enter. */
inline conn_table_add(c) { d_step { SERVER; assert(open[c] && !in_table[c]); in_table[c] = true } }

/* [conn_table.c conn_table_remove] The wait for a thread that has borrowed the entry is in push.pml. */
#if REMOTE
inline conn_table_remove(c) { atomic { !borrowed -> SERVER; assert(in_table[c]); in_table[c] = false } }
#else
inline conn_table_remove(c) { d_step { SERVER; assert(in_table[c]); in_table[c] = false } }
#endif

/* [lifecycle.c lifecycle_leave] */
inline lifecycle_leave() { atomic { LOCKED; leaving++; assert(leaving <= present) } }

/* [lifecycle.c lifecycle_release] [lifecycle.c release_locked] */
inline lifecycle_release() {
#if defined(MUTANT_NOTIFIES_AFTER_UNLOCK)
    atomic { LOCKED; assert(present > 0 && leaving > 0); leaving--; present-- }
    d_step { SERVER; notify_if_empty_locked() }
#else
    atomic {
        LOCKED;
        assert(present > 0 && leaving > 0);
        leaving--;
        present--;
#ifndef MUTANT_RELEASE_DOES_NOT_NOTIFY
        notify_if_empty_locked()
#endif
    }
#endif
}

/* [lifecycle.c lifecycle_withdraw] */
inline lifecycle_withdraw() {
    atomic {
        LOCKED;
        assert(present > leaving);
        present--;
        notify_if_empty_locked()
    }
}

/* [conn_table.c conn_table_shutdown] Every connection in the table, one after the other. The table is
 * locked for one slot here, so that other threads come between any two. */
inline conn_table_shutdown(to) {
    do
    :: at < CLIENTS -> atomic { SERVER; if :: in_table[at] -> shut(at, to == CUT) :: else fi; at++ }
    :: at == CLIENTS -> at = 0; break
    od
}

/* Lines that the kernel has received when a drain begins are due, also those of clients in the backlog. */
inline note_what_is_due() {
    do
    :: at < CLIENTS ->
        due[at] = received[at];
        at++
    :: else -> at = 0; break
    od
}

/* [lifecycle.c set_phase_locked] */
inline set_phase_locked(to) {
    phase = to;
    if
    :: to == DRAINING -> note_what_is_due()
    :: else
    fi;
    broadcast_over()
}

/* [lifecycle.c notify_phase] [timer_thread.c timer_thread_notify] */
inline notify_timers() {
#if TIMERS
    d_step { SERVER; timers_sleep = false }
#else
    skip
#endif
}

inline phase_changed() {
#if defined(MUTANT_PHASE_DOES_NOT_NOTIFY) || defined(MUTANT_NOTIFY_BEFORE_PHASE)
    skip
#else
    notify_timers()
#endif
}

inline count_caller() {
#ifdef MUTANT_CALLERS_UNCOUNTED
    skip
#else
    shutdown_callers++
#endif
}

/* [lifecycle.c lifecycle_end_shutdown] */
inline lifecycle_end_shutdown() {
    atomic {
        LOCKED;
#ifndef MUTANT_CALLERS_UNCOUNTED
        assert(shutdown_callers > 0);
        shutdown_callers--;
#endif
#ifndef MUTANT_CALLER_DOES_NOT_NOTIFY
        notify_if_empty_locked()
#endif
    }
}

/* [lifecycle.c lifecycle_drain] The event is set after the phase: a thread that it wakes finds the phase. */
inline lifecycle_drain() {
#ifdef MUTANT_SHUTDOWN_BEFORE_PHASE
    conn_table_shutdown(DRAINING);
#endif
#ifdef MUTANT_EVENT_BEFORE_PHASE
    set_stop_event();
#endif
#ifdef MUTANT_NOTIFY_BEFORE_PHASE
    notify_timers();
#endif
    atomic {
        LOCKED;
        count_caller();
        if
        :: phase == RUNNING -> mine = true; has_drained = TIMERS; set_phase_locked(DRAINING)
        :: else
        fi
    }
    if
    :: mine ->
        mine = false;
#if !defined(MUTANT_DRAIN_WRITES_NO_EVENT) && !defined(MUTANT_EVENT_BEFORE_PHASE)
        set_stop_event();
#endif
#if TIMERS
        phase_changed();
#endif
        conn_table_shutdown(DRAINING)
    :: else
    fi
}

/* [server.c lined_server_drain] */
inline lined_server_drain() {
    lifecycle_drain();
    lifecycle_end_shutdown()
}

/* [server.c lined_server_stop] */
inline lined_server_stop() {
#ifdef MUTANT_NOTIFY_BEFORE_PHASE
    notify_timers();
#endif
    atomic { /* [lifecycle.c lifecycle_cut] */
        LOCKED;
        count_caller();
        assert(leaving <= present); /* the difference is the number of connections that are cut */
        if
        :: phase != CUT -> mine = true; set_phase_locked(CUT)
        :: else
        fi
    }
    if
    :: mine ->
        mine = false;
#ifndef MUTANT_CUT_WRITES_NO_EVENT
        set_stop_event();
#endif
#if TIMERS
        phase_changed();
#endif
        conn_table_shutdown(CUT)
    :: else
    fi;
    lifecycle_end_shutdown()
}

/* [lifecycle_wait.c lifecycle_wait_empty] */
inline lifecycle_wait_empty(me) {
    lock();
#ifdef MUTANT_WAIT_WITHOUT_LOOP
    if
    :: !IS_EMPTY -> wait_over(me)
    :: else
    fi;
#else
    do
    :: !IS_EMPTY -> wait_over(me)
    :: else -> break
    od;
#endif
    unlock()
}

/* [lifecycle_wait.c lifecycle_begin_wait] */
inline lifecycle_begin_wait() { atomic { LOCKED; waiters++; waits_begun++ } }

/* [lifecycle_wait.c lifecycle_end_wait] */
inline lifecycle_end_wait() {
    atomic {
        LOCKED;
        assert(waiters > 0);
        waiters--;
#ifndef MUTANT_WAITER_DOES_NOT_NOTIFY
        if
        :: waiters == 0 -> broadcast_over()
        :: else
        fi
#endif
    }
}

/* [lifecycle_wait.c lifecycle_wait_waiters] */
inline lifecycle_wait_waiters(me) {
    lock();
    do
    :: waiters > 0 -> wait_over(me)
    :: else -> break
    od;
    unlock()
}

/* Every connection is released, its descriptor is closed, and no other connection will come. */
inline all_over() {
    atomic {
        SERVER;
        assert(present == 0 && leaving == 0 && accepting == 0 && phase != RUNNING && len(queue) == 0);
        do
        :: at < CLIENTS -> assert(!in_table[at] && !open[at]); at++
        :: at == CLIENTS -> at = 0; break
        od
    }
}

#if TIMERS
/* [timer_thread.c timer_thread_finish] A server that is cut afterwards calls nothing. */
inline timer_thread_finish() {
    d_step { SERVER; was_cut = phase == CUT && !timers_ended; is_finishing = true; timers_sleep = false }
#ifndef MUTANT_FINISH_DOES_NOT_WAIT
    atomic {
        timers_ended ->
        SERVER;
        assert(draining_has_returned == has_drained && (cut_has_returned || !was_cut));
        was_cut = false
    }
#endif
}
#endif

/* [server.c lined_server_wait] The end of the threads, [worker.c workers_end], is in thread_cache.pml. */
inline lined_server_wait(me) {
    lifecycle_begin_wait();
    lifecycle_wait_empty(me);
    all_over();
#if TIMERS
#ifndef MUTANT_WAIT_FORGETS_TIMERS
    timer_thread_finish();
#endif
    wait_has_returned = true;
#endif
    lifecycle_end_wait()
}

/* ---- a connection's thread ---- */

/* [worker.c serve] [worker.c passive_serve] [worker.c serve_lines] */
proctype worker(byte c)
{
    byte at, victim, left, lines, replies, reason;
    bool mine, saw_drain;

#if TIMERS
    /* [worker.c run_task] A task that waits on a condition variable of its own. */
    if
    :: atomic { phase == CUT -> SERVER; reason = WAS_CUT } -> goto finish /* [conn.c conn_open] */
    :: atomic { phase != CUT -> SERVER }
    fi;
    atomic { told -> SERVER; reason = EOF } -> goto finish;
#endif
serve: /* [recv.c conn_wait_delivery] */
    if /* [recv.c may_take] [conn.c conn_open]: a cut is seen before the first line, and between two lines */
    :: atomic { phase == CUT -> SERVER; reason = WAS_CUT; lines = 0; replies = 0 } -> goto finish
#if REMOTE
    :: atomic { phase != CUT && is_ending -> SERVER; reason = WAS_ENDED; lines = 0; replies = 0 } -> goto finish
    :: atomic { phase != CUT && !is_ending -> SERVER }
#else
    :: atomic { phase != CUT -> SERVER }
#endif
    fi;
    if
    :: atomic { lines > 0 -> lines--; replies++ } -> /* [recv.c conn_take_line], and the handler */
#if SCENARIO == 3
        if
        :: atomic { !called -> called = true } -> if :: lined_server_drain() :: lined_server_stop() fi
        :: true
        fi;
#endif
        goto serve
    :: else
    fi;
    if /* [send.c conn_send_replies] [send.c send_all] [send.c wait_writable] */
    :: replies == 0
    :: atomic {
           replies > 0 && !deaf[c] && !wr_shut[c] ->
           assert(open[c]);
           due[c] = (due[c] > replies -> due[c] - replies : 0);
           replies = 0
       }
    :: atomic { replies > 0 && wr_shut[c] -> reason = WAS_CUT; replies = 0 } -> goto finish
    fi;
#if REMOTE
    if /* [recv.c conn_receive], waker_take: the flag, and then the event */
    :: atomic { is_woken -> SERVER; is_woken = false } -> wake_event = false; wake_was_seen = true; goto serve
    :: else
    fi;
#endif
#ifdef MUTANT_ENTERED_IN_A_DRAIN_READS_ON
    left = LIMITLESS;
#else
    if /* [recv.c receive_limit] */
    :: atomic { phase == RUNNING -> SERVER; left = LIMITLESS }
    :: atomic {
           phase != RUNNING ->
           SERVER;
           if
           :: !saw_drain -> saw_drain = true; left = received[c] /* [peer.c peer_readable] */
           :: else
           fi
       }
    fi;
#endif
    if /* [recv.c conn_receive]: recv(2) sleeps until there is a line, or an end */
    :: left == 0
    :: atomic {
           left > 0 && received[c] > 0 ->
           assert(open[c]);
           lines = (received[c] < left -> received[c] : left);
           received[c] = received[c] - lines;
           left = (saw_drain -> left - lines : 0)
       } -> goto serve
    :: left > 0 && received[c] == 0 && (rd_shut[c] || ended[c])
#if REMOTE
    :: atomic { left > 0 && wake_event -> SERVER; left = (saw_drain -> left : 0) } -> /* [recv.c recv_or_wait] */
#ifndef MUTANT_EVENT_CLEARED_WITH_THE_FLAG
        wake_event = false;
#else
        atomic { wake_event = false; is_woken = false };
#endif
        goto serve
#endif
    fi;
    if /* a drain that has woken this thread first sees what is left to receive */
    :: atomic { phase == DRAINING && !saw_drain -> SERVER; left = 0 } -> goto serve
    :: atomic { phase != DRAINING || saw_drain -> SERVER }
    fi;
    atomic { /* [recv.c end_of_input] */
        SERVER;
        left = 0;
        saw_drain = false;
        if
        :: phase == CUT -> reason = WAS_CUT
#if REMOTE
        :: phase != CUT && is_ending -> reason = WAS_ENDED
        :: phase == RUNNING && !is_ending -> assert(ended[c]); reason = EOF
        :: phase == DRAINING && !is_ending -> reason = (ended[c] -> EOF : STOPPING)
#else
        :: phase == RUNNING -> assert(ended[c]); reason = EOF
        :: phase == DRAINING -> reason = (ended[c] -> EOF : STOPPING)
#endif
        fi
    }

finish: /* [close.c conn_finish] [close.c wait_for_acknowledgements] [lifecycle_wait.c lifecycle_wait_cut] */
    if
    :: reason != STOPPING
    :: atomic { reason == STOPPING && (!deaf[c] || phase == CUT) -> SERVER }
    fi;
#if REMOTE
    atomic { /* [send.c conn_send_last] [outbox.c outbox_close]: the farewell is sent; no other is taken */
        !borrowed -> SERVER;
        if
        :: reason != WAS_CUT -> has_farewell = false
        :: else
        fi;
        is_closed = true
    };
#endif
    reason = 0;
    /* [worker.c end] */
#ifndef MUTANT_NEVER_LEAVES
    lifecycle_leave();
#endif
#if defined(MUTANT_CLOSE_BEFORE_REMOVE)
    close_descriptor(c);
    conn_table_remove(c);
    lifecycle_release()
#elif defined(MUTANT_RELEASE_BEFORE_CLOSE)
    conn_table_remove(c);
    lifecycle_release();
    close_descriptor(c)
#elif defined(MUTANT_RELEASE_BEFORE_REMOVE)
    lifecycle_release();
    conn_table_remove(c);
    close_descriptor(c)
#elif defined(MUTANT_NEVER_REMOVED)
    close_descriptor(c);
    lifecycle_release()
#else
    conn_table_remove(c);
    close_descriptor(c);
#if REMOTE
    assert(!has_farewell || phase == CUT);
#endif
    lifecycle_release()
#endif
}

/* ---- the acceptor ---- */

#define ACCEPTED 0
#define AGAIN 1
#define RETRY 2
#define FATAL 3

/* [acceptor.c acceptor_main] */
proctype acceptor()
{
    byte at, victim, c, queued, result;
    bool mine, saw_drain, entered;

accept_more: /* [acceptor.c may_accept] */
    if
    :: atomic { phase == RUNNING -> SERVER }
    :: atomic { phase == CUT -> SERVER } -> goto gone
    :: atomic {
           phase == DRAINING ->
           SERVER;
           assert(listener_open);
           if
           :: !saw_drain -> saw_drain = true; queued = len(queue) /* [listener.c listener_queued] */
           :: else
           fi
#ifdef MUTANT_DRAIN_RESETS_THE_BACKLOG
           ; queued = 0
#endif
       }
       if
       :: queued == 0 -> goto gone
       :: queued > 0
       fi
    fi;
    atomic { /* [listener.c listener_accept] */
        SERVER;
        assert(listener_open && !listener_shut);
        if
        :: nempty(queue) ->
            queue?c;
            open[c] = true;
            result = ACCEPTED
        :: empty(queue) -> result = AGAIN
        :: faults > 0 -> faults--; result = RETRY /* there is no descriptor */
        :: faults > 0 && nempty(queue) -> /* the client was reset */
            queue?c;
            faults--;
            end_client(c);
            result = RETRY
        :: faults > 0 -> faults--; result = FATAL
        fi
    }
    if /* [acceptor.c handle_accept_error] [listener.c accept_verdict] */
    :: atomic { result == RETRY -> result = 0; c = 0 } -> goto pause
    :: atomic { result == FATAL -> result = 0 } -> /* [acceptor.c give_up] */
        lifecycle_drain();
        lifecycle_end_shutdown();
        goto gone
    /* [acceptor.c wait_for_client] */
#ifdef MUTANT_EMPTY_BEFORE_THE_DRAIN_IS_THE_END
    :: atomic { result == AGAIN && phase != RUNNING -> result = 0 } -> goto gone
    :: atomic { result == AGAIN && phase == RUNNING -> result = 0 } ->
#else
    :: atomic { result == AGAIN && saw_drain -> result = 0 } -> goto gone
    :: atomic { result == AGAIN && !saw_drain -> result = 0 } ->
#endif
        atomic { /* [reject.c reject_wait] poll(2) of the listener and the event */
#ifdef MUTANT_ACCEPTOR_IGNORES_THE_EVENT
            nempty(queue) -> SERVER
#else
            nempty(queue) || stop_event -> SERVER
#endif
        };
        goto accept_more
    :: atomic { result == ACCEPTED -> queued = (saw_drain -> queued - 1 : 0) }
    fi;

begin: /* [acceptor.c accept_one] [acceptor.c admit_patiently] [acceptor.c admit] [worker.c worker_start] [worker.c start] */
    lifecycle_enter();
    if
    :: atomic { !entered -> SERVER } -> close_descriptor(c); goto gone
    :: atomic { entered -> entered = false }
    fi;
#ifdef MUTANT_ADD_AFTER_THREAD
    if
    :: atomic { true -> run worker(c) };
       conn_table_add(c);
       c = 0;
       goto accept_more
    fi;
#endif
    conn_table_add(c);
    if /* [worker.c pass_to_thread] */
    :: atomic { true -> run worker(c); c = 0 } -> goto accept_more
    :: faults > 0 -> faults-- /* pthread_create(3) fails */
    fi;
#ifndef MUTANT_REMOVE_FORGOTTEN
    conn_table_remove(c);
#endif
#ifndef MUTANT_WITHDRAW_FORGOTTEN
    lifecycle_withdraw();
#endif
    atomic { LOCKED }; /* [acceptor.c pause_for] [lifecycle_wait.c lifecycle_wait_departure]: it always ends */
    if
    :: atomic { phase != CUT -> SERVER } -> goto begin
    :: atomic { phase == CUT -> SERVER } -> close_descriptor(c); goto gone
    fi;

pause: /* the same wait, after a failure of accept(2) */
    atomic { LOCKED };
    goto accept_more;

gone:
    shut_listener(); /* [listener.c listener_shut_down] */
    lifecycle_end_accepting();
    acceptor_gone = true
}

/* ---- threads that end the server ---- */

proctype ender(bool may_stop)
{
    byte at, victim;
    bool mine;

#if REMOTE
    if
    :: true -> remote_gone
    :: true
    fi;
#endif
    if
    :: lined_server_drain()
    :: may_stop -> lined_server_stop()
    fi;
    enders_gone++
}

#if REMOTE
/* [conn_table.c conn_table_borrow] True with the outbox's lock, or the connection has ended. */
inline borrow(c) {
    atomic {
        if
        :: in_table[c] -> SERVER; assert(!borrowed); borrowed = true
        :: !in_table[c]
        fi
    }
}

/* A thread that wakes the task of the client and waits until the task has seen it, or the connection has
 * ended; then it ends the connection, or not. */
proctype remote(byte c)
{
    in_table[c] || over[c];
    borrow(c); /* [remote.c lined_wake] waker_set: the flag, and then the event */
    if
    :: borrowed ->
#ifdef MUTANT_EVENT_BEFORE_FLAG
        wake_event = true;
        is_woken = true;
#else
        is_woken = true;
#ifndef MUTANT_WAKE_WITHOUT_EVENT
        wake_event = true;
#endif
#endif
        borrowed = false
    :: else
    fi;
    wake_was_seen || over[c];
    if
    :: true
    :: borrow(c); /* [remote.c lined_end] [outbox.c outbox_end_locked] */
       if
#ifdef MUTANT_END_AFTER_CLOSE
       :: borrowed ->
#else
       :: borrowed && !is_closed ->
#endif
           has_farewell = true;
#ifdef MUTANT_SHUTDOWN_BEFORE_END
           shut(c, false);
           is_ending = true;
#else
           is_ending = true;
#ifndef MUTANT_END_WITHOUT_SHUTDOWN
           shut(c, false);
#endif
#endif
           skip
       :: else
       fi;
       borrowed = false;
       over[c] /* the connection ends by this, without a drain */
    fi;
    remote_gone = true
}
#endif

#if TIMEOUT_PASSES
/* [flusher.c flusher_main] It cuts a drain after its timeout, whether or not a thread waits for the server.
 * What it sends is in push.pml. */
proctype flusher()
{
    byte at, victim, seen;
    bool mine;

    do
    :: flusher_is_ending -> break
    :: else ->
        atomic { LOCKED; seen = phase }; /* [lifecycle_wait.c lifecycle_drain_left_ms] */
        if
        :: seen == DRAINING ->
            if
            :: flusher_event -> flusher_event = false /* epoll_wait(2) returns before the timeout */
            :: true ->
#ifndef MUTANT_FLUSHER_DOES_NOT_CUT
                lined_server_stop() /* [server.c cut_at_deadline] */
#else
                flusher_is_ending
#endif
            fi
        :: else -> atomic { flusher_event -> flusher_event = false } /* it sleeps without a limit */
        fi;
        seen = 0
    od;
    flusher_gone = true
}
#endif

#if TIMERS
/* A callback on the timer thread. It begins and ends before a wait returns. */
inline callback_begins() { d_step { SERVER; assert(!wait_has_returned) } }

inline may_stop() {
#if SCENARIO == 6
    if
    :: lined_server_stop()
    :: true
    fi
#else
    skip
#endif
}

/* [timer_thread.c timer_thread_main] [timer_thread.c wait_for_due] [timer_thread.c call_due] What is due is
 * taken in one section under the thread's lock. A timer that is set may become due at any moment. */
proctype timer_thread()
{
    byte at, victim, due_now;
    bool mine;

#define NOTHING 0
#define DUE_DRAINING 1
#define DUE_CUT 2
#define DUE_TIMER 3
#ifdef MUTANT_CUT_BEFORE_DRAINING
#define IS_DUE_DRAINING (phase == DRAINING && !called_draining)
#else
#define IS_DUE_DRAINING (phase != RUNNING && has_drained && !called_draining)
#endif
#define IS_DUE_CUT (phase == CUT && !called_cut)
#define MAY_FIRE (timer_is_set && phase != CUT && !is_finishing)
check_due: /* [timer_thread.c due_locked] */
    atomic {
        SERVER;
        if
#ifdef MUTANT_END_FORGETS_WHAT_IS_DUE
        :: is_finishing -> timers_ended = true; goto gone
#endif
        :: IS_DUE_DRAINING -> called_draining = true; due_now = DUE_DRAINING
        :: !IS_DUE_DRAINING && IS_DUE_CUT -> called_cut = true; due_now = DUE_CUT
        :: !IS_DUE_DRAINING && !IS_DUE_CUT && MAY_FIRE -> timer_is_set = false; due_now = DUE_TIMER
        :: !IS_DUE_DRAINING && !IS_DUE_CUT && is_finishing -> timers_ended = true; goto gone
        :: !IS_DUE_DRAINING && !IS_DUE_CUT && !is_finishing -> timers_sleep = true
        fi
    }
    if
    :: due_now == NOTHING -> /* [timer_thread.c wait_for_change_locked] */
        atomic { !timers_sleep || MAY_FIRE -> SERVER; timers_sleep = false };
        goto check_due
    :: else
    fi;
    callback_begins();
    if
    :: due_now == DUE_DRAINING ->
        assert(!called_cut);
        told = true;
        may_stop();
        callback_begins();
        draining_has_returned = true
    :: due_now == DUE_CUT ->
        assert(draining_has_returned == has_drained);
        told = true;
        callback_begins();
        cut_has_returned = true
    :: due_now == DUE_TIMER ->
        may_stop();
        callback_begins()
    fi;
    due_now = NOTHING;
    goto check_due;

gone:
    timers_gone = true
}
#endif

#if SCENARIO == 4
proctype other_waiter()
{
    byte at;

    is_started;
    lined_server_wait(1);
    other_over = true
}
#endif

/* [server.c lined_server_start] [server.c start_acceptors] */
inline lined_server_start() {
#if TIMEOUT_PASSES
    run flusher(); /* [flusher.c flusher_start] */
#endif
#if TIMERS
    run timer_thread(); /* [timer_thread.c timer_thread_start] */
#endif
    lifecycle_begin_accepting(); /* [acceptor.c acceptor_start] */
    atomic { run acceptor(); is_started = true }
}

/* The thread that starts the server, waits, and frees it. Other threads may drain or stop the server before
 * the start. */
proctype owner()
{
    byte at, victim;
    bool mine;
#if TIMERS
    bool was_cut;
#endif

#if SCENARIO == 3
    if
    :: lined_server_start()
    :: true
    fi;
    if
    :: is_started && phase != RUNNING -> lined_server_wait(0)
    :: true
    fi;
#elif SCENARIO == 6
    lined_server_start();
    if
    :: lined_server_wait(0)
    :: true
    fi;
#else
    lined_server_start();
    lined_server_wait(0);
#endif
#if SCENARIO == 2
    enders_gone == 2;
#elif SCENARIO == 6
    enders_gone == 1;
#elif SCENARIO == 8
    enders_gone == 1 && remote_gone; /* they call the server */
#elif SCENARIO == 4
    waits_begun == 2; /* no thread calls the server once it is freed */
    if
    :: true -> other_over /* it joins the other */
    :: true
    fi;
#endif
    /* [server.c lined_server_free] */
    lined_server_stop();
    if /* [server.c end_threads] */
    :: is_started ->
        acceptor_gone; /* [acceptor.c acceptor_join] */
#ifndef MUTANT_FREE_DOES_NOT_WAIT
        lifecycle_wait_empty(0);
#endif
#if TIMERS && !defined(MUTANT_FREE_FORGETS_TIMERS)
        timer_thread_finish(); /* [server.c end_timers] */
        timers_gone; /* [timer_thread.c timer_thread_join] */
#endif
#ifndef MUTANT_FREE_FORGETS_WAITERS
        lifecycle_wait_waiters(0);
#endif
        skip
    :: !is_started -> shut_listener() /* [acceptor.c acceptor_deinit] */
    fi;
    all_over();
#if TIMEOUT_PASSES
    flusher_is_ending = true; /* [flusher.c flusher_end] */
    flusher_event = true;
    flusher_gone;
#endif
    d_step { /* [acceptor.c acceptor_deinit] [lifecycle.c lifecycle_deinit] [conn_table.c conn_table_deinit] */
        assert(listener_open);
        listener_open = false;
        assert(IS_EMPTY && !locked);
        freed = true
    }
}

/* ---- the clients ---- */

/* Connects, with a line or, the first, without; in SCENARIO 3 and 4 it may send one more, and end. */
proctype client(byte c)
{
    atomic {
        if
        :: listener_shut || !listener_open -> over[c] = true
        :: else ->
            queue!c;
            if
            :: received[c]++
            :: c == 0
            fi
        fi
    }
#if SCENARIO == 3 || SCENARIO == 4
    atomic {
        if
        :: !over[c] -> received[c]++
        :: true
        fi
    }
    atomic {
        if
        :: !over[c] -> ended[c] = true
        :: true
        fi
    }
#endif
}

init {
    atomic {
        run client(0);
        run owner();
#if REMOTE
        run remote(0);
#endif
#if SCENARIO == 1
        run client(1);
#elif SCENARIO == 4
        run other_waiter();
#elif SCENARIO == 5
        if
        :: deaf[0] = true
        :: true
        fi;
#endif
#if SCENARIO == 2
        run ender(false);
#endif
#if SCENARIO != 3
        run ender(SCENARIO != 5) /* after a stop the drain timeout means nothing */
#endif
    }
}
