#include "answer.h"

#include "http.h"
#include "metrics.h"
#include "page.h"
#include "text.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- HTTP ---- */

struct response {
    int status;
    const char *type;
    struct text fields; /* further fields of the head */
    struct text body;
};

static void plain(struct response *response, int status, const char *words)
{
    response->status = status;
    response->type = "text/plain; charset=utf-8";
    response->body.used = 0;
    text_add(&response->body, "%s\n", words);
}

static void answer_metrics(struct response *response, const struct admin_source *source)
{
    struct admin_view view;

    admin_view_take(&view, source, false);
    response->type = METRICS_TYPE;
    metrics_text(&response->body, &view);
}

static void answer_json(struct response *response, const struct admin_source *source)
{
    struct admin_view view;

    admin_view_take(&view, source, true);
    response->type = "application/json";
    page_json(&response->body, &view);
}

/* 128 random bits, as hexadecimal digits. */
static bool make_nonce(char nonce[PAGE_NONCE_SIZE])
{
    unsigned char bytes[(PAGE_NONCE_SIZE - 1) / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static void answer_page(struct response *response, const struct admin_source *source)
{
    struct admin_view view;
    char nonce[PAGE_NONCE_SIZE];

    if (!make_nonce(nonce)) {
        plain(response, 500, "no random bytes");
        return;
    }
    admin_view_take(&view, source, true);
    response->type = "text/html; charset=utf-8";
    page_policy(&response->fields, nonce);
    page_html(&response->body, &view, nonce);
}

static void answer_alive(struct response *response, const struct admin_source *source)
{
    (void)source;
    plain(response, 200, "ok");
}

static void answer_ready(struct response *response, const struct admin_source *source)
{
    if (source->is_ready(source->context))
        plain(response, 200, "ready");
    else
        plain(response, 503, "draining");
}

static const struct {
    const char *target;
    void (*answer)(struct response *response, const struct admin_source *source);
} resources[] = {
    {"/", answer_page},         {"/metrics", answer_metrics}, {"/stats.json", answer_json},
    {"/healthz", answer_alive}, {"/readyz", answer_ready},
};

static void answer_target(struct response *response, const char *target,
                          const struct admin_source *source)
{
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (strcmp(resources[i].target, target) == 0) {
            resources[i].answer(response, source);
            return;
        }
    }
    plain(response, 404, "not found: there are /, /metrics, /stats.json, /healthz and /readyz");
}

static void answer_error(struct response *response, int status)
{
    if (status == 405)
        plain(response, status, "method not allowed: GET or HEAD");
    else if (status == 431)
        plain(response, status, "the head of the request is longer than 8192 bytes");
    else
        plain(response, status, "not an HTTP/1.0 or HTTP/1.1 request");
}

static int send_response(lined_conn *conn, const struct http_request *request,
                         const struct admin_source *source, char *memory)
{
    char fields[512];
    char head[1024];
    struct response response = {.status = 200,
                                .fields = text_in(fields, sizeof fields),
                                .body = text_in(memory, ADMIN_BODY_SIZE)};
    struct text text = text_in(head, sizeof head);

    if (request->status == 200)
        answer_target(&response, request->target, source);
    else
        answer_error(&response, request->status);
    if (response.body.is_short || response.fields.is_short) {
        response.body = text_in(memory, ADMIN_BODY_SIZE);
        plain(&response, 500, "the response is too long");
    }
    http_head(&text, response.status, response.type, response.body.used, fields);
    int result = lined_send(conn, head, text.used);
    if (result == LINED_OK && !request->is_head)
        result = lined_send(conn, memory, response.body.used);
    return result;
}

/* Reads the rest of the head and answers it. No further line is read, whatever it may be. */
static int answer_request(lined_conn *conn, const char *line, size_t size,
                          const struct admin_source *source)
{
    struct http_request request = {.status = 0};

    while (!http_read(&request, line, size)) {
        int result = lined_recv_line(conn, &line, &size);
        if (result != LINED_OK)
            return result;
    }
    char *memory = malloc(ADMIN_BODY_SIZE);
    if (memory == NULL)
        return lined_send(conn, HTTP_BUSY, strlen(HTTP_BUSY));
    int result = send_response(conn, &request, source, memory);
    free(memory);
    return result;
}

/* ---- commands ---- */

static bool is_command(const char *line, size_t size, const char *command)
{
    size_t length = strlen(command);

    size -= size > 0 && line[size - 1] == '\n';
    size -= size > 0 && line[size - 1] == '\r';
    return size == length && memcmp(line, command, length) == 0;
}

static int send_words(lined_conn *conn, const char *words)
{
    return lined_send(conn, words, strlen(words));
}

static int send_statistics(lined_conn *conn, const struct admin_source *source)
{
    char json[STATISTICS_JSON_SIZE];
    struct admin_view view;

    admin_view_take(&view, source, false);
    statistics_json(&view.statistics, json);
    int result = send_words(conn, json);
    return result == LINED_OK ? send_words(conn, "\n") : result;
}

/* LINED_OK: the next command may follow. */
static int obey(lined_conn *conn, const char *line, size_t size, const struct admin_source *source)
{
    if (is_command(line, size, "stats"))
        return send_statistics(conn, source);
    if (is_command(line, size, "drain")) {
        source->drain(source->context);
        return send_words(conn, "draining\n");
    }
    if (is_command(line, size, "quit"))
        return LINED_END;
    int result = send_words(conn, "unknown command: must be stats, drain or quit\n");
    return result == LINED_OK ? LINED_END : result;
}

/* Files have permissions; every local user and every web page can reach a port. */
static bool is_unix(const lined_conn *conn)
{
    char peer[LINED_PEER_SIZE];

    lined_peer(conn, peer);
    return strncmp(peer, "unix:", 5) == 0;
}

int admin_answer(void *context, lined_conn *conn, void *state)
{
    const struct admin_source *source = context;
    const char *line;
    size_t size;

    (void)state;
    int result = lined_recv_line(conn, &line, &size);
    if (result != LINED_OK)
        return result;
    if (!is_unix(conn) || http_is_request(line, size))
        return answer_request(conn, line, size, source);
    while ((result = obey(conn, line, size, source)) == LINED_OK) {
        result = lined_recv_line(conn, &line, &size);
        if (result != LINED_OK)
            break;
    }
    return result;
}
