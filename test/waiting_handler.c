#include "waiting_handler.h"

#include "embed.h"

#include <string.h>

sem_t arrived, go_on;

static int answer_after_go_on(void *context, lined_conn *conn, void *state, const char *line,
                              size_t size)
{
    if (size == 5 && memcmp(line, "wait\n", size) == 0) {
        sem_post(&arrived);
        while (sem_wait(&go_on) != 0)
            continue;
    }
    return lined_send(conn, line, size);
}

lined_server *start_waiting_handler(void)
{
    static const struct lined_handler waiting_handler = {.line = answer_after_go_on};

    sem_init(&arrived, 0, 0);
    sem_init(&go_on, 0, 0);
    return start_handler(&waiting_handler);
}
