/* The example module upper, on a server of the test's own. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <lined.h>
#include <string.h>

extern const struct lined_module lined_module;

/* It answers in pieces of 1024 bytes. */
START_TEST(a_line_longer_than_a_piece_comes_back_whole)
{
    enum { SIZE = 3000 };
    char line[SIZE + 1], expected[SIZE + 1];

    for (int i = 0; i < SIZE; i++) {
        line[i] = (char)('a' + i % 26);
        expected[i] = (char)('A' + i % 26);
    }
    line[SIZE] = expected[SIZE] = '\n';
    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(lined_module.handler);
    int client = dial(lined_server_port(server));
    say_bytes(client, line, sizeof line);
    expect_bytes(client, expected, sizeof expected);
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_line_longer_than_a_piece_comes_back_whole};

    return suite_run("upper", tests, sizeof tests / sizeof tests[0]);
}
