/*
 * A line as a JSON object: jansson reads it back. The first byte selects a length that passes the
 * maximum, so that short inputs reach the cut.
 */
#include "../../src/base/invariant.h"
#include "../../src/command/log/json_line.h"
#include "fuzz.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static char text[JSON_LINE_MAX];
static char line[2 * JSON_LINE_TEXT_MAX];

/* The string is the begin of the line, which is all of it unless it is cut. */
static void check_text(const json_t *string, size_t size, bool is_cut)
{
    size_t shown = json_string_length(string);

    INVARIANT(is_cut ? shown > JSON_LINE_TEXT_MAX - 4 && shown <= JSON_LINE_TEXT_MAX
                     : shown == size);
    INVARIANT(memcmp(json_string_value(string), line, shown) == 0);
}

static void check(size_t size)
{
    const struct log_event event = {
        .kind = LOG_EVENT_LINE, .peer = "127.0.0.1:1", .line = line, .bytes = size};
    size_t used = json_line(text, &event);
    bool is_cut = size > JSON_LINE_TEXT_MAX;

    INVARIANT(used <= json_line_bound(size) && used <= sizeof text && text[used - 1] == '\n');
    json_t *object = json_loadb(text, used, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    INVARIANT(object != NULL);
    const json_t *string = json_object_get(object, "line");
    json_t *whole = json_stringn(line, size);
    INVARIANT((string == NULL) != (json_object_get(object, "line_base64") == NULL));
    INVARIANT(whole == NULL || string != NULL);
    if (!is_cut)
        INVARIANT((whole != NULL) == (string != NULL));
    if (string != NULL)
        check_text(string, size, is_cut);
    json_decref(whole);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t total = data[0] % 2 == 0 ? size - 1 : JSON_LINE_TEXT_MAX - 8 + data[0] % 32;
    if (total > sizeof line)
        total = sizeof line;
    for (size_t i = 0; i < total; i++)
        line[i] = (char)data[1 + i % (size - 1)];
    check(total);
    return 0;
}
