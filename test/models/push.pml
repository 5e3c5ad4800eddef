/*
 * What others send to a connection, against its end: borrow and list against leave, close and the
 * entry's memory; handles of the gone; the courier's wake-up; nothing that was taken is lost.
 * See README.md here. MUTANT_*: a bug that the check must find.
 *
 * One slot and two connections that use it one after the other, so that the second has the first
 * one's slot, and its memory and descriptor number are the first one's to the eye.
 */
#define NOBODY 2

bool locked;           /* the registry's lock */
byte slot = NOBODY;    /* whose entry it holds */
byte generation;
byte number[2];        /* of each connection; 0: none yet */
bool open[2];          /* its descriptor */
bool there[2];         /* its memory */
bool outbox[2];        /* the lock of its outbox */
bool is_held[2], is_closed[2], shut[2];
byte waiting[2];       /* pushes in the outbox */
bool armed[2];         /* the courier's epoll set, for one event */
byte told;             /* the courier has an event of that number in hand */

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* [outbox.c outbox_lock] */
inline outbox_lock(c) { atomic { !outbox[c] -> assert(there[c]); outbox[c] = true } }
/* [outbox.c outbox_unlock] */
inline outbox_unlock(c) { d_step { assert(there[c] && outbox[c]); outbox[c] = false } }

/* [registry.c registry_borrow] [slots.c slot_map_find] */
inline registry_borrow(n) {
    lock();
    atomic {
        if
#ifdef MUTANT_GENERATION_NOT_COMPARED
        :: slot != NOBODY -> found = slot
#else
        :: slot != NOBODY && generation == n -> found = slot
#endif
        :: else -> found = NOBODY
        fi
    }
#ifdef MUTANT_BORROW_LOCKS_LATE
    unlock();
#endif
    if
    :: found != NOBODY -> outbox_lock(found)
    :: else
    fi;
#ifndef MUTANT_BORROW_LOCKS_LATE
    unlock()
#endif
}

/* [courier.c flusher_watch_locked] [outbox.c outbox_needs_flusher_locked] */
inline flusher_watch_locked(c) {
    d_step {
        assert(there[c] && outbox[c] && open[c]);
        if
        :: !is_held[c] && waiting[c] > 0 -> armed[c] = true
        :: else
        fi
    }
}

/* [outbox.c outbox_push_locked] [push.c push_locked] The socket takes it, or it waits. */
inline push_locked(c) {
    if
    :: atomic { is_closed[c] || waiting[c] == 2 -> assert(there[c]) }
    :: atomic { !is_closed[c] && !is_held[c] && waiting[c] == 0 -> assert(open[c] && outbox[c]) }
    :: atomic { !is_closed[c] && waiting[c] < 2 -> assert(there[c] && outbox[c]); waiting[c]++ }
    fi;
#ifndef MUTANT_COURIER_NOT_TOLD
    flusher_watch_locked(c)
#endif
}

/* ---- a connection's thread; the second begins where the first has left its slot ---- */

/* [session.c serve] */
proctype session(byte c)
{
    byte taken;

    /* [registry.c registry_join] [slots.c slot_map_add] */
    atomic {
        slot == NOBODY && !locked && (c == 0 || number[0] != 0) ->
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
        d_step { is_held[c] = true; taken = waiting[c]; waiting[c] = 0 }
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
last_words:
    outbox_lock(c);
    d_step { is_held[c] = true; taken = waiting[c]; waiting[c] = 0 }
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
#ifdef MUTANT_CLOSES_OVER_WHAT_WAITS
    is_closed[c] = true;
#else
    is_closed[c] = waiting[c] == 0;
#endif
    outbox_unlock(c);
    if
    :: !is_closed[c] -> goto last_words
    :: is_closed[c]
    fi;

    /* The end: [registry.c registry_leave] [slots.c slot_map_remove] [registry.c await_return] */
#ifdef MUTANT_CLOSE_BEFORE_LEAVE
    d_step { open[c] = false; armed[c] = false }
#endif
    atomic { !locked -> slot = NOBODY }
#ifndef MUTANT_LEAVE_WITHOUT_AWAIT_RETURN
    outbox_lock(c);
    outbox_unlock(c);
#endif
    d_step { open[c] = false; armed[c] = false } /* close(2): epoll forgets it */
    d_step { /* [conn.c conn_deinit] [outbox.c outbox_deinit] */
        assert(!outbox[c] && waiting[c] == 0);
        there[c] = false
    }
}

/* ---- others ---- */

/* Pushes to the first connection, twice, by its handle. [push.c lined_push] */
proctype pusher()
{
    byte found, times;

    number[0] != 0;
    do
    :: times < 2 ->
        registry_borrow(number[0]);
        if
        :: found != NOBODY ->
            assert(found == 0); /* never a stranger who has the slot now */
            push_locked(found);
            outbox_unlock(found) /* [registry.c registry_return] */
        :: else
        fi;
        times++
    :: times == 2 -> break
    od
}

/* Broadcasts, and cuts in the end. [registry.c registry_list_open] [push.c lined_broadcast] */
proctype broadcaster()
{
    byte found, listed;

    atomic { !locked -> listed = (slot != NOBODY -> generation : 0) }
    if
    :: listed != 0 ->
        registry_borrow(listed);
        if
        :: found != NOBODY -> push_locked(found); outbox_unlock(found)
        :: else
        fi
    :: else
    fi;

    lock(); /* [registry.c shut_all] */
    if
    :: slot != NOBODY -> d_step { assert(open[slot]); shut[slot] = true }
    :: else
    fi;
    unlock()
}

/* [courier.c flusher_main] [courier.c deliver] epoll tells of each armed socket once; the event
 * may be taken long before it is handled. */
proctype courier()
{
    byte found;

end:
    do
    :: atomic {
           if
           :: armed[0] -> armed[0] = false; told = number[0]
           :: armed[1] -> armed[1] = false; told = number[1]
           fi
       }
       registry_borrow(told);
       if
       :: found != NOBODY ->
           if /* [outbox.c outbox_deliver_locked]: all, or a part */
           :: atomic { is_held[found] || waiting[found] == 0 -> assert(there[found]) }
           :: atomic { !is_held[found] && waiting[found] > 0 -> assert(open[found]); waiting[found] = 0 }
           :: atomic { !is_held[found] && waiting[found] > 1 -> assert(open[found]); waiting[found]-- }
           fi;
#ifndef MUTANT_COURIER_NOT_ARMED_AGAIN
           flusher_watch_locked(found);
#endif
           outbox_unlock(found)
       :: else
       fi;
       atomic { found = 0; told = 0 }
    od
}

/* What waits is sent: the connection's thread is at it, or the courier is told or about to look. */
#define STRANDED(c) (there[c] && !outbox[c] && waiting[c] > 0 && !is_held[c] && !armed[c] && \
                     told != number[c])

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
        run session(0);
        run session(1);
        run pusher();
        run broadcaster();
        run courier();
        run monitor()
    }
}
