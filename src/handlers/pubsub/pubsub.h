/* Publish and subscribe; docs/pubsub.md has the protocol. See struct lined_module. */
#ifndef PUBSUB_H
#define PUBSUB_H

#include <lined.h>

extern const struct lined_handler lined_handler_pubsub;
int pubsub_init(lined_server *server, const struct lined_options *options, void **context);
void pubsub_fini(void *context);
#endif
