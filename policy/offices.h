/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offices.h - the offices a person holds: each a right of office, for some models or everywhere,
 * until some day or until it is revoked. Read from the text that schema/store gives: a line each,
 * "RIGHT SCOPE UNTIL", where SCOPE is * for everywhere, and UNTIL milliseconds or 0.
 *
 * Who decides requests also handles them: requests:decide gives requests:handle.
 */
#ifndef POLICY_OFFICES_H
#define POLICY_OFFICES_H

#include "crypto/base/err.h"
#include "policy/rights.h"

struct office {
	enum right right;
	struct slice scope; /* of model_scope.h; empty: everywhere */
	int64_t until_ms;   /* 0: no end */
};

/* The next line; false behind the last one. Lines that are none are passed over. */
bool offices_next(struct office *out, struct slice *held);

/* Does it hold now, and give this right? */
bool offices_apply(const struct office *office, enum right right, int64_t now_ms);

/* What holds now: everywhere; for this model; for at least one model. */
right_set offices_everywhere(struct slice held, int64_t now_ms);
right_set offices_on(struct slice held, struct slice model, int64_t now_ms);
right_set offices_somewhere(struct slice held, int64_t now_ms);
right_set offices_covering(struct slice held, struct slice scope, int64_t now_ms); /* all of it */

/* The set with what its members give besides. */
right_set offices_with_implied(right_set rights);

/* May somebody who holds these give this one on? Not for longer, not for more models. */
bool offices_may_give(struct slice held, const struct office *office, int64_t now_ms);

/* The rights that a name stands for: of a right of office itself, or of a bundle ("handler",
 * "decider", "administrator", "auditor", "operator"). 0: no such name. */
right_set offices_named(struct slice name);

#endif
