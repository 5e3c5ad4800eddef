/* Hostile clients of a line server, all at once: some send a byte a second, some send all they can
 * and never read, some connect, say a line and reset.
 *
 *     torture-hostile PORT DRIPS DEAF RESETS SECONDS
 *
 * Goes on for so long, and until all the resets are done. Prints one line of figures; exit status 1
 * if the server dropped a client or took no byte. */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 10

struct crowd {
    int *fds; /* -1: dropped */
    unsigned count;
    unsigned dropped;
    uint64_t bytes;
};

static uint16_t port;

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int room = 4096;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        fprintf(stderr, "hostile: cannot connect: %s\n", strerror(errno));
        exit(1);
    }
    return fd;
}

static struct crowd gather(const char *count)
{
    struct crowd crowd = {.count = (unsigned)strtoul(count, NULL, 10)};

    crowd.fds = calloc(crowd.count + 1, sizeof *crowd.fds);
    if (crowd.fds == NULL)
        exit(1);
    for (unsigned i = 0; i < crowd.count; i++)
        crowd.fds[i] = dial();
    return crowd;
}

static void disperse(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++) {
        if (crowd->fds[i] >= 0)
            close(crowd->fds[i]);
    }
    free(crowd->fds);
}

static void say(struct crowd *crowd, unsigned i, const char *bytes, size_t size)
{
    if (crowd->fds[i] < 0)
        return;
    ssize_t sent = send(crowd->fds[i], bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        crowd->bytes += (uint64_t)sent;
    if (sent >= 0 || errno == EAGAIN)
        return;
    close(crowd->fds[i]);
    crowd->fds[i] = -1;
    crowd->dropped++;
}

/* In each tick the next hundredth of them, so that each has a turn a second. */
static void drip(struct crowd *drips, uint64_t tick)
{
    char unwanted[256];
    char byte = tick / 100 % 8 == 7 ? '\n' : 'd';

    for (unsigned i = (unsigned)(tick % 100); i < drips->count; i += 100) {
        say(drips, i, &byte, 1);
        if (drips->fds[i] >= 0)
            recv(drips->fds[i], unwanted, sizeof unwanted, MSG_DONTWAIT);
    }
}

static void shout(struct crowd *deaf)
{
    static char lines[65536];

    memset(lines, 's', sizeof lines);
    for (size_t i = 99; i < sizeof lines; i += 100)
        lines[i] = '\n';
    for (unsigned i = 0; i < deaf->count; i++)
        say(deaf, i, lines, sizeof lines);
}

static void reset(unsigned count)
{
    const struct linger at_once = {.l_onoff = 1};

    for (unsigned i = 0; i < count; i++) {
        int fd = dial();
        send(fd, "rude\n", 5, MSG_NOSIGNAL);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: torture-hostile PORT DRIPS DEAF RESETS SECONDS\n", stderr);
        return 2;
    }
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    unsigned long resets = strtoul(argv[4], NULL, 10);
    int64_t length = strtol(argv[5], NULL, 10) * 1000;
    struct crowd drips = gather(argv[2]);
    struct crowd deaf = gather(argv[3]);
    unsigned long done = 0;
    int64_t begin = now_ms();

    for (uint64_t tick = 0; done < resets || now_ms() - begin < length; tick++) {
        unsigned long per_tick = resets * TICK_MS / (unsigned long)length + 1;
        unsigned now = (unsigned)(resets - done < per_tick ? resets - done : per_tick);
        int64_t next = begin + (int64_t)(tick + 1) * TICK_MS;
        drip(&drips, tick);
        shout(&deaf);
        reset(now);
        done += now;
        if (next > now_ms())
            poll(NULL, 0, (int)(next - now_ms()));
    }
    printf("drips=%u dripped=%" PRIu64 " deaf=%u shouted=%" PRIu64 " resets=%lu dropped=%u\n",
           drips.count, drips.bytes, deaf.count, deaf.bytes, done, drips.dropped + deaf.dropped);
    bool is_good = drips.dropped + deaf.dropped == 0 && (drips.count == 0 || drips.bytes > 0) &&
                   (deaf.count == 0 || deaf.bytes > 0);
    disperse(&drips);
    disperse(&deaf);
    return is_good ? 0 : 1;
}
