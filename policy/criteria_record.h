/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criteria_record.h - an evaluation as it is kept: its facts, and what came of them, as JSON. The
 * facts are read back strictly, so that the same criteria give the same outcome again, and others
 * can be tried on them.
 *
 *     {"v":1,"at":seconds,"criteria":sha256 hex or null,"facts":{...},
 *      "outcome":"approve|refer|deny|none","decides":bool,"default":bool,"cut_short":bool,
 *      "rules":[{"id","effect","counts_as","holds","text"}],"nearest":rule id,
 *      "missing":[{"need","href"}]}
 *
 * A request to a model without criteria has the outcome "none" and facts all the same.
 */
#ifndef POLICY_CRITERIA_RECORD_H
#define POLICY_CRITERIA_RECORD_H

#include "crypto/json.h"
#include "policy/criteria_eval.h"

enum { CRITERIA_MAX_RECORD = 1024 * 1024 };

json_t *criteria_facts_write(const struct criteria_facts *facts);

/* Texts go to the arena. ERR_FORMAT: not what criteria_facts_write() writes. */
RESULT criteria_facts_read(struct criteria_facts *out, struct arena *arena, const json_t *json);

/* `c` NULL: the model has none. */
json_t *criteria_record_write(const struct criteria *c, const struct criteria_facts *facts,
			      const struct criteria_verdict *verdict);

/* Of a stored record: its facts and its outcome (EFFECT_EXTERNAL: none). */
struct criteria_record {
	struct criteria_facts facts;
	bool has_criteria;
	struct digest criteria;
	enum effect outcome; /* if it has criteria */
};
RESULT criteria_record_read(struct criteria_record *out, struct arena *arena, struct slice text);

/* [{"need","href"}]: what the nearest approve rule lacks. */
json_t *criteria_missing(const struct criteria_verdict *verdict);

/* [{"id","effect","counts_as","holds","text"}]: the rules that hold or may hold. */
json_t *criteria_fired(const struct criteria *c, const struct criteria_verdict *verdict);

#endif
