#include "fail.h"

#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fail(int status, const char *format, ...)
{
    va_list arguments;

    progress_wipe();
    va_start(arguments, format);
    fputs("lined-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(status == EXIT_USAGE ? " (try 'lined-load --help')\n" : "\n", stderr);
    va_end(arguments);
    exit(status);
}
