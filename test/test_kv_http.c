/* lined --handler kv and what a web page can have a browser send. POST and Host: are in
 * kv_recorded.h, for Redis ends there, too. */
#include "dial.h"
#include "kv_client.h"
#include "suite.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Redis answers these. They are what a browser sends for a page that has its own name resolve to
 * this host: such a page chooses the method. */
START_TEST(a_request_line_of_http_ends_the_connection)
{
    static const char *const lines[] = {
        "DEL /k HTTP/1.1\r\nHost: x\r\n\r\n",
        "SET /k HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };

    serve();
    int client = dial(server.port);
    ask(client, "SET /k here\n", "+OK\r\n");
    for (size_t i = 0; i < COUNT(lines); i++)
        part(lines[i], strlen(lines[i]), "");
    ask(client, "GET /k\n", "$4\r\nhere\r\n");
    hang_up(client);
    end();
}
END_TEST

/* The beginning of a ClientHello of TLS 1.3, with a session ticket that its server has chosen. All
 * lengths of the header that can be an LF are one in the second. */
START_TEST(a_session_ticket_of_tls_is_not_carried_out)
{
    static const char hello[] =
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03random\nFLUSHALL\nPING\n";
    static const char worst[] = "\x16\x03\x01\n\n\x01\x00\n\n\x03\x03random\nFLUSHALL\nPING\n";
    static const char error[] = "-ERR Protocol error: NUL byte in inline request\r\n";

    serve();
    int client = dial(server.port);
    ask(client, "SET k here\n", "+OK\r\n");
    part(hello, sizeof hello - 1, error);
    int other = dial(server.port);
    say_bytes(other, worst, sizeof worst - 1);
    expect(other, "-ERR unknown command '??"
                  "?', with args beginning with: \r\n");
    expect(other, error);
    expect_eof(other);
    hang_up(other);
    ask(client, "GET k\n", "$4\r\nhere\r\n");
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_request_line_of_http_ends_the_connection,
        a_session_ticket_of_tls_is_not_carried_out,
    };
    return suite_run("kv_http", tests, COUNT(tests));
}
