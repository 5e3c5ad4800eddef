/* The table of commands of kv: docs/kv.md has its rows, and COMMAND and arity errors come from it.
 */
#include "../src/handlers/kv/kv_command.h"
#include "dial.h"
#include "kv_client.h"
#include "suite.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As a client types it: CONFIG GET. */
static void spell(char text[64], const struct kv_command *command)
{
    size_t i = 0;

    for (; command->name[i] != '\0'; i++)
        text[i] = command->name[i] == '|' ? ' ' : (char)toupper((unsigned char)command->name[i]);
    ck_assert_uint_lt(i, 63);
    text[i] = '\0';
}

/* Reads the next row of the table of commands. False: there is none. */
static bool next_row(FILE *document, char *row, int size)
{
    while (fgets(row, size, document) != NULL && strncmp(row, "There are no ", 13) != 0) {
        if (strncmp(row, "| `", 3) == 0 && row[3] != '-') /* that is an option */
            return true;
    }
    return false;
}

/* "| `NAME ...` | help |" */
static bool is_row_of(const char *row, const struct kv_command *command)
{
    char name[64];
    char help[256];

    spell(name, command);
    size_t size = strlen(name);
    snprintf(help, sizeof help, "` | %s |", command->help);
    const char *after = row + 3 + size;
    if (strncmp(row + 3, name, size) != 0 || (*after != ' ' && *after != '`'))
        return false;
    if (command->subcommands != NULL && *after != '`') /* of a subcommand */
        return false;
    ck_assert_msg(strstr(after, help) != NULL, "the row should have \"%s\": %s", help, row);
    return true;
}

/* The number of rows of the commands in a list; each has exactly one. */
static size_t count_rows(const struct kv_command *list)
{
    char row[512];
    size_t rows = 0;

    for (; list->name != NULL; list++) {
        FILE *document = fopen(KV_DOCUMENT, "r");
        ck_assert_ptr_nonnull(document);
        size_t found = 0;
        while (list->help != NULL && next_row(document, row, sizeof row))
            found += is_row_of(row, list);
        fclose(document);
        ck_assert_msg(found == (list->help != NULL), "%s has %zu rows", list->name, found);
        rows += found + (list->subcommands == NULL ? 0 : count_rows(list->subcommands));
    }
    return rows;
}

START_TEST(the_document_has_each_command_and_its_help)
{
    char row[512];
    size_t rows = 0;
    FILE *document = fopen(KV_DOCUMENT, "r");

    ck_assert_ptr_nonnull(document);
    while (next_row(document, row, sizeof row))
        rows++;
    fclose(document);
    ck_assert_uint_gt(rows, 20);
    ck_assert_uint_eq(rows, count_rows(kv_commands));
}
END_TEST

/* Asks with count arguments, of which the name is the first one or two. */
static void expect_arity_error(int client, const struct kv_command *command, int count)
{
    char line[160];
    char error[128];

    spell(line, command);
    int words = strchr(line, ' ') == NULL ? 1 : 2;
    if (count < words)
        return;
    for (; words < count; words++)
        strcat(line, " x");
    strcat(line, "\n");
    snprintf(error, sizeof error, "-%s wrong number of arguments for '%s' command\r\n",
             strcmp(command->name, "exec") == 0 ? "EXECABORT Transaction discarded because of:"
                                                : "ERR",
             command->name);
    ask(client, line, error);
}

/* With one argument too few, and one too many if the number is exact. */
static void expect_arity_errors(int client, const struct kv_command *list)
{
    for (; list->name != NULL; list++) {
        if (list->arity > 0)
            expect_arity_error(client, list, list->arity + 1);
        expect_arity_error(client, list, abs(list->arity) - 1);
        if (list->subcommands != NULL)
            expect_arity_errors(client, list->subcommands);
    }
}

START_TEST(each_command_checks_the_number_of_its_arguments)
{
    serve();
    int client = dial(server.port);
    expect_arity_errors(client, kv_commands);
    hang_up(client);
    end();
}
END_TEST

START_TEST(command_describes_commands_as_redis_7_does)
{
    size_t count = 0;
    char header[32];

    while (kv_commands[count].name != NULL)
        count++;
    serve();
    int client = dial(server.port);
    snprintf(header, sizeof header, ":%zu\r\n", count);
    ask(client, "COMMAND COUNT\n", header);
    snprintf(header, sizeof header, "*%zu\r\n*10\r\n$3\r\nget\r\n:2\r\n", count);
    int other = dial(server.port);
    ask(other, "COMMAND\n", header);
    hang_up(other);
    ask(client, "COMMAND INFO mset nope\n",
        "*2\r\n*10\r\n$4\r\nmset\r\n:-3\r\n*2\r\n+write\r\n+denyoom\r\n:1\r\n:-1\r\n:2\r\n"
        "*0\r\n*0\r\n*0\r\n*0\r\n$-1\r\n");
    ask(client, "COMMAND INFO config\n",
        "*1\r\n*10\r\n$6\r\nconfig\r\n:-2\r\n*0\r\n:0\r\n:0\r\n:0\r\n*0\r\n*0\r\n*0\r\n"
        "*1\r\n*10\r\n$10\r\nconfig|get\r\n:-3\r\n*4\r\n+admin\r\n+noscript\r\n+loading\r\n"
        "+stale\r\n:0\r\n:0\r\n:0\r\n*0\r\n*0\r\n*0\r\n*0\r\n");
    ask(client, "COMMAND DOCS echo nope\n",
        "*2\r\n$4\r\necho\r\n*4\r\n$7\r\nsummary\r\n$8\r\nthe text\r\n"
        "$5\r\ngroup\r\n$7\r\ngeneric\r\n");
    ask(client, "COMMAND DOCS nope\n", "*0\r\n");
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_document_has_each_command_and_its_help,
        each_command_checks_the_number_of_its_arguments,
        command_describes_commands_as_redis_7_does,
    };
    return suite_run("kv_commands", tests, sizeof tests / sizeof tests[0]);
}
