/* A mail server by RFC 5321 that keeps no mail: it prints one line for each message to standard
 * error, and counts. For tests of programs that send mail, and as an example of a task: the state
 * of a dialogue is where its code is.
 *
 *     cmake -G Ninja -B build && cmake --build build
 *     lined --handler build/smtp.so --port 2525 --quiet
 */
#include <lined.h>

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_SIZE  1024                /* RFC 5321, 4.5.3.1: a line of text has 1000 bytes */
#define PATH_SIZE      255                 /* an address of 254 characters and a NUL */
#define RECIPIENTS_MAX 100                 /* of one message */
#define MESSAGE_MAX    (10u * 1024 * 1024) /* bytes of one message */
#define WAIT_MS        (5u * 60 * 1000)    /* for a line; RFC 5321, 4.5.3.2 */
#define SESSION_MS     (60u * 60 * 1000)   /* for all of a connection */

struct smtp {
    atomic_ullong messages; /* received */
};

struct session {
    struct smtp *smtp;
    lined_conn *conn;
    bool has_hello;
    bool has_sender;
    unsigned recipients;
    char sender[PATH_SIZE];
};

static int init(lined_server *server, const struct lined_options *options, void **context)
{
    (void)server;
    if (options->long_line == LINED_LONG_DISCARD) {
        fputs("smtp: --long-line discard: must be split or close, or the end of a message could "
              "be missed\n",
              stderr);
        return -EINVAL;
    }
    struct smtp *smtp = calloc(1, sizeof *smtp);
    *context = smtp;
    return smtp == NULL ? -ENOMEM : LINED_OK;
}

static void fini(void *context)
{
    struct smtp *smtp = context;

    fprintf(stderr, "smtp: messages received: %llu\n", atomic_load(&smtp->messages));
    free(smtp);
}

static void reset(struct session *session)
{
    session->has_sender = false;
    session->recipients = 0;
}

/* ---- the message ---- */

static int accept_message(struct session *session, size_t size)
{
    char peer[LINED_PEER_SIZE];
    unsigned long long number = atomic_fetch_add(&session->smtp->messages, 1) + 1;

    lined_peer(session->conn, peer);
    fprintf(stderr, "smtp: message %llu from %s: sender <%s>, recipients %u, bytes %zu\n", number,
            peer, session->sender, session->recipients, size);
    return lined_printf(session->conn, "250 message %llu received and dropped\r\n", number);
}

/* Only CR LF . CR LF ends a message. With LF alone a part of a message could become a command. A
 * long line comes in pieces, and only its first one is at the begin of a line. */
static int receive_message(struct session *session)
{
    const char *line;
    size_t length;
    size_t size = 0;
    bool is_begin = true;
    bool had_cr = false;

    int result = lined_puts(session->conn, "354 end with a line that is a dot\r\n");
    while (result == LINED_OK) {
        result = lined_recv_line(session->conn, &line, &length);
        if (result != LINED_OK || (is_begin && length == 3 && memcmp(line, ".\r\n", 3) == 0))
            break;
        size += is_begin && line[0] == '.' ? length - 1 : length; /* that dot was added */
        is_begin = line[length - 1] == '\n' && (length > 1 ? line[length - 2] == '\r' : had_cr);
        had_cr = line[length - 1] == '\r';
    }
    if (result != LINED_OK)
        return result;
    if (size > MESSAGE_MAX)
        result = lined_printf(session->conn, "552 %zu bytes: a message has at most %u\r\n", size,
                              MESSAGE_MAX);
    else
        result = accept_message(session, size);
    reset(session);
    return result;
}

/* ---- commands ---- */

/* Reads "FROM:<address> parameters". False: it is something else. */
static bool read_path(const char *text, const char *keyword, char path[PATH_SIZE])
{
    size_t skipped = strlen(keyword);

    if (strncasecmp(text, keyword, skipped) != 0)
        return false;
    text += skipped;
    text += strspn(text, " ");
    size_t length = strcspn(text, ">");
    if (text[0] != '<' || text[length] != '>' || length > PATH_SIZE)
        return false;
    for (size_t i = 1; i < length; i++) {
        if (!isgraph((unsigned char)text[i]))
            return false;
    }
    memcpy(path, text + 1, length - 1);
    path[length - 1] = '\0';
    return text[length + 1] == '\0' || text[length + 1] == ' ';
}

static int hello(struct session *session, const char *name, bool is_extended)
{
    if (name[0] == '\0')
        return lined_puts(session->conn, "501 the name of the client is missing\r\n");
    reset(session);
    session->has_hello = true;
    return is_extended ? lined_printf(session->conn,
                                      "250-lined\r\n250-PIPELINING\r\n"
                                      "250-8BITMIME\r\n250 SIZE %u\r\n",
                                      MESSAGE_MAX)
                       : lined_puts(session->conn, "250 lined\r\n");
}

static int mail(struct session *session, const char *text)
{
    if (!session->has_hello || session->has_sender)
        return lined_puts(session->conn, session->has_sender
                                             ? "503 there is a sender: RSET first\r\n"
                                             : "503 EHLO or HELO first\r\n");
    session->has_sender = read_path(text, "FROM:", session->sender);
    return lined_puts(session->conn, session->has_sender ? "250 sender accepted\r\n"
                                                         : "501 must be FROM:<address>\r\n");
}

static int rcpt(struct session *session, const char *text)
{
    char path[PATH_SIZE];

    if (!session->has_sender)
        return lined_puts(session->conn, "503 MAIL FROM:<address> first\r\n");
    if (!read_path(text, "TO:", path) || path[0] == '\0')
        return lined_puts(session->conn, "501 must be TO:<address>\r\n");
    if (session->recipients == RECIPIENTS_MAX)
        return lined_printf(session->conn, "452 %d recipients: send to the others later\r\n",
                            RECIPIENTS_MAX);
    session->recipients++;
    return lined_puts(session->conn, "250 recipient accepted\r\n");
}

/* text is behind the command of four letters, which is at command. */
static int obey(struct session *session, const char *command, const char *text)
{
    lined_conn *conn = session->conn;

    if (strcasecmp(command, "EHLO") == 0 || strcasecmp(command, "HELO") == 0)
        return hello(session, text, toupper((unsigned char)command[0]) == 'E');
    if (strcasecmp(command, "MAIL") == 0)
        return mail(session, text);
    if (strcasecmp(command, "RCPT") == 0)
        return rcpt(session, text);
    if (strcasecmp(command, "DATA") == 0)
        return session->recipients == 0 ? lined_puts(conn, "503 RCPT TO:<address> first\r\n")
                                        : receive_message(session);
    if (strcasecmp(command, "RSET") == 0)
        reset(session);
    if (strcasecmp(command, "RSET") == 0 || strcasecmp(command, "NOOP") == 0)
        return lined_puts(conn, "250 done\r\n");
    if (strcasecmp(command, "VRFY") == 0)
        return lined_puts(conn, "252 send a message to try\r\n");
    if (strcasecmp(command, "QUIT") != 0)
        return lined_puts(conn, "500 must be one of EHLO HELO MAIL RCPT DATA RSET NOOP VRFY "
                                "QUIT\r\n");
    int result = lined_puts(conn, "221 bye\r\n");
    return result == LINED_OK ? LINED_END : result;
}

static int receive_command(struct session *session)
{
    char *text;
    size_t length;
    bool is_long = false;

    int result = lined_recv_text(session->conn, &text, &length);
    while (result == LINED_OK && length >= LINE_MAX_SIZE) { /* a piece: another one follows */
        is_long = true;
        result = lined_recv_text(session->conn, &text, &length);
    }
    if (result != LINED_OK)
        return result;
    if (is_long)
        return lined_puts(session->conn, "500 the line is too long\r\n");
    char *end = text + strcspn(text, " ");
    bool has_text = *end == ' ';
    *end = '\0';
    return obey(session, text, has_text ? end + 1 : end);
}

static int serve(void *context, lined_conn *conn, void *state)
{
    struct session session = {.smtp = context, .conn = conn};

    (void)state;
    lined_set_max_line(conn, LINE_MAX_SIZE);
    lined_set_timeout(conn, LINED_TIMEOUT_IDLE, WAIT_MS);
    lined_set_timeout(conn, LINED_TIMEOUT_LINE, WAIT_MS);
    lined_set_timeout(conn, LINED_TIMEOUT_SESSION, SESSION_MS);
    int result = lined_puts(conn, "220 lined ESMTP, for tests: no mail is kept\r\n");
    while (result == LINED_OK)
        result = receive_command(&session);
    int last = LINED_OK;
    if (result == LINED_STOPPING)
        last = lined_puts(conn, "421 the server ends: connect again\r\n");
    else if (result == LINED_IDLE_TIMEOUT || result == LINED_LINE_TIMEOUT)
        last = lined_puts(conn, "421 no line came in 5 minutes\r\n");
    return last == LINED_OK ? result : last;
}

static const struct lined_handler handler = {.task = serve,
                                             .reject_busy = "421 too many clients: try later\r\n",
                                             .reject_per_ip = "421 too many clients from your "
                                                              "address: try later\r\n"};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, fini};
