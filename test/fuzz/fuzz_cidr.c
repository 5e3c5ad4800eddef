/*
 * Networks and an address, against a slow reference that compares bit by bit.
 *
 * An input is a family (1 byte), an address (16 bytes), and the text of the networks.
 */
#include "../../src/base/invariant.h"
#include "../../src/net/cidr.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <lined.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS = 16, TEXT_MAX = 4096 };

/* Bits of an address as IPv6, where IPv4 is mapped. */
struct bits {
    unsigned char bytes[ADDRESS];
};

static int bit(const struct bits *bits, unsigned at)
{
    return bits->bytes[at / 8] >> (7 - at % 8) & 1;
}

static struct bits mapped(const unsigned char *v4)
{
    struct bits bits = {{0}};

    bits.bytes[10] = bits.bytes[11] = 0xff;
    memcpy(bits.bytes + 12, v4, 4);
    return bits;
}

static bool is_mapped(const struct bits *bits)
{
    const unsigned char zero[4] = {0};
    const struct bits prefix = mapped(zero);

    return memcmp(bits->bytes, prefix.bytes, 12) == 0;
}

/* One part that cidr_list_parse has accepted. */
static bool part_has(const char *part, size_t size, const struct bits *address)
{
    char text[TEXT_MAX];
    unsigned char v4[4];
    struct bits network;
    unsigned length = 128;

    INVARIANT(size < sizeof text);
    memcpy(text, part, size);
    text[size] = '\0';
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
        length = (unsigned)strtoul(slash + 1, NULL, 10);
    }
    if (inet_pton(AF_INET, text, v4) == 1) {
        network = mapped(v4);
        length = slash == NULL ? 128 : length + 96;
    } else {
        INVARIANT(inet_pton(AF_INET6, text, network.bytes) == 1);
    }
    INVARIANT(length <= 128);
    for (unsigned at = length; at < 128; at++)
        INVARIANT(bit(&network, at) == 0);
    if (is_mapped(address) != (is_mapped(&network) && length >= 96))
        return false;
    for (unsigned at = 0; at < length; at++) {
        if (bit(&network, at) != bit(address, at))
            return false;
    }
    return true;
}

static void try(const char *text, const union net_address *address, const struct bits *bits)
{
    struct cidr_list list;
    struct cidr_error error = {0};
    size_t parts = 0;
    bool expected = false;

    if (cidr_list_parse(&list, text, &error) != LINED_OK) {
        INVARIANT(error.why != NULL && list.count == 0);
        INVARIANT(error.part >= text && error.part + error.size <= text + strlen(text));
        return;
    }
    for (const char *part = text;; part++) {
        size_t size = strcspn(part, ",");
        parts++;
        expected |= part_has(part, size, bits);
        part += size;
        if (*part == '\0')
            break;
    }
    INVARIANT(list.count == parts);
    INVARIANT(cidr_list_has(&list, address) == expected);
    cidr_list_deinit(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX];
    union net_address address = {.any = {.sa_family = AF_INET6}};
    struct bits bits;

    if (size < 1 + ADDRESS)
        return 0;
    memcpy(bits.bytes, data + 1, ADDRESS);
    if (data[0] % 2 == 0) {
        address.v4.sin_family = AF_INET;
        memcpy(&address.v4.sin_addr, bits.bytes, 4);
        bits = mapped(data + 1);
    } else {
        memcpy(&address.v6.sin6_addr, bits.bytes, ADDRESS);
    }
    size_t length = size - 1 - ADDRESS;
    length = length < sizeof text ? length : sizeof text - 1;
    memcpy(text, data + 1 + ADDRESS, length);
    text[length] = '\0';
    try(text, &address, &bits);
    return 0;
}
