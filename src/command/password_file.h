/*
 * A file with a password.
 */
#ifndef PASSWORD_FILE_H
#define PASSWORD_FILE_H

#include "option_values.h"

#include <stdbool.h>

#define PASSWORD_FILE_WHY_SIZE 192

/* Reads the password: the file without one LF or CR LF at its end. Returns false after a failure;
 * why is then what is wrong, and what must be there. True with a text in why is a warning: other
 * users may read or change the file. A pipe is read to its end. why never has the password. */
bool password_file_read(char password[OPTIONS_PASSWORD_MAX + 1], const char *path,
                        char why[PASSWORD_FILE_WHY_SIZE]);

#endif
