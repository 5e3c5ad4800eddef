#include "client.h"

#include "fail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

void client_init(struct client *client, int fd, uint32_t index)
{
    *client = (struct client){.fd = fd, .first = index % TEXTS_CYCLE};
}

void client_watch(const struct client *client, const struct side *side, uint32_t events,
                  uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u32 = index};

    if (epoll_ctl(side->epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
        fail(EXIT_WRONG, "epoll_ctl: %s", strerror(errno));
}

uint64_t client_send(struct client *client, const struct side *side, uint64_t limit)
{
    const struct texts *texts = &side->texts;

    if (limit <= client->sent)
        return 0;
    size_t size = (size_t)(limit - client->sent) * texts->line_size - client->line_offset;
    const char *from = texts_line(texts, client->first + client->sent, client->line_offset);
    ssize_t n = send(client->fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            target_failed(&side->target, "a connection", errno);
        return 0;
    }
    size_t end = client->line_offset + (size_t)n;
    client->line_offset = end % texts->line_size;
    client->sent += end / texts->line_size;
    return end / texts->line_size;
}

/* Bytes as a message shows them: without bytes that control a terminal. */
static const char *show(char shown[48], const char *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size && i < 40; i++)
        shown[i] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    snprintf(shown + i, 8, "%s", i < size ? "..." : "");
    return shown;
}

__attribute__((noreturn)) static void fail_wrong(const struct client *client, const char *received,
                                                 const char *expected, size_t size)
{
    char shown[2][48];
    size_t at = 0;

    while (at + 1 < size && received[at] == expected[at])
        at++;
    fail(EXIT_WRONG,
         "a reply is wrong, after %" PRIu64 " correct replies on its connection: received '%s', "
         "expected '%s'",
         client->answered, show(shown[0], received + at, size - at),
         show(shown[1], expected + at, size - at));
}

/* Compares n received bytes with the expected replies. */
static void check(const struct client *client, const struct side *side, size_t n)
{
    const struct texts *texts = &side->texts;
    const char *expected =
        texts_reply(texts, client->first + client->answered, client->reply_offset);
    uint64_t owed = (client->sent - client->answered) * texts->reply_size - client->reply_offset;
    size_t size = owed < n ? (size_t)owed : n;

    if (memcmp(side->received, expected, size) != 0)
        fail_wrong(client, side->received, expected, size);
    if (n > owed)
        fail(EXIT_WRONG, "there are more replies than lines: %" PRIu64 " lines, and %zu bytes more",
             client->sent, (size_t)(n - owed));
}

static void note_end(struct client *client)
{
    if (client->answered < client->sent || client->line_offset > 0)
        fail(EXIT_WRONG,
             "the server ended a connection after %" PRIu64 " replies, with %" PRIu64
             " lines unanswered",
             client->answered, client->sent - client->answered);
    client->is_ended = true;
}

uint64_t client_receive(struct client *client, struct side *side, uint32_t events)
{
    uint64_t before = client->answered;
    ssize_t n;

    do {
        n = recv(client->fd, side->received, sizeof side->received, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            target_failed(&side->target, "a connection", errno);
        if (n == 0)
            note_end(client);
        if (n <= 0)
            break;
        check(client, side, (size_t)n);
        size_t end = client->reply_offset + (size_t)n;
        client->answered += end / side->texts.reply_size;
        client->reply_offset = end % side->texts.reply_size;
        /* A read that is not full has taken all bytes, but not an end of file after them. */
    } while ((size_t)n == sizeof side->received || (events & EPOLLRDHUP) != 0);
    return client->answered - before;
}
