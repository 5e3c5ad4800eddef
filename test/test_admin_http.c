/* The heads of HTTP requests that the admin listener reads. */
#include "../src/command/admin/http.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_request request;

/* Reads a head, line by line as lined_recv_line gives them, until the status is known; returns the
 * status. *rest is what was not read. */
static int read_head_bytes(const char *head, size_t size, const char **rest)
{
    const char *end = head + size;

    request = (struct http_request){.status = 0};
    while (head < end) {
        const char *lf = memchr(head, '\n', (size_t)(end - head));
        const char *next = lf == NULL ? end : lf + 1;
        bool is_over = http_read(&request, head, (size_t)(next - head));
        head = next;
        ck_assert_int_eq(is_over, request.status != 0);
        if (is_over)
            break;
    }
    *rest = head;
    return request.status;
}

static int read_head(const char *head)
{
    const char *rest;

    return read_head_bytes(head, strlen(head), &rest);
}

START_TEST(a_request_is_read_to_its_empty_line)
{
    const char *rest;
    static const char head[] = "GET /metrics?x=/ HTTP/1.1\r\nHost: a\r\nX:\t b\x80\r\n\r\nmore";

    ck_assert_int_eq(read_head_bytes(head, sizeof head - 1, &rest), 200);
    ck_assert_str_eq(rest, "more");
    ck_assert_str_eq(request.target, "/metrics");
    ck_assert(!request.is_head);
    ck_assert_int_eq(read_head("HEAD / HTTP/1.0\n\n"), 200);
    ck_assert(request.is_head);
    ck_assert_str_eq(request.target, "/");
    ck_assert_int_eq(read_head("GET / HTTP/1.1\r\nHost: a\r\n"), 0); /* not complete */
}
END_TEST

START_TEST(another_method_is_not_allowed)
{
    ck_assert_int_eq(read_head("POST / HTTP/1.1\r\n"), 405);
    ck_assert_int_eq(read_head("OPTIONS / HTTP/1.1\r\n"), 405);
    ck_assert_int_eq(read_head("get / HTTP/1.1\r\n"), 405);
    ck_assert_int_eq(read_head("HEADS / HTTP/1.1\r\n"), 405);
}
END_TEST

START_TEST(what_is_no_request_is_bad)
{
    static const char *const bad[] = {
        "\r\n",
        "stats\r\n",
        "GET /\r\n",
        "GET  / HTTP/1.1\r\n",
        " GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/1.2\r\n",
        "GET / HTTP/1.10\r\n",
        "GET / http/1.1\r\n",
        "GET http://a/ HTTP/1.1\r\n",
        "GET * HTTP/1.1\r\n",
        "GET /a b HTTP/1.1\r\n",
        "GET /\x01 HTTP/1.1\r\n",
        "GET /\xff HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n",
        "\x16\x03\x01\x02\n",
        "GET / HTTP/1.1\r\nno field\r\n",
        "GET / HTTP/1.1\r\n: x\r\n",
        "GET / HTTP/1.1\r\nA : x\r\n",
        "GET / HTTP/1.1\r\n folded\r\n",
        "GET / HTTP/1.1\r\nA: \x01\r\n",
        "GET / HTTP/1.1\r\nA: x\rB: y\r\n",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(read_head(bad[i]) == 400, "%s: %d", bad[i], request.status);
}
END_TEST

START_TEST(a_nul_is_bad_wherever_it_is)
{
    static const char head[] = "GET / HTTP/1.1\r\nA: b\r\n";
    char copy[sizeof head];
    const char *rest;

    for (size_t i = 0; i < sizeof head - 1; i++) {
        memcpy(copy, head, sizeof head);
        copy[i] = '\0';
        int status = read_head_bytes(copy, sizeof head - 1, &rest);
        /* In place of the last LF, it makes the line too long. */
        ck_assert_msg(status == (i == sizeof head - 2 ? 431 : 400), "at %zu: %d", i, status);
    }
}
END_TEST

/* "GET / HTTP/1.1" and a field, of size bytes together. */
static int read_of_size(size_t size)
{
    static char head[2 * HTTP_HEAD_MAX];
    const char *rest;
    int used = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nA: ");

    memset(head + used, 'x', size);
    memcpy(head + size - 4, "\r\n\r\n", 4);
    return read_head_bytes(head, size, &rest);
}

START_TEST(a_head_has_a_limit)
{
    static char many[2 * HTTP_HEAD_MAX];

    ck_assert_int_eq(read_of_size(HTTP_HEAD_MAX), 200);
    ck_assert_int_eq(read_of_size(HTTP_HEAD_MAX + 1), 431);
    ck_assert_int_eq(read_head("GET /without-an-end"), 431); /* recv_line has split it */
    strcpy(many, "GET / HTTP/1.1\r\n");
    while (strlen(many) < HTTP_HEAD_MAX)
        strcat(many, "A:b\r\n");
    ck_assert_int_eq(read_head(many), 431);
    ck_assert_uint_le(request.size, HTTP_HEAD_MAX + 5);
}
END_TEST

START_TEST(a_long_target_is_cut)
{
    char head[256] = "GET /metrics";

    memset(head + 12, 'x', 200);
    strcpy(head + 212, " HTTP/1.1\r\n\r\n");
    ck_assert_int_eq(read_head(head), 200);
    ck_assert_uint_eq(strlen(request.target), HTTP_TARGET_SIZE - 1);
}
END_TEST

START_TEST(a_request_is_told_from_a_command)
{
    static const char *const requests[] = {"GET / HTTP/1.1\r\n", "POST /drain HTTP/1.0\n",
                                           "X Y HTTP/9\r\n", "PRI * HTTP/2.0\r\n"};
    static const char *const others[] = {"stats\n", "drain\r\n",       "\n", "", "GET /\r\n",
                                         "a b c\n", "drain HTTP/1.1\n"};

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        ck_assert(http_is_request(requests[i], strlen(requests[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert(!http_is_request(others[i], strlen(others[i])));
}
END_TEST

START_TEST(a_response_has_its_length_and_ends_the_connection)
{
    char bytes[512];
    struct text text = text_in(bytes, sizeof bytes);

    http_head(&text, 405, "text/plain", 12, "X: y\r\n");
    ck_assert_str_eq(bytes, "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\n"
                            "Content-Length: 12\r\nConnection: close\r\nCache-Control: no-store\r\n"
                            "X-Content-Type-Options: nosniff\r\nAllow: GET, HEAD\r\nX: y\r\n\r\n");
    ck_assert_uint_eq(text.used, strlen(bytes));
    ck_assert_uint_eq(strlen(strstr(HTTP_BUSY, "\r\n\r\n") + 4), 5);
    ck_assert_ptr_nonnull(strstr(HTTP_BUSY, "Content-Length: 5\r\n"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_request_is_read_to_its_empty_line,
        another_method_is_not_allowed,
        what_is_no_request_is_bad,
        a_nul_is_bad_wherever_it_is,
        a_head_has_a_limit,
        a_long_target_is_cut,
        a_request_is_told_from_a_command,
        a_response_has_its_length_and_ends_the_connection,
    };
    return suite_run("admin_http", tests, sizeof tests / sizeof tests[0]);
}
