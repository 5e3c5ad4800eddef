#include "ask.h"

#include <check.h>
#include <signal.h>
#include <string.h>

static json_t *parse(const char *line)
{
    json_error_t error;
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json_is_object(json), "\"%s\": %s", line, error.text);
    return json;
}

json_int_t figure(const json_t *json, const char *name)
{
    ck_assert_msg(json_is_integer(json_object_get(json, name)), "no %s", name);
    return json_integer_value(json_object_get(json, name));
}

json_t *ask(struct process *process)
{
    char line[4096];

    ck_assert_int_eq(kill(process->pid, SIGUSR1), 0);
    process_line(&process->err, line, sizeof line);
    return parse(line);
}

json_t *ask_at_the_end(struct process *process, int status, char said[ASK_TEXT_SIZE])
{
    ck_assert_int_eq(kill(process->pid, SIGTERM), 0);
    process_rest(&process->err, said, ASK_TEXT_SIZE);
    ck_assert_msg(process_wait(process) == status, "%s", said);
    char *served = strstr(said, "lined: served ");
    ck_assert_msg(served != NULL, "%s", said);
    char *json = strstr(served, "\n{");
    ck_assert_msg(json != NULL, "%s", said);
    ck_assert_ptr_eq(strchr(json + 1, '\n'), said + strlen(said) - 1); /* the last line */
    json_t *statistics = parse(json + 1);
    json[1] = '\0';
    return statistics;
}
