/* SPDX-License-Identifier: Apache-2.0 */
/*
 * license_limits.h - how much a license gives: so many requests, tokens, bytes in so long a time,
 * or at once. In the license's document, and alone (as the database keeps it):
 *
 *     [{"max":1000,"measure":"requests","per":"day"},
 *      {"max":4,"measure":"concurrent","per":"license"}]
 *
 * "concurrent" counts what runs at a moment, so it stands with "license" only, which for the others
 * means as long as the license lasts.
 */
#ifndef CRYPTO_LICENSE_LIMITS_H
#define CRYPTO_LICENSE_LIMITS_H

#include <jansson.h>

#include "crypto/base/buf.h"

#define LICENSE_MEASURES(X) \
	X(LICENSE_REQUESTS, "requests") \
	X(LICENSE_TOKENS, "tokens") \
	X(LICENSE_BYTES, "bytes") \
	X(LICENSE_CONCURRENT, "concurrent")

#define LICENSE_PERIODS(X) \
	X(LICENSE_PER_MINUTE, "minute") \
	X(LICENSE_PER_DAY, "day") \
	X(LICENSE_PER_MONTH, "month") \
	X(LICENSE_PER_LICENSE, "license")

#define LICENSE_LIMITS_ENUM(name, text) name,
enum license_measure { LICENSE_MEASURES(LICENSE_LIMITS_ENUM) LICENSE_MEASURE_COUNT };
enum license_period { LICENSE_PERIODS(LICENSE_LIMITS_ENUM) LICENSE_PERIOD_COUNT };
#undef LICENSE_LIMITS_ENUM

enum { LICENSE_LIMITS_MAX = 3 * LICENSE_PERIOD_COUNT + 1 }; /* each pair at most once */

#define LICENSE_LIMIT_MOST INT64_C(9007199254740991) /* what every JSON reader keeps exactly */

struct license_limit {
	int64_t max; /* 1 to LICENSE_LIMIT_MOST */
	enum license_measure measure;
	enum license_period per;
};

struct license_limits {
	struct license_limit list[LICENSE_LIMITS_MAX];
	size_t count;
};

const char *license_measure_name(enum license_measure measure);
const char *license_period_name(enum license_period period);

/* NULL gives none. In any order; ERR_FORMAT, ERR_LIMIT for what is no list of limits. They come out
 * in the order of their measures, then periods. */
RESULT license_limits_read(struct license_limits *out, const json_t *array);

/* The same of the text alone; an empty text gives none. */
RESULT license_limits_parse(struct license_limits *out, struct slice text);

/* Canonical JSON; checks what it writes. The caller owns *out of the first. */
RESULT license_limits_describe(json_t **out, const struct license_limits *limits);
RESULT license_limits_write(struct buf *out, const struct license_limits *limits);

#endif
