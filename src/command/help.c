#include "help.h"

#include "base/invariant.h"
#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The column of the paragraphs, and the length of a line. */
#define INDENT  22
#define COLUMNS 80

static const char head[] =
    "Usage: lined [OPTION]...\n"
    "Serve lines over TCP. lined prints each line that a client sends, and answers\n"
    "it with \"Received: LINE\".\n"
    "\n";

static const char tail[] =
    "\n"
    "Seconds may have decimals, and are at most 1000000.\n"
    "An environment variable can set each option except the last two: LINED_PORT sets\n"
    "--port, LINED_MAX_LINE sets --max-line, LINED_QUIET=yes sets --quiet. An option\n"
    "overrides its variable. An empty variable counts as not set.\n"
    "Standard output has the packet log and nothing else; messages go to standard\n"
    "error. SIGTERM and SIGINT drain the server: lined answers the lines that it has\n"
    "received, and exits. A second SIGTERM or SIGINT cuts the connections. SIGHUP\n"
    "opens the file of the packet log and reads the configuration again.\n"
    "SIGUSR1 prints statistics on standard error, as JSON.\n"
    "\n"
    "Exit status: 0 stopped, every connection has ended by itself; 1 could not listen\n"
    "or accept; 2 wrong option or variable; 3 connections were cut, or lines of the\n"
    "packet log were lost.\n";

/* The text so far. */
struct help {
    char *text;
    size_t used;
};

/* Returns how many bytes it has appended. */
__attribute__((format(printf, 2, 3))) static size_t append(struct help *help, const char *format,
                                                           ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(help->text + help->used, HELP_SIZE - help->used, format, arguments);
    va_end(arguments);
    INVARIANT(size >= 0 && (size_t)size < HELP_SIZE - help->used);
    help->used += (size_t)size;
    return (size_t)size;
}

/* Appends the words of a paragraph. column: where the line stands. */
static void append_paragraph(struct help *help, size_t column, const char *words)
{
    if (column >= INDENT) {
        append(help, "\n");
        column = 0;
    }
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        if (column + 1 + size > COLUMNS) {
            append(help, "\n");
            column = 0;
        }
        if (column < INDENT)
            append(help, "%*s", (int)(INDENT - column), "");
        column = (column < INDENT ? INDENT : column + append(help, " "));
        column += append(help, "%.*s", (int)size, words);
        words += size;
        words += strspn(words, " ");
    }
    append(help, "\n");
}

static void append_option(struct help *help, char letter, const char *name, const char *argument,
                          const char *words)
{
    size_t column = letter != 0 ? append(help, "  -%c, ", letter) : append(help, "      ");

    column += append(help, "%s", name);
    if (argument != NULL)
        column += append(help, " %s", argument);
    append_paragraph(help, column, words);
}

/* append() writes the text. NOLINTNEXTLINE(readability-non-const-parameter) */
void help_text(char text[HELP_SIZE])
{
    struct help help = {.text = text};

    append(&help, "%s", head);
    for (const struct setting *setting = settings; setting->name != NULL; setting++)
        append_option(&help, setting->letter, setting->name, setting->argument, setting->help);
    append_option(&help, 'h', "--help", NULL, "print this help and exit");
    append_option(&help, 'V', "--version", NULL, "print the version and exit");
    append(&help, "%s", tail);
}
