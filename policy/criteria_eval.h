/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criteria_eval.h - what criteria say about one request: a pure function of recorded facts.
 *
 * A condition holds, does not hold, or is unknown (Kleene's strong logic of three values): a
 * country or an institution of which nothing is verified is neither in a list nor outside of it.
 * What a person has not shown (a claim, a reference) does not hold.
 *
 * All rules are weighed, in no order. The outcome is
 *   deny,    if a deny rule holds;
 *   refer,   else, if a refer rule holds, or it is unknown whether a deny or refer rule holds;
 *   approve, else, if an approve rule holds;
 *   the default, else.
 * So deny beats refer beats approve, and nobody is approved whom a rule might exclude. An external
 * rule counts as a rule of the effect that was answered; before it is answered, as refer.
 */
#ifndef POLICY_CRITERIA_EVAL_H
#define POLICY_CRITERIA_EVAL_H

#include "policy/claims.h"
#include "policy/criteria.h"

enum {
	CRITERIA_MAX_STEPS = 4000000, /* of one evaluation; what needs more is referred */
	CRITERIA_MAX_INSTITUTIONS = 16,
	CRITERIA_MAX_MISSING = 16,
};

struct institution_fact {
	struct slice name, kind;
	char country[3]; /* "" if it is not known */
};

/* What somebody else answered to an external rule. */
struct external_answer {
	struct slice rule;  /* its id */
	bool is_answered;   /* else nobody answered as they should: `why` says so */
	enum effect effect; /* approve, refer or deny, if it is answered */
	struct slice why;   /* in words; may be empty */
};

/* All that is known of a request at one moment. */
struct criteria_facts {
	int64_t now_seconds;
	struct claims claims; /* of who asks */
	const struct institution_fact *institutions;
	size_t institution_count; /* at most CRITERIA_MAX_INSTITUTIONS */
	use_set uses;             /* declared */
	right_set rights;         /* asked for */
	int64_t accessors;
	bool is_blocked, has_library_card, terms_are_signed;
	struct external_answer answers[CRITERIA_MAX_EXTERNAL];
	size_t answer_count;
};

enum truth { TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES };

struct missing_fact {
	const struct condition *condition; /* that joins no others */
	bool is_negated;                   /* it must not hold */
};

struct criteria_verdict {
	enum effect outcome; /* approve, refer or deny */
	bool is_default;     /* no rule spoke */
	bool is_cut_short;   /* it would have cost too much: referred */
	enum truth holds[CRITERIA_MAX_RULES];
	enum effect
		counts_as[CRITERIA_MAX_RULES]; /* of rules that hold or may: their effect here */
	/* What is missing for the approve rule that needs least; none if it is approved, or if no
	 * approve rule is there. */
	bool has_nearest;
	size_t nearest;
	struct missing_fact missing[CRITERIA_MAX_MISSING];
	size_t missing_count;
};

struct criteria_verdict criteria_evaluate(const struct criteria *c,
					  const struct criteria_facts *facts);

/* Which external rules must be asked before the outcome is final: their numbers. None where a deny
 * rule holds anyway. */
size_t criteria_to_ask(size_t out[CRITERIA_MAX_EXTERNAL], const struct criteria *c,
		       const struct criteria_facts *facts);

/* The first claim that makes a claim condition hold; NULL: none does. */
const struct claim *condition_claim(const struct condition *c, const struct claims *claims,
				    int64_t now_seconds);

#endif
