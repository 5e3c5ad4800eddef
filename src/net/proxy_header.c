#include "proxy_header.h"

#include "base/values.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- version 1: one line of text ---- */

static const char v1_signature[] = "PROXY ";

/* The shortest header of version 1, so that no byte behind a header is asked for. */
#define V1_MIN (sizeof "PROXY UNKNOWN\r\n" - 1)

/* Takes the next word of a line. Single spaces separate the words. NULL: there is none. */
static const char *next_word(char **line)
{
    char *word = *line;

    if (word == NULL)
        return NULL;
    char *space = strchr(word, ' ');
    if (space != NULL)
        *space++ = '\0';
    *line = space;
    return word;
}

/* A port in decimal without leading zeros. */
static bool read_port(const char *word, uint16_t *port)
{
    uint32_t number;

    if (word == NULL || (word[0] == '0' && word[1] != '\0') ||
        !value_number(word, 0, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool is_of_family(int family, const char *word)
{
    struct in6_addr unused;

    return word != NULL && inet_pton(family, word, &unused) == 1;
}

/* Behind the protocol: two addresses of the family, and two ports. */
static bool read_tcp(int family, char *line, union net_address *address)
{
    const char *source = next_word(&line);
    const char *destination = next_word(&line);
    const char *source_port = next_word(&line);
    const char *destination_port = next_word(&line);
    uint16_t port;
    uint16_t unused;

    return line == NULL && is_of_family(family, source) && is_of_family(family, destination) &&
           read_port(source_port, &port) && read_port(destination_port, &unused) &&
           address_parse(source, port, address);
}

/* The words of a header, without the signature and the CR LF. */
static enum proxy_header_verdict read_v1(char *line, union net_address *address)
{
    const char *protocol = next_word(&line);

    if (strcmp(protocol, "UNKNOWN") == 0)
        return PROXY_HEADER_LOCAL;
    if ((strcmp(protocol, "TCP4") == 0 && read_tcp(AF_INET, line, address)) ||
        (strcmp(protocol, "TCP6") == 0 && read_tcp(AF_INET6, line, address)))
        return PROXY_HEADER_ADDRESS;
    return PROXY_HEADER_BAD;
}

static enum proxy_header_verdict parse_v1(struct proxy_header *header, const char *bytes,
                                          size_t size)
{
    const size_t signature = sizeof v1_signature - 1;
    char line[PROXY_HEADER_V1_MAX];
    size_t searched = size < PROXY_HEADER_V1_MAX ? size : PROXY_HEADER_V1_MAX;
    const char *lf = memchr(bytes, '\n', searched);

    if (lf == NULL) {
        bool ends_with_cr = bytes[searched - 1] == '\r';
        header->size = size + (ends_with_cr ? 1 : 2);
        if (header->size < V1_MIN)
            header->size = V1_MIN;
        return header->size <= PROXY_HEADER_V1_MAX ? PROXY_HEADER_MORE : PROXY_HEADER_BAD;
    }
    header->size = (size_t)(lf - bytes) + 1;
    if (header->size < V1_MIN || lf[-1] != '\r' || memchr(bytes, '\0', header->size) != NULL)
        return PROXY_HEADER_BAD;
    size_t length = header->size - 2 - signature;
    memcpy(line, bytes + signature, length);
    line[length] = '\0';
    return read_v1(line, &header->address);
}

/* ---- version 2: binary ---- */

/* The fixed part, and its bytes. */
#define V2_SIZE       16u
#define V2_COMMAND_AT 12u
#define V2_FAMILY_AT  13u
#define V2_LENGTH_AT  14u

static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

enum v2_command { V2_LOCAL = 0x20, V2_PROXY = 0x21 };

/* Families in the upper half of a byte. The protocol in the lower half is a stream. */
enum v2_family { V2_UNSPEC = 0x00, V2_TCP4 = 0x11, V2_TCP6 = 0x21, V2_UNIX_STREAM = 0x31 };

/* How many bytes two addresses and two ports take. */
enum { V2_TCP4_SIZE = 12, V2_TCP6_SIZE = 36, V2_UNIX_SIZE = 216 };

/* IPv4: two addresses, two ports. The rest, which are TLVs, is skipped. */
static enum proxy_header_verdict read_v2_tcp4(union net_address *address, const char *bytes)
{
    address->v4.sin_family = AF_INET;
    memcpy(&address->v4.sin_addr, bytes, sizeof address->v4.sin_addr);
    memcpy(&address->v4.sin_port, bytes + 8, sizeof address->v4.sin_port);
    return PROXY_HEADER_ADDRESS;
}

static enum proxy_header_verdict read_v2_tcp6(union net_address *address, const char *bytes)
{
    address->v6.sin6_family = AF_INET6;
    memcpy(&address->v6.sin6_addr, bytes, sizeof address->v6.sin6_addr);
    memcpy(&address->v6.sin6_port, bytes + 32, sizeof address->v6.sin6_port);
    return PROXY_HEADER_ADDRESS;
}

/* A whole header: length bytes are behind the fixed part. */
static enum proxy_header_verdict read_v2(struct proxy_header *header, const char *bytes,
                                         size_t length)
{
    const unsigned char command = (unsigned char)bytes[V2_COMMAND_AT];
    const unsigned char family = (unsigned char)bytes[V2_FAMILY_AT];

    if (command == V2_LOCAL) /* a proxy may send a family and addresses, which mean nothing */
        return PROXY_HEADER_LOCAL;
    if (family == V2_TCP4 && length >= V2_TCP4_SIZE)
        return read_v2_tcp4(&header->address, bytes + V2_SIZE);
    if (family == V2_TCP6 && length >= V2_TCP6_SIZE)
        return read_v2_tcp6(&header->address, bytes + V2_SIZE);
    if (family == V2_UNSPEC || (family == V2_UNIX_STREAM && length >= V2_UNIX_SIZE))
        return PROXY_HEADER_LOCAL;
    return PROXY_HEADER_BAD;
}

static enum proxy_header_verdict parse_v2(struct proxy_header *header, const char *bytes,
                                          size_t size)
{
    header->size = V2_SIZE;
    if (size > V2_COMMAND_AT && bytes[V2_COMMAND_AT] != V2_LOCAL &&
        bytes[V2_COMMAND_AT] != V2_PROXY)
        return PROXY_HEADER_BAD;
    if (size < V2_SIZE)
        return PROXY_HEADER_MORE;
    size_t length =
        (size_t)(unsigned char)bytes[V2_LENGTH_AT] * 256 + (unsigned char)bytes[V2_LENGTH_AT + 1];
    header->size += length;
    return size < header->size ? PROXY_HEADER_MORE : read_v2(header, bytes, length);
}

/* ---- either ---- */

/* True: the bytes begin with the signature, or the signature begins with the bytes. */
static bool begins(const char *bytes, size_t size, const char *signature, size_t length)
{
    return memcmp(bytes, signature, size < length ? size : length) == 0;
}

enum proxy_header_verdict proxy_header_parse(struct proxy_header *header,
                                             enum lined_proxy_protocol allowed, const char *bytes,
                                             size_t size)
{
    enum proxy_header_verdict verdict = PROXY_HEADER_BAD;

    *header = (struct proxy_header){.size = 1};
    if (size == 0)
        return PROXY_HEADER_MORE;
    if (allowed != LINED_PROXY_V2 && begins(bytes, size, v1_signature, sizeof v1_signature - 1))
        verdict = parse_v1(header, bytes, size);
    else if (allowed != LINED_PROXY_V1 &&
             begins(bytes, size, v2_signature, sizeof v2_signature - 1))
        verdict = parse_v2(header, bytes, size);
    if (verdict == PROXY_HEADER_ADDRESS)
        address_unmap(&header->address);
    return verdict;
}
