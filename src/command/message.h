/*
 * What lined says about itself, on standard error.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

/* How much a message matters, in the numbers of syslog(3). */
enum message_level {
    MESSAGE_ERROR = 3,
    MESSAGE_WARNING = 4,
    MESSAGE_INFO = 6,
};

/* From here on say never waits, also where standard error is a pipe that others fill; and where it
 * is journald's, each line begins with its level, as "<6>" (sd-daemon(3)). Before any thread, and
 * before the sandbox. */
void message_init(void);

/* One line: "lined: ", the text, LF; control characters in it are shown as '?'. Never waits: where
 * standard error is full and not read, the line is dropped, for serving and stopping matter more.
 * Any thread. Lines are whole; only a terminal or a connection may take a part of one, and then the
 * next one begins a line of its own. */
__attribute__((format(printf, 2, 3))) void message(enum message_level level, const char *format,
                                                   ...);

/* The same without "lined: ", for programs to read. line has at most 4095 characters, and no LF. */
void message_plain(enum message_level level, char *line);

/* What an errno means; text is room for it. */
#define ERROR_TEXT_SIZE 128
const char *error_text(int error, char text[ERROR_TEXT_SIZE]);

#endif
