#include "../src/table/slot_map.h"

#include "suite.h"

START_TEST(numbers_find_what_took_them)
{
    struct slot_map slot_map = {0};
    int one, two;
    uint64_t first = slot_map_add(&slot_map, &one);
    uint64_t second = slot_map_add(&slot_map, &two);

    ck_assert_uint_ne(first, 0);
    ck_assert_uint_ne(first, second);
    ck_assert_ptr_eq(slot_map_find(&slot_map, first), &one);
    ck_assert_ptr_eq(slot_map_find(&slot_map, second), &two);
    ck_assert_ptr_null(slot_map_find(&slot_map, 0));
    ck_assert_ptr_null(slot_map_find(&slot_map, UINT64_MAX));
    ck_assert_uint_eq(slot_map.used, 2);
    slot_map_deinit(&slot_map);
}
END_TEST

START_TEST(a_number_is_never_given_again)
{
    struct slot_map slot_map = {0};
    int entry;
    uint64_t before = 0;

    for (int i = 0; i < 100; i++) {
        uint64_t number = slot_map_add(&slot_map, &entry);
        ck_assert_uint_ne(number, before);
        ck_assert_ptr_null(slot_map_find(&slot_map, before));
        slot_map_remove(&slot_map, number);
        ck_assert_ptr_null(slot_map_find(&slot_map, number));
        before = number;
    }
    ck_assert_uint_eq(slot_map.size, 64); /* the same slots, over and over */
    slot_map_deinit(&slot_map);
}
END_TEST

/* The entry behind the last one is another's memory. Here it is one that a number would find. */
START_TEST(numbers_beyond_the_slots_find_nothing)
{
    enum { COUNT = 64 };
    int entry;
    struct slot memory[COUNT + 1];
    const struct slot_map slot_map = {.slots = memory, .size = COUNT};
    const struct slot_map none = {0};
    const uint64_t of_slot_0 = UINT64_C(1) << 24;

    for (size_t i = 0; i <= COUNT; i++)
        memory[i] = (struct slot){.entry = &entry, .generation = 1};
    ck_assert_ptr_eq(slot_map_find(&slot_map, of_slot_0), &entry);
    ck_assert_ptr_eq(slot_map_find(&slot_map, of_slot_0 + COUNT - 1), &entry);
    ck_assert_ptr_null(slot_map_find(&slot_map, of_slot_0 + COUNT));
    ck_assert_ptr_null(slot_map_find(&none, of_slot_0));
}
END_TEST

START_TEST(many_are_walked_through)
{
    enum { COUNT = 1000 };
    static int entries[COUNT];
    uint64_t numbers[COUNT];
    struct slot_map slot_map = {0};
    uint32_t at = 0;
    size_t seen = 0;

    for (int i = 0; i < COUNT; i++)
        numbers[i] = slot_map_add(&slot_map, &entries[i]);
    for (int i = 0; i < COUNT; i += 2)
        slot_map_remove(&slot_map, numbers[i]);
    for (int *entry; (entry = slot_map_next(&slot_map, &at, UINT32_MAX)) != NULL; seen++)
        ck_assert_int_eq((entry - entries) % 2, 1);
    ck_assert_uint_eq(seen, COUNT / 2);
    ck_assert_uint_eq(slot_map.used, COUNT / 2);
    for (int i = 1; i < COUNT; i += 2)
        ck_assert_ptr_eq(slot_map_find(&slot_map, numbers[i]), &entries[i]);
    slot_map_deinit(&slot_map);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_find_what_took_them,
        a_number_is_never_given_again,
        numbers_beyond_the_slots_find_nothing,
        many_are_walked_through,
    };
    return suite_run("slot_map", tests, sizeof tests / sizeof tests[0]);
}
