/*
 * What lined says about itself, on standard error.
 */
#ifndef SAY_H
#define SAY_H

/* How much a message matters, in the numbers of syslog(3). */
enum say_level {
    SAY_ERROR = 3,
    SAY_WARNING = 4,
    SAY_INFO = 6,
};

/* From here on say never waits, also where standard error is a pipe that others fill; and where it
 * is journald's, each line begins with its level, as "<6>" (sd-daemon(3)). Before any thread, and
 * before the sandbox. */
void say_init(void);

/* One line: "lined: ", the text, LF; control characters in it are shown as '?'. Never waits: where
 * standard error is full and not read, the line is dropped, for serving and stopping matter more.
 * Any thread. Lines are whole; only a terminal or a connection may take a part of one, and then the
 * next one begins a line of its own. */
__attribute__((format(printf, 2, 3))) void say(enum say_level level, const char *format, ...);

/* The same without "lined: ", for programs to read. line has at most 4095 characters, and no LF. */
void say_plain(enum say_level level, char *line);

/* What an errno means; text is room for it. */
#define SAY_ERROR_SIZE 128
const char *say_error(int error, char text[SAY_ERROR_SIZE]);

#endif
