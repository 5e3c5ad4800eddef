/* The hint for a user when lined cannot listen. */
#include "../src/command/listen_hint.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

/* The hint for this errno with these options has the part; NULL: there is no hint. */
static void expect_hint(int error, const char *ip, uint16_t port, const char *part)
{
    const struct options options = {.server = {.ip = ip, .port = port}};
    char text[LISTEN_HINT_SIZE];

    listen_hint(&options, error, 1024, text);
    if (part == NULL)
        ck_assert_str_eq(text, "");
    else
        ck_assert_msg(strstr(text, part) != NULL, "errno %d, port %u: '%s'", error, port, text);
}

START_TEST(each_error_has_its_hint)
{
    expect_hint(EACCES, "127.0.0.1", 1023, "a port below 1024");
    expect_hint(EADDRINUSE, "127.0.0.1", 7000, "another process");
    expect_hint(EADDRINUSE, "127.0.0.1", 0, "ip_local_port_range");
    expect_hint(EADDRNOTAVAIL, "192.0.2.1", 7000, "no interface");
    expect_hint(EADDRNOTAVAIL, "192.0.2.1", 0, "another --ip");
    expect_hint(EINVAL, "fe80::1", 7000, "--ip 'fe80::1%eth0'");
    expect_hint(EAFNOSUPPORT, "::1", 7000, "IPv6");
}
END_TEST

/* A security module can forbid a port that needs no privileges; EINVAL has many causes. */
START_TEST(other_errors_have_none)
{
    expect_hint(EACCES, "127.0.0.1", 1024, NULL);
    expect_hint(EACCES, "127.0.0.1", 0, NULL);
    expect_hint(EINVAL, "127.0.0.1", 7000, NULL);
    expect_hint(EINVAL, "fe80::1%lo", 7000, NULL);
    expect_hint(ENOBUFS, "127.0.0.1", 7000, NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_error_has_its_hint,
        other_errors_have_none,
    };
    return suite_run("listen_hint", tests, sizeof tests / sizeof tests[0]);
}
