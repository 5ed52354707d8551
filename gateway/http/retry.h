/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h - when something may be asked for again, and after how long. For clients. */
#ifndef GATEWAY_HTTP_RETRY_H
#define GATEWAY_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_FIRST_MS = 250, RETRY_LONGEST_MS = 8000, RETRY_LONGEST_ASKED_MS = 120 * 1000 };

/* Is this an answer of a moment, as 503 is, and 403 is not? */
bool retry_is_worth(long status);

/* Milliseconds to wait after so many failures in a row (1, 2, ...): doubled each time up to a
 * ceiling; or as many as the other side asked for (Retry-After, in seconds; 0: it did not), if that
 * is longer, up to another. */
int64_t retry_pause_ms(unsigned failures, int64_t asked_seconds);

#endif
