/*
 * The time for tests, on the monotonic clock.
 */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stdint.h>

int64_t now_us(void);
int64_t now_ms(void);

#endif
