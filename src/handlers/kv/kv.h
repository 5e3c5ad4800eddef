/*
 * A key-value store with the protocol of Redis. init and fini are those of struct lined_module.
 */
#ifndef KV_H
#define KV_H

#include <lined.h>

extern const struct lined_handler lined_handler_kv;

int kv_init(lined_server *server, const struct lined_options *options, void **context);
void kv_fini(void *context);

#endif
