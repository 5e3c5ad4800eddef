/*
 * A key-value store with the protocol of Redis. init and fini are those of struct lined_module.
 */
#ifndef KV_H
#define KV_H

#include "kv_settings.h"

#include <lined.h>

extern const struct lined_handler lined_handler_kv;

/* *context points to struct kv_settings, which are copied, or is NULL: then there is no password,
 * memory is not limited, and the other two have their defaults. */
int kv_init(lined_server *server, const struct lined_options *options, void **context);
void kv_fini(void *context);

#endif
