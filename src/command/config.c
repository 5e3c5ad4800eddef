#include "config.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_of_name(char byte, bool is_first)
{
    bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';

    return is_letter || (!is_first && byte >= '0' && byte <= '9');
}

/* What is wrong with this byte of a value; NULL: it is allowed. next: the byte after it, or 0. */
static const char *wrong_byte(char byte, char next)
{
    if (byte == '"' || byte == '\'')
        return "quotes are not allowed: docker --env-file takes them as a part of the value; "
               "write the value without them";
    if (byte == '\\')
        return "a backslash is not allowed: systemd takes it as the begin of an escape";
    if (byte == '\r')
        return "a carriage return is not allowed: end lines with LF alone";
    if (is_blank(byte) && next == '\0')
        return "a blank at the end of the line is not allowed: docker --env-file takes it as a "
               "part of the value";
    if ((unsigned char)byte < ' ' || byte == 0x7f)
        return "control characters are not allowed";
    return NULL;
}

/* Finds what is wrong with the line: *at is then the place. NULL: it is an assignment, and *equals
 * is its '='. */
static const char *check_line(const char *line, const char **equals, const char **at)
{
    *at = line;
    while (is_of_name(**at, *at == line))
        ++*at;
    if (*at == line || **at != '=') {
        const char *wrong = **at == '\0' ? NULL : wrong_byte(**at, 'x');
        return wrong != NULL ? wrong : "must be NAME=value, or a comment that begins with #";
    }
    *equals = *at;
    for (++*at; **at != '\0'; ++*at) {
        const char *wrong = wrong_byte(**at, (*at)[1]);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static bool fail(const struct config *config, unsigned line, size_t column, const char *why,
                 char message[CONFIG_MESSAGE_SIZE])
{
    snprintf(message, CONFIG_MESSAGE_SIZE, "%.128s:%u:%zu: %s", config->file, line, column, why);
    return false;
}

/* One line, terminated. */
static bool parse_line(struct config *config, char *line, unsigned number,
                       char message[CONFIG_MESSAGE_SIZE])
{
    char *text = line + strspn(line, " \t");
    const char *equals;
    const char *at;

    if (*text == '\0' || *text == '#')
        return true;
    const char *why = check_line(text, &equals, &at);
    if (why == NULL && config->count == CONFIG_ENTRIES_MAX) {
        why = "too many lines: at most 256 settings are allowed";
        at = line;
    }
    if (why != NULL)
        return fail(config, number, (size_t)(at - line) + 1, why, message);
    text[equals - text] = '\0';
    config->entries[config->count++] =
        (struct config_entry){.name = text, .value = equals + 1, .line = number};
    return true;
}

bool config_parse(struct config *config, size_t size, char message[CONFIG_MESSAGE_SIZE])
{
    char *line = config->text;
    char *end = config->text + size;
    unsigned number = 1;

    config->count = 0;
    *end = '\0';
    for (; line < end; number++) {
        size_t length = strcspn(line, "\n");
        char *line_end = line + length;
        if (*line_end == '\0' && line_end < end)
            return fail(config, number, length + 1, "a NUL byte is not allowed", message);
        *line_end = '\0';
        if (!parse_line(config, line, number, message))
            return false;
        line = line_end + 1;
    }
    return true;
}

const struct config_entry *config_find(const struct config *config, const char *name)
{
    for (size_t i = config->count; i > 0; i--) {
        if (strcmp(config->entries[i - 1].name, name) == 0)
            return &config->entries[i - 1];
    }
    return NULL;
}
