#define _GNU_SOURCE /* posix_openpt */
#include "terminal.h"

#include "suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int terminal_open(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0 &&
        access(ptsname(terminal), R_OK | W_OK) == 0)
        return terminal;
    if (terminal >= 0)
        close(terminal);
    suite_skip("it needs a pseudo-terminal (/dev/ptmx, /dev/pts)");
    return -1;
}
