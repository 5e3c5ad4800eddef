/*
 * The command line and the environment: whatever they are, reading them ends, what is taken is in
 * the range that is documented, and an error is one harmless line that names a word of the input.
 *
 * An input is words that end with NUL. LINED_...=... go to the environment, the others to argv.
 */
#include "../../src/base/invariant.h"
#include "../../src/command/options.h"
#include "fuzz.h"

#include <arpa/inet.h>
#include <string.h>

enum { WORDS_MOST = 24, SIZE_LIMIT = 2048 };

static char text[SIZE_LIMIT + 1];
static char *arguments[WORDS_MOST + 2];
static char *environment[WORDS_MOST + 1];
static int argument_count;

static char *get(const char *name)
{
    size_t length = strlen(name);

    for (char **entry = environment; *entry != NULL; entry++) {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    }
    return NULL;
}

static void split(const uint8_t *data, size_t size)
{
    int variables = 0;

    memcpy(text, data, size);
    text[size] = '\0';
    arguments[0] = (char[]){"lined"};
    argument_count = 1;
    for (char *word = text; word < text + size; word += strlen(word) + 1) {
        if (strncmp(word, "LINED_", 6) == 0 && variables < WORDS_MOST)
            environment[variables++] = word;
        else if (argument_count <= WORDS_MOST)
            arguments[argument_count++] = word;
    }
    arguments[argument_count] = NULL;
    environment[variables] = NULL;
}

/* True if what the message has in its first quotes is the word, or the beginning of a long one. */
static bool quotes(const char *message, const char *word)
{
    const char *quoted = strchr(message, '\'');

    if (quoted == NULL)
        return false;
    quoted++;
    for (size_t i = 0; word[i] != '\0'; i++) {
        char shown = (char)(word[i] >= ' ' && word[i] <= '~' ? word[i] : '?');
        if (i >= 50 && strncmp(quoted + i, "...'", 4) == 0)
            return true;
        if (quoted[i] != shown)
            return false;
    }
    return quoted[strlen(word)] == '\'';
}

/* True if the message begins with the word's option: --na and --na=value for "--name ...". */
static bool begins_with_option(const char *message, const char *word)
{
    size_t length = strcspn(word, "=");

    return length >= 3 && strncmp(message, word, length) == 0;
}

/* True if the message begins with the name of an option of which the word has the letter. */
static bool begins_with_letter(const char *message, const char *word)
{
    if (word[0] != '-' || word[1] == '-')
        return false;
    for (int i = 0; settings[i].name != NULL; i++) {
        size_t length = strlen(settings[i].name);
        if (settings[i].letter != 0 && strchr(word, settings[i].letter) != NULL &&
            strncmp(message, settings[i].name, length) == 0 && message[length] == ' ')
            return true;
    }
    /* A letter that is none: "unknown option '-x'". */
    const char *unknown = strstr(message, "option '-");
    if (unknown == NULL)
        return false;
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        if (unknown[9] == *letter || (unknown[9] == '?' && (*letter < ' ' || *letter > '~')))
            return true;
    }
    return false;
}

static bool names_an_argument(const char *message)
{
    for (int i = 1; i < argument_count; i++) {
        if (quotes(message, arguments[i]) || begins_with_option(message, arguments[i]) ||
            begins_with_letter(message, arguments[i]))
            return true;
    }
    return false;
}

static bool names_a_variable(const char *message)
{
    for (char **entry = environment; *entry != NULL; entry++) {
        size_t length = strcspn(*entry, "=");
        if (strncmp(message, *entry, length) == 0 && message[length] == ' ')
            return true;
    }
    return false;
}

static void must_be_a_message(const char *message)
{
    const char *end = memchr(message, '\0', OPTIONS_MESSAGE_SIZE);

    INVARIANT(end != NULL && end != message);
    for (; *message != '\0'; message++)
        INVARIANT(*message >= ' ' && *message <= '~');
}

/* In digits; an IPv6 address may have a scope behind it, of which inet_pton knows nothing. */
static bool is_address(const char *ip)
{
    char digits[INET6_ADDRSTRLEN + 1], unused[16];
    size_t size = strcspn(ip, "%");

    if (size >= sizeof digits)
        return false;
    memcpy(digits, ip, size);
    digits[size] = '\0';
    return inet_pton(AF_INET, ip, unused) == 1 || inet_pton(AF_INET6, digits, unused) == 1;
}

static void must_be_allowed(const struct options *options)
{
    const struct lined_options *server = &options->server;

    INVARIANT(is_address(server->ip));
    INVARIANT(server->max_line >= LINED_MAX_LINE_MIN && server->max_line <= LINED_MAX_LINE_MAX);
    INVARIANT(server->long_line <= LINED_LONG_DISCARD);
    INVARIANT(server->partial == LINED_PARTIAL_DROP || server->partial == LINED_PARTIAL_DELIVER);
    INVARIANT(server->mode == LINED_PASSIVE || server->mode == LINED_ACTIVE);
    INVARIANT(server->backlog >= 1 && server->backlog <= 65535);
    INVARIANT(server->send_timeout_ms <= 1000000000);
    INVARIANT(server->idle_timeout_ms <= 1000000000);
    INVARIANT(server->drain_timeout_ms <= 1000000000);
    INVARIANT(options->handler[0] != '\0');
    INVARIANT(options->kv.max_memory == 0 || (options->kv.max_memory >= OPTIONS_MEMORY_MIN &&
                                              options->kv.max_memory <= OPTIONS_MEMORY_MAX));
    INVARIANT(options->kv.max_value >= KV_VALUE_MIN && options->kv.max_value <= KV_VALUE_MAX);
    INVARIANT(options->kv.max_inline >= KV_INLINE_MIN && options->kv.max_inline <= KV_INLINE_MAX);
}

/* With --config the file can have the other part; then options_read does not check this. */
static void must_belong_together(const struct options *options)
{
    const struct lined_options *server = &options->server;

    INVARIANT((server->proxy_protocol == LINED_PROXY_NONE) == (server->proxy_from == NULL));
    INVARIANT(strcmp(options->handler, "kv") == 0 ||
              (options->kv.password == NULL && options->kv_password_file == NULL));
}

static bool is_same(const struct options *a, const struct options *b)
{
    return strcmp(a->server.ip, b->server.ip) == 0 && a->server.port == b->server.port &&
           a->server.backlog == b->server.backlog && a->server.max_line == b->server.max_line &&
           a->server.long_line == b->server.long_line && a->server.partial == b->server.partial &&
           a->server.send_timeout_ms == b->server.send_timeout_ms &&
           a->server.idle_timeout_ms == b->server.idle_timeout_ms &&
           a->server.drain_timeout_ms == b->server.drain_timeout_ms &&
           a->server.mode == b->server.mode && strcmp(a->handler, b->handler) == 0 &&
           a->quiet == b->quiet;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[OPTIONS_MESSAGE_SIZE];
    char again_message[OPTIONS_MESSAGE_SIZE];
    struct options options;
    struct options again;

    if (size > SIZE_LIMIT)
        return 0;
    split(data, size);
    memset(message, 'x', sizeof message); /* not terminated, unless they do */
    enum options_action action = options_read(&options, argument_count, arguments, get, message);
    if (action == OPTIONS_SERVE)
        must_be_allowed(&options);
    if (action == OPTIONS_SERVE && options.config == NULL)
        must_belong_together(&options);
    if (action == OPTIONS_BAD) {
        must_be_a_message(message);
        INVARIANT(names_an_argument(message) || names_a_variable(message));
    }
    /* argv may have been permuted; it means the same. */
    INVARIANT(options_read(&again, argument_count, arguments, get, again_message) == action);
    INVARIANT(action != OPTIONS_SERVE || is_same(&again, &options));
    INVARIANT(action != OPTIONS_BAD || strcmp(message, again_message) == 0);
    return 0;
}
