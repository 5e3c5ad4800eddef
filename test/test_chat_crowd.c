/* A chat of many members: as one leaves in anger, and as the server ends. In both modes. */
#include "../src/handlers/chat/chat.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <lined.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *context; /* the chat's */

static lined_server *start(int mode)
{
    prepare((enum lined_mode)mode);
    ck_assert_int_eq(chat_init(NULL, NULL, &context), LINED_OK);
    return start_handler_in(&lined_handler_chat, context);
}

static void end(lined_server *server)
{
    chat_fini(context);
    lined_server_free(server);
}

/* Joins as the guest of this number. */
static int join(lined_server *server, int number)
{
    char greeting[128];
    int client = dial(lined_server_port(server));

    snprintf(greeting, sizeof greeting,
             "* You are guest%d. Type to talk; /nick NAME, /who, /quit.\r\n", number);
    expect(client, greeting);
    return client;
}

static size_t count(const char *text, const char *word)
{
    size_t times = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        times++;
    return times;
}

/* What it had sent before would keep the server busy for long, and the others reading. */
START_TEST(a_member_that_has_reset_says_nothing_more)
{
    enum { LINES = 100000, HEARD_SIZE = 2 * 1024 * 1024 };
    static char lines[LINES * 2];
    char *heard = calloc(1, HEARD_SIZE + 1);
    lined_server *server = start(_i);
    int listener = join(server, 1);
    int speaker = join(server, 2);

    ck_assert_ptr_nonnull(heard);
    for (size_t i = 0; i < sizeof lines; i += 2)
        memcpy(lines + i, "x\n", 2);
    say_bytes(speaker, lines, sizeof lines);
    hang_up_rudely(speaker);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_RESET);
    lined_server_drain(server);
    receive_rest(listener, heard, HEARD_SIZE);
    ck_assert_uint_lt(count(heard, "<guest2> x\r\n"), LINES / 2);
    ck_assert_uint_eq(count(heard, "* guest2 left\r\n"), 1);
    hang_up(listener);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    end(server);
    free(heard);
}
END_TEST

/* Each would be told of all the others: a number of messages that grows with the square. */
START_TEST(no_member_is_told_that_others_leave_as_the_server_ends)
{
    enum { MEMBERS = 50, HEARD_SIZE = 64 * 1024 };
    static char heard[HEARD_SIZE + 1];
    int clients[MEMBERS];
    lined_server *server = start(_i);

    for (int i = 0; i < MEMBERS; i++)
        clients[i] = join(server, i + 1);
    lined_server_drain(server);
    for (int i = 0; i < MEMBERS; i++) {
        heard[receive_rest(clients[i], heard, HEARD_SIZE)] = '\0';
        ck_assert_uint_eq(count(heard, "joined"), (size_t)(MEMBERS - 1 - i));
        ck_assert_uint_eq(count(heard, "left"), 0);
        hang_up(clients[i]);
    }
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    end(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_member_that_has_reset_says_nothing_more,
        no_member_is_told_that_others_leave_as_the_server_ends,
    };
    return suite_run_loop("chat_crowd", tests, sizeof tests / sizeof tests[0], 2);
}
