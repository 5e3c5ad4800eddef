#include "kv_options.h"

#include "limits.h"
#include "message.h"
#include "password_file.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* max_memory if no limit of the system can be read. */
#define MEMORY_FALLBACK (64 * OPTIONS_MEMORY_MIN)

static bool is_kv(const struct options *options)
{
    return strcmp(options->handler, "kv") == 0;
}

static bool read_password(struct options *options, char text[KV_OPTIONS_MESSAGE_SIZE])
{
    char why[PASSWORD_FILE_WHY_SIZE];

    if (options->kv_password_file == NULL)
        return true;
    bool is_read = password_file_read(options->kv_password, options->kv_password_file, why);
    snprintf(text, KV_OPTIONS_MESSAGE_SIZE, is_read ? "%s '%.200s' %s" : "%s '%.200s': %s",
             options_name(options, "--kv-password-file"), options->kv_password_file, why);
    if (is_read && why[0] != '\0')
        message(MESSAGE_WARNING, "%s", text);
    options->kv.password = options->kv_password;
    return is_read;
}

static uint64_t default_memory(const struct limits_memory *limit)
{
    if (limit->bytes == LIMITS_NONE)
        return MEMORY_FALLBACK;
    return limit->bytes / 4 > OPTIONS_MEMORY_MIN ? limit->bytes / 4 : OPTIONS_MEMORY_MIN;
}

bool kv_options_prepare(struct options *options, const char *root,
                        char message[KV_OPTIONS_MESSAGE_SIZE])
{
    if (!is_kv(options))
        return true;
    if (!read_password(options, message))
        return false;
    options->kv_limit = limits_memory_read(root);
    options->kv_has_default = options->kv.max_memory == 0;
    if (options->kv_has_default)
        options->kv.max_memory = default_memory(&options->kv_limit);
    return true;
}

void *kv_options_context(const struct options *options)
{
    return is_kv(options) ? (void *)&options->kv : NULL;
}

/* ---- texts ---- */

#define SIZE_TEXT_SIZE 32
#define WHY_SIZE       256

/* Such as "1.5 GiB", rounded down. */
static const char *size_text(char text[SIZE_TEXT_SIZE], uint64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB"};
    int unit = bytes >> 30 > 0 ? 2 : bytes >> 20 > 0 ? 1 : 0;
    uint64_t tenths = (bytes >> 10 * unit) * 10 / 1024;

    if (tenths % 10 == 0)
        snprintf(text, SIZE_TEXT_SIZE, "%" PRIu64 " %s", tenths / 10, names[unit]);
    else
        snprintf(text, SIZE_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                 names[unit]);
    return text;
}

/* Explains the default. */
static void put_default(char why[WHY_SIZE], const struct options *options)
{
    const struct limits_memory *limit = &options->kv_limit;
    char size[SIZE_TEXT_SIZE];

    if (limit->bytes == LIMITS_NONE)
        snprintf(why, WHY_SIZE,
                 ": no limit on memory can be read below /proc and /sys; change it with "
                 "--kv-maxmemory");
    else if (options->kv.max_memory > limit->bytes / 4)
        snprintf(why, WHY_SIZE, ", the minimum, but %s is only %s: raise this limit", limit->name,
                 size_text(size, limit->bytes));
    else
        snprintf(why, WHY_SIZE, ": a quarter of %s; change it with --kv-maxmemory", limit->name);
}

bool kv_options_text(const struct options *options, char text[KV_OPTIONS_MESSAGE_SIZE],
                     bool *is_warning)
{
    const struct limits_memory *limit = &options->kv_limit;
    const uint64_t max = options->kv.max_memory;
    char why[WHY_SIZE] = "";
    char size[SIZE_TEXT_SIZE];

    if (!is_kv(options))
        return false;
    *is_warning = max > (options->kv_has_default ? limit->bytes / 4 : limit->bytes);
    if (options->kv_has_default)
        put_default(why, options);
    else if (*is_warning)
        snprintf(why, sizeof why, ", but %s is only %s: lower %s", limit->name,
                 size_text(size, limit->bytes), options_name(options, "--kv-maxmemory"));
    snprintf(text, KV_OPTIONS_MESSAGE_SIZE, "kv stores at most %s (%" PRIu64 " bytes)%s",
             size_text(size, max), max, why);
    return true;
}

void kv_options_report(const struct options *options)
{
    char text[KV_OPTIONS_MESSAGE_SIZE];
    bool is_warning;

    if (kv_options_text(options, text, &is_warning))
        message(is_warning ? MESSAGE_WARNING : MESSAGE_INFO, "%s", text);
}
