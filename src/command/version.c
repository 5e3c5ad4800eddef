#include "version.h"

#include "command/sandbox/sandbox.h"

#include <lined.h>
#include <stdio.h>

/* The commit, from CMakeLists.txt. */
#ifndef LINED_COMMIT
#define LINED_COMMIT "unknown"
#endif

void version_text(char text[VERSION_SIZE])
{
    snprintf(text, VERSION_SIZE,
             "lined %s\n"
             "library: %s\n"
             "ABI of modules: %u\n"
             "sandbox: %s\n"
             "commit: %.100s\n",
             LINED_VERSION, lined_version(), LINED_ABI,
             sandbox_is_built() ? "built in" : "not built in", LINED_COMMIT);
}
