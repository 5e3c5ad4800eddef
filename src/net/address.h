/*
 * IPv4 and IPv6 addresses with their port, and their text.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* sockaddr_storage would add 100 bytes to each connection. */
union net_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Of a client without an address: it uses a Unix socket, or its proxy has not passed it on yet. */
extern const union net_address address_none;

/* Reads an IPv4 or IPv6 literal; an IPv6 literal may have a scope, as in fe80::1%eth0. False: ip is
 * neither. */
bool address_parse(const char *ip, uint16_t port, union net_address *address);

/* An IPv4-mapped IPv6 address becomes its IPv4 address. Another address stays as it is. */
void address_unmap(union net_address *address);

/* Room for any text of address_format with its NUL: [ADDRESS%INTERFACE]:PORT. */
#define ADDRESS_SIZE 72

/* Writes "127.0.0.1:1234" or "[::1]:1234". */
void address_format(const union net_address *address, char text[ADDRESS_SIZE]);

#endif
