/*
 * Threads to spare: the acceptor hands connections to threads that wait, or makes some; a wait may
 * end by itself at any moment; who leaves frees the stack of who left before, once the kernel says
 * that its thread has ended; whoever frees the server waits for all of them. Places (what in_wait
 * counts) are fewer than threads. A stack has the number of the job that it was made for. Whoever
 * leaves may find that threads have halved: how many there are decides nothing here.
 * See README.md here. MUTANT_*: a bug that the check must find.
 *
 * SCENARIO 1: four connections; one thread waits for the end, and frees
 * SCENARIO 2: three connections; two threads wait for the end, of which one joins the other and frees
 */
#if SCENARIO == 1
#define JOBS 4
#else
#define JOBS 3
#endif
#define PLACES 2
#define NOTHING JOBS

bool locked, is_over, freed, acceptor_gone, waiter_gone;
bool ender_sleeps[2]; /* in pthread_cond_wait(3) on ended */
byte threads, served;
byte done[JOBS];
chan free_places = [PLACES] of { byte };
chan waiting = [PLACES] of { byte };
byte job_of[PLACES];
bool is_called[PLACES];
byte sleepers[PLACES]; /* in pthread_cond_timedwait(3) on the place's condition */
byte left = NOTHING; /* whose stack */
bool is_made[JOBS], is_freed[JOBS], occupied[JOBS]; /* stacks */

/* Kept for the properties alone. Whether a thread runs on a stack, whatever the code knows of it; the
 * stacks of threads that have left and still run, a bit each; how many threads are amid a halving. */
bool is_run_on[JOBS];
byte leaving, halving;

#define LOCKED !locked -> assert(!freed)

/* [stack.c stack_free] */
inline free_stack(number) {
    if
    :: number == NOTHING
    :: number != NOTHING ->
#ifndef MUTANT_DOES_NOT_WAIT
        !occupied[number]; /* FUTEX_WAIT */
#endif
        d_step { assert(!is_run_on[number] && !is_freed[number]); is_freed[number] = true }
    fi
}

/* [spares.c thread_ends_locked], and the unlock */
inline end_and_unlock() {
    atomic {
        assert(!freed && threads > 0);
        threads--;
        if
        :: threads == 0 && is_over ->
#ifdef MUTANT_SIGNAL_FOR_BROADCAST
            if
            :: ender_sleeps[0] -> ender_sleeps[0] = false
            :: else -> ender_sleeps[1] = false
            fi
#else
            ender_sleeps[0] = false;
            ender_sleeps[1] = false
#endif
        :: else
        fi;
        locked = false
    }
}

/* [spares.c wait_locked], in steps that begin and end with the lock. */
inline wait_locked() {
    d_step {
        job_of[place] = NOTHING;
#ifndef MUTANT_STAYS_CALLED
        is_called[place] = false;
#endif
        waiting!place
    };
    is_late = false;
    do
    :: !is_called[place] && !is_late ->
        d_step { sleepers[place]++; locked = false };
        if
        :: sleepers[place] == 0
        :: d_step { sleepers[place] > 0; sleepers[place] = 0; is_late = true } /* its time is over */
        fi;
        atomic { LOCKED; locked = true }
    :: else -> break
    od;
    atomic {
        if
        :: !is_called[place] -> waiting??eval(place)
        :: else
        fi;
        assert(!waiting??[eval(place)]); /* in no case does the list keep it */
        free_places!place;
        job = job_of[place];
#ifdef MUTANT_LATE_IS_NOTHING
        if
        :: is_late -> job = NOTHING
        :: else
        fi;
#endif
        place = 0; /* here and elsewhere: what does not matter any more makes no states */
        is_late = false
    }
}

/* [stack.c stack_leave] */
inline stack_leave() { occupied[number] = true }

/* Within a step. */
inline leave_stack_behind() { left = number; leaving = leaving | (1 << number) }

/* [spares.c take_left_locked], within a step */
inline take_left_locked() { left_before = left; left = NOTHING }

/* [server.c server_receded]. Who left before has ended, unless another still waits for one. */
inline tell_receded() {
    d_step {
        assert(!freed);
        halving--;
        assert(halving > 0 || (leaving & before) == 0);
        before = 0
    }
}

/* The lock is free from the first step on. */
inline halve() {
    atomic { LOCKED; before = leaving; halving++; take_left_locked() };
#ifdef MUTANT_TELLS_EARLY
    tell_receded();
    free_stack(left_before)
#else
    free_stack(left_before);
    tell_receded()
#endif
}

/* [session.c session_main] [spares.c spares_wait] */
proctype thread(byte job, number)
{
    byte left_before = NOTHING, before, place;
    bool is_late;

    do
    :: atomic {
           assert(!freed && done[job] == 0); /* each job is done once */
           done[job]++;
           served++ /* [registry.c registry_release] */
       };
       atomic { LOCKED; locked = true };
       if
       :: is_over || empty(free_places) -> job = NOTHING
       :: !is_over && nempty(free_places) ->
           free_places?place;
           wait_locked()
       fi;
       locked = false;
       if
       :: job == NOTHING -> break
       :: else
       fi
    od;
    /* [spares.c spares_leave] */
    if
    :: halve() /* [spares.c have_halved_locked] */
    :: true
    fi;
    atomic { LOCKED; locked = true; take_left_locked() };
#ifdef MUTANT_LEAVES_LATE
    end_and_unlock();
    atomic { LOCKED; locked = true };
    stack_leave();
    d_step { leave_stack_behind(); locked = false };
#else
#ifndef MUTANT_SAYS_LATE
    stack_leave();
#endif
    atomic { leave_stack_behind(); end_and_unlock() };
#ifdef MUTANT_SAYS_LATE
    stack_leave();
#endif
#endif
    free_stack(left_before);
    d_step { /* the kernel, once nothing runs on it: set_tid_address(2) */
        assert(!is_freed[number]);
        is_run_on[number] = false;
        leaving = leaving & ~(1 << number);
        occupied[number] = false
    }
}

/* [session.c run] [spares.c spares_hand] [spares.c spares_not_made] */
proctype acceptor()
{
    byte job = 0, place, stack;

    do
    :: job == JOBS -> break
    :: else ->
        atomic { LOCKED; locked = true };
        if
        :: nempty(waiting) ->
            d_step { /* [spares.c call_locked] */
                waiting?place;
                job_of[place] = job;
                is_called[place] = true;
                sleepers[place] = 0;
                place = 0;
                locked = false
            };
            job++
        :: empty(waiting) ->
#ifndef MUTANT_COUNTS_LATE
            threads++;
#endif
            locked = false;
            atomic { /* [spares.c spares_take_stack] [stack.c stack_make]; no number is given twice */
                !locked && ((left != NOTHING && !occupied[left]) || !is_made[job] || is_freed[job]);
                assert(!freed);
                if
#ifdef MUTANT_TAKES_WHO_LEAVES
                :: left != NOTHING -> stack = left; left = NOTHING
                :: left == NOTHING -> stack = job; is_made[job] = true
#else
                :: left != NOTHING && !occupied[left] -> stack = left; left = NOTHING
                :: left == NOTHING || occupied[left] -> stack = job; is_made[job] = true; is_freed[job] = false
#endif
                fi
            };
            if
            :: atomic {
                   assert(!is_run_on[stack] && !is_freed[stack]);
                   is_run_on[stack] = true;
                   run thread(job, stack);
                   stack = 0
               };
#ifdef MUTANT_COUNTS_LATE
               atomic { LOCKED; threads++ };
#endif
               job++
#ifndef MUTANT_COUNTS_LATE
            :: atomic { LOCKED; locked = true }; /* no thread can be made: again */
               if
               :: left == NOTHING -> left = stack; stack = NOTHING
               :: left != NOTHING
               fi;
               end_and_unlock();
               free_stack(stack);
               stack = 0
#endif
            fi
        fi
    od;
    acceptor_gone = true
}

/* [spares.c spares_end] */
inline spares_end(me) {
    atomic { LOCKED; locked = true; is_over = true };
    do
    :: nempty(waiting) ->
        d_step {
            waiting?place;
            job_of[place] = NOTHING;
            is_called[place] = true;
            sleepers[place] = 0;
            place = 0
        }
    :: empty(waiting) -> break
    od;
    do
    :: threads > 0 ->
        d_step { ender_sleeps[me] = true; locked = false };
        atomic { !ender_sleeps[me] && !locked -> locked = true }
    :: else -> break
    od;
    atomic { take_left_locked(); locked = false };
    free_stack(left_before);
    left_before = NOTHING
}

#define REGISTRY_IS_EMPTY (acceptor_gone && served == JOBS) /* [registry_wait.c registry_wait_empty] */

#if SCENARIO == 2
/* [server.c lined_server_wait] */
proctype waiter()
{
    byte left_before, place;

    REGISTRY_IS_EMPTY;
    spares_end(1);
    waiter_gone = true
}
#endif

/* [server.c lined_server_wait] [server.c undo_part] [spares.c spares_deinit] */
proctype freer()
{
    byte left_before, number, place;

    REGISTRY_IS_EMPTY;
    spares_end(0);
#if SCENARIO == 2
    waiter_gone; /* pthread_join(3) */
#endif
    do /* nobody is left who runs any code of ours */
    :: number == JOBS -> break
    :: else ->
        assert(is_freed[number] == is_made[number] && !is_run_on[number]);
        number++
    od;
    spares_end(0); /* once more, and for who did not wait */
    d_step { assert(!locked && empty(waiting) && len(free_places) == PLACES); freed = true }
}

init {
    atomic {
        free_places!0;
        free_places!1;
        run acceptor();
#if SCENARIO == 2
        run waiter();
#endif
        run freer()
    }
}
