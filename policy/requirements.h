/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requirements.h - what a license rests on that criteria alone have approved: the conditions on
 * claims of the rules that approved it. While the claims of one rule hold, the license does; when
 * a training is too old or an affiliation has ended, calls are denied, and say so.
 *
 * As text: canonical JSON, a list (of rules) of lists of conditions, as criteria have them.
 */
#ifndef POLICY_REQUIREMENTS_H
#define POLICY_REQUIREMENTS_H

#include "policy/codes.h"
#include "policy/criteria_eval.h"

enum { REQUIREMENTS_MAX_TEXT = 64 * 1024 };

/* In the arena; "" if a rule approved that looks at no claims, or none did. Only conditions that
 * must hold are taken: the rule's own, and those directly below its "all". */
RESULT requirements_of(struct slice *out, struct arena *arena, const struct criteria *criteria,
		       const struct criteria_verdict *verdict);

/* CODE_OK_ALLOWED, or which kind of claim ended: of the rule that needs least, the first. */
RESULT requirements_check(enum code *out, struct arena *arena, struct slice requirements,
			  const struct claims *claims, int64_t now_seconds);

#endif
