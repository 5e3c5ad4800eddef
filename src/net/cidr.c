#include "cidr.h"

#include "base/values.h"
#include "lined.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An IPv6 address in text, a slash, three digits, and the NUL. */
#define PART_SIZE (INET6_ADDRSTRLEN + 4)

#define V4_BITS     32u
#define V6_BITS     128u
#define MAPPED_BITS (V6_BITS - V4_BITS) /* of ::ffff:0:0/96 */

/* An IPv4-mapped IPv6 address becomes IPv4. bits is the length of its prefix. */
static void unmap(struct cidr *network)
{
    struct in6_addr address;

    memcpy(&address, network->prefix, sizeof address);
    if (network->is_v4 || network->bits < MAPPED_BITS || !IN6_IS_ADDR_V4MAPPED(&address))
        return;
    network->is_v4 = true;
    network->bits -= MAPPED_BITS;
    memmove(network->prefix, network->prefix + MAPPED_BITS / 8, V4_BITS / 8);
}

/* True: the two have the same first bits. */
static bool is_same(const unsigned char *one, const unsigned char *other, unsigned bits)
{
    unsigned rest = bits % 8;

    if (memcmp(one, other, bits / 8) != 0)
        return false;
    return rest == 0 || (one[bits / 8] ^ other[bits / 8]) >> (8 - rest) == 0;
}

/* True: the address has no bit behind its prefix. */
static bool is_network(const struct cidr *network)
{
    unsigned all = network->is_v4 ? V4_BITS : V6_BITS;

    for (unsigned bit = network->bits; bit < all; bit++) {
        if ((network->prefix[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return false;
    }
    return true;
}

/* NULL, or why the part is no network. */
static const char *read_network(struct cidr *network, const char *part, size_t size)
{
    char text[PART_SIZE];
    uint32_t bits;

    *network = (struct cidr){0};
    if (size >= sizeof text)
        return "is too long for a network";
    memcpy(text, part, size);
    text[size] = '\0';
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash++ = '\0';
    network->is_v4 = inet_pton(AF_INET, text, network->prefix) == 1;
    if (!network->is_v4 && inet_pton(AF_INET6, text, network->prefix) != 1)
        return "has no IPv4 or IPv6 address";
    bits = network->is_v4 ? V4_BITS : V6_BITS;
    if (slash != NULL && !value_number(slash, 0, bits, &bits))
        return network->is_v4 ? "needs a prefix length from 0 to 32"
                              : "needs a prefix length from 0 to 128";
    network->bits = bits;
    if (!is_network(network))
        return "has bits set behind its prefix length";
    unmap(network);
    return NULL;
}

static size_t count_parts(const char *text)
{
    size_t count = 1;

    for (; *text != '\0'; text++)
        count += *text == ',';
    return count;
}

int cidr_list_parse(struct cidr_list *list, const char *text, struct cidr_error *error)
{
    *list = (struct cidr_list){.networks = calloc(count_parts(text), sizeof *list->networks)};
    if (list->networks == NULL)
        return -ENOMEM;
    for (;; text++) {
        size_t size = strcspn(text, ",");
        const char *why = read_network(&list->networks[list->count++], text, size);
        if (why != NULL) {
            if (error != NULL)
                *error = (struct cidr_error){.part = text, .size = size, .why = why};
            cidr_list_deinit(list);
            return -EINVAL;
        }
        text += size;
        if (*text == '\0')
            return LINED_OK;
    }
}

void cidr_list_deinit(struct cidr_list *list)
{
    free(list->networks);
    *list = (struct cidr_list){0};
}

/* The address as a network of its own. False: another family. */
static bool read_address(struct cidr *host, const union net_address *address)
{
    *host = (struct cidr){0};
    switch (address->any.sa_family) {
    case AF_INET:
        host->is_v4 = true;
        host->bits = V4_BITS;
        memcpy(host->prefix, &address->v4.sin_addr, sizeof address->v4.sin_addr);
        return true;
    case AF_INET6:
        host->bits = V6_BITS;
        memcpy(host->prefix, &address->v6.sin6_addr, sizeof address->v6.sin6_addr);
        unmap(host);
        return true;
    default:
        return false;
    }
}

bool cidr_list_has(const struct cidr_list *list, const union net_address *address)
{
    struct cidr host;

    if (!read_address(&host, address))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct cidr *network = &list->networks[i];
        if (network->is_v4 == host.is_v4 && is_same(network->prefix, host.prefix, network->bits))
            return true;
    }
    return false;
}
