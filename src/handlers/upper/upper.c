/* Answers each line in upper case. ASCII only: a to z, in any locale; every other byte stays as it
 * is. Needs no state and no lock, so it runs in either mode. */
#include <lined.h>

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* A line can be a MiB long, and the stack is small: a piece at a time. The pieces leave together,
 * because replies gather until no whole line is left. */
static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    char piece[1024];
    int result = LINED_OK;

    (void)context;
    (void)state;
    while (size > 0 && result == LINED_OK) {
        size_t length = size < sizeof piece ? size : sizeof piece;

        /* cppcheck-suppress knownConditionTrueFalse ; length is at least 1 */
        for (size_t i = 0; i < length; i++)
            piece[i] = upper(line[i]);
        result = lined_send(conn, piece, length);
        line += length;
        size -= length;
    }
    return result;
}

static const struct lined_handler handler = {.line = answer};

/* What lined looks for. LINED_API keeps it visible where a build hides symbols. */
LINED_API const struct lined_module lined_module = {.abi = LINED_ABI, .handler = &handler};
