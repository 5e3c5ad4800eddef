/*
 * A session: one connection served from its first line to its end by a detached thread of its own.
 */
#ifndef SESSION_H
#define SESSION_H

#include "lined.h"
#include "net.h"
#include "registry.h"

#include <pthread.h>

/* What all sessions of one server share. Read-only, and it outlives them: the registry is waited
 * for before it is freed. */
struct session_setting {
    struct registry *registry;
    const struct lined_options *terms;
    const struct lined_worker *worker;
    pthread_attr_t attributes; /* detached, with a small stack */
};

/* LINED_OK or -errno. */
int session_setting_init(struct session_setting *setting, struct registry *registry,
                         const struct lined_options *terms, const struct lined_worker *worker);
void session_setting_deinit(struct session_setting *setting);

/* Serves the client on fd. Takes fd over in any case. LINED_OK; LINED_STOPPING when the server
 * takes nobody any more; -errno when there is no memory or no thread (pthread_create(3)). */
int session_start(const struct session_setting *setting, int fd, const union net_address *peer);

#endif
