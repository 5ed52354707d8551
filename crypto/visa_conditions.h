/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visa_conditions.h - a visa may hold only while other visas of the same person hold (GA4GH
 * Passport 1.2, "conditions"): a list of alternatives, of which one must hold; each a list of
 * clauses, all of which must hold; each of which asks for one visa of a type, whose value, source
 * and by match:
 *
 *     [[{"type":"AffiliationAndRole","value":"pattern:faculty@*.example.org","by":"const:so"}]]
 *
 * "const:" is the text itself; in "pattern:" a ? is any one character and a * any number of them;
 * "split_pattern:" is such a pattern for one of the parts between semicolons. What is none of
 * these is not understood, and a visa with it does not count.
 */
#ifndef CRYPTO_VISA_CONDITIONS_H
#define CRYPTO_VISA_CONDITIONS_H

#include "crypto/base/arena.h"
#include "crypto/json.h"

enum { VISA_ALTERNATIVES_MAX = 16, VISA_CLAUSES_MAX = 16, VISA_MATCH_MAX = 512 };

struct visa;

enum visa_match_kind { VISA_MATCH_ANY, VISA_MATCH_CONST, VISA_MATCH_PATTERN, VISA_MATCH_SPLIT };

struct visa_match {
	enum visa_match_kind kind;
	struct slice text; /* behind the prefix */
};

struct visa_clause {
	struct slice type;
	struct visa_match value, source, by;
};

struct visa_alternative {
	const struct visa_clause *clauses;
	size_t count;
};

struct visa_conditions { /* none: count 0 */
	const struct visa_alternative *alternatives;
	size_t count;
};

/* `value` is the member "conditions", NULL if there is none. Texts go to the arena.
 * ERR_UNSUPPORTED: it is not understood; the text says what. */
RESULT visa_conditions_read(struct visa_conditions *out, struct arena *a, const json_t *value);

/* `others` are visas of the same person that are verified and good now. Those that hold under
 * conditions themselves are passed over: conditions do not nest. True if there are none. */
bool visa_conditions_hold(const struct visa_conditions *conditions, const struct visa *others,
			  size_t count);

bool visa_match_holds(const struct visa_match *match, struct slice text);

#endif
