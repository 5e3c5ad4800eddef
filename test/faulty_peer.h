/*
 * A line server with one fault, for tests of lined-load: a thread that serves one connection after
 * the other and answers "Received: LINE" as lined does, up to line FAULTY_PEER_LINE of each.
 */
#ifndef FAULTY_PEER_H
#define FAULTY_PEER_H

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>

/* The line of a connection, from 1, with which the fault comes, unless it is set to another. */
#define FAULTY_PEER_LINE 100

#define FAULTY_PEER_STALL_MS 300

enum fault {
    FAULT_NONE,
    FAULT_BYTE,       /* one byte of the reply is another */
    FAULT_TWICE,      /* the reply comes twice */
    FAULT_LOST,       /* the reply does not come, later ones do */
    FAULT_SILENT,     /* from here on nothing is answered */
    FAULT_CLOSE,      /* the connection is closed without the reply */
    FAULT_CLOSE_IDLE, /* the connection is closed after the reply */
    FAULT_LATE_REPLY, /* at the client's end, one more reply */
    FAULT_STALL,      /* the reply comes after FAULTY_PEER_STALL_MS */
};

struct faulty_peer {
    enum fault fault;
    uint32_t line;
    uint16_t port;
    int listener;
    pthread_t thread;
    sem_t reached;        /* posted when the line has come */
    size_t waiting_bytes; /* what had come, and was not read, after a stall; once it is stopped */
};

/* Set fault, and line where it is not the usual, before. */
void faulty_peer_start(struct faulty_peer *peer);

/* Its client has gone. */
void faulty_peer_stop(struct faulty_peer *peer);

#endif
