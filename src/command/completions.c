/* A program of the build: prints the completions of lined's options for a shell, from their table:
 * completions bash|zsh|fish. */
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORDS_SIZE 256

/* How the value of an option is completed. */
enum values { VALUES_NONE, VALUES_WORDS, VALUES_FILES, VALUES_WORDS_AND_FILES, VALUES_USERS };

/* The words are separated by spaces. */
static enum values values_of(const struct setting *setting, char words[WORDS_SIZE])
{
    const char *argument = setting->argument;
    const char *names_end = strstr(setting->allowed, ", or the file");
    bool is_words = argument != NULL && strchr(argument, '|') != NULL &&
                    strspn(argument, "abcdefghijklmnopqrstuvwxyz-|") == strlen(argument);

    words[0] = '\0';
    if (argument == NULL)
        return VALUES_NONE;
    if (is_words)
        snprintf(words, WORDS_SIZE, "%s", argument);
    else if (names_end != NULL) /* names, and files of modules */
        snprintf(words, WORDS_SIZE, "%.*s", (int)(names_end - setting->allowed), setting->allowed);
    for (char *byte = words; *byte != '\0'; byte++) {
        if (*byte == '|' || *byte == ',')
            *byte = ' ';
    }
    if (is_words)
        return VALUES_WORDS;
    if (names_end != NULL)
        return VALUES_WORDS_AND_FILES;
    if (strcmp(setting->name, "--user") == 0)
        return VALUES_USERS;
    return strstr(argument, "FILE") != NULL || strstr(argument, "PATH") != NULL ? VALUES_FILES
                                                                                : VALUES_NONE;
}

/* Prints text, with a backslash before each of the special bytes. In single quotes of a shell a
 * single quote cannot have one everywhere, so it is left out. */
static void print_escaped(const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            continue;
        if (strchr(special, *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

/* ---- bash ---- */

static void print_bash_value(const struct setting *setting)
{
    char words[WORDS_SIZE];
    enum values values = values_of(setting, words);

    if (setting->argument == NULL)
        return;
    printf("    ");
    if (setting->letter != 0)
        printf("-%c | ", setting->letter);
    printf("%s) ", setting->name);
    if (values == VALUES_WORDS || values == VALUES_WORDS_AND_FILES)
        printf("mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ; ", words);
    if (values == VALUES_FILES || values == VALUES_WORDS_AND_FILES)
        printf("compopt -o filenames 2>/dev/null ; "
               "mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\") ; ");
    if (values == VALUES_USERS)
        printf("mapfile -t COMPREPLY < <(compgen -u -- \"$cur\") ; ");
    printf("return ;;\n");
}

static void print_bash(void)
{
    printf("# bash completion of lined, made from its table of options.\n"
           "# shellcheck shell=bash\n"
           "_lined()\n"
           "{\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    COMPREPLY=()\n"
           "    # Of --mode=active, bash makes three words.\n"
           "    [ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    [ \"$cur\" != = ] || cur=\n"
           "    case $prev in\n");
    for (const struct setting *setting = settings; setting->name != NULL; setting++)
        print_bash_value(setting);
    printf("    esac\n"
           "    mapfile -t COMPREPLY < <(compgen -W '");
    for (const struct setting *setting = settings; setting->name != NULL; setting++)
        printf("%s ", setting->name);
    printf("--help --version' -- \"$cur\")\n"
           "}\n"
           "complete -F _lined lined\n");
}

/* ---- zsh ---- */

/* A specification for _arguments. */
static void print_zsh_option(const struct setting *setting)
{
    char words[WORDS_SIZE];
    enum values values = values_of(setting, words);
    const char *several = strcmp(setting->name, "--listen") == 0 ? "*" : "";

    printf("    '%s", several);
    if (setting->letter != 0)
        printf("(-%c %s)'{-%c%s,%s%s}'", setting->letter, setting->name, setting->letter,
               setting->argument == NULL ? "" : "+", setting->name,
               setting->argument == NULL ? "" : "=");
    else
        printf("%s%s", setting->name, setting->argument == NULL ? "" : "=");
    printf("[");
    print_escaped(setting->help, "[]:\\");
    printf("]");
    if (setting->argument != NULL) {
        printf(":");
        print_escaped(setting->argument, "[]:\\");
        printf(":");
    }
    if (values == VALUES_WORDS)
        printf("(%s)", words);
    else if (values == VALUES_WORDS_AND_FILES)
        printf("{_alternative \"words\\:name\\:(%s)\" \"files\\:file\\:_files\"}", words);
    else if (values == VALUES_FILES)
        printf("_files");
    else if (values == VALUES_USERS)
        printf("_users");
    printf("' \\\n");
}

static void print_zsh(void)
{
    printf("#compdef lined\n"
           "# zsh completion of lined, made from its table of options.\n"
           "_arguments -s \\\n");
    for (const struct setting *setting = settings; setting->name != NULL; setting++)
        print_zsh_option(setting);
    printf("    '(- *)'{-h,--help}'[print this help and exit]' \\\n"
           "    '(- *)'{-V,--version}'[print the version and exit]'\n");
}

/* ---- fish ---- */

static void print_fish_option(const struct setting *setting)
{
    char words[WORDS_SIZE];
    enum values values = values_of(setting, words);
    bool has_files = values == VALUES_FILES || values == VALUES_WORDS_AND_FILES;

    printf("complete -c lined -l %s", setting->name + 2);
    if (setting->letter != 0)
        printf(" -s %c", setting->letter);
    if (setting->argument != NULL)
        printf(has_files ? " -r -F" : " -x");
    if (words[0] != '\0')
        printf(" -a '%s'", words);
    else if (values == VALUES_USERS)
        printf(" -a '(__fish_complete_users)'");
    printf(" -d '");
    print_escaped(setting->help, "\\");
    printf("'\n");
}

static void print_fish(void)
{
    printf("# fish completion of lined, made from its table of options.\n"
           "complete -c lined -f\n");
    for (const struct setting *setting = settings; setting->name != NULL; setting++)
        print_fish_option(setting);
    printf("complete -c lined -l help -s h -d 'print this help and exit'\n"
           "complete -c lined -l version -s V -d 'print the version and exit'\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "bash") == 0)
        print_bash();
    else if (argc == 2 && strcmp(argv[1], "zsh") == 0)
        print_zsh();
    else if (argc == 2 && strcmp(argv[1], "fish") == 0)
        print_fish();
    else {
        fputs("usage: completions bash|zsh|fish\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
