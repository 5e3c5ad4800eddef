#include "kv_client.h"

#include "dial.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct process server;

void serve_with(const char *one, const char *two)
{
    process_serve(
        &server, -1,
        (const char *const[]){"-H", "kv", "-q", "--kv-max-value", "1048576", one, two, NULL});
}

void serve(void)
{
    serve_with(NULL, NULL);
}

void end(void)
{
    static char text[65536];

    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(process_wait(&server) == 0, "it says \"%s\"", text);
}

void ask(int client, const char *request, const char *reply)
{
    say(client, request);
    expect(client, reply);
}

void part(const void *bytes, size_t size, const char *reply)
{
    int client = dial(server.port);

    say_bytes(client, bytes, size);
    expect(client, reply);
    expect_eof(client);
    hang_up(client);
}

char *make_big(size_t size)
{
    char *bytes = malloc(size);
    unsigned random = 1;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++) {
        random = random * 1103515245 + 12345;
        bytes[i] = (char)(random >> 16);
    }
    return bytes;
}

void say_bulk(int client, const void *bytes, size_t size)
{
    char header[32];

    say_bytes(client, header, (size_t)sprintf(header, "$%zu\r\n", size));
    say_bytes(client, bytes, size);
    say(client, "\r\n");
}

void expect_bulk(int client, const void *bytes, size_t size)
{
    char header[32];

    expect_bytes(client, header, (size_t)sprintf(header, "$%zu\r\n", size));
    expect_bytes(client, bytes, size);
    expect(client, "\r\n");
}
