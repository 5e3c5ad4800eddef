/*
 * hiredis with its default settings. play.sh says how this program is run.
 *
 * The steps are the same as in the programs for the other clients. hiredis has no functions for
 * commands: the program writes them, and has the replies as text, in the notation of write_reply.
 */
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 1000

static const char *host;
static int port;
static const char *password; /* or NULL */

static _Noreturn void fail(const char *what, const char *got, const char *wanted)
{
    fprintf(stderr, "%s: got '%s' instead of '%s'\n", what, got, wanted);
    exit(1);
}

static void expect_number(const char *what, long long got, long long min, long long max)
{
    if (got >= min && got <= max)
        return;
    fprintf(stderr, "%s: got %lld, must be from %lld to %lld\n", what, got, min, max);
    exit(1);
}

/* +status, -error, :integer, "string", null, [elements]; nothing is escaped. */
static void write_reply(FILE *text, const redisReply *reply)
{
    switch (reply->type) {
    case REDIS_REPLY_STATUS:
        fprintf(text, "+%s", reply->str);
        break;
    case REDIS_REPLY_ERROR:
        fprintf(text, "-%s", reply->str);
        break;
    case REDIS_REPLY_INTEGER:
        fprintf(text, ":%lld", reply->integer);
        break;
    case REDIS_REPLY_STRING:
        fprintf(text, "\"%s\"", reply->str);
        break;
    case REDIS_REPLY_NIL:
        fputs("null", text);
        break;
    case REDIS_REPLY_ARRAY:
        fputs("[", text);
        for (size_t i = 0; i < reply->elements; i++) {
            fputs(i == 0 ? "" : " ", text);
            write_reply(text, reply->element[i]);
        }
        fputs("]", text);
        break;
    default:
        fprintf(text, "type %d", reply->type);
    }
}

/* Frees the reply. */
static void expect_reply(const char *what, redisReply *reply, const char *wanted)
{
    char *got = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&got, &size);

    if (text == NULL)
        fail(what, "no memory", wanted);
    write_reply(text, reply);
    fclose(text);
    if (strcmp(got, wanted) != 0)
        fail(what, got, wanted);
    free(got);
    freeReplyObject(reply);
}

/* A command in the notation of redisCommand; and its reply, which is to be freed. */
static redisReply *vask(redisContext *client, const char *format, va_list arguments)
{
    redisReply *reply = redisvCommand(client, format, arguments);

    if (reply == NULL)
        fail(format, client->errstr, "a reply");
    return reply;
}

static redisReply *ask(redisContext *client, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    redisReply *reply = vask(client, format, arguments);
    va_end(arguments);
    return reply;
}

static void expect(redisContext *client, const char *wanted, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    expect_reply(format, vask(client, format, arguments), wanted);
    va_end(arguments);
}

static long long ask_number(redisContext *client, const char *command)
{
    redisReply *reply = ask(client, command);
    long long number = reply->integer;

    if (reply->type != REDIS_REPLY_INTEGER)
        fail(command, "another type", "an integer");
    freeReplyObject(reply);
    return number;
}

/* The reply to the command that was appended first and has none yet. */
static void expect_next(redisContext *client, const char *wanted)
{
    void *reply = NULL;

    if (redisGetReply(client, &reply) != REDIS_OK)
        fail("pipeline", client->errstr, wanted);
    expect_reply("pipeline", reply, wanted);
}

static redisContext *dial(void)
{
    redisContext *client = redisConnect(host, port);

    if (client == NULL || client->err != 0)
        fail("redisConnect", client == NULL ? "no memory" : client->errstr, "a connection");
    return client;
}

static void log_in(redisContext *client)
{
    if (password != NULL)
        expect(client, "+OK", "AUTH default %s", password);
}

static void use_commands(redisContext *client)
{
    enum { SIZE = 300000 };
    char *binary = malloc(SIZE);

    if (binary == NULL)
        fail("malloc", "no memory", "memory");
    for (size_t i = 0; i < SIZE; i++)
        binary[i] = (char)(i * 7 + i / 256);
    memcpy(binary, "\r\n$5\r\n", 7);
    expect(client, "+PONG", "PING");
    expect(client, "null", "GET absent");
    expect(client, "+OK", "SET text hello");
    expect(client, "\"hello\"", "GET text");
    expect(client, "+OK", "SET binary %b", binary, (size_t)SIZE);
    redisReply *reply = ask(client, "GET binary");
    if (reply->type != REDIS_REPLY_STRING || reply->len != SIZE ||
        memcmp(reply->str, binary, SIZE) != 0)
        fail("GET binary", "other bytes", "the same bytes");
    freeReplyObject(reply);
    free(binary);
    expect(client, "null", "SET text other NX");
    expect(client, "[\"hello\" null]", "MGET text absent");
    expect(client, ":1", "INCR number");
    expect(client, ":10", "INCRBY number 9");
    expect(client, ":9", "DECR number");
    expect(client, ":5", "DECRBY number 4");
    expect(client, ":1", "EXISTS text absent");
    expect(client, ":3", "DEL text absent binary number");
}

static void use_expiry(redisContext *client)
{
    expect(client, "+OK", "SET brief 1 EX 100");
    expect_number("TTL", ask_number(client, "TTL brief"), 99, 100);
    expect(client, ":1", "EXPIRE brief 1000");
    expect_number("TTL", ask_number(client, "TTL brief"), 999, 1000);
    expect_number("PTTL", ask_number(client, "PTTL brief"), 990001, 1000000);
    expect(client, ":1", "PERSIST brief");
    expect(client, ":-1", "TTL brief");
    expect(client, ":-2", "TTL absent");
    expect(client, "+OK", "SET brief 2 PX 1");
    while (ask_number(client, "EXISTS brief") != 0)
        ;
    expect(client, "null", "GET brief");
}

/* How many of the keys many:0 to many:999 a complete SCAN returns. Another key fails. */
static int scan(redisContext *client, const char *options)
{
    char format[64], cursor[32] = "0";
    bool is_seen[MANY] = {false};
    int seen = 0;

    snprintf(format, sizeof(format), "SCAN %%s%s", options);
    do {
        redisReply *reply = ask(client, format, cursor);
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
            fail("SCAN", "another type", "a cursor and keys");
        snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
        for (size_t i = 0; i < reply->element[1]->elements; i++) {
            int number = -1;
            sscanf(reply->element[1]->element[i]->str, "many:%d", &number);
            expect_number("SCAN", number, 0, MANY - 1);
            seen += !is_seen[number];
            is_seen[number] = true;
        }
        freeReplyObject(reply);
    } while (strcmp(cursor, "0") != 0);
    return seen;
}

static void use_scan(redisContext *client)
{
    for (int i = 0; i < MANY; i++)
        expect(client, "+OK", "SET many:%d 1", i);
    expect_number("keys of SCAN", scan(client, ""), MANY, MANY);
    expect(client, "+OK", "SET other 1");
    expect_number("keys of SCAN", scan(client, " MATCH many:* COUNT 100"), MANY, MANY);
    for (int i = 0; i < MANY; i++)
        expect(client, ":1", "DEL many:%d", i);
    expect(client, ":1", "DEL other");
    expect_number("keys of SCAN", scan(client, ""), 0, 0);
}

static void use_pipeline(redisContext *client)
{
    redisAppendCommand(client, "SET count 41");
    redisAppendCommand(client, "INCR count");
    redisAppendCommand(client, "GET count");
    redisAppendCommand(client, "GET absent");
    redisAppendCommand(client, "SET count text");
    redisAppendCommand(client, "INCR count");
    redisAppendCommand(client, "DEL count");
    expect_next(client, "+OK");
    expect_next(client, ":42");
    expect_next(client, "\"42\"");
    expect_next(client, "null");
    expect_next(client, "+OK");
    expect_next(client, "-ERR value is not an integer or out of range");
    expect_next(client, ":1");
    for (int i = 0; i < 10000; i++)
        redisAppendCommand(client, "SET count %d", i);
    for (int i = 0; i < 10000; i++)
        expect_next(client, "+OK");
    expect(client, "\"9999\"", "GET count");
    expect(client, ":1", "DEL count");
}

static void use_transaction(redisContext *client, redisContext *other)
{
    expect(client, "+OK", "SET watched 1");
    expect(client, "+OK", "WATCH watched");
    expect(client, "\"1\"", "GET watched");
    expect(client, "+OK", "MULTI");
    expect(client, "+QUEUED", "SET watched 2");
    expect(client, "+QUEUED", "GET watched");
    expect(client, "[+OK \"2\"]", "EXEC");

    expect(client, "+OK", "WATCH watched");
    expect(other, "+OK", "SET watched 3");
    expect(client, "+OK", "MULTI");
    expect(client, "+QUEUED", "SET watched 4");
    expect(client, "null", "EXEC");
    expect(client, "\"3\"", "GET watched");

    expect(client, "+OK", "MULTI");
    expect(client, "+QUEUED", "DEL watched");
    expect(client, "+OK", "DISCARD");
    expect(client, ":1", "DEL watched");
}

static void use_errors(redisContext *client)
{
    expect(client, "+OK", "SET text hello");
    expect(client, "-ERR value is not an integer or out of range", "INCR text");
    expect(client, "-ERR unknown command 'NONSENSE', with args beginning with: ", "NONSENSE");
    expect(client, "-ERR wrong number of arguments for 'get' command", "GET");
    expect(client, "+OK", "MULTI");
    expect(client, "+QUEUED", "SET text other");
    expect(client, "-ERR unknown command 'NONSENSE', with args beginning with: ", "NONSENSE");
    expect(client, "-EXECABORT Transaction discarded because of previous errors.", "EXEC");
    expect(client, "\"hello\"", "GET text");
    expect(client, ":1", "DEL text");
}

static void use_password(void)
{
    redisContext *client = dial();

    expect(client, "-NOAUTH Authentication required.", "GET text");
    expect(client, "-WRONGPASS invalid username-password pair or user is disabled.", "AUTH wrong");
    expect(client, "-NOAUTH Authentication required.", "GET text");
    expect(client, "+OK", "AUTH %s", password);
    expect(client, "null", "GET text");
    redisFree(client);
}

static void request(const char *word)
{
    char line[16];

    puts(word);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL || strcmp(line, "done\n") != 0)
        fail(word, "no answer", "done");
}

/* hiredis connects again only by redisReconnect. */
static void use_restart(redisContext *client)
{
    expect(client, "+OK", "SET lost 1");
    request("stop");
    if (redisCommand(client, "GET lost") != NULL || client->err == 0)
        fail("GET without a server", "a reply", "an error");
    if (redisReconnect(client) == REDIS_OK)
        fail("redisReconnect without a server", "a connection", "an error");
    request("start");
    if (redisReconnect(client) != REDIS_OK)
        fail("redisReconnect", client->errstr, "a connection");
    log_in(client);
    expect(client, "null", "GET lost");
    expect(client, ":1", "INCR count");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("arguments", "too few", "HOST PORT [PASSWORD]");
    host = argv[1];
    port = atoi(argv[2]);
    password = argv[3];
    printf("hiredis %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);

    redisContext *client = dial(), *other = dial();
    log_in(client);
    log_in(other);
    use_commands(client);
    use_expiry(client);
    use_scan(client);
    use_pipeline(client);
    use_transaction(client, other);
    use_errors(client);
    if (password != NULL)
        use_password();
    use_restart(client);
    redisFree(client);
    redisFree(other);
    return 0;
}
