/*
 * The workers that come with lined. Each includes lined.h alone, besides its own parts.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <lined.h>

/* lined_worker_received is in lined.h. */
extern const struct lined_worker lined_worker_chat;
extern const struct lined_worker lined_worker_kv;

#endif
