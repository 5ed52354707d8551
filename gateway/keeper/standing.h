/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing.h - a model's standing approval: approvers have signed, once, that whoever meets its
 * published criteria gets these rights for so many days, under these terms. Within that the keeper
 * signs licenses of the model without an approval each. It stands in "criteria" of a
 * model.settings:
 *
 *     {"days":n,"rights":[text],"sha256":hex of the criteria or "none","terms_sha256":hex}
 *
 * Whether a person meets the criteria is found by the edge: that is what a standing approval
 * leaves to it, and why there is none unless approvers sign one.
 */
#ifndef GATEWAY_KEEPER_STANDING_H
#define GATEWAY_KEEPER_STANDING_H

#include "gateway/keeper/approvers.h"

enum {
	STANDING_MAX_RIGHTS = 16,
	STANDING_MAX_DAYS = 3650,
	STANDING_FACTS = STANDING_MAX_RIGHTS + 2
};

/* What the journal is to remember; `number` is the entry's. Not zero facts, at most STANDING_FACTS.
 * ERR_FORMAT. */
RESULT standing_facts(struct fact out[STANDING_FACTS], size_t *count, struct slice model,
		      const json_t *criteria, uint64_t number);

/* The fact that ends it. */
struct fact standing_end(struct slice model);

/* ERR_DENIED: there is none, or the license goes beyond it. */
RESULT standing_check(const struct approvers *a, struct slice document);

#endif
