/* Answers each line in upper case. Only a to z of ASCII change, in any locale; all other bytes
 * stay. It needs no state and no lock, so it works in both modes. */
#include <lined.h>

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* A line can have 1 MiB, and the stack is small, so it is converted in pieces. The pieces are sent
 * together, because replies gather until no complete line is left. */
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

/* lined looks for this symbol. LINED_API keeps it visible if a build hides symbols. */
LINED_API const struct lined_module lined_module = {.abi = LINED_ABI, .handler = &handler};
