#include "errno_name.h"
#include "lined.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    [LINED_OK] = "ok",
    [LINED_EOF] = "disconnected",
    [LINED_RESET] = "reset",
    [LINED_END] = "ended",
    [LINED_SEND_TIMEOUT] = "timeout",
    [LINED_IDLE_TIMEOUT] = "idle timeout",
    [LINED_LINE_TIMEOUT] = "line timeout",
    [LINED_SESSION_TIMEOUT] = "session timeout",
    [LINED_LOST] = "lost",
    [LINED_LINE_TOO_LONG] = "line too long",
    [LINED_STOPPING] = "stopping",
    [LINED_CUT] = "cut",
    [LINED_SLOW_CONSUMER] = "slow consumer",
    [LINED_DEADLINE] = "deadline",
    [LINED_GONE] = "gone",
    [LINED_DENIED] = "denied",
    [LINED_OVER_LIMIT] = "over limit",
    [LINED_BAD_PROXY_HEADER] = "bad proxy header",
    [LINED_ENDED] = "ended by the server",
    [LINED_WOKEN] = "woken",
};

void lined_reason(int reason, char text[LINED_REASON_SIZE])
{
    const char *name = NULL;

    if (reason >= 0 && (size_t)reason < sizeof words / sizeof words[0])
        name = words[reason];
    else if (reason < 0)
        name = errno_name(-reason);
    if (name == NULL) {
        snprintf(text, LINED_REASON_SIZE, "unknown reason %d", reason);
        return;
    }
    snprintf(text, LINED_REASON_SIZE, "%s", name);
    for (char *letter = text; *letter != '\0'; letter++)
        *letter = (char)tolower((unsigned char)*letter);
}
