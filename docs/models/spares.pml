/*
 * Threads to spare: the acceptor hands connections to threads that wait, or makes some; a wait may
 * end by itself at any moment; who leaves frees the stack of who left before, once the kernel says
 * that its thread has ended; whoever frees the server waits for all of them. Places (what in_wait
 * counts) are fewer than threads. A stack has the number of the job that it was made for.
 * See README.md here. MUTANT_*: a bug that the check must find.
 *
 * SCENARIO 1: four connections; threads do not halve
 * SCENARIO 2: three connections
 */
#if SCENARIO == 1
#define JOBS 4
#else
#define JOBS 3
#endif
#define PLACES 2
#define NOTHING JOBS

bool locked, is_over, freed, acceptor_gone, ender_sleeps;
byte threads, served;
byte done[JOBS];
chan free_places = [PLACES] of { byte };
chan waiting = [PLACES] of { byte };
byte job_of[PLACES];
bool is_called[PLACES];
byte sleepers[PLACES]; /* in pthread_cond_timedwait(3) on the place's condition */
byte left = NOTHING; /* whose stack */
bool is_made[JOBS], is_run_on[JOBS], is_freed[JOBS]; /* stacks, as it is */
bool occupied[JOBS]; /* as their word says */

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
        :: threads == 0 && is_over -> ender_sleeps = false
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
        free_places!place;
        job = job_of[place];
#ifdef MUTANT_LATE_IS_NOTHING
        if
        :: is_late -> job = NOTHING
        :: else
        fi
#endif
    }
}

/* [session.c session_main] [spares.c spares_wait] */
proctype thread(byte job, number)
{
    byte left_before, place;
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
    atomic { LOCKED; locked = true };
#if SCENARIO != 1
    if
    :: true -> /* [spares.c have_halved_locked] */
        d_step { left_before = left; left = NOTHING; locked = false };
        free_stack(left_before);
        assert(!freed); /* [session.c observe_receded] */
        atomic { LOCKED; locked = true }
    :: true
    fi;
#endif
#ifdef MUTANT_LEAVES_LATE
    end_and_unlock();
    atomic { LOCKED; locked = true; left_before = left; occupied[number] = true; left = number; locked = false };
#else
#ifdef MUTANT_SAYS_LATE
    d_step { left_before = left; left = number };
    end_and_unlock();
    occupied[number] = true;
#else
    d_step { left_before = left; occupied[number] = true; left = number }; /* [stack.c stack_leave] */
    end_and_unlock();
#endif
#endif
    free_stack(left_before);
    /* the kernel, as set_tid_address(2) has it do */
    d_step { assert(!is_freed[number]); is_run_on[number] = false; occupied[number] = false }
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
            :: atomic { assert(!is_run_on[stack]); is_run_on[stack] = true; run thread(job, stack) };
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
               skip
#endif
            fi
        fi
    od;
    acceptor_gone = true
}

/* [server.c undo_part] [spares.c spares_end] [spares.c spares_deinit] */
proctype freer()
{
    byte number;

    acceptor_gone; /* pthread_join(3) */
    served == JOBS; /* [registry_wait.c registry_wait_empty] */
    atomic { LOCKED; locked = true };
    is_over = true;
    do
    :: nempty(waiting) ->
        byte place;
        d_step { waiting?place; job_of[place] = NOTHING; is_called[place] = true; sleepers[place] = 0 }
    :: empty(waiting) -> break
    od;
    do
    :: threads > 0 ->
        d_step { ender_sleeps = true; locked = false };
        atomic { !ender_sleeps && !locked -> locked = true }
    :: else -> break
    od;
    locked = false;
    free_stack(left);
    do
    :: number == JOBS -> break
    :: else -> assert(is_freed[number] == is_made[number]); number++
    od;
    skip; /* no jump into what follows */
    d_step { assert(!locked && empty(waiting) && len(free_places) == PLACES); freed = true }
}

init {
    atomic {
        free_places!0;
        free_places!1;
        run acceptor();
        run freer()
    }
}
