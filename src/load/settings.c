#define _GNU_SOURCE /* getopt_long */
#include "settings.h"

#include "base/values.h"
#include "net/address.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

enum { OUTSTANDING_CLOSED = 1, OUTSTANDING_OPEN = 64 };

const char settings_help[] =
    "Usage: lined-load [OPTION]...\n"
    "Load a line server that answers \"Received: LINE\", check every byte of its\n"
    "replies, and print the results.\n"
    "\n"
    "The kind of load; without these options it is a closed loop: each connection\n"
    "sends its next line when a line is answered.\n"
    "  -r, --rate LINES/S       open loop: send lines on a schedule, 1 to 10000000 per\n"
    "                           second on all connections together; a latency counts\n"
    "                           from the scheduled time\n"
    "      --churn              connect, send one line, receive its reply, close, and\n"
    "                           repeat\n"
    "      --hold               open all connections and send lines on each, wait for\n"
    "                           the duration, send again; measures time and memory\n"
    "\n"
    "Other options:\n"
    "      --host ADDR          IPv4 or IPv6 address of the server (default 127.0.0.1)\n"
    "  -p, --port PORT          port of the server (default 1234)\n"
    "  -c, --connections N      number of connections, 1 to 60000 (default 50)\n"
    "  -o, --outstanding N      maximum number of lines in flight on each connection,\n"
    "                           1 to 4096 (default 1, with --rate 64)\n"
    "  -s, --size BYTES         length of a line, including its LF, 2 to 1460\n"
    "                           (default 32)\n"
    "  -d, --duration SECONDS   how long to measure (default 5)\n"
    "      --non-readers N      add connections that send and never read, 0 to 10000;\n"
    "                           they are not measured (default 0)\n"
    "      --awake              poll for replies without sleeping; uses a whole core\n"
    "      --pid PID            process of the server, for its CPU time and memory\n"
    "      --csv                print one line of comma-separated values, see\n"
    "                           lined-load(1)\n"
    "  -h, --help               print this help and exit\n"
    "  -V, --version            print the version and exit\n"
    "\n"
    "Ctrl-C prints the results so far. A second Ctrl-C exits at once.\n"
    "\n"
    "Exit status: 0 all replies were correct; 1 a reply was wrong or a connection\n"
    "failed; 2 wrong option.\n";

/* The options with a number. */
static const struct number {
    const char *name;
    char letter; /* short option, or 0 */
    uint32_t least, most;
    size_t field; /* offset in struct settings */
} numbers[] = {
    {"port", 'p', 1, UINT16_MAX, offsetof(struct settings, port)},
    {"connections", 'c', 1, 60000, offsetof(struct settings, connections)},
    {"outstanding", 'o', 1, 4096, offsetof(struct settings, outstanding)},
    {"size", 's', 2, 1460, offsetof(struct settings, size)},
    {"rate", 'r', 1, 10000000, offsetof(struct settings, rate)},
    {"non-readers", 0, 0, 10000, offsetof(struct settings, non_readers)},
    {"pid", 0, 1, INT32_MAX, offsetof(struct settings, pid)},
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

/* Results of getopt_long: FIRST_NUMBER + the index into numbers, or these. */
enum { HOST = 256, CHURN, HOLD, AWAKE, CSV, FIRST_NUMBER };

static const struct option others[] = {
    {"host", required_argument, NULL, HOST}, {"duration", required_argument, NULL, 'd'},
    {"churn", no_argument, NULL, CHURN},     {"hold", no_argument, NULL, HOLD},
    {"awake", no_argument, NULL, AWAKE},     {"csv", no_argument, NULL, CSV},
    {"help", no_argument, NULL, 'h'},        {"version", no_argument, NULL, 'V'},
};

enum { OTHERS = sizeof others / sizeof others[0] };

/* The loads that are set; one is allowed. */
struct asked {
    bool churn, hold;
};

static const struct number *number_of(int result)
{
    for (int i = 0; i < NUMBERS; i++) {
        if (result == FIRST_NUMBER + i || (numbers[i].letter != 0 && result == numbers[i].letter))
            return &numbers[i];
    }
    return NULL;
}

static bool read_number(struct settings *settings, const struct number *number, const char *value,
                        char message[SETTINGS_MESSAGE_SIZE])
{
    uint32_t *field = (uint32_t *)((char *)settings + number->field);

    if (value_number(value, number->least, number->most, field))
        return true;
    snprintf(message, SETTINGS_MESSAGE_SIZE, "--%s '%.40s': must be a number from %u to %u",
             number->name, value, number->least, number->most);
    return false;
}

static bool read_other(struct settings *settings, struct asked *asked, int result,
                       const char *value, char message[SETTINGS_MESSAGE_SIZE])
{
    union net_address unused;

    switch (result) {
    case HOST:
        settings->host = value;
        if (address_parse(value, 0, &unused))
            return true;
        snprintf(message, SETTINGS_MESSAGE_SIZE,
                 "--host '%.60s': must be an IPv4 or IPv6 address, such as 127.0.0.1 or ::1",
                 value);
        return false;
    case 'd':
        if (value_seconds(value, &settings->duration_ms) && settings->duration_ms > 0)
            return true;
        snprintf(message, SETTINGS_MESSAGE_SIZE,
                 "--duration '%.40s': must be a number of seconds above 0, up to 1000000", value);
        return false;
    case CHURN:
        asked->churn = true;
        return true;
    case HOLD:
        asked->hold = true;
        return true;
    case AWAKE:
        settings->is_awake = true;
        return true;
    default:
        settings->as_csv = true;
        return true;
    }
}

static void describe(struct option options[NUMBERS + OTHERS + 1], char letters[2 * NUMBERS + 6])
{
    *letters++ = ':'; /* tell a missing value from an unknown option */
    for (int i = 0; i < NUMBERS; i++) {
        options[i] = (struct option){numbers[i].name, required_argument, NULL, FIRST_NUMBER + i};
        if (numbers[i].letter != 0) {
            *letters++ = numbers[i].letter;
            *letters++ = ':';
        }
    }
    for (int i = 0; i < OTHERS; i++)
        options[NUMBERS + i] = others[i];
    options[NUMBERS + OTHERS] = (struct option){NULL, 0, NULL, 0};
    snprintf(letters, 5, "d:hV");
}

/* The message for '?' and ':' of getopt_long(3): word is the argument that it did not accept. */
static void describe_error(char message[SETTINGS_MESSAGE_SIZE], int result, const char *word)
{
    if (result == ':')
        snprintf(message, SETTINGS_MESSAGE_SIZE, "option '%.60s' needs a value", word);
    else if (optopt >= HOST)
        snprintf(message, SETTINGS_MESSAGE_SIZE, "option '%.60s' takes no value", word);
    else if (optopt > ' ' && optopt <= '~')
        snprintf(message, SETTINGS_MESSAGE_SIZE, "unknown option '-%c'", optopt);
    else
        snprintf(message, SETTINGS_MESSAGE_SIZE, "unknown or ambiguous option '%.60s'", word);
}

/* Rejects options that cannot be combined. */
static bool choose_mode(struct settings *settings, struct asked asked,
                        char message[SETTINGS_MESSAGE_SIZE])
{
    bool is_open = settings->rate > 0;

    if (asked.churn + asked.hold + is_open > 1) {
        snprintf(message, SETTINGS_MESSAGE_SIZE,
                 "--rate, --churn and --hold are different loads: set one of them");
        return false;
    }
    settings->mode = asked.churn  ? MODE_CHURN
                     : asked.hold ? MODE_HOLD
                     : is_open    ? MODE_OPEN
                                  : MODE_CLOSED;
    if ((asked.churn || asked.hold) && settings->non_readers > 0) {
        snprintf(message, SETTINGS_MESSAGE_SIZE, "--non-readers cannot be combined with %s",
                 asked.churn ? "--churn" : "--hold");
        return false;
    }
    if (asked.hold && settings->is_awake) {
        snprintf(
            message, SETTINGS_MESSAGE_SIZE,
            "--awake cannot be combined with --hold, which waits for nothing most of the time");
        return false;
    }
    if (asked.churn && settings->outstanding > 1) {
        snprintf(message, SETTINGS_MESSAGE_SIZE,
                 "--outstanding cannot be combined with --churn, which has one line in flight");
        return false;
    }
    if (settings->outstanding == 0)
        settings->outstanding = is_open ? OUTSTANDING_OPEN : OUTSTANDING_CLOSED;
    return true;
}

enum settings_action settings_read(struct settings *settings, int argc, char **argv,
                                   char message[SETTINGS_MESSAGE_SIZE])
{
    struct option options[NUMBERS + OTHERS + 1];
    char letters[2 * NUMBERS + 6];
    struct asked asked = {false, false};
    int result;

    *settings = (struct settings){
        .host = "127.0.0.1", .port = 1234, .connections = 50, .size = 32, .duration_ms = 5000};
    describe(options, letters);
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    while ((result = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        const struct number *number = number_of(result);
        if (result == 'h')
            return SETTINGS_HELP;
        if (result == 'V')
            return SETTINGS_VERSION;
        if (result == '?' || result == ':') {
            describe_error(message, result, argv[optind - 1]);
            return SETTINGS_BAD;
        }
        if (number != NULL ? !read_number(settings, number, optarg, message)
                           : !read_other(settings, &asked, result, optarg, message))
            return SETTINGS_BAD;
    }
    if (optind < argc) {
        snprintf(message, SETTINGS_MESSAGE_SIZE,
                 "unexpected argument '%.60s': lined-load has options only", argv[optind]);
        return SETTINGS_BAD;
    }
    return choose_mode(settings, asked, message) ? SETTINGS_RUN : SETTINGS_BAD;
}
