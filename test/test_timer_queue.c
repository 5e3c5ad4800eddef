/* Timers in the order in which they are due, and their numbers. */
#include "../src/table/timer_queue.h"

#include "suite.h"

#include <stdlib.h>

static void unused(lined_server *server, void *argument)
{
}

static lined_timer add(struct timer_queue *queue, int64_t due_ns, void *argument)
{
    lined_timer number = timer_queue_add(queue, due_ns, (struct timer_call){unused, argument});

    ck_assert_uint_ne(number, 0);
    return number;
}

START_TEST(the_earliest_is_the_first)
{
    struct timer_queue queue = {0};
    int early, middle, late;

    ck_assert_int_eq(timer_queue_due_ns(&queue), TIMER_QUEUE_NEVER);
    add(&queue, 30, &late);
    add(&queue, 10, &early);
    add(&queue, 20, &middle);
    ck_assert_int_eq(timer_queue_due_ns(&queue), 10);
    ck_assert_ptr_eq(timer_queue_take(&queue).argument, &early);
    ck_assert_int_eq(timer_queue_due_ns(&queue), 20);
    ck_assert_ptr_eq(timer_queue_take(&queue).argument, &middle);
    struct timer_call call = timer_queue_take(&queue);
    ck_assert_ptr_eq(call.argument, &late);
    ck_assert(call.function == unused);
    ck_assert_int_eq(timer_queue_due_ns(&queue), TIMER_QUEUE_NEVER);
    timer_queue_deinit(&queue);
}
END_TEST

/* Their numbers are used again, the last one first, and say nothing of the order. */
START_TEST(timers_of_one_time_keep_the_order_of_their_additions)
{
    enum { COUNT = 100 };
    struct timer_queue queue = {0};
    static int arguments[COUNT];
    lined_timer numbers[COUNT];

    for (int i = 0; i < COUNT; i++)
        numbers[i] = add(&queue, 5, NULL);
    for (int i = 0; i < COUNT; i++)
        ck_assert(timer_queue_remove(&queue, numbers[i]));
    for (int i = 0; i < COUNT; i++)
        add(&queue, 5, &arguments[i]);
    for (int i = 0; i < COUNT; i++)
        ck_assert_ptr_eq(timer_queue_take(&queue).argument, &arguments[i]);
    timer_queue_deinit(&queue);
}
END_TEST

START_TEST(a_number_removes_its_timer_once)
{
    struct timer_queue queue = {0};
    int one, two;
    lined_timer first = add(&queue, 1, &one);
    lined_timer second = add(&queue, 2, &two);

    ck_assert(!timer_queue_remove(&queue, 0));
    ck_assert(timer_queue_remove(&queue, first));
    ck_assert(!timer_queue_remove(&queue, first));
    add(&queue, 3, &one); /* in the same slot */
    ck_assert(!timer_queue_remove(&queue, first));
    ck_assert_ptr_eq(timer_queue_take(&queue).argument, &two);
    ck_assert(!timer_queue_remove(&queue, second));
    ck_assert_int_eq(timer_queue_due_ns(&queue), 3);
    timer_queue_deinit(&queue); /* with a timer */
}
END_TEST

/* Compared with a plain array: additions, removals from any place, and takes. */
START_TEST(many_timers_come_and_go)
{
    enum { STEPS = 20000, DUE_MAX = 1000 };
    static struct {
        int64_t due_ns;
        lined_timer number;
    } timers[STEPS];
    struct timer_queue queue = {0};
    size_t added = 0, removed = 0;

    srand(1);
    for (int step = 0; step < STEPS; step++) {
        size_t at = added > 0 ? (size_t)rand() % added : 0;
        if (rand() % 3 > 0 || added == 0) {
            timers[added].due_ns = rand() % DUE_MAX;
            timers[added].number = add(&queue, timers[added].due_ns, &timers[added]);
            added++;
        } else if (timers[at].number != 0) {
            ck_assert(timer_queue_remove(&queue, timers[at].number));
            timers[at].number = 0;
            removed++;
        }
    }
    ck_assert_uint_gt(removed, 1000);
    ck_assert_uint_eq(queue.count, added - removed);
    size_t before = 0;
    for (size_t left = added - removed; left > 0; left--) {
        int64_t due_ns = timer_queue_due_ns(&queue);
        size_t at =
            (size_t)((char *)timer_queue_take(&queue).argument - (char *)timers) / sizeof timers[0];
        ck_assert_uint_ne(timers[at].number, 0);
        ck_assert_int_eq(timers[at].due_ns, due_ns);
        ck_assert(timers[before].due_ns < due_ns ||
                  (timers[before].due_ns == due_ns && before <= at) || left == added - removed);
        timers[at].number = 0;
        before = at;
    }
    ck_assert_int_eq(timer_queue_due_ns(&queue), TIMER_QUEUE_NEVER);
    timer_queue_deinit(&queue);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_earliest_is_the_first,
        timers_of_one_time_keep_the_order_of_their_additions,
        a_number_removes_its_timer_once,
        many_timers_come_and_go,
    };
    return suite_run("timer_queue", tests, sizeof tests / sizeof tests[0]);
}
