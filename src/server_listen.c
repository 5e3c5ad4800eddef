/* Where a server listens: an acceptor for each listener. */
#include "server.h"

#include "net/endpoint.h"
#include "net/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* LINED_OK, or -errno: then the listener is the caller's. */
static int add_acceptor(lined_server *server, const struct listener *listener)
{
    size_t count = server->acceptor_count + 1;
    struct acceptor *acceptor = malloc(sizeof *acceptor);
    /* It is an array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    struct acceptor **larger = realloc(server->acceptors, count * sizeof *larger);
    int failed = -ENOMEM;

    if (larger != NULL)
        server->acceptors = larger;
    if (acceptor != NULL && larger != NULL)
        failed = acceptor_init(acceptor, listener, &server->options, &server->live,
                               &server->lifecycle, &server->admission, &server->workers);
    if (failed != LINED_OK) {
        free(acceptor);
        return failed;
    }
    server->acceptors[server->acceptor_count++] = acceptor;
    return LINED_OK;
}

/* True: closing the server would close this descriptor twice. */
static bool has_descriptor(const lined_server *server, int fd)
{
    for (size_t i = 0; i < server->acceptor_count; i++) {
        if (server->acceptors[i]->listener.fd == fd)
            return true;
    }
    return false;
}

int server_add_listener(lined_server *server, const struct endpoint *endpoint)
{
    const struct listener_options options = {.backlog = server->options.backlog,
                                             .give_up_ms = server->options.send_timeout_ms,
                                             .reuse_port = server->options.reuse_port};
    struct listener listener;

    if (server->is_started)
        return -EINVAL;
    if (endpoint->kind == ENDPOINT_FD && has_descriptor(server, endpoint->fd))
        return -EADDRINUSE;
    int failed = listener_open(&listener, endpoint, &options);
    if (failed != LINED_OK)
        return failed;
    failed = add_acceptor(server, &listener);
    if (failed != LINED_OK && !listener.is_inherited)
        listener_close(&listener);
    return failed;
}

int lined_server_listen(lined_server *server, const char *text)
{
    struct endpoint endpoint;
    const char *why;

    return endpoint_parse(text, &endpoint, &why) ? server_add_listener(server, &endpoint) : -EINVAL;
}

int lined_server_listen_fd(lined_server *server, int fd)
{
    const struct endpoint endpoint = {.kind = ENDPOINT_FD, .fd = fd};

    return server_add_listener(server, &endpoint);
}

bool lined_server_listener(lined_server *server, size_t index, char text[LINED_LISTENER_SIZE])
{
    _Static_assert(LINED_LISTENER_SIZE >= LISTENER_NAME_SIZE, "room for every name");
    if (index >= server->acceptor_count)
        return false;
    snprintf(text, LINED_LISTENER_SIZE, "%s", server->acceptors[index]->listener.name);
    return true;
}

uint16_t lined_server_port(const lined_server *server)
{
    uint16_t port = 0;

    for (size_t i = 0; i < server->acceptor_count && port == 0; i++)
        port = server->acceptors[i]->listener.port;
    return port;
}
