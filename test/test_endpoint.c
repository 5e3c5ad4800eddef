#include "../src/net/endpoint.h"

#include "suite.h"

#include <string.h>

static struct endpoint parse(const char *text)
{
    struct endpoint endpoint;
    const char *why = "";

    ck_assert_msg(endpoint_parse(text, &endpoint, &why), "%s must be %s", text, why);
    return endpoint;
}

START_TEST(addresses_have_a_port)
{
    static const struct {
        const char *text;
        const char *address;
    } cases[] = {
        {"127.0.0.1:1234", "127.0.0.1:1234"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"[::1]:65535", "[::1]:65535"},
        {"[fe80::1%lo]:80", "[fe80::1%lo]:80"},
        {"*:80", "[::]:80"},
    };
    char text[ADDRESS_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct endpoint endpoint = parse(cases[i].text);
        ck_assert_int_eq(endpoint.kind, ENDPOINT_TCP);
        address_format(&endpoint.address, text);
        ck_assert_str_eq(text, cases[i].address);
        ck_assert_int_eq(endpoint.is_every, *cases[i].text == '*');
        ck_assert_int_eq(endpoint.is_ipv6_only, *cases[i].text == '[');
    }
}
END_TEST

START_TEST(socket_files_have_a_mode_and_a_group)
{
    struct endpoint endpoint = parse("unix:/run/lined.sock");

    ck_assert_int_eq(endpoint.kind, ENDPOINT_UNIX);
    ck_assert_str_eq(endpoint.unix_address.sun_path, "/run/lined.sock");
    ck_assert(!endpoint.has_mode);
    ck_assert_str_eq(endpoint.group, "");
    endpoint = parse("unix:/a:b,mode=0660,group=www-data");
    ck_assert_str_eq(endpoint.unix_address.sun_path, "/a:b");
    ck_assert(endpoint.has_mode);
    ck_assert_uint_eq(endpoint.mode, 0660);
    ck_assert_str_eq(endpoint.group, "www-data");
    ck_assert_uint_eq(parse("unix:/a,group=g,mode=7").mode, 07);
}
END_TEST

START_TEST(descriptors_have_a_number)
{
    struct endpoint endpoint = parse("fd:3");

    ck_assert_int_eq(endpoint.kind, ENDPOINT_FD);
    ck_assert_int_eq(endpoint.fd, 3);
}
END_TEST

START_TEST(other_texts_are_refused_with_what_is_allowed)
{
    static char long_path[] = "unix:/............................................................"
                              "..........................................................";
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "ADDRESS:PORT"},
        {"1234", "ADDRESS:PORT"},
        {":1234", "ADDRESS:PORT"},
        {"localhost:1234", "ADDRESS:PORT"},
        {"127.0.0.1", "ADDRESS:PORT"},
        {"127.0.0.1:", "port from 0 to 65535"},
        {"127.0.0.1:65536", "port from 0 to 65535"},
        {"127.0.0.1:-1", "port from 0 to 65535"},
        {"::1:1234", "brackets"},
        {"[::1]", "port from 0 to 65535"},
        {"[127.0.0.1]:1", "ADDRESS:PORT"},
        {"[::g]:1", "ADDRESS:PORT"},
        {"**:1", "ADDRESS:PORT"},
        {"unix:", "begins with a slash"},
        {"unix:run/lined", "begins with a slash"},
        {long_path, "at most 107 bytes"},
        {"unix:/a,", ",mode=MODE or ,group=NAME"},
        {"unix:/a,owner=root", ",mode=MODE or ,group=NAME"},
        {"unix:/a,mode=", ",mode=MODE or ,group=NAME"},
        {"unix:/a,mode=8", "octal"},
        {"unix:/a,mode=1000", "octal"},
        {"unix:/a,mode=0666666666666666666666", "octal"},
        {"unix:/a,group=", ",mode=MODE or ,group=NAME"},
        {"unix:/a,group=ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg", "63"},
        {"fd:", "descriptor"},
        {"fd:-1", "descriptor"},
        {"fd:99999999999", "descriptor"},
        {"fd:x", "descriptor"},
    };
    struct endpoint endpoint;
    const char *why;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(!endpoint_parse(cases[i].text, &endpoint, &why), "%s", cases[i].text);
        ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].text, why);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        addresses_have_a_port,
        socket_files_have_a_mode_and_a_group,
        descriptors_have_a_number,
        other_texts_are_refused_with_what_is_allowed,
    };
    return suite_run("endpoint", tests, sizeof tests / sizeof tests[0]);
}
