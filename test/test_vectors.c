/* What the reference was recorded to answer and log, replayed against the command: the stream
 * whole, byte by byte, and cut at random places, in passive and in active mode. The cases are in
 * vectors.jsonl, see docs/behaviour.md. */
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <jansson.h>
#include <sha256.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_LINE_MAX 16384

struct bytes {
    char *data;
    size_t size;
};

static struct process server;

static struct bytes from_hex(const char *hex)
{
    size_t size = strlen(hex) / 2;
    struct bytes bytes = {malloc(size + 1), size};

    ck_assert_ptr_nonnull(bytes.data);
    for (size_t i = 0; i < size; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes.data[i] = (char)strtoul(digits, NULL, 16);
    }
    return bytes;
}

/* "send" in hex; or "send_repeat", a byte in hex and how often, and "send_tail". */
static struct bytes bytes_to_send(const json_t *vector)
{
    const json_t *repeat = json_object_get(vector, "send_repeat");

    if (repeat == NULL)
        return from_hex(json_string_value(json_object_get(vector, "send")));
    struct bytes unit = from_hex(json_string_value(json_array_get(repeat, 0)));
    struct bytes tail = from_hex(json_string_value(json_object_get(vector, "send_tail")));
    size_t count = (size_t)json_integer_value(json_array_get(repeat, 1));
    struct bytes bytes = {malloc(count + tail.size), count + tail.size};
    ck_assert_ptr_nonnull(bytes.data);
    ck_assert_uint_eq(unit.size, 1);
    memset(bytes.data, unit.data[0], count);
    memcpy(bytes.data + count, tail.data, tail.size);
    free(unit.data);
    free(tail.data);
    return bytes;
}

static void expect_sha256(const char *bytes, size_t size, const json_t *expected)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];

    SHA256Data((const uint8_t *)bytes, size, digest);
    ck_assert_str_eq(digest, json_string_value(expected));
}

static void expect_reply(const json_t *vector, const char *reply, size_t size)
{
    const json_t *sha256 = json_object_get(vector, "reply_sha256");

    if (sha256 != NULL) {
        ck_assert_uint_eq(size, (size_t)json_integer_value(json_object_get(vector, "reply_bytes")));
        expect_sha256(reply, size, sha256);
        return;
    }
    struct bytes expected = from_hex(json_string_value(json_object_get(vector, "reply")));
    ck_assert_uint_eq(size, expected.size);
    ck_assert_mem_eq(reply, expected.data, size);
    free(expected.data);
}

static void expect_log(const json_t *vector)
{
    static char line[LOG_LINE_MAX];
    const json_t *log = json_object_get(vector, "log");

    for (size_t i = 0; i < json_array_size(log); i++) {
        process_line(&server.out, line, sizeof line);
        ck_assert_str_eq(line, json_string_value(json_array_get(log, i)));
    }
    if (log != NULL)
        return;
    /* The digest is of the lines, each with its LF. */
    size_t lines = (size_t)json_integer_value(json_object_get(vector, "log_lines"));
    char *joined = calloc(lines, LOG_LINE_MAX);
    ck_assert_ptr_nonnull(joined);
    size_t size = 0;
    for (size_t i = 0; i < lines; i++) {
        process_line(&server.out, line, sizeof line);
        size += (size_t)sprintf(joined + size, "%s\n", line);
    }
    expect_sha256(joined, size, json_object_get(vector, "log_sha256"));
    free(joined);
}

/* How many bytes go with the next send, of those that are left. */
typedef size_t cut(size_t left, unsigned *seed);

static size_t whole(size_t left, unsigned *seed)
{
    (void)seed;
    return left;
}

static size_t single(size_t left, unsigned *seed)
{
    (void)left;
    (void)seed;
    return 1;
}

static size_t random_piece(size_t left, unsigned *seed)
{
    size_t piece = 1 + (size_t)rand_r(seed) % (rand_r(seed) % 2 == 0 ? 4 : 2000);

    return piece < left ? piece : left;
}

static void replay(const json_t *vector, cut *next_piece, unsigned *seed)
{
    static char reply[1024 * 1024];
    struct bytes bytes = bytes_to_send(vector);
    int client = dial(server.port);

    for (size_t sent = 0; sent < bytes.size;) {
        size_t piece = next_piece(bytes.size - sent, seed);
        say_bytes(client, bytes.data + sent, piece);
        sent += piece;
    }
    half_close(client);
    expect_reply(vector, reply, receive_rest(client, reply, sizeof reply));
    hang_up(client);
    expect_log(vector);
    free(bytes.data);
}

/* Replays every vector that is at most so long, in passive (0) or active mode. */
static void replay_all(int mode, cut *next_piece, size_t size_most, unsigned seed)
{
    static char text[64 * 1024];
    FILE *file = fopen(TEST_FOLDER "/vectors.jsonl", "r");
    size_t replayed = 0;

    ck_assert_ptr_nonnull(file);
    process_serve(&server, -1,
                  (const char *const[]){"--mode", mode == 0 ? "passive" : "active", NULL});
    while (fgets(text, sizeof text, file) != NULL) {
        json_t *vector = json_loads(text, 0, NULL);
        ck_assert_ptr_nonnull(vector);
        const char *send = json_string_value(json_object_get(vector, "send"));
        if (size_most == 0 || (send != NULL && strlen(send) / 2 <= size_most)) {
            printf("%s\n", json_string_value(json_object_get(vector, "name")));
            replay(vector, next_piece, &seed);
            replayed++;
        }
        json_decref(vector);
    }
    ck_assert_uint_ge(replayed, 30);
    fclose(file);
    kill(server.pid, SIGTERM);
    ck_assert_int_eq(process_wait(&server), 0);
}

START_TEST(whole_streams)
{
    replay_all(_i, whole, 0, 0);
}
END_TEST

START_TEST(byte_by_byte)
{
    replay_all(_i, single, 4096, 0);
}
END_TEST

START_TEST(cut_at_random_places)
{
    for (unsigned seed = 1; seed <= 5; seed++)
        replay_all(_i, random_piece, 0, seed);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {whole_streams, byte_by_byte, cut_at_random_places};

    return suite_run_loop("vectors", tests, sizeof tests / sizeof tests[0], 2);
}
