/*
 * What one client of a line server has sent and is owed: every line has a number, and the replies
 * must come once, whole and in order. Pure.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stddef.h>
#include <stdint.h>

#define LEDGER_LINE_MOST  1400u
#define LEDGER_REPLY_MOST (LEDGER_LINE_MOST + 16u)

struct ledger {
    uint32_t client;
    uint64_t expected; /* the number of the line that the next reply answers */
    uint64_t answered;
    uint64_t lost;    /* replies that never came, or that others have overtaken */
    uint64_t doubled; /* replies that came before */
    uint64_t torn;    /* what is no whole reply of this client's */
    size_t held;      /* bytes of a reply that has not ended */
    char reply[LEDGER_REPLY_MOST];
};

void ledger_init(struct ledger *ledger, uint32_t client);

/* Writes line number of a client, its LF counted; returns the length, from some 20 bytes on. */
size_t ledger_line(uint32_t client, uint64_t number, char line[LEDGER_LINE_MOST]);

/* How many whole lines the first so many bytes are, of lines 0 to count - 1, which have size
 * bytes altogether. */
uint64_t ledger_lines_in(uint32_t client, uint64_t count, uint64_t size, uint64_t first);

/* Bytes came from the server. */
void ledger_received(struct ledger *ledger, const char *bytes, size_t size);

/* The connection has ended, and the client connects again. Returns the number of the line that it
 * sends first: the lines from this one on have no reply. */
uint64_t ledger_reconnect(struct ledger *ledger);

/* No more will come. Lines 0 to owed - 1 must have been answered. */
void ledger_close(struct ledger *ledger, uint64_t owed);

#endif
