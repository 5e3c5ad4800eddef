#include "ledger.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "Received: ";

void ledger_init(struct ledger *ledger, uint32_t client)
{
    *ledger = (struct ledger){.client = client};
}

/* Mostly short, as people's lines are; one in 64 nearly fills a packet. */
static size_t line_size(uint32_t client, uint64_t number)
{
    uint64_t mixed = (number * 0x9e3779b97f4a7c15u) ^ (client * 0xc2b2ae3d27d4eb4fu);

    mixed ^= mixed >> 29;
    return mixed % 64 == 0 ? LEDGER_LINE_MOST : 48 + mixed % 100;
}

size_t ledger_line(uint32_t client, uint64_t number, char line[LEDGER_LINE_MOST])
{
    size_t size = line_size(client, number);
    int head =
        snprintf(line, LEDGER_LINE_MOST, "client %" PRIu32 " line %" PRIu64 " ", client, number);

    memset(line + head, 'a' + (int)(number % 26), size - (size_t)head - 1);
    line[size - 1] = '\n';
    return size;
}

uint64_t ledger_lines_in(uint32_t client, uint64_t count, uint64_t size, uint64_t first)
{
    while (size > first) {
        count--;
        size -= line_size(client, count);
    }
    return count;
}

/* The number that a reply names; false if it is not, byte for byte, the reply to that line. */
static bool read_reply(const struct ledger *ledger, uint64_t *number)
{
    char line[LEDGER_LINE_MOST];
    uint32_t client;

    if (sscanf(ledger->reply, "Received: client %" SCNu32 " line %" SCNu64 " ", &client, number) !=
            2 ||
        client != ledger->client)
        return false;
    size_t size = ledger_line(client, *number, line);
    return ledger->held == sizeof prefix - 1 + size + 1 &&
           memcmp(ledger->reply, prefix, sizeof prefix - 1) == 0 &&
           memcmp(ledger->reply + sizeof prefix - 1, line, size) == 0;
}

/* A reply has ended: its line's LF and its own have come. */
static void enter_reply(struct ledger *ledger)
{
    uint64_t number;

    if (!read_reply(ledger, &number)) {
        ledger->torn++;
    } else if (number < ledger->expected) {
        ledger->doubled++;
    } else {
        ledger->lost += number - ledger->expected;
        ledger->expected = number + 1;
        ledger->answered++;
    }
    ledger->held = 0;
}

void ledger_received(struct ledger *ledger, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool after_lf = ledger->held > 0 && ledger->reply[ledger->held - 1] == '\n';
        ledger->reply[ledger->held++] = bytes[i];
        if (bytes[i] == '\n' && after_lf) {
            enter_reply(ledger);
        } else if (ledger->held == sizeof ledger->reply) { /* longer than any */
            ledger->torn++;
            ledger->held = 0;
        }
    }
}

uint64_t ledger_reconnect(struct ledger *ledger)
{
    if (ledger->held > 0)
        ledger->torn++;
    ledger->held = 0;
    return ledger->expected;
}

void ledger_close(struct ledger *ledger, uint64_t owed)
{
    if (ledger->held > 0)
        ledger->torn++;
    if (ledger->expected < owed)
        ledger->lost += owed - ledger->expected;
}
