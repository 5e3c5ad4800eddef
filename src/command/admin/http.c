#include "http.h"

#include <string.h>

/* Characters of methods and of the names of fields (RFC 9110, 5.6.2). */
static bool is_token(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static size_t token_size(const char *line, size_t size)
{
    size_t count = 0;

    while (count < size && is_token(line[count]))
        count++;
    return count;
}

/* The printable characters of ASCII. */
static size_t target_size(const char *line, size_t size)
{
    size_t count = 0;

    while (count < size && line[count] > ' ' && line[count] <= '~')
        count++;
    return count;
}

/* The length without the LF or CRLF. */
static size_t without_end(const char *line, size_t size)
{
    size -= size > 0 && line[size - 1] == '\n';
    size -= size > 0 && line[size - 1] == '\r';
    return size;
}

/* The parts of "METHOD TARGET VERSION". */
struct request_line {
    size_t method; /* the sizes */
    size_t target;
    size_t version;
};

/* False: it has not that form, up to HTTP/. */
static bool split(const char *line, size_t size, struct request_line *parts)
{
    parts->method = token_size(line, size);
    if (parts->method == 0 || parts->method >= size || line[parts->method] != ' ')
        return false;
    const char *target = line + parts->method + 1;
    size_t left = size - parts->method - 1;
    parts->target = target_size(target, left);
    if (parts->target == 0 || parts->target >= left || target[parts->target] != ' ')
        return false;
    const char *version = target + parts->target + 1;
    parts->version = left - parts->target - 1;
    return parts->version >= 5 && memcmp(version, "HTTP/", 5) == 0;
}

bool http_is_request(const char *line, size_t size)
{
    struct request_line parts;

    return split(line, without_end(line, size), &parts);
}

static int read_request_line(struct http_request *request, const char *line, size_t size)
{
    struct request_line parts;

    if (!split(line, size, &parts))
        return 400;
    const char *target = line + parts.method + 1;
    const char *version = target + parts.target + 1;
    if (parts.version != 8 || memcmp(version, "HTTP/1.", 7) != 0 ||
        (version[7] != '0' && version[7] != '1') || *target != '/')
        return 400;
    request->is_head = parts.method == 4 && memcmp(line, "HEAD", 4) == 0;
    if (!request->is_head && (parts.method != 3 || memcmp(line, "GET", 3) != 0))
        return 405;
    size_t used = 0;
    while (used < parts.target && used < HTTP_TARGET_SIZE - 1 && target[used] != '?')
        used++;
    memcpy(request->target, target, used);
    request->target[used] = '\0';
    return 0;
}

/* "Name: value". Names are not looked at: no field changes the response. */
static bool is_field(const char *line, size_t size)
{
    size_t name = token_size(line, size);

    if (name == 0 || name >= size || line[name] != ':')
        return false;
    for (size_t i = name; i < size; i++) {
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return false;
    }
    return true;
}

bool http_read(struct http_request *request, const char *line, size_t size)
{
    bool is_first = request->size == 0;

    request->size += size;
    if (request->size > HTTP_HEAD_MAX || size == 0 || line[size - 1] != '\n') {
        request->status = 431;
        return true;
    }
    size = without_end(line, size);
    if (is_first)
        request->status = read_request_line(request, line, size);
    else if (size == 0)
        request->status = 200;
    else if (!is_field(line, size))
        request->status = 400;
    return request->status != 0;
}

static const char *status_words(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void http_head(struct text *text, int status, const char *type, size_t size, const char *more)
{
    text_add(text,
             "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
             status, status_words(status), type, size, status == 405 ? "Allow: GET, HEAD\r\n" : "",
             more);
}
