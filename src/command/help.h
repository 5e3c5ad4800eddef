/*
 * The text of --help, from the table of options. Pure.
 */
#ifndef HELP_H
#define HELP_H

#define HELP_SIZE 16384

/* Writes the text, terminated. Its lines have at most 80 columns. */
void help_text(char text[HELP_SIZE]);

#endif
