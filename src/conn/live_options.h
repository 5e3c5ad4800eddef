/*
 * The options that lined_server_set changes while threads read them.
 *
 * Each is an atomic of its own, read and written relaxed: no reader needs two of them to belong
 * together, and none guards other memory. What the admission and the life cycle need is not here:
 * they have their own copies under their locks.
 */
#ifndef LIVE_OPTIONS_H
#define LIVE_OPTIONS_H

#include "lined.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_options {
    _Atomic uint32_t send_timeout_ms;
    _Atomic uint32_t idle_timeout_ms;
    _Atomic uint32_t line_timeout_ms;
    _Atomic uint32_t session_timeout_ms;
    _Atomic size_t max_connections;
    atomic_bool rejects; /* overflow is LINED_OVERFLOW_REJECT */
};

static inline void live_options_set(struct live_options *live, const struct lined_options *options)
{
    atomic_store_explicit(&live->send_timeout_ms, options->send_timeout_ms, memory_order_relaxed);
    atomic_store_explicit(&live->idle_timeout_ms, options->idle_timeout_ms, memory_order_relaxed);
    atomic_store_explicit(&live->line_timeout_ms, options->line_timeout_ms, memory_order_relaxed);
    atomic_store_explicit(&live->session_timeout_ms, options->session_timeout_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&live->max_connections, options->max_connections, memory_order_relaxed);
    atomic_store_explicit(&live->rejects, options->overflow == LINED_OVERFLOW_REJECT,
                          memory_order_relaxed);
}

static inline uint32_t live_ms(const _Atomic uint32_t *ms)
{
    return atomic_load_explicit(ms, memory_order_relaxed);
}

static inline size_t live_max_connections(const struct live_options *live)
{
    return atomic_load_explicit(&live->max_connections, memory_order_relaxed);
}

static inline bool live_rejects(const struct live_options *live)
{
    return atomic_load_explicit(&live->rejects, memory_order_relaxed);
}

#endif
