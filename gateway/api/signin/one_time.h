/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_time.h - codes that are good once: 125 bits of chance in five groups of letters and digits
 * that are not mistaken for each other (Crockford's base 32), kept as a hash. Pure, but for the
 * chance.
 */
#ifndef GATEWAY_API_SIGNIN_ONE_TIME_H
#define GATEWAY_API_SIGNIN_ONE_TIME_H

#include "crypto/base/err.h"
#include "crypto/digest.h"

enum { ONE_TIME_CODE = 5 * 5 + 4, ONE_TIME_DAYS = 7, ONE_TIME_USER_CODE = 8 };

void one_time_make(char out[ONE_TIME_CODE + 1]);

/* Of the code as somebody types it: case, spaces and dashes do not count. ERR_FORMAT. */
RESULT one_time_hash(struct digest *out, struct slice code);

/* For a person to type from another screen (RFC 8628 section 6.1): eight consonants. */
void one_time_user_code(char out[ONE_TIME_USER_CODE + 1]);
RESULT one_time_read_user_code(char out[ONE_TIME_USER_CODE + 1], struct slice typed);

#endif
