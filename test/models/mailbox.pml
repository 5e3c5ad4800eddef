/*
 * The end of active mode: the threads of connections post messages that live on their stacks, and wait; the
 * dispatcher takes and answers the messages; the thread that frees the server closes the mailbox once no
 * connection is present. See README.md here. MUTANT_*: a bug that the check must find.
 */
#define SENDERS 2
#define NONE SENDERS

bool locked, waits, closed, freed;
chan messages = [SENDERS] of { byte }; /* the list; len is depth */
byte answered[SENDERS];                /* semaphores */
bool there[SENDERS];                   /* the messages' memory */
byte present = SENDERS;                /* the life cycle's count; see stop.pml */
bool dispatcher_gone;

#define LOCKED !locked -> assert(!freed)

/* [mailbox.c mailbox_post_and_wait] [active.c dispatch] */
inline mailbox_post_and_wait(me) {
    atomic { LOCKED; locked = true };
    atomic {
        assert(!closed && there[me]);
#ifdef MUTANT_SIGNAL_BEFORE_POST
        waits = false;
        locked = false
    };
    atomic {
        LOCKED;
        locked = true;
        messages!me;
#else
        messages!me;
        if
#ifdef MUTANT_SIGNALS_THE_SECOND
        :: len(messages) == 2 -> waits = false
#else
        :: len(messages) == 1 -> waits = false
#endif
        :: else
        fi;
#endif
        locked = false
    };
#ifndef MUTANT_DOES_NOT_WAIT
    atomic { answered[me] > 0 -> answered[me]-- } /* sem_wait(3) */
#endif
}

/* [active.c active_serve]: one message for open, one for lines or none, one for close. */
proctype sender(byte me)
{
    there[me] = true; /* [mailbox.c mailbox_message_init] */
    mailbox_post_and_wait(me);
    if
    :: mailbox_post_and_wait(me)
    :: true
    fi;
    there[me] = false; /* [mailbox.c mailbox_message_deinit] */
    atomic { assert(!freed); present-- } /* [lifecycle.c lifecycle_release] */
}

/* [dispatcher.c dispatcher_main] [mailbox.c mailbox_take] [dispatcher.c handle] [mailbox.c mailbox_answer] */
proctype dispatcher()
{
    byte message = NONE;

take:
    atomic { LOCKED; locked = true };
    do
    :: len(messages) == 0 && !closed ->
        d_step { waits = true; locked = false }; /* pthread_cond_wait(3) */
        atomic { !waits && !locked -> assert(!freed); locked = true }
    :: else -> break
    od;
    atomic {
        if
        :: nempty(messages) -> messages?message
        :: empty(messages)
        fi;
        assert(!freed);
        locked = false
    }
    if
    :: message != NONE ->
        assert(there[message]); /* the callback runs with it */
#ifdef MUTANT_USES_AN_ANSWERED_MESSAGE
        answered[message]++;
        assert(there[message]);
#else
        atomic { assert(there[message]); answered[message]++ }
#endif
        message = NONE;
        goto take
    :: else
    fi;
    dispatcher_gone = true
}

/* [server.c end_threads] [server.c end_dispatcher] [mailbox.c mailbox_close] [mailbox.c mailbox_deinit] */
proctype freer()
{
#ifndef MUTANT_CLOSES_EARLY
    present == 0; /* [lifecycle_wait.c lifecycle_wait_empty] */
#endif
    atomic {
        LOCKED;
        closed = true;
#ifndef MUTANT_CLOSE_DOES_NOT_SIGNAL
        waits = false
#endif
    }
    dispatcher_gone; /* [dispatcher.c dispatcher_join] */
    d_step { assert(!locked && len(messages) == 0); freed = true }
}

init {
    atomic {
        run sender(0);
        run sender(1);
        run dispatcher();
        run freer()
    }
}
