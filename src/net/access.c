#include "access.h"

#include <stddef.h>
#include <sys/socket.h>

static int read_list(struct cidr_list *list, const char *text)
{
    return text == NULL ? LINED_OK : cidr_list_parse(list, text, NULL);
}

int access_init(struct access *access, const struct lined_options *options)
{
    *access = (struct access){.has_allow = options->allow != NULL,
                              .has_proxies = options->proxy_protocol != LINED_PROXY_NONE};
    int failed = read_list(&access->allow, options->allow);
    if (failed == LINED_OK)
        failed = read_list(&access->deny, options->deny);
    if (failed == LINED_OK)
        failed = read_list(&access->proxies, options->proxy_from);
    if (failed != LINED_OK)
        access_deinit(access);
    return failed;
}

void access_deinit(struct access *access)
{
    cidr_list_deinit(&access->allow);
    cidr_list_deinit(&access->deny);
    cidr_list_deinit(&access->proxies);
}

bool access_allows(const struct access *access, const union net_address *client)
{
    if (client->any.sa_family == AF_UNIX)
        return true;
    return (!access->has_allow || cidr_list_has(&access->allow, client)) &&
           !cidr_list_has(&access->deny, client);
}

bool access_expects_header(const struct access *access, const union net_address *client)
{
    return access->has_proxies &&
           (client->any.sa_family == AF_UNIX || cidr_list_has(&access->proxies, client));
}
