/*
 * What other threads send to a connection, against the connection's end: borrow and list against remove,
 * close and the memory of the entry; handles of connections that have ended; the flusher's wake-up; the
 * pushes that callbacks gather, and their flush; no bytes that were taken are lost. See README.md here.
 * MUTANT_*: a bug that the check must find.
 *
 * One slot and two connections that use it one after the other, so that the second has the slot of the
 * first one, and may have its memory and its descriptor number as well.
 *
 * Two kinds of locks: the table's, and one for each outbox. A thread that borrows tries the outbox's lock
 * while it holds the table's. If another thread has it, the borrower is counted, and waits without the
 * table's lock. A connection that removes its entry waits until no borrower is counted, and then takes the
 * outbox's lock: so it has waited for every borrower. The count of connections has a lock of its own,
 * which no thread takes together with these: see stop.pml.
 */
#define NONE 2

bool locked;           /* the table's lock */
byte slot = NONE;      /* the connection that the entry belongs to */
byte generation;
byte number[2];        /* of each connection; 0: none yet */
bool open[2];          /* its descriptor */
bool there[2];         /* its memory */
bool outbox[2];        /* the lock of its outbox */
byte borrowers[2];     /* threads that have found the entry and wait for its outbox's lock */
bool is_held[2], is_closed[2], shut[2];
byte waiting[2];       /* pushes in the outbox */
bool is_gathered[2];   /* the socket has not been tried for them */
byte noted_by[2];      /* the last batch that has noted the outbox; 0: none */
bool noted[4];         /* by connection and batch: the batch will flush it */
bool armed[2];         /* the flusher's epoll set, for one event */
byte event;            /* the flusher has taken an event of that number and not handled it yet */

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* [outbox.c outbox_lock] */
inline outbox_lock(c) { atomic { !outbox[c] -> assert(there[c]); outbox[c] = true } }
/* [outbox.c outbox_unlock] */
inline outbox_unlock(c) { d_step { assert(there[c] && outbox[c]); outbox[c] = false } }

/* [conn_table.c wait_for_entry_locked] */
inline wait_for_entry(c) {
    unlock();
    outbox_lock(c);
    lock();
#ifndef MUTANT_BORROWER_NOT_COUNTED
    borrowers[c]--
#endif
}

/* [conn_table.c conn_table_borrow] [slot_map.c slot_map_find] */
inline conn_table_borrow(n) {
    lock();
    atomic {
        if
#ifdef MUTANT_GENERATION_NOT_COMPARED
        :: slot != NONE -> found = slot
#else
        :: slot != NONE && generation == n -> found = slot
#endif
        :: else -> found = NONE
        fi
    }
#ifdef MUTANT_BORROW_LOCKS_LATE
    unlock();
    if
    :: found != NONE -> outbox_lock(found)
    :: else
    fi
#else
    if
    :: atomic { found != NONE && !outbox[found] -> assert(there[found]); outbox[found] = true }
    :: atomic {
           found != NONE && outbox[found] ->
#ifndef MUTANT_BORROWER_NOT_COUNTED
           borrowers[found]++
#endif
       }
       wait_for_entry(found)
    :: found == NONE
    fi;
    unlock()
#endif
}

/* [flusher.c flusher_watch_locked] [outbox.c outbox_needs_flusher_locked] */
inline flusher_watch_locked(c) {
    d_step {
        assert(there[c] && outbox[c] && open[c]);
        if
        :: !is_held[c] && !is_gathered[c] && waiting[c] > 0 -> armed[c] = true
        :: else
        fi
    }
}

#define IS_BLOCKED(c) (is_held[c] || (waiting[c] > 0 && !is_gathered[c]))

/* [outbox.c send_waiting_locked] The socket takes all, a part, or nothing. */
inline send_waiting_locked(c) {
    assert(there[c] && outbox[c] && open[c]);
    is_gathered[c] = false;
    if
    :: waiting[c] = 0
    :: waiting[c] > 1 -> waiting[c]--
    :: true
    fi
}

/* [outbox.c outbox_push_locked] [push.c lined_pushv] At once: the socket takes it and what was gathered
 * before, or it waits. */
inline push_locked(c) {
    atomic {
        assert(there[c] && outbox[c]);
        if
        :: is_closed[c] || waiting[c] == 2
        :: !is_closed[c] && !is_held[c] && waiting[c] == 0 -> assert(open[c])
        :: !is_closed[c] && waiting[c] < 2 && (IS_BLOCKED(c) || waiting[c] == 0) -> waiting[c]++
        :: !is_closed[c] && !IS_BLOCKED(c) && waiting[c] > 0 && waiting[c] < 2 ->
            waiting[c]++;
            send_waiting_locked(c)
        fi
    }
#ifndef MUTANT_FLUSHER_NOT_ARMED
    flusher_watch_locked(c)
#endif
}

#define NOTED(c, batch) noted[(c) * 2 + (batch) - 1]

/* [outbox.c gather_locked] [push_batch.c push_batch_note_locked] In a callback: it waits for the flush of
 * the batch, or behind others. */
inline gather_locked(c, batch) {
    atomic {
        assert(there[c] && outbox[c]);
        if
        :: is_closed[c] || waiting[c] == 2
        :: !is_closed[c] && IS_BLOCKED(c) && waiting[c] < 2 -> waiting[c]++
        :: !is_closed[c] && !IS_BLOCKED(c) && waiting[c] < 2 ->
            waiting[c]++;
            is_gathered[c] = true;
            if
            :: noted_by[c] != batch -> noted_by[c] = batch; NOTED(c, batch) = true
            :: else
            fi
        fi
    }
}

/* [push_batch.c flush] [push_batch.c send_to] [outbox.c outbox_flush_locked] */
inline flush(batch, c) {
    if
    :: NOTED(c, batch) ->
        conn_table_borrow(number[c]);
        if
        :: found != NONE ->
            atomic {
#ifndef MUTANT_FLUSH_KEEPS_THE_MARK
                noted_by[found] = 0;
#endif
                if
                :: is_gathered[found] -> send_waiting_locked(found)
                :: else
                fi
            }
#ifndef MUTANT_FLUSH_ARMS_NO_FLUSHER
            flusher_watch_locked(found);
#endif
            outbox_unlock(found)
        :: else
        fi;
        NOTED(c, batch) = false
    :: else
    fi
}

/* ---- a connection's thread; the second connection begins when the first has left its slot ---- */

/* [worker.c serve] */
proctype worker(byte c)
{
    byte taken;

    /* [conn_table.c conn_table_add] [slot_map.c slot_map_add] */
    atomic {
        slot == NONE && !locked && (c == 0 || number[0] != 0) ->
        slot = c;
#ifndef MUTANT_GENERATION_NOT_RAISED
        generation++;
#else
        generation = 1;
#endif
        number[c] = generation;
        open[c] = true;
        there[c] = true
    }
    /* A reply of its own, or none. [send.c send_out] [outbox.c outbox_hold] */
    do
    :: c == 0 && !is_closed[c] ->
        outbox_lock(c);
        d_step { is_held[c] = true; taken = waiting[c]; waiting[c] = 0; is_gathered[c] = false }
        outbox_unlock(c);
send_them:
        atomic { assert(open[c]); taken = 0 }
        outbox_lock(c); /* [outbox.c outbox_release] */
#ifdef MUTANT_RELEASE_FORGETS
        is_held[c] = false;
        outbox_unlock(c);
#else
        if
        :: waiting[c] > 0 ->
            d_step { taken = waiting[c]; waiting[c] = 0 }
            outbox_unlock(c);
            goto send_them
        :: waiting[c] == 0 -> is_held[c] = false; outbox_unlock(c)
        fi;
#endif
        break
    :: break
    od;

    /* [send.c conn_send_last] */
send_last:
    outbox_lock(c);
    d_step { is_held[c] = true; taken = waiting[c]; waiting[c] = 0; is_gathered[c] = false }
    outbox_unlock(c);
again:
    atomic { assert(open[c]); taken = 0 }
    outbox_lock(c);
    if
    :: waiting[c] > 0 ->
        d_step { taken = waiting[c]; waiting[c] = 0 }
        outbox_unlock(c);
        goto again
    :: waiting[c] == 0 -> is_held[c] = false; outbox_unlock(c)
    fi;
    outbox_lock(c); /* [outbox.c outbox_close] */
#ifdef MUTANT_CLOSES_WITH_BYTES_WAITING
    is_closed[c] = true;
#else
    is_closed[c] = waiting[c] == 0;
#endif
    outbox_unlock(c);
    if
    :: !is_closed[c] -> goto send_last
    :: is_closed[c]
    fi;

    /* [worker.c end]: [conn_table.c conn_table_remove] [slot_map.c slot_map_remove] */
#ifdef MUTANT_CLOSE_BEFORE_REMOVE
    d_step { open[c] = false; armed[c] = false }
#endif
    atomic { !locked -> slot = NONE }
#ifndef MUTANT_REMOVE_IGNORES_BORROWERS
    atomic { !locked && borrowers[c] == 0 }
#endif
#ifndef MUTANT_REMOVE_WITHOUT_WAITING
    outbox_lock(c);
    outbox_unlock(c);
#endif
    d_step { open[c] = false; armed[c] = false } /* close(2): epoll forgets it */
    d_step { /* [conn.c conn_deinit] [outbox.c outbox_deinit] */
        assert(!outbox[c] && waiting[c] == 0);
        there[c] = false
    }
}

/* ---- other threads ---- */

/* A callback that pushes to the first connection, twice, by its handle. Its batch may end between the two,
 * and ends after the second. [push.c lined_push] */
proctype pusher()
{
    byte found, times;

    number[0] != 0;
    do
    :: times < 2 ->
        conn_table_borrow(number[0]);
        if
        :: found != NONE ->
            assert(found == 0); /* never the connection that has the slot now */
            gather_locked(found, 1);
            outbox_unlock(found) /* [conn_table.c conn_table_return] */
        :: else
        fi;
        times++;
        if
        :: times == 1 -> flush(1, 0)
        :: true
        fi
    :: times == 2 -> break
    od;
#ifndef MUTANT_BATCH_ENDS_WITHOUT_FLUSH
    flush(1, 0);
#endif
    NOTED(0, 1) = false /* the batch is gone */
}

/* Broadcasts, in a callback or not, and then cuts. [conn_table.c conn_table_list_open]
 * [push.c lined_broadcast] */
proctype broadcaster()
{
    byte found, listed;

    atomic { !locked -> listed = (slot != NONE -> generation : 0) }
    if
    :: listed != 0 ->
        conn_table_borrow(listed);
        if
        :: found != NONE -> push_locked(found); outbox_unlock(found)
        :: found != NONE -> gather_locked(found, 2); outbox_unlock(found)
        :: else
        fi;
        flush(2, (listed == number[0] -> 0 : 1))
    :: else
    fi;

    lock(); /* [conn_table.c conn_table_shutdown] */
    if
    :: slot != NONE -> d_step { assert(open[slot]); shut[slot] = true }
    :: else
    fi;
    unlock()
}

/* [flusher.c flusher_main] [flusher.c deliver] epoll reports each armed socket once; the event
 * may be taken long before it is handled. */
proctype flusher()
{
    byte found;

end:
    do
    :: atomic {
           if
           :: armed[0] -> armed[0] = false; event = number[0]
           :: armed[1] -> armed[1] = false; event = number[1]
           fi
       }
       conn_table_borrow(event);
       if
       :: found != NONE ->
           atomic { /* [outbox.c outbox_deliver_locked] */
               if
               :: is_held[found] || waiting[found] == 0 -> assert(there[found])
               :: else -> send_waiting_locked(found)
               fi
           }
#ifndef MUTANT_FLUSHER_NOT_ARMED_AGAIN
           flusher_watch_locked(found);
#endif
           outbox_unlock(found)
       :: else
       fi;
       atomic { found = 0; event = 0 }
    od
}

/* Bytes that wait are sent: the connection's thread is sending, or the flusher is armed, or it has an event
 * that it has not handled yet; or a batch that has noted the outbox will flush it. */
#define STRANDED(c) (there[c] && !outbox[c] && waiting[c] > 0 && !is_held[c] && !armed[c] && \
                     event != number[c] && !(is_gathered[c] && (NOTED(c, 1) || NOTED(c, 2))))

proctype monitor()
{
end:
    if
    :: atomic { STRANDED(0) -> assert(false) }
    :: atomic { STRANDED(1) -> assert(false) }
    fi
}

init {
    atomic {
        run worker(0);
        run worker(1);
        run pusher();
        run broadcaster();
        run flusher();
        run monitor()
    }
}
