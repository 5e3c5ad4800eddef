/*
 * A chat: each line of a client goes to all others. init and fini are those of struct lined_module.
 */
#ifndef CHAT_H
#define CHAT_H

#include <lined.h>

extern const struct lined_handler lined_handler_chat;

int chat_init(lined_server *server, const struct lined_options *options, void **context);
void chat_fini(void *context);

#endif
