/* SPDX-License-Identifier: Apache-2.0 */
/*
 * license.h - the signed document that lets one person use one model. It is canonical JSON
 * (the same license is always the same bytes), signed with Ed25519 over LICENSE_DOMAIN and the
 * document.
 *
 *     {"entry":uuid,"expires":time,"id":uuid,"issued":time,"model":text,"not_before":time,
 *      "person":uuid,"request":uuid,"rights":[text],"terms_sha256":hex,"v":1}
 *
 * Times are RFC 3339 with milliseconds and Z. `entry` is the id of the license.issue event. Only
 * where they say something there are also "institution":uuid, "limits" (license_limits.h),
 * "regions": [country code], "uses":[code] and "plan":"interactive" or "batch" (none: standard), so
 * a license without them keeps the bytes it always had.
 */
#ifndef CRYPTO_LICENSE_H
#define CRYPTO_LICENSE_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "crypto/license_limits.h"
#include "crypto/sign.h"

enum {
	LICENSE_MAX = 8192,
	LICENSE_MODEL_MAX = 200,
	LICENSE_RIGHTS_MAX = 16,
	LICENSE_REGIONS_MAX = 250, /* ISO 3166 has no more */
	LICENSE_USES_MAX = 32,
};

#define LICENSE_DOMAIN S("sallyport/license/v1\n")

/* Whose turn comes sooner where many ask one model: a share of its time, never all of it. */
#define LICENSE_PLANS(X) \
	X(LICENSE_STANDARD, "standard") \
	X(LICENSE_BATCH, "batch") \
	X(LICENSE_INTERACTIVE, "interactive")

#define LICENSE_PLAN_ENUM(name, text) name,
enum license_plan { LICENSE_PLANS(LICENSE_PLAN_ENUM) LICENSE_PLAN_COUNT };
#undef LICENSE_PLAN_ENUM

struct license {
	uint8_t id[16];
	uint8_t person[16];
	uint8_t request[16];
	uint8_t entry[16];
	struct slice model;
	struct slice rights[LICENSE_RIGHTS_MAX]; /* "weights:read", ... sorted, each once */
	size_t right_count;
	struct digest terms;
	int64_t not_before_ms;
	int64_t expires_ms; /* first moment at which it is no longer good */
	int64_t issued_ms;
	bool has_institution;
	uint8_t institution[16];                   /* whose member the person holds it as */
	struct license_limits limits;              /* none: without limit */
	struct slice regions[LICENSE_REGIONS_MAX]; /* "DE", ... sorted; none: everywhere */
	size_t region_count;
	struct slice uses[LICENSE_USES_MAX]; /* "DUO:0000042", "MDU:no-fine-tuning", ... sorted */
	size_t use_count;
	enum license_plan plan;
};

/* Sorts and checks what it writes; ERR_FORMAT if a field cannot stand in a license. */
RESULT license_write(struct buf *out, const struct license *l);

/* Texts go to the arena. Anything but the canonical bytes is refused. */
RESULT license_parse(struct license *out, struct arena *a, struct slice document);

/* The signature, then the parse. ERR_FORGED, ERR_FORMAT. Dates are for the caller. */
RESULT license_verify(struct license *out, struct arena *a, struct slice document,
		      const uint8_t signature[SIGN_SIGNATURE],
		      const uint8_t public_key[SIGN_PUBLIC]);

const char *license_plan_name(enum license_plan plan);
/* ERR_FORMAT: there is no such plan; the text says which there are. */
RESULT license_plan_parse(enum license_plan *out, struct slice name);
/* Who waits longer? batch, standard, interactive. */
enum license_plan license_plan_lower(enum license_plan a, enum license_plan b);

bool license_gives(const struct license *l, struct slice right);
/* Two capital letters. The prefix in capitals, a colon, letters, digits and '-': 60 at most. */
bool license_region_is_good(struct slice code);
bool license_use_is_good(struct slice code);

bool license_is_current(const struct license *l, int64_t now_ms); /* within its dates */

#endif
