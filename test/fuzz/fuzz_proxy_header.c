/*
 * The PROXY header: each prefix of the bytes must agree with all of them, and an address must be
 * the one that a slow reading finds.
 *
 * An input is which versions are allowed (1 byte), and the bytes.
 */
#include "../../src/base/invariant.h"
#include "../../src/net/proxy_header.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes that are tried: up to here each, then with growing steps. */
enum { EACH = 300 };

static void must_have_address(const union net_address *address, int family, const void *ip,
                              unsigned port)
{
    union net_address expected = {.any = {.sa_family = (sa_family_t)family}};

    if (family == AF_INET) {
        memcpy(&expected.v4.sin_addr, ip, 4);
        expected.v4.sin_port = htons((uint16_t)port);
    } else {
        memcpy(&expected.v6.sin6_addr, ip, 16);
        expected.v6.sin6_port = htons((uint16_t)port);
        address_unmap(&expected);
    }
    INVARIANT(memcmp(&expected, address, sizeof expected) == 0);
}

static void read_v1(const struct proxy_header *header, const char *bytes)
{
    char line[PROXY_HEADER_V1_MAX + 1];
    char source[64];
    char destination[64];
    char ip[16];
    unsigned protocol;
    unsigned port;
    unsigned other;

    INVARIANT(header->size <= PROXY_HEADER_V1_MAX);
    memcpy(line, bytes, header->size);
    line[header->size] = '\0';
    INVARIANT(strcmp(line + header->size - 2, "\r\n") == 0);
    INVARIANT(sscanf(line, "PROXY TCP%u %63s %63s %u %u", &protocol, source, destination, &port,
                     &other) == 5);
    int family = protocol == 4 ? AF_INET : AF_INET6;
    INVARIANT(inet_pton(family, source, ip) == 1);
    must_have_address(&header->address, family, ip, port);
}

static void read_v2(const struct proxy_header *header, const unsigned char *bytes)
{
    INVARIANT(header->size == 16u + bytes[14] * 256u + bytes[15]);
    INVARIANT(bytes[12] == 0x21 && (bytes[13] == 0x11 || bytes[13] == 0x21));
    if (bytes[13] == 0x11) {
        INVARIANT(header->size >= 28);
        must_have_address(&header->address, AF_INET, bytes + 16, bytes[24] * 256u + bytes[25]);
    } else {
        INVARIANT(header->size >= 52);
        must_have_address(&header->address, AF_INET6, bytes + 16, bytes[48] * 256u + bytes[49]);
    }
}

/* The first size bytes alone, in memory of that size. */
static enum proxy_header_verdict parse(struct proxy_header *header,
                                       enum lined_proxy_protocol allowed, const uint8_t *bytes,
                                       size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);

    INVARIANT(copy != NULL);
    memcpy(copy, bytes, size);
    enum proxy_header_verdict verdict = proxy_header_parse(header, allowed, copy, size);
    free(copy);
    return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header;
    struct proxy_header part;

    if (size < 2)
        return 0;
    enum lined_proxy_protocol allowed = (enum lined_proxy_protocol)(1 + data[0] % 3);
    const uint8_t *bytes = data + 1;
    size--;
    enum proxy_header_verdict verdict = parse(&header, allowed, bytes, size);
    if (verdict == PROXY_HEADER_MORE)
        INVARIANT(header.size > size);
    else if (verdict != PROXY_HEADER_BAD)
        INVARIANT(header.size > 0 && header.size <= size);
    for (size_t cut = 0; cut < size; cut += cut < EACH ? 1 : cut / 8) {
        enum proxy_header_verdict found = parse(&part, allowed, bytes, cut);
        if (found == PROXY_HEADER_MORE) {
            INVARIANT(part.size > cut);
            if (verdict == PROXY_HEADER_ADDRESS || verdict == PROXY_HEADER_LOCAL)
                INVARIANT(cut < header.size && part.size <= header.size);
            continue;
        }
        INVARIANT(found == verdict); /* no later byte changes it */
        if (verdict != PROXY_HEADER_BAD)
            INVARIANT(part.size == header.size && cut >= header.size);
    }
    if (verdict == PROXY_HEADER_ADDRESS && bytes[0] == 'P')
        read_v1(&header, (const char *)bytes);
    else if (verdict == PROXY_HEADER_ADDRESS)
        read_v2(&header, bytes);
    return 0;
}
