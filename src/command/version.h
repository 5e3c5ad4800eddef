/*
 * The text of --version. Pure.
 */
#ifndef VERSION_H
#define VERSION_H

#define VERSION_SIZE 512

/* Writes the text, terminated: the version, and what distinguishes builds of one version. */
void version_text(char text[VERSION_SIZE]);

#endif
