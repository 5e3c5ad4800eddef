/* Transactions of several clients of kv. What one client sees is in kv_recorded.h. */
#include "dial.h"
#include "kv_client.h"
#include "suite.h"
#include "threads.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The key k, and the others that exist, are watched; then another client sends a command. */
static const struct {
    const char *before;
    const char *other;
    const char *reply; /* to the other client */
    bool is_executed;
} rivals[] = {
    {"SET k v\n", "SET j v\n", "+OK\r\n", true},
    {"SET k v\n", "GET k\n", "$1\r\nv\r\n", true},
    {"SET k v\n", "TTL k\n", ":-1\r\n", true},
    {"SET k v\n", "SET k v\n", "+OK\r\n", false},
    {"SET k v\n", "SET k w NX\n", "$-1\r\n", true},
    {"SET k v\n", "SET k w XX\n", "+OK\r\n", false},
    {"SET k v\n", "APPEND k w\n", ":2\r\n", false},
    {"SET k 1\n", "INCR k\n", ":2\r\n", false},
    {"SET k v\n", "INCR k\n", "-ERR value is not an integer or out of range\r\n", true},
    {"SET k v\n", "MSET j 1 k 2\n", "+OK\r\n", false},
    {"SET k v\n", "DEL j k\n", ":1\r\n", false},
    {"SET k v\n", "GETDEL k\n", "$1\r\nv\r\n", false},
    {"SET k v\n", "FLUSHALL\n", "+OK\r\n", false},
    {"SET k v\n", "EXPIRE k 100\n", ":1\r\n", false},
    {"SET k v\n", "EXPIRE k 0\n", ":1\r\n", false},
    {"SET k v\n", "PERSIST k\n", ":0\r\n", true},
    {"SET k v EX 100\n", "PERSIST k\n", ":1\r\n", false},
    {"SET k v\n", "EXPIRE k 100\nPERSIST k\n", ":1\r\n:1\r\n", false},
    {"SET k v EX 100\n", "EXPIRE k 200\n", ":1\r\n", false},
    {"SET j v\n", "SET k v\n", "+OK\r\n", false},
    {"SET j v\n", "DEL k\n", ":0\r\n", true},
    {"SET j v\n", "FLUSHALL\n", "+OK\r\n", true},
    {"SET k v\n", "DEL k\nSET k v\n", ":1\r\n+OK\r\n", false},
    /* Here Redis does not execute the transaction: see docs/kv.md. */
    {"SET j v\n", "SET k v\nDEL k\n", "+OK\r\n:1\r\n", true},
};

START_TEST(a_watched_key_that_another_client_changes_prevents_exec)
{
    serve();
    int client = dial(server.port);
    int other = dial(server.port);
    for (size_t i = 0; i < COUNT(rivals); i++) {
        ask(client, "FLUSHALL\n", "+OK\r\n");
        ask(client, rivals[i].before, "+OK\r\n");
        ask(client, "WATCH k\n", "+OK\r\n");
        ask(other, rivals[i].other, rivals[i].reply);
        ask(client, "MULTI\nPING\n", "+OK\r\n+QUEUED\r\n");
        ask(client, "EXEC\n", rivals[i].is_executed ? "*1\r\n+PONG\r\n" : "*-1\r\n");
    }
    hang_up(other);
    hang_up(client);
    end();
}
END_TEST

START_TEST(a_change_after_multi_prevents_exec_too)
{
    serve();
    int client = dial(server.port);
    int other = dial(server.port);
    ask(client, "WATCH k\nMULTI\nSET k mine\n", "+OK\r\n+OK\r\n+QUEUED\r\n");
    ask(other, "SET k yours\n", "+OK\r\n");
    ask(client, "EXEC\nGET k\n", "*-1\r\n$5\r\nyours\r\n");
    ask(other, "SET k again\n", "+OK\r\n"); /* EXEC has forgotten the watch */
    ask(client, "MULTI\nGET k\nEXEC\n", "+OK\r\n+QUEUED\r\n*1\r\n$5\r\nagain\r\n");
    hang_up(other);
    hang_up(client);
    end();
}
END_TEST

/* There is no command between WATCH and EXEC that would see that it has expired. */
START_TEST(a_watched_key_that_expires_prevents_exec)
{
    serve();
    int client = dial(server.port);
    int other = dial(server.port);
    ask(client, "SET k v PX 20\nWATCH k\n", "+OK\r\n+OK\r\n");
    ask(client, "MULTI\nPING\n", "+OK\r\n+QUEUED\r\n");
    char reply[8];
    do { /* until it has expired */
        say(other, "EXISTS k\n");
        expect_bytes(other, ":", 1);
        receive_exactly(other, reply, 3);
    } while (reply[0] == '1');
    ask(client, "EXEC\n", "*-1\r\n");
    hang_up(other);
    hang_up(client);
    end();
}
END_TEST

START_TEST(queued_commands_have_no_effect_before_exec)
{
    serve();
    int client = dial(server.port);
    int other = dial(server.port);
    ask(client, "MULTI\nSET k v\nFLUSHALL\nSET j v\n", "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
    ask(other, "DBSIZE\nSET i v\n", ":0\r\n+OK\r\n");
    ask(client, "EXEC\n", "*3\r\n+OK\r\n+OK\r\n+OK\r\n");
    ask(other, "KEYS *\n", "*1\r\n$1\r\nj\r\n");
    ask(client, "MULTI\nSET k v\n", "+OK\r\n+QUEUED\r\n");
    hang_up(client); /* with a transaction and a watch */
    ask(other, "KEYS *\nWATCH j\n", "*1\r\n$1\r\nj\r\n+OK\r\n");
    hang_up(other);
    end();
}
END_TEST

enum { KEYS = 8, ROUNDS = 2000, REPLIES_MAX = ROUNDS * (KEYS * 32 + 32) };

static struct player {
    int client;
    const char *commands;
    char *replies; /* of REPLIES_MAX bytes */
} players[THREADS];

/* ROUNDS transactions with this command for each key, in every other one in the reverse order. To
 * be freed. */
static char *make_transactions(const char *command)
{
    char *text = malloc((size_t)ROUNDS * (KEYS * 16 + 16));
    char *end = text;

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < ROUNDS; i++) {
        end += sprintf(end, "MULTI\n");
        for (int key = 0; key < KEYS; key++)
            end += sprintf(end, "%s key:%d\n", command, i % 2 == 0 ? key : KEYS - 1 - key);
        end += sprintf(end, "EXEC\n");
    }
    return text;
}

/* True if the replies end with those of an EXEC: KEYS lines with a number, after "*8". */
static bool has_last_value(const char *replies, size_t size)
{
    const char *end = replies + size;
    int lines = 0;

    if (size < 2 || end[-1] != '\n')
        return false;
    for (const char *at = end - 1; at > replies; at--) {
        if (at[-1] != '\n')
            continue;
        if (*at == '+')
            return false;
        lines += *at != '$';
        if (*at == '*')
            return lines == KEYS + 1;
    }
    return false;
}

/* Sends commands while it receives: each transaction waits for the replies to the one before. */
static void *play(void *number)
{
    struct player *player = &players[*(int *)number];
    const char *next = player->commands;
    size_t size = 0;

    while (*next != '\0') {
        const char *end = strstr(next, "EXEC\n") + 5;
        if (send(player->client, next, (size_t)(end - next), MSG_NOSIGNAL) != end - next)
            return NULL;
        next = end;
        do {
            ssize_t got = recv(player->client, player->replies + size, REPLIES_MAX - 1 - size, 0);
            if (got <= 0)
                return NULL;
            size += (size_t)got;
            player->replies[size] = '\0';
        } while (!has_last_value(player->replies, size));
    }
    return number;
}

/* Each reply to EXEC has KEYS numbers, which must be the same. Returns how many replies there are.
 */
static int check_replies(char *replies)
{
    int found = 0;

    for (char *at = replies; (at = strstr(at, "*8\r\n")) != NULL; found++) {
        const char *first = NULL;
        at += 4;
        for (int key = 0; key < KEYS; key++) {
            char *value = *at == '$' ? strstr(at, "\r\n") + 2 : at + 1;
            char *end = strstr(value, "\r\n");
            *end = '\0';
            first = first == NULL ? value : first;
            ck_assert_str_eq(value, first);
            at = end + 2;
        }
    }
    return found;
}

/* The keys have different shards. Half of the clients add to all of them, and the others read them.
 */
START_TEST(transactions_on_several_shards_are_atomic)
{
    char *writes = make_transactions("INCR");
    char *reads = make_transactions("GET");

    serve();
    int client = dial(server.port);
    ask(client, "MSET key:0 0 key:1 0 key:2 0 key:3 0 key:4 0 key:5 0 key:6 0 key:7 0\n",
        "+OK\r\n");
    for (int i = 0; i < THREADS; i++) {
        players[i] =
            (struct player){dial(server.port), i % 2 == 0 ? writes : reads, malloc(REPLIES_MAX)};
        ck_assert_ptr_nonnull(players[i].replies);
    }
    run_threads(play);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(check_replies(players[i].replies), ROUNDS);
        hang_up(players[i].client);
        free(players[i].replies);
    }
    ask(client, "MGET key:0 key:7\n", "*2\r\n$4\r\n8000\r\n$4\r\n8000\r\n");
    hang_up(client);
    end();
    free(reads);
    free(writes);
}
END_TEST

/* PING needs all shards. The sweeper is told after the unlock: nothing else removes the key. */
START_TEST(keys_that_a_transaction_sets_expire)
{
    char reply[4] = ":1";

    serve();
    int client = dial(server.port);
    ask(client, "MULTI\nPING\nSET j v EX 1000\nSET k v PX 1\nEXEC\n",
        "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+PONG\r\n+OK\r\n+OK\r\n");
    do {
        say(client, "DBSIZE\n");
        receive_exactly(client, reply, 4);
    } while (reply[1] == '2');
    ck_assert_int_eq(reply[1], '1');
    hang_up(client);
    end();
}
END_TEST

/* They would hold the locks of all shards while they compare patterns. Redis allows them. */
START_TEST(keys_and_scan_are_not_possible)
{
    static const char refused[] =
        "+OK\r\n-ERR Command not allowed inside a transaction\r\n"
        "-EXECABORT Transaction discarded because of previous errors.\r\n";

    serve();
    int client = dial(server.port);
    ask(client, "MULTI\nKEYS *\nEXEC\n", refused);
    ask(client, "MULTI\nSCAN 0\nEXEC\n", refused);
    hang_up(client);
    end();
}
END_TEST

/* With --kv-max-value 1048576 it is 17 MiB, as for one command. */
#define TOO_BIG "-ERR transaction exceeds 17825792 bytes\r\n"

START_TEST(a_transaction_has_the_maximum_size_of_a_command)
{
    enum { FIT = 16 };
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    ask(client, "MULTI\n", "+OK\r\n");
    for (int i = 0; i < FIT + 1; i++) {
        say(client, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
        say_bulk(client, big, MIB);
        expect(client, i < FIT ? "+QUEUED\r\n" : TOO_BIG);
    }
    ask(client, "EXEC\nEXISTS k\n",
        "-EXECABORT Transaction discarded because of previous errors.\r\n:0\r\n");
    ask(client, "MULTI\nPING\nEXEC\n", "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* Each watch of a long key takes the memory of its name. After the error nothing is watched. */
START_TEST(watches_have_a_maximum_size)
{
    enum { FIT = 16 };
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    for (int i = 0; i < FIT + 1; i++) {
        say(client, "*2\r\n$5\r\nWATCH\r\n");
        say_bulk(client, big, MIB);
        expect(client, i < FIT ? "+OK\r\n" : TOO_BIG);
    }
    ask(client, "WATCH k\nMULTI\nPING\nEXEC\n", "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* Otherwise one client could fill the store with old values, which FLUSHALL would not remove. */
START_TEST(watches_do_not_hold_values)
{
    char *big = make_big(MIB);

    serve_with("--kv-maxmemory", "8m");
    int watcher = dial(server.port);
    int writer = dial(server.port);
    for (int i = 0; i < 20; i++) {
        say(writer, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n");
        say_bulk(writer, big, MIB);
        expect(writer, "+OK\r\n");
        ask(watcher, "WATCH k\n", "+OK\r\n");
    }
    hang_up(writer);
    hang_up(watcher);
    end();
    free(big);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_watched_key_that_another_client_changes_prevents_exec,
        a_change_after_multi_prevents_exec_too,
        a_watched_key_that_expires_prevents_exec,
        queued_commands_have_no_effect_before_exec,
        transactions_on_several_shards_are_atomic,
        keys_that_a_transaction_sets_expire,
        keys_and_scan_are_not_possible,
        a_transaction_has_the_maximum_size_of_a_command,
        watches_have_a_maximum_size,
        watches_do_not_hold_values,
    };
    return suite_run("kv_transaction", tests, COUNT(tests));
}
