/*
 * The handler of the admin listener: one HTTP request, or commands.
 */
#ifndef ADMIN_ANSWER_H
#define ADMIN_ANSWER_H

#include <lined.h>
#include <stddef.h>

/* More than the longest response: test_admin_page.c. */
#define ADMIN_BODY_SIZE ((size_t)64 * 1024)

/* The task. context is a struct admin_source. */
int admin_answer(void *context, lined_conn *conn, void *state);

#endif
