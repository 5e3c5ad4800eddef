#define _GNU_SOURCE /* O_PATH, environ */
/* The lined command: a server with one handler, and a packet log on standard output. */
#include "activation.h"
#include "command/sandbox/privileges.h"
#include "config_file.h"
#include "handler.h"
#include "help.h"
#include "kv_options.h"
#include "message.h"
#include "names.h"
#include "notify.h"
#include "options.h"
#include "serve.h"
#include "status.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <lined.h>
#ifdef __GLIBC__
#include <malloc.h> /* mallopt */
#endif
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* If a standard descriptor is closed at the start, the first socket would get its number, and the
 * log would go to a client. So another file takes its place, opened with O_PATH: reading and
 * writing it still fail with EBADF (open(2)). The file is /, which exists even if /dev is empty.
 * Returns false after a failure, with a message printed. */
static bool open_standard_descriptors(void)
{
    static const char *const names[] = {"input", "output", "error"};
    char text[ERROR_TEXT_SIZE];

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_DIRECTORY) < 0) {
            message(MESSAGE_ERROR,
                    "standard %s is closed, and a replacement cannot be opened: %s; start lined "
                    "with standard %s open",
                    names[fd], error_text(errno, text), names[fd]);
            return false;
        } /* open(2) returns the lowest free number, which is fd */
    }
    return true;
}

/* Blocks of 16 KiB and more are mappings, where no free piece of the heap has room: most values of
 * kv go back to the system when they are freed. At most 8,192 of them, which limits.c subtracts
 * from the maps that connections may use. One arena: each further one would reserve 64 MiB of
 * address space.
 */
static void set_up_memory(void)
{
#ifdef __GLIBC__ /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet */
    mallopt(M_MMAP_THRESHOLD, 16 * 1024);
    mallopt(M_MMAP_MAX, 8 * 1024);
    mallopt(M_ARENA_MAX, 1);
#endif /* NOLINTEND(concurrency-mt-unsafe) */
}

/* Prints one line on standard error. Returns the exit status. */
static int refuse(const char *why)
{
    message(MESSAGE_ERROR, "%s (try 'lined --help')", why);
    return STATUS_USAGE;
}

/* Prints on standard output. Returns the exit status. */
static int print(const char *text)
{
    char why[ERROR_TEXT_SIZE];

    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return STATUS_DRAINED;
    message(MESSAGE_ERROR, "cannot write to standard output: %s", error_text(errno, why));
    return STATUS_CANNOT_SERVE;
}

static int start(struct options *options)
{
    char why[HANDLER_MESSAGE_SIZE];
    char text[HANDLER_MESSAGE_SIZE + 256]; /* room for the cause after a very long name */
    const struct lined_module *module = handler_find(options->handler, why);
    struct privileges privileges;
    struct activation activation;
    const char *problem;

    /* One thread runs yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (!activation_read(&activation, getenv, getpid(), &problem))
        return refuse(problem);
    if (!notify_open(getenv, getpid(), &problem))
        return refuse(problem);
    if (activation.count > (activation.admin >= 0) && options->has_place)
        return refuse("--ip, --port and --listen (LINED_IP, LINED_PORT, LINED_LISTEN) are not "
                      "possible with sockets that the service manager has opened (LISTEN_FDS), "
                      "such as those of lined.socket: leave one of them out");
    if (activation.admin >= 0 && options->admin != NULL) {
        snprintf(text, sizeof text,
                 "%s is not possible with a socket named admin that the service manager has "
                 "opened (LISTEN_FDNAMES): leave one of them out",
                 options_name(options, "--admin"));
        return refuse(text);
    }
    if (module == NULL) {
        snprintf(text, sizeof text, "%s '%.200s': %s", options_name(options, "--handler"),
                 options->handler, why);
        return refuse(text);
    }
    if (module->handler->task != NULL && options->server.mode == LINED_ACTIVE) {
        snprintf(text, sizeof text,
                 "%s 'active': not possible with %s '%.200s', which is a task; must be passive",
                 options_name(options, "--mode"), options_name(options, "--handler"),
                 options->handler);
        return refuse(text);
    }
    if (options->user != NULL && !privileges_find(&privileges, options->user, why)) {
        snprintf(text, sizeof text, "%s '%.32s': %s", options_name(options, "--user"),
                 options->user, why);
        return refuse(text);
    }
    if (!kv_options_prepare(options, "", text))
        return refuse(text);
    if (options->check_config)
        return STATUS_DRAINED;
    /* Writing the log to a pipe without a reader, or to a file at RLIMIT_FSIZE, then only fails
     * with an error of write(2). Sockets are used with MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return serve(options, &activation, module, &privileges);
}

/* The handler is found later, since a module's file is only read for serving. */
static void warn_of_unknown_names(const struct options *options, const struct config *config)
{
    char text[NAMES_WARNING_SIZE];

    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (names_warn(*variable, "the environment", 0, text))
            message(MESSAGE_WARNING, "%s", text);
    }
    for (size_t i = 0; options->config != NULL && i < config->count; i++) {
        if (names_warn(config->entries[i].name, config->file, config->entries[i].line, text))
            message(MESSAGE_WARNING, "%s", text);
    }
}

/* Reads the command line, the environment and, if they name one, the configuration. */
static enum options_action read_all(struct options *options, struct config *config, int argc,
                                    char **argv, char text[OPTIONS_MESSAGE_SIZE])
{
    enum options_action action = options_read(options, argc, argv, getenv, text);

    if (action != OPTIONS_SERVE || options->config == NULL)
        return action;
    if (!config_file_read(config, options->config, text))
        return OPTIONS_BAD;
    return options_read_all(options, argc, argv, getenv, config, text);
}

int main(int argc, char **argv)
{
    static struct config config; /* options point into it */
    struct options options;
    char help[HELP_SIZE];
    char version[VERSION_SIZE];
    char text[OPTIONS_MESSAGE_SIZE];

    if (!open_standard_descriptors())
        return STATUS_CANNOT_SERVE;
    set_up_memory();
    enum options_action action = read_all(&options, &config, argc, argv, text);
    bool has_descriptor = options.notify_fd < 0 || notify_set_descriptor(options.notify_fd);
    message_init(); /* opens a descriptor */
    switch (action) {
    case OPTIONS_HELP:
        help_text(help);
        return print(help);
    case OPTIONS_VERSION:
        version_text(version);
        return print(version);
    case OPTIONS_BAD:
        return refuse(text);
    case OPTIONS_SERVE:
        break;
    }
    if (!has_descriptor) {
        snprintf(text, sizeof text, "%s '%d': must be a descriptor that is open for writing",
                 options_name(&options, "--notify-fd"), options.notify_fd);
        return refuse(text);
    }
    if (options.warning[0] != '\0')
        message(MESSAGE_WARNING, "%s", options.warning);
    warn_of_unknown_names(&options, &config);
    options.argc = argc;
    options.argv = argv;
    return start(&options);
}
