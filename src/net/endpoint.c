#include "endpoint.h"

#include "base/values.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char not_any[] = "ADDRESS:PORT, [IPV6]:PORT, *:PORT, unix:PATH or fd:N";

struct endpoint endpoint_of(const union net_address *address)
{
    return (struct endpoint){.kind = ENDPOINT_TCP, .address = *address};
}

/* ---- TCP ---- */

/* text is IP:PORT; the IP ends at end. */
static bool parse_address(const char *text, const char *end, uint16_t port,
                          struct endpoint *endpoint)
{
    char ip[INET6_ADDRSTRLEN + 32];
    size_t size = (size_t)(end - text);

    if (size >= sizeof ip)
        return false;
    memcpy(ip, text, size);
    ip[size] = '\0';
    return address_parse(ip, port, &endpoint->address);
}

static bool parse_tcp(const char *text, struct endpoint *endpoint, const char **why)
{
    const char *colon = strrchr(text, ':');
    uint32_t port;

    *why = not_any;
    if (colon == NULL || colon == text)
        return false;
    if (!value_number(colon + 1, 0, UINT16_MAX, &port)) {
        *why = "an address with a port from 0 to 65535 behind the last colon";
        return false;
    }
    endpoint->kind = ENDPOINT_TCP;
    if (strncmp(text, "*:", 2) == 0 && colon == text + 1) {
        endpoint->is_every = true;
        return address_parse("::", (uint16_t)port, &endpoint->address);
    }
    if (*text == '[' && colon[-1] == ']') {
        endpoint->is_ipv6_only = true;
        return parse_address(text + 1, colon - 1, (uint16_t)port, endpoint) &&
               endpoint->address.any.sa_family == AF_INET6;
    }
    if (memchr(text, ':', (size_t)(colon - text)) != NULL) {
        *why = "an IPv6 address in brackets, such as [::1]:1234";
        return false;
    }
    return parse_address(text, colon, (uint16_t)port, endpoint);
}

/* ---- Unix sockets ---- */

static bool parse_mode(const char *digits, size_t size, mode_t *mode)
{
    *mode = 0;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '7')
            return false;
        *mode = *mode * 8 + (mode_t)(digits[i] - '0');
        if (*mode > 0777)
            return false;
    }
    return size > 0;
}

/* One of the words behind the path, of size bytes. */
static bool parse_setting(const char *word, size_t size, struct endpoint *endpoint,
                          const char **why)
{
    if (size > 5 && memcmp(word, "mode=", 5) == 0) {
        *why = "a socket file with a mode from 0 to 0777, in octal digits";
        endpoint->has_mode = true;
        return parse_mode(word + 5, size - 5, &endpoint->mode);
    }
    if (size > 6 && memcmp(word, "group=", 6) == 0) {
        *why = "a socket file with the name of a group of at most 63 bytes";
        if (size - 6 >= sizeof endpoint->group)
            return false;
        memcpy(endpoint->group, word + 6, size - 6);
        return true;
    }
    *why = "unix:PATH with ,mode=MODE or ,group=NAME behind the path, and nothing else";
    return false;
}

static bool parse_unix(const char *text, struct endpoint *endpoint, const char **why)
{
    size_t size = strcspn(text, ",");

    endpoint->kind = ENDPOINT_UNIX;
    endpoint->unix_address.sun_family = AF_UNIX;
    if (*text != '/' || size >= sizeof endpoint->unix_address.sun_path) {
        *why = "unix: and a path that begins with a slash and has at most 107 bytes";
        return false;
    }
    memcpy(endpoint->unix_address.sun_path, text, size);
    for (text += size; *text != '\0'; text += size) {
        text++; /* the comma */
        size = strcspn(text, ",");
        if (!parse_setting(text, size, endpoint, why))
            return false;
    }
    return true;
}

bool endpoint_parse(const char *text, struct endpoint *endpoint, const char **why)
{
    uint32_t fd;

    *endpoint = (struct endpoint){.fd = -1};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, endpoint, why);
    if (strncmp(text, "fd:", 3) != 0)
        return parse_tcp(text, endpoint, why);
    *why = "fd: and the number of a descriptor that is open";
    endpoint->kind = ENDPOINT_FD;
    if (!value_number(text + 3, 0, INT32_MAX, &fd))
        return false;
    endpoint->fd = (int)fd;
    return true;
}
