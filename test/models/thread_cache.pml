/*
 * Idle worker threads: the acceptor passes connections to idle threads, or creates threads; a wait of an idle
 * thread may end by its timeout at any moment; the thread that frees the server waits for all threads. Places
 * (idle_count counts the places that are taken) are fewer than threads. See README.md here. MUTANT_*: a bug
 * that the check must find.
 *
 * SCENARIO 1: four connections; one thread waits for the end, and frees
 * SCENARIO 2: three connections; two threads wait for the end; one of them joins the other and frees
 */
#if SCENARIO == 1
#define JOBS 4
#else
#define JOBS 3
#endif
#define PLACES 2
#define NOTHING JOBS

bool locked, is_over, freed, acceptor_gone, waiter_gone;
bool waiter_sleeps[2]; /* in pthread_cond_wait(3) on ended */
byte threads, served;
byte done[JOBS];
chan free_places = [PLACES] of { byte };
chan idle = [PLACES] of { byte };
byte job_of[PLACES];
bool is_called[PLACES];
byte sleepers[PLACES]; /* in pthread_cond_timedwait(3) on the place's condition */

#define LOCKED !locked -> assert(!freed)

/* [thread_cache.c uncount_locked] */
inline uncount_locked() {
    assert(!freed && threads > 0);
    threads--;
    if
    :: threads == 0 ->
#ifdef MUTANT_SIGNAL_FOR_BROADCAST
        if
        :: waiter_sleeps[0] -> waiter_sleeps[0] = false
        :: else -> waiter_sleeps[1] = false
        fi
#else
        waiter_sleeps[0] = false;
        waiter_sleeps[1] = false
#endif
    :: else
    fi
}

/* [thread_cache.c wait_locked], in steps that begin and end with the lock. */
inline wait_locked() {
    d_step {
        job_of[place] = NOTHING;
#ifndef MUTANT_STAYS_CALLED
        is_called[place] = false;
#endif
        idle!place
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
        :: !is_called[place] -> idle??eval(place)
        :: else
        fi;
        assert(!idle??[eval(place)]); /* in no case does the list keep it */
        free_places!place;
        job = job_of[place];
#ifdef MUTANT_LATE_JOB_IS_FORGOTTEN
        if
        :: is_late -> job = NOTHING
        :: else
        fi;
#endif
        place = 0; /* here and below: values that are not used any more are cleared, so that fewer states differ */
        is_late = false
    }
}

/* [worker.c worker_main] [thread_cache.c thread_cache_wait] */
proctype worker(byte job)
{
    byte place;
    bool is_late;

    do
    :: atomic {
           assert(!freed && done[job] == 0); /* each job is done once */
           done[job]++;
           served++ /* [lifecycle.c lifecycle_release] */
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
    /* [thread_cache.c thread_cache_leave] */
#ifdef MUTANT_SIGNALS_AFTER_UNLOCK
    atomic { LOCKED; threads-- };
    d_step { assert(!freed); threads++; uncount_locked() }
#else
    atomic { LOCKED; uncount_locked() }
#endif
}

/* [worker.c pass_to_thread] [thread_cache.c thread_cache_pass] [thread_cache.c thread_cache_not_created] */
proctype acceptor()
{
    byte job = 0, place;

    do
    :: job == JOBS -> break
    :: else ->
        atomic { LOCKED; locked = true };
        if
        :: nempty(idle) ->
            d_step { /* [thread_cache.c call_locked] */
                idle?place;
                job_of[place] = job;
                is_called[place] = true;
                sleepers[place] = 0;
                place = 0;
                locked = false
            };
            job++
        :: empty(idle) ->
#ifndef MUTANT_COUNTS_LATE
            threads++;
#endif
            locked = false;
            if
            :: atomic { run worker(job); job++ };
#ifdef MUTANT_COUNTS_LATE
               atomic { LOCKED; threads++ }
#else
            :: atomic { LOCKED; uncount_locked() } /* no thread can be created: again */
#endif
            fi
        fi
    od;
    acceptor_gone = true
}

/* [thread_cache.c thread_cache_end] */
inline thread_cache_end(me) {
    atomic { LOCKED; locked = true; is_over = true };
    do
    :: nempty(idle) ->
        d_step {
            idle?place;
            job_of[place] = NOTHING;
            is_called[place] = true;
            sleepers[place] = 0;
            place = 0
        }
    :: empty(idle) -> break
    od;
    do
    :: threads > 0 ->
        d_step { waiter_sleeps[me] = true; locked = false };
        atomic { !waiter_sleeps[me] && !locked -> locked = true }
    :: else -> break
    od;
    locked = false
}

#define SERVER_IS_EMPTY (acceptor_gone && served == JOBS) /* [lifecycle_wait.c lifecycle_wait_empty] */

#if SCENARIO == 2
/* [server.c lined_server_wait] [worker.c workers_end] */
proctype waiter()
{
    byte place;

    SERVER_IS_EMPTY;
    thread_cache_end(1);
    waiter_gone = true
}
#endif

/* [server.c lined_server_wait] [server.c end_threads] [thread_cache.c thread_cache_deinit] */
proctype freer()
{
    byte place;

    SERVER_IS_EMPTY;
#ifndef MUTANT_FREES_EARLY
    thread_cache_end(0);
#endif
#if SCENARIO == 2
    waiter_gone; /* pthread_join(3) */
#endif
    d_step { assert(!locked && empty(idle) && len(free_places) == PLACES && threads == 0); freed = true }
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
