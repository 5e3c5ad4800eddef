/* The values of options that are lists of networks. */
#include "option_values.h"

#include "net/cidr.h"

#include <errno.h>
#include <stdio.h>

/* Says which part of a list is no network, without bytes that control a terminal. */
static void explain_networks(struct options *options, const struct cidr_error *error)
{
    char part[44];
    size_t size = error->size < sizeof part ? error->size : sizeof part - 1;

    for (size_t i = 0; i < size; i++)
        part[i] = (char)(error->part[i] >= ' ' && error->part[i] <= '~' ? error->part[i] : '?');
    part[size] = '\0';
    snprintf(options->why_text, sizeof options->why_text,
             "networks such as 10.0.0.0/8,fd00::/8; '%s' %s", part, error->why);
    options->why = options->why_text;
}

/* A list of networks. */
static bool read_networks(struct options *options, const char **field, const char *value)
{
    struct cidr_list list;
    struct cidr_error error;

    *field = value;
    int failed = cidr_list_parse(&list, value, &error);
    if (failed == -EINVAL)
        explain_networks(options, &error);
    cidr_list_deinit(&list);
    return failed == 0;
}

bool option_allow(struct options *options, const char *value)
{
    return read_networks(options, &options->server.allow, value);
}

bool option_deny(struct options *options, const char *value)
{
    return read_networks(options, &options->server.deny, value);
}

bool option_proxy_from(struct options *options, const char *value)
{
    return read_networks(options, &options->server.proxy_from, value);
}
