/* A chat of many members: as one leaves in anger, and as the server ends. In both modes. */
#include "../src/handlers/chat/chat.h"
#include "../src/handlers/chat/chat_text.h"

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

/* Longer lines are cut to it; a sanitizer sees whether it fits the handler's own memory. */
START_TEST(the_longest_message_arrives)
{
    char line[CHAT_TEXT_MOST + 2], message[CHAT_TEXT_MOST + 1];

    prepare((enum lined_mode)_i);
    options.max_line = sizeof line;
    ck_assert_int_eq(chat_init(NULL, NULL, &context), LINED_OK);
    lined_server *server = start_handler_in(&lined_handler_chat, context);
    int listener = join(server, 1);
    int speaker = join(server, 2);

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    memset(message, 'x', sizeof message);
    message[CHAT_TEXT_MOST] = '\0';
    expect(listener, "* guest2 joined\r\n");
    say_bytes(speaker, line, sizeof line);
    expect(listener, "<guest2> ");
    expect(listener, message);
    expect(listener, "\r\n");
    hang_up(listener);
    hang_up(speaker);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    end(server);
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
        the_longest_message_arrives,
        no_member_is_told_that_others_leave_as_the_server_ends,
    };
    return suite_run_loop("chat_crowd", tests, sizeof tests / sizeof tests[0], 2);
}
