/*
 * The head of an HTTP request of the admin listener, in lines as lined_recv_line delivers them:
 * what is read is bounded, a result never changes, and no line after a request line is a command.
 */
#include "../../src/base/invariant.h"
#include "../../src/command/admin/http.h"
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The next line is given in memory of just its size: the sanitizer sees a byte more. */
static bool read_line(struct http_request *request, const char *line, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1);

    INVARIANT(exact != NULL);
    memcpy(exact, line, size);
    bool is_first = request->size == 0;
    bool is_request = http_is_request(exact, size);
    bool is_over = http_read(request, exact, size);
    /* What is answered, other than by 400 or 431, began with a request line. */
    if (is_first && !is_request)
        INVARIANT(request->status == 400 || request->status == 431);
    free(exact);
    return is_over;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = {.status = 0};
    const char *bytes = (const char *)data;
    size_t at = 0;

    while (at < size) {
        size_t most = size - at < HTTP_HEAD_MAX ? size - at : HTTP_HEAD_MAX;
        const char *lf = memchr(bytes + at, '\n', most);
        size_t length = lf == NULL ? most : (size_t)(lf + 1 - (bytes + at));
        bool is_over = read_line(&request, bytes + at, length);
        at += length;
        INVARIANT(is_over == (request.status != 0));
        INVARIANT(request.size <= 2 * HTTP_HEAD_MAX);
        INVARIANT(memchr(request.target, '\0', HTTP_TARGET_SIZE) != NULL);
        if (is_over)
            break;
        INVARIANT(*request.target == '/');
    }
    INVARIANT(request.status == 0 || request.status == 200 || request.status == 400 ||
              request.status == 405 || request.status == 431);
    if (request.status == 200)
        INVARIANT(request.size <= HTTP_HEAD_MAX &&
                  strcspn(request.target, "? ") == strlen(request.target));
    return 0;
}
