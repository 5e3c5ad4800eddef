/* A handler that a peer has taken over, for test_confinement: a line is the port of a listener on
 * 127.0.0.1, and the handler tries to connect to it without connect(2), through the listener of the
 * lined that it serves in. It answers with what came of it. */
#define _DEFAULT_SOURCE /* MSG_FASTOPEN */
#include <lined.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int listener = -1; /* set by init, before any thread */

/* Before the sandbox, for SO_ACCEPTCONN cannot be asked in it. */
static int init(lined_server *server, const struct lined_options *options, void **context)
{
    int accepts = 0;

    (void)server;
    (void)options;
    (void)context;
    for (int fd = 0; fd < 100 && accepts == 0; fd++) {
        socklen_t size = sizeof accepts;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts != 0)
            listener = fd;
    }
    return listener < 0 ? -ENOTSOCK : LINED_OK;
}

static int try_to_connect(void *context, lined_conn *conn, void *state, const char *line,
                          size_t size)
{
    static const char secret[] = "secret";
    struct sockaddr_in outside = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char port[16];
    char reply[128];

    (void)context;
    (void)state;
    snprintf(port, sizeof port, "%.*s", (int)size, line);
    outside.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    shutdown(listener, SHUT_RDWR);
    ssize_t sent = sendto(listener, secret, sizeof secret, MSG_FASTOPEN | MSG_NOSIGNAL,
                          (struct sockaddr *)&outside, sizeof outside);
    snprintf(reply, sizeof reply, "%s\n", sent < 0 ? strerror(errno) : "sent");
    return lined_send(conn, reply, strlen(reply));
}

static const struct lined_handler handler = {.line = try_to_connect};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, NULL};
