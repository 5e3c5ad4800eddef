/* A line server on libevent as one would write it: one loop, a bufferevent for each connection,
 * lines searched and copied buffer to buffer. Lines are split at 1460 bytes as lined does. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#define MAX_LINE 1460

static void answer(struct evbuffer *input, struct evbuffer *output, size_t size)
{
    evbuffer_add(output, "Received: ", 10);
    evbuffer_remove_buffer(input, output, size);
    evbuffer_add(output, "\n", 1);
}

static void on_read(struct bufferevent *connection, void *unused)
{
    struct evbuffer *input = bufferevent_get_input(connection);
    struct evbuffer *output = bufferevent_get_output(connection);

    (void)unused;
    for (;;) {
        struct evbuffer_ptr lf = evbuffer_search(input, "\n", 1, NULL);
        if (lf.pos >= 0 && lf.pos < MAX_LINE)
            answer(input, output, (size_t)lf.pos + 1);
        else if (evbuffer_get_length(input) >= MAX_LINE)
            answer(input, output, MAX_LINE);
        else
            return;
    }
}

static void on_event(struct bufferevent *connection, short what, void *unused)
{
    (void)unused;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *base)
{
    const int on = 1;
    struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)listener;
    (void)address;
    (void)size;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_set_max_single_read(connection, 65536);
    bufferevent_setcb(connection, on_read, NULL, on_event, NULL);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct event_base *base = event_base_new();
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                4096, (struct sockaddr *)&address, sizeof address);

    if (listener == NULL)
        return 1;
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
    fprintf(stderr, "libevent: listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    return event_base_dispatch(base);
}
