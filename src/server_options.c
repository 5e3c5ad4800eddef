#include "server_options.h"

#include "abi.h"
#include "base/thread.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void lined_options_init(struct lined_options *options, size_t size)
{
    const struct lined_options defaults = {
        .size = size,
        .ip = "127.0.0.1",
        .port = 1234,
        .backlog = 4096,
        .max_line = 1460,
        .long_line = LINED_LONG_SPLIT,
        .partial = LINED_PARTIAL_DROP,
        .send_timeout_ms = 30 * 1000,
        .idle_timeout_ms = 0,
        .line_timeout_ms = 0,
        .session_timeout_ms = 0,
        .drain_timeout_ms = 5 * 1000,
        .mode = LINED_PASSIVE,
        .push_limit = 1024 * 1024,
        .busy_poll_us = 50,
        .overflow = LINED_OVERFLOW_WAIT,
        .drain_mode = LINED_DRAIN_CLOSE,
    };

    abi_write(options, size, &defaults, sizeof defaults);
}

/* Times are added to the clock's time, and passed to poll(2), which takes an int. */
static bool times_are_valid(const struct lined_options *options)
{
    return options->send_timeout_ms <= INT32_MAX && options->idle_timeout_ms <= INT32_MAX &&
           options->line_timeout_ms <= INT32_MAX && options->session_timeout_ms <= INT32_MAX &&
           options->drain_timeout_ms <= INT32_MAX;
}

static bool is_at_most(const char *text, size_t size)
{
    return text == NULL || strnlen(text, size + 1) <= size;
}

static bool stack_size_is_valid(size_t size)
{
    return size == 0 || (size >= LINED_STACK_MIN && size <= LINED_STACK_MAX);
}

bool options_are_valid(const struct lined_options *options)
{
    return options->backlog >= 1 && options->max_line >= LINED_MAX_LINE_MIN &&
           options->max_line <= LINED_MAX_LINE_MAX && options->long_line <= LINED_LONG_DISCARD &&
           options->partial <= LINED_PARTIAL_DELIVER && options->mode <= LINED_ACTIVE &&
           options->push_limit >= 1 && options->busy_poll_us <= LINED_BUSY_POLL_MAX &&
           options->overflow <= LINED_OVERFLOW_REJECT && options->drain_mode <= LINED_DRAIN_WAIT &&
           options->proxy_protocol <= LINED_PROXY_ANY &&
           is_at_most(options->greeting, LINED_GREETING_MAX) &&
           (options->proxy_protocol == LINED_PROXY_NONE) == (options->proxy_from == NULL) &&
           times_are_valid(options) && stack_size_is_valid(options->stack_size);
}

bool options_can_follow(const struct lined_options *options, const struct lined_options *before)
{
    return options->backlog == before->backlog && options->reuse_port == before->reuse_port &&
           options->max_line == before->max_line && options->long_line == before->long_line &&
           options->partial == before->partial && options->mode == before->mode &&
           options->push_limit == before->push_limit &&
           options->busy_poll_us == before->busy_poll_us &&
           options->drain_mode == before->drain_mode && options->line_rate == before->line_rate &&
           options->proxy_protocol == before->proxy_protocol &&
           options->measure_latency == before->measure_latency &&
           options->stack_size == before->stack_size;
}

size_t options_stack_size(const struct lined_options *options)
{
    return options->stack_size == 0 ? THREAD_STACK_SIZE : options->stack_size;
}

static int delivered_ways(const struct lined_handler *handler)
{
    return (handler->line != NULL) + (handler->text != NULL) + (handler->task != NULL);
}

static bool task_is_valid(const struct lined_handler *handler, enum lined_mode mode)
{
    if (handler->task == NULL)
        return !handler->wakeable;
    return mode == LINED_PASSIVE && handler->deadline == NULL;
}

int handler_check(const struct lined_handler *handler, enum lined_mode mode)
{
    if (handler == NULL || delivered_ways(handler) != 1 || !task_is_valid(handler, mode) ||
        !is_at_most(handler->reject_busy, LINED_REJECT_MAX) ||
        !is_at_most(handler->reject_per_ip, LINED_REJECT_MAX))
        return -EINVAL;
    return abi_knows_handler(handler) ? LINED_OK : -E2BIG;
}
