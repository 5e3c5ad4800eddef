#include "../src/net/proxy_header.h"

#include "suite.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BOTH LINED_PROXY_ANY

/* Version 2 without its command. */
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static struct proxy_header header;

static enum proxy_header_verdict parse(enum lined_proxy_protocol allowed, const char *bytes,
                                       size_t size)
{
    return proxy_header_parse(&header, allowed, bytes, size);
}

/* A header and bytes behind it; cut at every place. address: NULL for a local one. */
static void expect_header(enum lined_proxy_protocol allowed, const char *bytes, size_t size,
                          const char *address)
{
    char with_line[4096];
    char text[ADDRESS_SIZE];

    ck_assert_uint_le(size + 6, sizeof with_line);
    memcpy(with_line, bytes, size);
    memcpy(with_line + size, "hello\n", 6);
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_msg(parse(allowed, with_line, cut) == PROXY_HEADER_MORE, "%zu of %zu", cut, size);
        ck_assert_uint_gt(header.size, cut);
        ck_assert_uint_le(header.size, size);
    }
    for (size_t more = 0; more <= 6; more++) {
        enum proxy_header_verdict verdict = parse(allowed, with_line, size + more);
        ck_assert_int_eq(verdict, address == NULL ? PROXY_HEADER_LOCAL : PROXY_HEADER_ADDRESS);
        ck_assert_uint_eq(header.size, size);
        if (address == NULL)
            continue;
        address_format(&header.address, text);
        ck_assert_str_eq(text, address);
    }
}

static void expect_v1(const char *line, const char *address)
{
    expect_header(LINED_PROXY_V1, line, strlen(line), address);
    expect_header(BOTH, line, strlen(line), address);
    ck_assert_int_eq(parse(LINED_PROXY_V2, line, strlen(line)), PROXY_HEADER_BAD);
}

START_TEST(version_1_has_an_address)
{
    expect_v1("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n", "192.0.2.7:56324");
    expect_v1("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0");
    expect_v1("PROXY TCP6 2001:db8::7 ::1 65535 1\r\n", "[2001:db8::7]:65535");
    expect_v1("PROXY TCP6 ::ffff:192.0.2.7 ::1 5 1\r\n", "192.0.2.7:5");
    expect_v1("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
              "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
              "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}
END_TEST

START_TEST(version_1_may_not_know_it)
{
    char longest[PROXY_HEADER_V1_MAX + 1];

    expect_v1("PROXY UNKNOWN\r\n", NULL);
    expect_v1("PROXY UNKNOWN ::1 ::1 1 2\r\n", NULL);
    memset(longest, 'f', sizeof longest);
    memcpy(longest, "PROXY UNKNOWN ", 14);
    memcpy(longest + PROXY_HEADER_V1_MAX - 2, "\r\n", 3);
    ck_assert_uint_eq(strlen(longest), 107);
    expect_v1(longest, NULL);
}
END_TEST

START_TEST(version_1_is_strict)
{
    static const char *const bad[] = {
        "PROXY UNKNOWN\n",
        "PROXY unknown\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY  UNKNOWN\r\n",
        "PROXY \r\n\r\n\r\n\r\n",
        "PROXY TCP4\r\n      ",
        "PROXY TCP4 192.0.2.7\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n",
        "PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1\r2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 x\r\n",
        "PROXY TCP4 192.0.2 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY TCP6 fe80::1%lo fe80::1%lo 1 2\r\n",
        "PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n",
        "proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXYTCP4 192.0.2.7 192.0.2.1 1 2\r\n",
        "hello\n",
        "GET / HTTP/1.1\r\n",
    };
    static const char with_nul[] = "PROXY UNKNOWN\0x\r\n";
    char too_long[PROXY_HEADER_V1_MAX + 1];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse(BOTH, bad[i], strlen(bad[i])) == PROXY_HEADER_BAD, "%s", bad[i]);
    ck_assert_int_eq(parse(BOTH, with_nul, sizeof with_nul - 1), PROXY_HEADER_BAD);
    memset(too_long, 'f', sizeof too_long);
    memcpy(too_long, "PROXY UNKNOWN ", 14);
    ck_assert_int_eq(parse(BOTH, too_long, 105), PROXY_HEADER_MORE);
    ck_assert_int_eq(parse(BOTH, too_long, 106), PROXY_HEADER_BAD); /* no room for CR LF */
    ck_assert_int_eq(parse(BOTH, too_long, 108), PROXY_HEADER_BAD);
    memcpy(too_long + 106, "\r\n", 2);
    ck_assert_int_eq(parse(BOTH, too_long, 108), PROXY_HEADER_BAD);
}
END_TEST

/* A header of version 2; returns its size. length: what it says; -1: what it has. */
static size_t make_v2(char *bytes, unsigned char command, unsigned char family, const void *body,
                      size_t size, int length)
{
    size_t said = length < 0 ? size : (size_t)length;

    memcpy(bytes, SIGNATURE, 12);
    bytes[12] = (char)command;
    bytes[13] = (char)family;
    bytes[14] = (char)(said >> 8);
    bytes[15] = (char)said;
    memcpy(bytes + 16, body, size);
    return 16 + size;
}

static void expect_v2(unsigned char command, unsigned char family, const void *body, size_t size,
                      const char *address)
{
    char bytes[4096];
    size_t all = make_v2(bytes, command, family, body, size, -1);

    expect_header(LINED_PROXY_V2, bytes, all, address);
    expect_header(BOTH, bytes, all, address);
    ck_assert_int_eq(parse(LINED_PROXY_V1, bytes, all), PROXY_HEADER_BAD);
}

static const char tcp4[] = "\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb";
static const char tcp6[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
                           "\xff\xff\0\x01";

START_TEST(version_2_has_an_address)
{
    char body[1024] = {0};

    expect_v2(0x21, 0x11, tcp4, 12, "192.0.2.7:56324");
    expect_v2(0x21, 0x21, tcp6, 36, "[2001:db8::7]:65535");
    memcpy(body, tcp4, 12); /* and TLVs */
    memcpy(body + 12, "\x04\x00\x03xyz", 6);
    expect_v2(0x21, 0x11, body, 18, "192.0.2.7:56324");
    expect_v2(0x21, 0x11, body, sizeof body, "192.0.2.7:56324");
    memset(body, 0, sizeof body);
    memcpy(body + 10, "\xff\xff\xc0\x00\x02\x07", 6);
    memcpy(body + 32, "\0\x05\0\x01", 4);
    expect_v2(0x21, 0x21, body, 36, "192.0.2.7:5");
}
END_TEST

START_TEST(version_2_may_be_local_or_of_another_family)
{
    char body[512] = {0};

    expect_v2(0x20, 0x00, "", 0, NULL);
    expect_v2(0x20, 0x11, tcp4, 12, NULL); /* a check of the proxy */
    expect_v2(0x20, 0x11, "", 0, NULL);
    expect_v2(0x20, 0xff, body, 300, NULL);
    expect_v2(0x21, 0x00, "", 0, NULL);
    expect_v2(0x21, 0x00, body, 7, NULL);
    expect_v2(0x21, 0x31, body, 216, NULL); /* a Unix socket */
    expect_v2(0x21, 0x31, body, 222, NULL);
}
END_TEST

START_TEST(version_2_is_strict)
{
    static const struct {
        unsigned char command, family;
        size_t size;
    } bad[] = {
        {0x21, 0x11, 11}, {0x21, 0x21, 35}, {0x21, 0x31, 215}, {0x21, 0x12, 12},
        {0x21, 0x22, 36}, {0x21, 0x10, 12}, {0x21, 0x41, 216}, {0x22, 0x11, 12},
        {0x11, 0x11, 12}, {0x01, 0x11, 12}, {0x31, 0x11, 12},  {0xff, 0x11, 12},
    };
    char bytes[512];
    const char body[300] = {0};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t size = make_v2(bytes, bad[i].command, bad[i].family, body, bad[i].size, -1);
        ck_assert_msg(parse(BOTH, bytes, size) == PROXY_HEADER_BAD, "%zu", i);
    }
    for (size_t i = 0; i < 12; i++) { /* each byte of the signature */
        size_t size = make_v2(bytes, 0x21, 0x11, tcp4, 12, -1);
        bytes[i] ^= 1;
        ck_assert_int_eq(parse(BOTH, bytes, size), PROXY_HEADER_BAD);
        ck_assert_int_eq(parse(BOTH, bytes, i + 1), PROXY_HEADER_BAD); /* at once */
    }
    size_t size = make_v2(bytes, 0x21, 0x11, tcp4, 12, 65535);
    ck_assert_int_eq(parse(BOTH, bytes, size), PROXY_HEADER_MORE);
    ck_assert_uint_eq(header.size, 16 + 65535);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        version_1_has_an_address, version_1_may_not_know_it,
        version_1_is_strict,      version_2_has_an_address,
        version_2_is_strict,      version_2_may_be_local_or_of_another_family,
    };
    return suite_run("proxy_header", tests, sizeof tests / sizeof tests[0]);
}
