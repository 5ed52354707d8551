/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the one door to the time of day. Libraries take time as an argument; processes
 * ask here.
 */
#ifndef CRYPTO_BASE_CLOCK_H
#define CRYPTO_BASE_CLOCK_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { CLOCK_TEXT = 25 }; /* "2026-01-02T03:04:05.678Z" and a NUL */

int64_t clock_now_ms(void); /* since 1970, UTC */
int64_t clock_now_seconds(void);
int64_t clock_monotonic_ms(void); /* for deadlines; never jumps */
int64_t clock_awake_ms(void);     /* the same, and goes on while the machine sleeps */
int64_t clock_monotonic_us(void); /* the same, for what takes less */

void clock_text(char out[CLOCK_TEXT], int64_t ms); /* RFC 3339 with milliseconds and Z */

/* RFC 3339 in UTC ("Z"), with or without a fraction. ERR_FORMAT otherwise. */
RESULT clock_parse(int64_t *out_ms, struct slice text);

#endif
