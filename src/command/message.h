/*
 * Messages of lined about itself, on standard error.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

/* The importance of a message, with the numbers of syslog(3). */
enum message_level {
    MESSAGE_ERROR = 3,
    MESSAGE_WARNING = 4,
    MESSAGE_INFO = 6,
};

/* After this call message() never waits, even if standard error is a pipe that another process
 * fills. If standard error is a stream of journald, each line begins with its level, such as "<6>"
 * (sd-daemon(3)). Call it before any thread exists, and before the sandbox. */
void message_init(void);

/* Prints one line: "lined: ", the text, LF. Control characters in the text are shown as '?'. Never
 * waits: if standard error is full, the line is dropped, because serving and stopping are more
 * important. Lines are whole. Only a terminal or a socket may take a part of a line; then the next
 * message begins on a new line. Any thread. */
__attribute__((format(printf, 2, 3))) void message(enum message_level level, const char *format,
                                                   ...);

/* The same without "lined: ", for output that programs read. line has at most 4095 characters, and
 * no LF. */
void message_plain(enum message_level level, char *line);

/* Writes the meaning of an errno into text, and returns text. */
#define ERROR_TEXT_SIZE 128
const char *error_text(int error, char text[ERROR_TEXT_SIZE]);

#endif
