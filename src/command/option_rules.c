#include "option_rules.h"

#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *options_name(const struct options *options, const char *option)
{
    for (int i = 0; settings[i].name != NULL; i++) {
        if (strcmp(settings[i].name, option) == 0 && (options->from_variable >> i & 1) != 0)
            return settings[i].variable;
    }
    return option;
}

/* --proxy-protocol and --proxy-from belong together: an address that any client may claim is none.
 * False: one of them is missing. */
static bool proxies_are_clear(const struct options *options, char message[OPTIONS_MESSAGE_SIZE])
{
    bool has_protocol = options->server.proxy_protocol != LINED_PROXY_NONE;
    bool has_networks = options->server.proxy_from != NULL;

    if (has_protocol && !has_networks)
        snprintf(message, OPTIONS_MESSAGE_SIZE,
                 "%s needs --proxy-from CIDR[,CIDR...], the networks of the proxies",
                 options_name(options, "--proxy-protocol"));
    else if (has_networks && !has_protocol)
        snprintf(message, OPTIONS_MESSAGE_SIZE, "%s needs --proxy-protocol v1, v2 or any",
                 options_name(options, "--proxy-from"));
    return has_protocol == has_networks;
}

/* The message does not have the password. False: it is set twice, or too long. */
static bool password_is_clear(const struct options *options, char message[OPTIONS_MESSAGE_SIZE])
{
    bool has_file = options->kv_password_file != NULL;
    bool is_long = options->kv.password != NULL &&
                   strnlen(options->kv.password, OPTIONS_PASSWORD_MAX + 1) > OPTIONS_PASSWORD_MAX;

    if (options->kv.password == NULL)
        return true;
    if (has_file)
        snprintf(message, OPTIONS_MESSAGE_SIZE,
                 "%s and %s cannot be used together: leave one of them out",
                 OPTIONS_PASSWORD_VARIABLE, options_name(options, "--kv-password-file"));
    else if (is_long)
        snprintf(message, OPTIONS_MESSAGE_SIZE,
                 "%s is too long: must be a password of 1 to %d bytes", OPTIONS_PASSWORD_VARIABLE,
                 OPTIONS_PASSWORD_MAX);
    return !has_file && !is_long;
}

/* What is set for a handler that is not the chosen one; NULL: nothing. */
static const char *name_without_handler(const struct options *options, const char **handler)
{
    for (int i = 0; settings[i].name != NULL; i++) {
        *handler = settings[i].handler;
        if (*handler != NULL && options->values[i] != NULL &&
            strcmp(*handler, options->handler) != 0)
            return options_name(options, settings[i].name);
    }
    *handler = "kv";
    return options->kv.password != NULL && strcmp(options->handler, *handler) != 0
               ? OPTIONS_PASSWORD_VARIABLE
               : NULL;
}

static bool handler_is_clear(const struct options *options, char message[OPTIONS_MESSAGE_SIZE])
{
    const char *handler;
    const char *name = name_without_handler(options, &handler);

    if (name != NULL)
        snprintf(message, OPTIONS_MESSAGE_SIZE,
                 "%s needs --handler %s: set this handler, or leave %s out", name, handler, name);
    return name == NULL;
}

bool option_rules_hold(const struct options *options, char message[OPTIONS_MESSAGE_SIZE])
{
    return proxies_are_clear(options, message) && password_is_clear(options, message) &&
           handler_is_clear(options, message);
}
