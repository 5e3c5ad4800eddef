#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Results of getopt_long: HELP, VERSION, PASSWORD, a short option, or FIRST_SETTING + the index
 * into settings. */
enum { PASSWORD = 255, FIRST_SETTING = 256, HELP = 'h', VERSION = 'V' };

/* An argument as a message shows it: short, and without bytes that control a terminal. */
struct shown {
    char text[64];
};

static struct shown show(const char *word)
{
    struct shown shown;
    size_t i;

    for (i = 0; i < sizeof shown.text - 4 && word[i] != '\0'; i++)
        shown.text[i] = (char)(word[i] >= ' ' && word[i] <= '~' ? word[i] : '?');
    snprintf(shown.text + i, sizeof shown.text - i, "%s", word[i] != '\0' ? "..." : "");
    return shown;
}

static void describe_bad_value(char message[OPTIONS_MESSAGE_SIZE], const char *name,
                               const char *value, const char *allowed)
{
    snprintf(message, OPTIONS_MESSAGE_SIZE, "%s '%s': must be %s", name, show(value).text, allowed);
}

static const char *allowed(const struct options *options, const struct setting *setting)
{
    return options->why != NULL ? options->why : setting->allowed;
}

/* why is of this value, not of one before it. */
static bool read_value(struct options *options, const struct setting *setting, const char *value)
{
    options->why = NULL;
    return setting->read(options, value);
}

static const struct setting *setting_of(int result)
{
    for (int i = 0; settings[i].name != NULL; i++) {
        if (result == FIRST_SETTING + i ||
            (settings[i].letter != 0 && result == settings[i].letter))
            return &settings[i];
    }
    return NULL;
}

/* The message for '?' and ':' of getopt_long(3): word is the argument that it did not accept. */
static void describe_error(char message[OPTIONS_MESSAGE_SIZE], int result, const char *word)
{
    const struct setting *setting = setting_of(optopt);

    if (result == ':' && setting != NULL)
        snprintf(message, OPTIONS_MESSAGE_SIZE, "%s needs a value: %s", setting->name,
                 setting->allowed);
    else if (optopt != 0 && (setting != NULL || optopt == HELP || optopt == VERSION))
        snprintf(message, OPTIONS_MESSAGE_SIZE, "option '%s' takes no value", show(word).text);
    else if (optopt != 0)
        snprintf(message, OPTIONS_MESSAGE_SIZE, "unknown option '-%s'",
                 show((const char[]){(char)optopt, '\0'}).text);
    else
        snprintf(message, OPTIONS_MESSAGE_SIZE, "unknown or ambiguous option '%s'",
                 show(word).text);
}

/* Fills in the tables of getopt_long from the settings. */
static void describe(struct option long_options[SETTINGS_MAX + 4],
                     char letters[2 * SETTINGS_MAX + 4])
{
    *letters++ = ':'; /* a missing value is then ':', an unknown option '?' */
    for (int i = 0; settings[i].name != NULL; i++) {
        *long_options++ = (struct option){
            settings[i].name + 2, settings[i].argument == NULL ? no_argument : required_argument,
            NULL, FIRST_SETTING + i};
        if (settings[i].letter != 0) {
            *letters++ = settings[i].letter;
            if (settings[i].argument != NULL)
                *letters++ = ':';
        }
    }
    *letters++ = HELP;
    *letters++ = VERSION;
    *letters = '\0';
    *long_options++ = (struct option){"help", no_argument, NULL, HELP};
    *long_options++ = (struct option){"version", no_argument, NULL, VERSION};
    /* Not an option: but it must not be short for --kv-password-file, which shows its value in
     * messages. */
    *long_options++ = (struct option){"kv-password", optional_argument, NULL, PASSWORD};
    *long_options = (struct option){NULL, 0, NULL, 0};
}

static enum options_action read_arguments(struct options *options, int argc, char **argv,
                                          bool given[SETTINGS_MAX],
                                          char message[OPTIONS_MESSAGE_SIZE])
{
    struct option long_options[SETTINGS_MAX + 4];
    char letters[2 * SETTINGS_MAX + 4];
    int result;

    describe(long_options, letters);
    opterr = 0;
    optind = 0; /* glibc: start again, also with a permuted argv */
    /* Not thread-safe, as options.h says. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((result = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        const struct setting *setting = setting_of(result);
        if (result == HELP)
            return OPTIONS_HELP;
        if (result == VERSION)
            return OPTIONS_VERSION;
        if (result == PASSWORD) {
            snprintf(message, OPTIONS_MESSAGE_SIZE,
                     "--kv-password is no option, since all users can see a command line: use "
                     "--kv-password-file, or the variable " OPTIONS_PASSWORD_VARIABLE);
            return OPTIONS_BAD;
        }
        if (setting == NULL) {
            describe_error(message, result, argv[optind - 1]);
            return OPTIONS_BAD;
        }
        const char *value = setting->argument == NULL ? "yes" : optarg;
        if (!read_value(options, setting, value)) {
            describe_bad_value(message, setting->name, value, allowed(options, setting));
            return OPTIONS_BAD;
        }
        if (strcmp(setting->name, "--ip") == 0 && given[setting - settings]) {
            snprintf(message, OPTIONS_MESSAGE_SIZE,
                     "--ip is given twice: for more than one place use --listen");
            return OPTIONS_BAD;
        }
        given[setting - settings] = true;
        options->values[setting - settings] = value;
    }
    if (optind < argc) {
        snprintf(message, OPTIONS_MESSAGE_SIZE, "unexpected argument '%s': lined has options only",
                 show(argv[optind]).text);
        return OPTIONS_BAD;
    }
    return OPTIONS_SERVE;
}

/* Kubernetes sets variables for each service of a container, and Docker does for links. For a
 * service named lined one of them is LINED_PORT=tcp://10.96.14.7:1234, which is not a setting. */
static bool is_of_a_service(const char *variable, const char *value)
{
    return strcmp(variable, "LINED_PORT") == 0 &&
           (strncmp(value, "tcp://", 6) == 0 || strncmp(value, "udp://", 6) == 0 ||
            strncmp(value, "sctp://", 7) == 0);
}

/* Where values come from, besides the command line. */
struct source {
    char *(*get)(const char *name); /* the environment; NULL: it is the configuration */
    const struct config *config;
};

/* The value of the variable; *line is its line in the configuration, or 0. NULL: it is not set. */
static const char *value_in(const struct source *source, const char *variable, unsigned *line)
{
    const struct config_entry *entry;

    *line = 0;
    if (source->get != NULL)
        return source->get(variable);
    entry = config_find(source->config, variable);
    if (entry == NULL)
        return NULL;
    *line = entry->line;
    return entry->value;
}

/* The same; NULL also if it is empty or ignored. */
static const char *look_up(struct options *options, const struct setting *setting,
                           const struct source *source, unsigned *line)
{
    const char *value = value_in(source, setting->variable, line);

    if (value == NULL || *value == '\0')
        return NULL;
    if (!is_of_a_service(setting->variable, value))
        return value;
    snprintf(options->warning, sizeof options->warning,
             "%s '%s' is ignored, because Kubernetes sets it for a service named lined; set "
             "--port, or enableServiceLinks: false",
             setting->variable, show(value).text);
    return NULL;
}

/* --ip and --port are one way to say where lined listens, --listen is the other. */
static bool is_place(const struct setting *setting)
{
    return strcmp(setting->name, "--ip") == 0 || strcmp(setting->name, "--port") == 0;
}

static bool is_list(const struct setting *setting)
{
    return strcmp(setting->name, "--listen") == 0;
}

/* One way on the command line overrides the variables of the other. */
static void override_places(bool given[SETTINGS_MAX])
{
    bool has_place = false;
    bool has_list = false;

    for (int i = 0; settings[i].name != NULL; i++) {
        has_place |= given[i] && is_place(&settings[i]);
        has_list |= given[i] && is_list(&settings[i]);
    }
    for (int i = 0; settings[i].name != NULL; i++)
        given[i] |= (has_list && is_place(&settings[i])) || (has_place && is_list(&settings[i]));
}

/* False: both ways are used. */
static bool places_are_clear(const struct options *options, char message[OPTIONS_MESSAGE_SIZE])
{
    const char *place = NULL;

    for (int i = 0; settings[i].name != NULL; i++) {
        if (options->values[i] != NULL && is_place(&settings[i]))
            place = settings[i].name;
    }
    if (place == NULL || options->listen_count == 0)
        return true;
    snprintf(message, OPTIONS_MESSAGE_SIZE, "%s and %s cannot be used together: %s has the port",
             options_name(options, place), options_name(options, "--listen"),
             options_name(options, "--listen"));
    return false;
}

/* The name of the variable for messages: of the configuration with the file and the line. */
static void describe_bad_variable(const struct options *options, const struct setting *setting,
                                  const char *value, const struct source *source, unsigned line,
                                  char message[OPTIONS_MESSAGE_SIZE])
{
    char name[160];

    if (source->config == NULL || line == 0)
        snprintf(name, sizeof name, "%s", setting->variable);
    else
        snprintf(name, sizeof name, "%.100s:%u: %s", source->config->file, line, setting->variable);
    describe_bad_value(message, name, value, allowed(options, setting));
}

/* Reads the variables of settings that are not given, and marks these as given. */
static enum options_action read_variables(struct options *options, const struct source *source,
                                          bool given[SETTINGS_MAX],
                                          char message[OPTIONS_MESSAGE_SIZE])
{
    for (int i = 0; settings[i].name != NULL; i++) {
        unsigned line = 0;
        const char *value = given[i] ? NULL : look_up(options, &settings[i], source, &line);
        if (value == NULL)
            continue;
        options->from_variable |= UINT64_C(1) << i;
        options->values[i] = value;
        options->lines[i] = line;
        given[i] = true;
        if (!read_value(options, &settings[i], value)) {
            describe_bad_variable(options, &settings[i], value, source, line, message);
            return OPTIONS_BAD;
        }
    }
    return places_are_clear(options, message) ? OPTIONS_SERVE : OPTIONS_BAD;
}

/* The file cannot name another file, nor end lined. */
static bool is_about_the_file(const struct setting *setting)
{
    return strcmp(setting->name, "--config") == 0 || strcmp(setting->name, "--check-config") == 0;
}

static void describe_impossible(char message[OPTIONS_MESSAGE_SIZE], const struct config *config,
                                const struct config_entry *entry, const char *option)
{
    snprintf(message, OPTIONS_MESSAGE_SIZE,
             "%.100s:%u: %s is not possible in the file: set it in the environment, or use %s",
             config->file, entry->line, entry->name, option);
}

static enum options_action read_config(struct options *options, const struct config *config,
                                       bool given[SETTINGS_MAX], char message[OPTIONS_MESSAGE_SIZE])
{
    const struct source source = {.config = config};

    for (int i = 0; settings[i].name != NULL; i++) {
        const struct config_entry *entry = config_find(config, settings[i].variable);
        if (entry == NULL || !is_about_the_file(&settings[i]))
            continue;
        describe_impossible(message, config, entry, settings[i].name);
        return OPTIONS_BAD;
    }
    const struct config_entry *password = config_find(config, OPTIONS_PASSWORD_VARIABLE);
    if (password != NULL) {
        describe_impossible(message, config, password, "--kv-password-file");
        return OPTIONS_BAD;
    }
    return read_variables(options, &source, given, message);
}

static void read_password(struct options *options, char *(*get)(const char *name))
{
    const char *password = get(OPTIONS_PASSWORD_VARIABLE);

    options->kv.password = password != NULL && *password != '\0' ? password : NULL;
}

static void note_places(struct options *options)
{
    for (int i = 0; settings[i].name != NULL; i++)
        options->has_place |=
            (is_place(&settings[i]) || is_list(&settings[i])) && options->values[i] != NULL;
}

enum options_action options_read_all(struct options *options, int argc, char **argv,
                                     char *(*get)(const char *name), const struct config *config,
                                     char message[OPTIONS_MESSAGE_SIZE])
{
    const struct source environment = {.get = get};
    bool given[SETTINGS_MAX] = {false};

    *options =
        (struct options){.handler = "received",
                         .notify_fd = -1,
                         .kv = {.max_value = KV_VALUE_DEFAULT, .max_inline = KV_INLINE_DEFAULT}};
    lined_options_init(&options->server, sizeof options->server);
    enum options_action action = read_arguments(options, argc, argv, given, message);
    if (action != OPTIONS_SERVE)
        return action;
    if (!places_are_clear(options, message))
        return OPTIONS_BAD;
    override_places(given);
    action = read_variables(options, &environment, given, message);
    read_password(options, get);
    if (action == OPTIONS_SERVE && config != NULL) {
        override_places(given);
        action = read_config(options, config, given, message);
    }
    /* Before the file is read, a part may be missing. */
    bool is_complete = config != NULL || options->config == NULL;
    if (action == OPTIONS_SERVE && is_complete && !option_rules_hold(options, message))
        action = OPTIONS_BAD;
    note_places(options);
    return action;
}

enum options_action options_read(struct options *options, int argc, char **argv,
                                 char *(*get)(const char *name), char message[OPTIONS_MESSAGE_SIZE])
{
    return options_read_all(options, argc, argv, get, NULL, message);
}
