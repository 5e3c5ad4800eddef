/*
 * A pseudo-terminal for tests, which some containers have not.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

/* Returns the side of the user; ptsname(3) names the other. -1, and the test is reported as
 * skipped, if there is none. The test must then return. */
int terminal_open(void);

#endif
