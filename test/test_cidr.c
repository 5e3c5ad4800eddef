#include "../src/net/cidr.h"

#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <string.h>

static bool has(const char *networks, const char *ip)
{
    struct cidr_list list;
    union net_address address;

    ck_assert_msg(cidr_list_parse(&list, networks, NULL) == LINED_OK, "%s", networks);
    ck_assert_msg(address_parse(ip, 80, &address), "%s", ip);
    bool result = cidr_list_has(&list, &address);
    cidr_list_deinit(&list);
    return result;
}

START_TEST(a_network_has_the_addresses_with_its_prefix)
{
    static const struct {
        const char *networks;
        const char *ip;
        bool is_in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.0", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.0/23", "192.0.3.7", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "127.0.0.1", false},
        {"::/0", "::ffff:127.0.0.1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe80::1%lo", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1/128", "::1", true},
        {"::1", "::2", false},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:10.0.0.0/104", "11.1.2.3", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"::ffff:0:0/96", "1.2.3.4", true},
        {"192.0.2.1,fd00::/8,10.0.0.0/8", "10.0.0.1", true},
        {"192.0.2.1,fd00::/8,10.0.0.0/8", "fd00::1", true},
        {"192.0.2.1,fd00::/8,10.0.0.0/8", "192.0.2.2", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(has(cases[i].networks, cases[i].ip) == cases[i].is_in, "%s, %s",
                      cases[i].networks, cases[i].ip);
}
END_TEST

START_TEST(another_family_is_in_no_network)
{
    const union net_address local = {.any = {.sa_family = AF_UNIX}};
    const union net_address nothing = {.any = {.sa_family = AF_UNSPEC}};
    struct cidr_list list;

    ck_assert_int_eq(cidr_list_parse(&list, "::/0,0.0.0.0/0", NULL), LINED_OK);
    ck_assert_uint_eq(list.count, 2);
    ck_assert(!cidr_list_has(&list, &local));
    ck_assert(!cidr_list_has(&list, &nothing));
    cidr_list_deinit(&list);
    ck_assert(!cidr_list_has(&list, &local));
    ck_assert_ptr_null(list.networks);
}
END_TEST

START_TEST(the_bad_part_is_named)
{
    static const struct {
        const char *text;
        const char *part;
        const char *why;
    } cases[] = {
        {"", "", "address"},
        {",", "", "address"},
        {"::1,", "", "address"},
        {"10.0.0.0/8,,::1", "", "address"},
        {"10.0.0.0/8,x,::1", "x", "address"},
        {"10.0.0.0/8, ::1", " ::1", "address"},
        {"10.0/8", "10.0/8", "address"},
        {"fe80::1%lo/64", "fe80::1%lo/64", "address"},
        {"/8", "/8", "address"},
        {"10.0.0.0/33", "10.0.0.0/33", "0 to 32"},
        {"10.0.0.0/", "10.0.0.0/", "0 to 32"},
        {"10.0.0.0/-1", "10.0.0.0/-1", "0 to 32"},
        {"10.0.0.0/8/8", "10.0.0.0/8/8", "0 to 32"},
        {"::/129", "::/129", "0 to 128"},
        {"10.0.0.1/8", "10.0.0.1/8", "behind its prefix"},
        {"1.1.1.1,fd00::1/64", "fd00::1/64", "behind its prefix"},
        {"::ffff:0:0/90", "::ffff:0:0/90", "behind its prefix"},
        {"0000:0000:0000:0000:0000:0000:255.255.255.255/128x",
         "0000:0000:0000:0000:0000:0000:255.255.255.255/128x", "too long"},
    };
    struct cidr_list list;
    struct cidr_error error;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(cidr_list_parse(&list, cases[i].text, &error) == -EINVAL, "%s",
                      cases[i].text);
        ck_assert_uint_eq(error.size, strlen(cases[i].part));
        ck_assert_mem_eq(error.part, cases[i].part, error.size);
        ck_assert_msg(strstr(error.why, cases[i].why) != NULL, "%s %s", cases[i].text, error.why);
        ck_assert_uint_eq(list.count, 0);
        ck_assert_int_eq(cidr_list_parse(&list, cases[i].text, NULL), -EINVAL);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_network_has_the_addresses_with_its_prefix,
        another_family_is_in_no_network,
        the_bad_part_is_named,
    };
    return suite_run("cidr", tests, sizeof tests / sizeof tests[0]);
}
