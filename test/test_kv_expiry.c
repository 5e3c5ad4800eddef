/* lined --handler kv: keys that expire, seen from outside. */
#include "dial.h"
#include "kv_client.h"
#include "suite.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Asks until the answer is this one. Both answers have four bytes. */
static void ask_until(int client, const char *request, const char *reply)
{
    time_t deadline = time(NULL) + 10;
    char received[4];

    do {
        ck_assert_msg(time(NULL) < deadline, "%s is never answered %s", request, reply);
        say(client, request);
        ck_assert_int_eq(recv(client, received, sizeof received, MSG_WAITALL), sizeof received);
    } while (memcmp(received, reply, sizeof received) != 0);
}

START_TEST(expired_keys_are_gone_for_every_command)
{
    serve();
    int client = dial(server.port);
    ask(client, "SET k 7 PX 1\n", "+OK\r\n");
    ask_until(client, "EXISTS k\n", ":0\r\n");
    ask(client, "GET k\nTTL k\nSET k v XX\n", "$-1\r\n:-2\r\n$-1\r\n");
    ask(client, "SET k 7 PX 1\n", "+OK\r\n");
    ask_until(client, "DBSIZE\n", ":0\r\n"); /* although no command has asked for it */
    ask(client, "INCR k\nTTL k\n", ":1\r\n:-1\r\n");
    hang_up(client);
    end();
}
END_TEST

/* A number of /proc/PID/status, or of the status of one of its threads. */
static unsigned long status_of(const char *thread, const char *field, int base)
{
    return strtoul(process_status(&server, thread, field), NULL, base);
}

/* Only DBSIZE is asked, which removes nothing. With sanitizers what is freed stays for a while. */
START_TEST(expired_values_are_freed_unasked)
{
    enum { VALUES = 9 };
    char *big = make_big(MIB);

    serve();
    int client = dial(server.port);
    ask(client, "PING\n", "+PONG\r\n");
    unsigned long before = status_of(NULL, "VmRSS", 10);
    for (int i = 0; i < VALUES; i++) {
        char text[64];
        say_bytes(client, text, (size_t)sprintf(text, "*5\r\n$3\r\nSET\r\n$1\r\n%d\r\n", i));
        say_bulk(client, big, MIB);
        ask(client, "$2\r\nPX\r\n$4\r\n1500\r\n", "+OK\r\n");
    }
    ask_until(client, "DBSIZE\n", ":0\r\n");
#ifndef IS_SANITIZED
    for (time_t deadline = time(NULL) + 30; status_of(NULL, "VmRSS", 10) > before + 4 * 1024;)
        ck_assert_msg(time(NULL) < deadline, "there were %lu KiB before", before);
#else
    (void)before;
#endif
    hang_up(client);
    end();
    free(big);
}
END_TEST

/* The thread that frees it: made when the first key is to expire, with all signals blocked, for the
 * command waits for them; and in the sandbox, like any other. */
START_TEST(the_thread_for_it_is_made_when_a_key_expires)
{
    char path[64];
    size_t confined = 0, blocking = 0;

    serve();
    int client = dial(server.port);
    ask(client, "SET k v\n", "+OK\r\n");
    size_t before = process_threads(&server);
    ask(client, "SET k v\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before);
    ask(client, "SET k v EX 1000\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before + 1);
    ask(client, "SET k v EX 1000\n", "+OK\r\n");
    ck_assert_uint_eq(process_threads(&server), before + 1);
    snprintf(path, sizeof path, "/proc/%d/task", (int)server.pid);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        unsigned long blocked = status_of(entry->d_name, "SigBlk", 16);
        blocking += (blocked >> (SIGTERM - 1) & blocked >> (SIGUSR1 - 1) & blocked >> (SIGHUP - 1) &
                     blocked >> (SIGSEGV - 1) & 1) != 0;
        confined += status_of(entry->d_name, "Seccomp", 10) == status_of(NULL, "Seccomp", 10);
    }
    closedir(folder);
    ck_assert_uint_eq(confined, before + 1);
    ck_assert_uint_ge(blocking, 4); /* and the acceptor, the flusher, the connection's */
    hang_up(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        expired_keys_are_gone_for_every_command,
        expired_values_are_freed_unasked,
        the_thread_for_it_is_made_when_a_key_expires,
    };
    return suite_run("kv_expiry", tests, sizeof tests / sizeof tests[0]);
}
