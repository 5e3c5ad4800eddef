#include "abi.h"

#include <errno.h>
#include <string.h>

/* The first version of the struct ended with this field. */
#define OPTIONS_SIZE_1_0                                                                           \
    (offsetof(struct lined_options, stack_size) + sizeof((struct lined_options){0}.stack_size))

/* A greater size is that of no struct of options: it was not initialised. */
#define OPTIONS_SIZE_MAX 4096

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

int abi_read_options(struct lined_options *options, const struct lined_options *program)
{
    size_t size = program->size;
    const size_t known = sizeof *options;

    if (size < OPTIONS_SIZE_1_0 || size > OPTIONS_SIZE_MAX)
        return -EINVAL;
    if (size > known && !is_zero((const char *)program + known, size - known))
        return -E2BIG;
    lined_options_init(options, known);
    memcpy(options, program, size < known ? size : known);
    options->size = known;
    return LINED_OK;
}

void abi_write(void *program, size_t program_size, const void *result, size_t result_size)
{
    size_t common = program_size < result_size ? program_size : result_size;

    memcpy(program, result, common);
    memset((char *)program + common, 0, program_size - common);
}

static bool are_null(void *const *pointers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pointers[i] != NULL)
            return false;
    }
    return true;
}

bool abi_knows_handler(const struct lined_handler *handler)
{
    return are_null(handler->reserved, sizeof handler->reserved / sizeof handler->reserved[0]);
}

bool abi_knows_observer(const struct lined_observer *observer)
{
    return are_null(observer->reserved, sizeof observer->reserved / sizeof observer->reserved[0]);
}
