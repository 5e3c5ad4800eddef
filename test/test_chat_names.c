#include "../src/handlers/chat/chat_names.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct chat_name named(const char *text)
{
    struct chat_name name;

    snprintf(name.text, sizeof name.text, "%s", text);
    return name;
}

START_TEST(a_name_is_taken_once)
{
    struct chat_names names;
    struct chat_name ann = named("ann"), other = named("ann"), bob = named("bob");

    chat_names_init(&names);
    ck_assert_int_eq(chat_names_take(&names, &ann), 0);
    ck_assert_int_eq(chat_names_take(&names, &other), -EEXIST);
    ck_assert_int_eq(chat_names_take(&names, &bob), 0);
    chat_names_give_back(&names, &ann);
    ck_assert_int_eq(chat_names_take(&names, &other), 0);
    chat_names_give_back(&names, &bob);
    chat_names_give_back(&names, &other);
    chat_names_deinit(&names);
}
END_TEST

START_TEST(a_guest_gets_a_name_that_is_free)
{
    struct chat_names names;
    struct chat_name taken = named("guest2"), one, three;

    chat_names_init(&names);
    ck_assert_int_eq(chat_names_take(&names, &taken), 0);
    ck_assert_int_eq(chat_names_take_guest(&names, &one), 0);
    ck_assert_int_eq(chat_names_take_guest(&names, &three), 0);
    ck_assert_str_eq(one.text, "guest1");
    ck_assert_str_eq(three.text, "guest3");
    chat_names_give_back(&names, &one);
    chat_names_give_back(&names, &taken);
    chat_names_give_back(&names, &three);
    chat_names_deinit(&names);
}
END_TEST

/* More than are read at once, taken in another order than the alphabet's. */
START_TEST(all_names_are_listed_in_order)
{
    enum { COUNT = 1000 };
    static struct chat_name taken[COUNT];
    static char expected[COUNT * 6 + 1];
    struct chat_names names;

    chat_names_init(&names);
    char *list = chat_names_list(&names);
    ck_assert_str_eq(list, "");
    free(list);
    for (int i = 0; i < COUNT; i++) {
        snprintf(taken[i].text, sizeof taken[i].text, "n%04d", i * 7 % COUNT);
        snprintf(expected + i * 6, 7, " n%04d", i);
        ck_assert_int_eq(chat_names_take(&names, &taken[i]), 0);
    }
    list = chat_names_list(&names);
    ck_assert_str_eq(list, expected);
    free(list);
    for (int i = 0; i < COUNT; i++)
        chat_names_give_back(&names, &taken[i]);
    chat_names_deinit(&names);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_name_is_taken_once,
        a_guest_gets_a_name_that_is_free,
        all_names_are_listed_in_order,
    };
    return suite_run("chat_names", tests, sizeof tests / sizeof tests[0]);
}
