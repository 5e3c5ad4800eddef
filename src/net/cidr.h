/*
 * Lists of networks in CIDR notation, such as "10.0.0.0/8,fd00::/8,192.0.2.1". Pure.
 *
 * IPv4 and IPv6 are apart: ::/0 contains no IPv4 address. An IPv4-mapped IPv6 address or network
 * counts as IPv4.
 */
#ifndef CIDR_H
#define CIDR_H

#include "address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct cidr {
    bool is_v4;
    unsigned bits; /* of the prefix: to 32 for IPv4, to 128 for IPv6 */
    unsigned char prefix[sizeof(struct in6_addr)];
};

/* All zero bytes: an empty list. */
struct cidr_list {
    struct cidr *networks; /* owned */
    size_t count;
};

/* The first part of a text that is no network. */
struct cidr_error {
    const char *part; /* in the text */
    size_t size;
    const char *why;
};

/* Reads networks, separated by commas. A network without a prefix length is one address. LINED_OK;
 * -EINVAL for another text, which error then describes, unless it is NULL; -ENOMEM. On failure the
 * list is empty. */
int cidr_list_parse(struct cidr_list *list, const char *text, struct cidr_error *error);

void cidr_list_deinit(struct cidr_list *list);

/* True: one of the networks contains the address. Another family than IPv4 and IPv6 is in none. */
bool cidr_list_has(const struct cidr_list *list, const union net_address *address);

#endif
