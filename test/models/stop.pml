/*
 * How a server ends: drain, stop, wait and free against the acceptor and the connections' threads.
 * See README.md here. A file and a function in brackets are what a step stands for. Another thread
 * may come between any two steps but those in one atomic or d_step.
 *
 * SCENARIO 1: one thread ends the server, by drain or stop, and nobody joins it; another waits and
 *             frees. Two clients.
 * SCENARIO 2: two threads end it, one by drain, the other by either; a third waits, joins both, and
 *             frees. One fault of accept or of pthread_create.
 * SCENARIO 3: a callback ends it by drain or stop, or accept fails for good, or nothing does;
 *             another thread waits and frees, or frees at once. One fault.
 * SCENARIO 4: one thread ends it; two wait, of which one joins the other or not, and frees. A wake-up
 *             for nothing.
 * SCENARIO 5: one thread drains the server, and the drain's deadline passes: the courier cuts. A client
 *             leaves its replies unread or not.
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
#define LIMITLESS 255

#define RUNNING 0
#define DRAINING 1
#define CUT 2

#define EOF 1
#define STOPPING 2
#define WAS_CUT 3

/* The server. freed: its memory is gone. */
bool freed, locked;
byte phase = RUNNING;
byte present, enders, waiters;
bool is_accepting;
bool in_slot[CLIENTS];

/* Condition variable over: who waits on it. 0 is the thread that frees, 1 the other. A thread that
 * frees waits for the registry to be empty first, and then for the waiters. */
bool waits[2];

/* The listener, and the kernel's queue of who is not accepted yet. */
bool listener_open = true, listener_shut, listener_nonblock;
chan queue = [CLIENTS] of { byte };

/* The clients' sockets, on the server's side. Whole lines stand for bytes. */
bool open[CLIENTS], rd_shut[CLIENTS], wr_shut[CLIENTS], ended[CLIENTS];
byte received[CLIENTS];

/* What a run decides once: whether the drain's deadline passes. Only then a client may be deaf, which
 * is to leave its replies unread: without the cut nothing but the send timeout would end it. */
bool hasty, deaf[CLIENTS];

/* How many faults are still to come: accept without a descriptor, a client that accept reports as
 * aborted, no thread; a wake-up for nothing. */
byte faults = FAULTS, spurious = SPURIOUS;

/* SCENARIO 3: a callback has called drain or stop. */
bool called;

/* Kept for the properties alone. due: lines that were received when the drain began and are not
 * answered. over: the connection is closed or reset, and the client knows. */
byte due[CLIENTS];
bool over[CLIENTS];
bool acceptor_gone, courier_cuts, courier_ends;
byte enders_gone, waits_begun;
bool other_over;

#define MAY_LOSE_REPLIES (phase == CUT || faults != FAULTS)

#define SERVER assert(!freed)
#define IS_EMPTY (present == 0 && !is_accepting && enders == 0)

/* The registry's lock. A section that touches nothing but what the lock guards is one step, with
 * LOCKED as its first condition: whoever holds the lock, nobody could tell the difference. Sections
 * that others can see into, for they read the phase or use sockets, take it and let it go. */
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

/* [registry.c tell_if_empty_locked] */
inline tell_if_empty_locked() {
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

/* shutdown(2) of a connection by another thread. A closed descriptor may be a stranger's by now. */
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

/* Nothing more happens to it, so all such clients are alike. */
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

/* shutdown(2) of the listener: who waits to be accepted is reset. */
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

/* [registry.c registry_begin_accepting] in the thread that starts the server: see init. */
/* [registry.c registry_end_accepting] */
inline registry_end_accepting() {
    atomic {
        LOCKED;
        is_accepting = false;
#ifndef MUTANT_ACCEPTOR_TELLS_NOBODY
        tell_if_empty_locked()
#endif
    }
}

/* [registry.c registry_join] */
inline registry_join(c) {
    atomic {
        LOCKED;
#ifdef MUTANT_JOIN_AFTER_CUT
        joined = true;
#else
        joined = phase != CUT;
#endif
        if
        :: joined -> in_slot[c] = true; present++; assert(phase != CUT)
        :: else
        fi
    }
}

/* [registry.c registry_leave] What has to do with the outbox is in push.pml. */
inline registry_leave(c) { atomic { LOCKED; in_slot[c] = false } }

/* [registry.c registry_release] [registry.c release_locked] */
inline registry_release() {
#if defined(MUTANT_TELL_AFTER_UNLOCK)
    atomic { LOCKED; assert(present > 0); present-- }
    d_step { SERVER; tell_if_empty_locked() }
#else
    atomic {
        LOCKED;
        assert(present > 0);
        present--;
#ifndef MUTANT_RELEASE_TELLS_NOBODY
        tell_if_empty_locked()
#endif
    }
#endif
}

/* [registry.c registry_withdraw] */
inline registry_withdraw(c) {
    registry_leave(c);
    registry_release()
}

/* [registry.c shut_all] Every connection that is registered, one after the other. The lock is held for
 * one slot here, so that others come between any two. */
inline shut_all(to) {
    do
    :: at < CLIENTS -> atomic { LOCKED; if :: in_slot[at] -> shut(at, to == CUT) :: else fi; at++ }
    :: at == CLIENTS -> at = 0; break
    od
}

/* What the kernel has received of lines when a drain begins is due, also from who is not accepted. */
inline note_what_is_due() {
    do
    :: at < CLIENTS ->
        due[at] = received[at];
        at++
    :: else -> at = 0; break
    od
}

/* [registry.c set_phase_locked] */
inline set_phase_locked(to) {
    phase = to;
    if
    :: to == DRAINING -> note_what_is_due()
    :: else
    fi;
    broadcast_over()
}

inline count_ender() {
#ifdef MUTANT_ENDERS_UNCOUNTED
    skip
#else
    enders++
#endif
}

/* [registry.c registry_end_ending] */
inline registry_end_ending() {
    atomic {
        LOCKED;
#ifndef MUTANT_ENDERS_UNCOUNTED
        assert(enders > 0);
        enders--;
#endif
#ifndef MUTANT_ENDER_TELLS_NOBODY
        tell_if_empty_locked()
#endif
    }
}

/* [server.c lined_server_drain] */
inline lined_server_drain() {
#ifdef MUTANT_SHUT_BEFORE_PHASE
    shut_all(DRAINING);
#endif
    atomic { /* [registry.c registry_drain] */
        LOCKED;
        count_ender();
        if
        :: phase == RUNNING -> mine = true; set_phase_locked(DRAINING)
        :: else
        fi
    }
    if
    :: mine -> mine = false; shut_all(DRAINING); skip
    :: else
    fi;
#ifndef MUTANT_LISTENER_BLOCKS
    d_step { SERVER; assert(listener_open); listener_nonblock = true } /* [net.c listener_set_nonblocking] */
#endif
    /* [net.c listener_queued], and between it and [server.c end_accepting] somebody may come. */
#ifdef MUTANT_DRAIN_FORGETS_THE_QUEUE
    shut_listener();
#else
    if
    :: atomic { empty(queue) -> SERVER; assert(listener_open) } ->
#ifndef MUTANT_DRAIN_WAKES_NOBODY
        shut_listener()
#endif
    :: atomic { nempty(queue) -> SERVER; assert(listener_open) }
    fi;
#endif
    registry_end_ending()
}

/* [server.c lined_server_stop] */
inline lined_server_stop() {
    atomic { /* [registry.c registry_cut] */
        LOCKED;
        count_ender();
        if
        :: phase != CUT -> mine = true; set_phase_locked(CUT)
        :: else
        fi
    }
    if
    :: mine -> mine = false; shut_all(CUT)
    :: else
    fi;
    shut_listener(); /* [server.c end_accepting] */
    registry_end_ending()
}

/* [registry_wait.c registry_wait_empty] */
inline registry_wait_empty(me) {
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

/* [registry_wait.c registry_begin_wait] */
inline registry_begin_wait() { atomic { LOCKED; waiters++; waits_begun++ } }

/* [registry_wait.c registry_end_wait] */
inline registry_end_wait() {
    atomic {
        LOCKED;
        assert(waiters > 0);
        waiters--;
#ifndef MUTANT_WAITER_TELLS_NOBODY
        if
        :: waiters == 0 -> broadcast_over()
        :: else
        fi
#endif
    }
}

/* [registry_wait.c registry_wait_waiters] */
inline registry_wait_waiters(me) {
    lock();
    do
    :: waiters > 0 -> wait_over(me)
    :: else -> break
    od;
    unlock()
}

/* Every connection's thread is gone and its descriptor closed, and no other will come. */
inline all_over() {
    atomic {
        SERVER;
        assert(present == 0 && !is_accepting && phase != RUNNING && len(queue) == 0);
        do
        :: at < CLIENTS -> assert(!in_slot[at] && !open[at]); at++
        :: at == CLIENTS -> at = 0; break
        od
    }
}

/* [server.c lined_server_wait] */
inline lined_server_wait(me) {
    registry_begin_wait();
    registry_wait_empty(me);
    all_over();
    registry_end_wait()
}

/* ---- a connection's thread ---- */

/* [session.c serve] [session.c serve_passive] [session.c receive_lines] */
proctype session(byte c)
{
    byte at, victim, left, lines, replies, reason;
    bool mine, saw_drain;

serve: /* [conn.c conn_wait_line] */
    if /* [conn.c may_take]: a stop is seen between two lines */
    :: atomic { phase == CUT -> SERVER; reason = WAS_CUT; lines = 0; replies = 0 } -> goto finish
    :: atomic { phase != CUT -> SERVER }
    fi;
    if
    :: atomic { lines > 0 -> lines--; replies++ } -> /* [conn.c conn_take_line], and the worker */
#if SCENARIO == 3
        if
        :: atomic { !called -> called = true } -> if :: lined_server_drain() :: lined_server_stop() fi
        :: true
        fi;
#endif
        goto serve
    :: else
    fi;
    if /* [send.c conn_send_gathered] [send.c send_all] [send.c wait_writable] */
    :: replies == 0
    :: atomic {
           replies > 0 && !deaf[c] && !wr_shut[c] ->
           assert(open[c]);
           due[c] = (due[c] > replies -> due[c] - replies : 0);
           replies = 0
       }
    :: atomic { replies > 0 && wr_shut[c] -> reason = WAS_CUT; replies = 0 } -> goto finish
    fi;
#ifdef MUTANT_JOINED_IN_A_DRAIN_READS_ON
    left = LIMITLESS;
#else
    if /* [conn.c receive_limit] */
    :: atomic { phase == RUNNING -> SERVER; left = LIMITLESS }
    :: atomic {
           phase != RUNNING ->
           SERVER;
           if
           :: !saw_drain -> saw_drain = true; left = received[c] /* [net.c peer_readable] */
           :: else
           fi
       }
    fi;
#endif
    if /* [conn.c receive]: recv(2) sleeps until there is a line, or an end */
    :: left == 0
    :: atomic {
           left > 0 && received[c] > 0 ->
           assert(open[c]);
           lines = (received[c] < left -> received[c] : left);
           received[c] = received[c] - lines;
           left = (saw_drain -> left - lines : 0)
       } -> goto serve
    :: left > 0 && received[c] == 0 && (rd_shut[c] || ended[c])
    fi;
    atomic { /* [conn.c end_of_input] */
        SERVER;
        left = 0;
        saw_drain = false;
        if
        :: phase == CUT -> reason = WAS_CUT
        :: phase == RUNNING -> assert(ended[c]); reason = EOF
        :: phase == DRAINING -> reason = (ended[c] -> EOF : STOPPING)
        fi
    }

finish: /* [goodbye.c conn_finish] [goodbye.c wait_for_acknowledgements] [registry_wait.c registry_wait_cut] */
    if
    :: reason != STOPPING
    :: atomic { reason == STOPPING && (!deaf[c] || phase == CUT) -> SERVER }
    fi;
    reason = 0;
#if defined(MUTANT_CLOSE_BEFORE_LEAVE)
    close_descriptor(c);
    registry_leave(c);
    registry_release()
#elif defined(MUTANT_RELEASE_BEFORE_CLOSE)
    registry_leave(c);
    registry_release();
    close_descriptor(c)
#elif defined(MUTANT_NEVER_LEAVES)
    close_descriptor(c);
    registry_release()
#else
    registry_leave(c);
    close_descriptor(c);
    registry_release()
#endif
}

/* ---- the acceptor ---- */

#define ACCEPTED 0
#define AGAIN 1
#define RETRY 2
#define ENDED 3
#define FATAL 4

/* [acceptor.c acceptor_main] */
proctype acceptor()
{
    byte at, victim, c, queued, result;
    bool mine, saw_drain, sleeps, joined;

accept_more: /* [acceptor.c may_accept] */
    if
    :: atomic { phase == RUNNING -> SERVER }
    :: atomic { phase == CUT -> SERVER } -> goto gone
    :: atomic {
           phase == DRAINING ->
           SERVER;
           assert(listener_open);
           if
           :: !saw_drain -> saw_drain = true; queued = len(queue) /* [net.c listener_queued] */
           :: else
           fi
       }
       if
       :: queued == 0 -> goto gone
       :: queued > 0
       fi
    fi;
    /* [net.c listener_accept] accept(2) looks once, when it is called, whether it may sleep. */
    atomic { SERVER; assert(listener_open); sleeps = !listener_nonblock }
    atomic {
        if
        :: listener_shut -> result = ENDED
        :: !listener_shut && nempty(queue) ->
            queue?c;
            open[c] = true;
            result = ACCEPTED
        :: !listener_shut && empty(queue) && !sleeps -> result = AGAIN
        :: !listener_shut && faults > 0 -> faults--; result = RETRY /* there is no descriptor */
        :: !listener_shut && faults > 0 && nempty(queue) -> /* the client was reset */
            queue?c;
            faults--;
            end_client(c);
            result = RETRY
        :: !listener_shut && faults > 0 -> faults--; result = FATAL
        fi;
        SERVER;
        sleeps = false
    }
    if /* [acceptor.c handle_accept_error] [net.c accept_verdict] */
    :: atomic { result == RETRY -> result = 0; c = 0 } -> goto pace
    :: atomic { result == FATAL -> result = 0 } -> lined_server_drain(); goto gone
    :: atomic { result == AGAIN || result == ENDED -> assert(phase != RUNNING); result = 0 } ->
        goto gone
    :: atomic { result == ACCEPTED -> queued = (saw_drain -> queued - 1 : 0) }
    fi;

    /* [acceptor.c accept_one] [session.c worker_start] [session.c run] */
    registry_join(c);
    if
    :: !joined -> close_descriptor(c); goto gone
    :: atomic { joined -> joined = false; run session(c); c = 0 } -> goto accept_more
    :: atomic { joined && faults > 0 -> joined = false; faults-- } -> /* pthread_create(3) fails */
#ifndef MUTANT_WITHDRAW_FORGOTTEN
        registry_withdraw(c);
#endif
        close_descriptor(c);
        c = 0
    fi;

pace: /* [acceptor.c pace] [registry_wait.c registry_wait_departure]: a timed wait, which always ends */
    atomic { LOCKED };
    goto accept_more;

gone:
    shut_listener();
    registry_end_accepting();
    acceptor_gone = true
}

/* ---- who ends it ---- */

proctype ender(bool may_stop)
{
    byte at, victim;
    bool mine;

    if
    :: lined_server_drain()
    :: may_stop -> lined_server_stop()
    fi;
    enders_gone++
}

/* [courier.c flusher_main] A drain whose deadline has passed is cut, whether or not anybody waits. What
 * it delivers is in push.pml. */
proctype courier()
{
    byte at, victim;
    bool mine;

end_unless_it_cuts: /* a server that ends before needs it no more */
    atomic { hasty && phase == DRAINING && !courier_ends -> courier_cuts = true }
#ifndef MUTANT_NOBODY_CUTS
    lined_server_stop(); /* [server.c drain_is_over] */
#endif
    courier_cuts = false
}

#if SCENARIO == 4
proctype other_waiter()
{
    byte at;

    lined_server_wait(1);
    other_over = true
}
#endif

/* The thread that waits and frees. */
proctype owner()
{
    byte at, victim;
    bool mine;

#if SCENARIO == 3
    if
    :: phase != RUNNING -> lined_server_wait(0)
    :: true
    fi;
#else
    lined_server_wait(0);
#endif
#if SCENARIO == 2
    enders_gone == 2;
#elif SCENARIO == 4
    waits_begun == 2; /* nobody calls the server once it is freed */
    if
    :: true -> other_over /* it joins the other */
    :: true
    fi;
#endif
    /* [server.c lined_server_free] */
    lined_server_stop();
    acceptor_gone; /* [server.c undo_part]: pthread_join(3) */
#ifndef MUTANT_FREE_DOES_NOT_WAIT
    registry_wait_empty(0);
#endif
#ifndef MUTANT_FREE_FORGETS_WAITERS
    registry_wait_waiters(0);
#endif
    all_over();
    atomic { !courier_cuts -> courier_ends = true } /* [courier.c flusher_deinit]: pthread_join(3) */
    d_step { /* [server.c undo_and_free] [registry.c registry_deinit] */
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
        is_accepting = true; /* [registry.c registry_begin_accepting] */
        run acceptor();
        run client(0);
        run owner();
#if SCENARIO == 1
        run client(1);
#elif SCENARIO == 5
        hasty = true;
        run courier();
        if
        :: deaf[0] = true
        :: true
        fi;
#elif SCENARIO == 4
        run other_waiter();
#endif
#if SCENARIO == 2
        run ender(false);
#endif
#if SCENARIO != 3
        run ender(SCENARIO != 5) /* after a stop the deadline is nothing */
#endif
    }
}
