/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criteria.h - the published criteria of a model: a JSON document of rules, each with a condition
 * over verified facts, an effect, and the public text that says why. CRITERIA.md is the language
 * for its authors; criteria_eval.h says what holds for a request.
 *
 * A document is read whole or refused, with every fault and its place in the text: what cannot be
 * understood, what can never matter, and what would cost too much to weigh never becomes active.
 */
#ifndef POLICY_CRITERIA_H
#define POLICY_CRITERIA_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "crypto/json_place.h"
#include "policy/rights.h"
#include "policy/uses.h"

enum {
	CRITERIA_MAX_TEXT = 64 * 1024,
	CRITERIA_MAX_RULES = 64,
	CRITERIA_MAX_CONDITIONS = 1024, /* of all rules, those that join others included */
	CRITERIA_MAX_DEPTH = 8,         /* of conditions within conditions */
	CRITERIA_MAX_LIST = 300,        /* names in one list: every country fits */
	CRITERIA_MAX_NAME = 255,        /* bytes of a name, value or address */
	CRITERIA_MAX_ID = 64,
	CRITERIA_MAX_WORDS = 1000, /* bytes of a public text */
	CRITERIA_MAX_DAYS = 36500,
	CRITERIA_MAX_FAULTS = 32,
	CRITERIA_MAX_EXTERNAL = 4,          /* rules that ask somebody else */
	CRITERIA_MAX_EXTERNAL_SECONDS = 10, /* that one of them may take */
};

/* clang-format off */
#define CONDITIONS(X) \
	X(ALL,          "all") \
	X(ANY,          "any") \
	X(NOT,          "not") \
	X(CLAIM,        "claim") \
	X(AFFILIATION,  "affiliation") \
	X(TRAINING,     "training") \
	X(INSTITUTION,  "institution") \
	X(COUNTRY,      "country") \
	X(KNOWN,        "known") \
	X(USES,         "uses") \
	X(RIGHTS,       "rights") \
	X(ACCESSORS,    "accessors") \
	X(REFERENCES,   "references") \
	X(TIME,         "time") \
	X(BLOCKED,      "blocked") \
	X(LIBRARY_CARD, "library_card") \
	X(TERMS_SIGNED, "terms_signed")
/* clang-format on */

#define CONDITION_ENUM(name, text) CONDITION_##name,
enum condition_kind { CONDITIONS(CONDITION_ENUM) CONDITION_COUNT };
#undef CONDITION_ENUM

struct texts {
	const struct slice *list;
	size_t count;
};

/* One condition; which members mean something, its kind says. */
struct condition {
	enum condition_kind kind;
	unsigned atom;                   /* conditions that say the same have the same number */
	const struct condition *parts;   /* all, any, not */
	size_t part_count;               /* not: 1 */
	struct slice type;               /* claim, training: of the claim */
	struct texts values;             /* claim, training: value; affiliation: domain;
					    institution: kind; country: in. Empty: any */
	struct slice pattern;            /* claim: of the value; empty: none */
	struct texts roles;              /* affiliation */
	bool takes_subdomains;           /* affiliation */
	struct texts sources, asserters; /* claim */
	struct texts issuers;            /* claim, affiliation, training */
	struct texts countries;          /* institution */
	int64_t max_age_days;            /* claim, affiliation, training, references; 0: any age */
	unsigned country_sources;        /* country: bit n for enum country_source n */
	use_set uses;
	right_set rights;
	bool is_within;      /* uses, rights: all that is asked for is among these;
				else: these are among what is asked for */
	int64_t from, until; /* accessors, references: a number from..until; time:
				seconds, until not included */
	bool is_institution; /* known: the institution; else the country */
};

/* In the order of their strength: what is stronger beats what is weaker. */
enum effect { EFFECT_APPROVE, EFFECT_REFER, EFFECT_DENY, EFFECT_EXTERNAL };

struct criteria_rule {
	struct slice id;
	enum effect effect;
	struct condition when;
	struct slice text; /* public */
	/* EFFECT_EXTERNAL: whom it asks (OPA's data API), and what counts if nobody answers */
	struct slice url;
	int64_t timeout_seconds;
	enum effect on_failure; /* refer or deny */
};

struct criteria {
	struct slice name;
	bool decides; /* where the model's gate is manual: else an approval is advice there */
	enum effect fallback; /* where no rule holds: refer or deny */
	struct criteria_rule *rules;
	size_t rule_count;
	size_t condition_count;
	unsigned atom_count;
	struct slice document; /* canonical JSON: what is stored */
	struct digest sha256;  /* of the document */
};

struct criteria_fault {
	struct json_place place;
	char text[240];
};

struct criteria_faults {
	struct criteria_fault list[CRITERIA_MAX_FAULTS]; /* in the order of the text */
	size_t count;
	size_t left_off; /* there were more */
};

/* Everything is read into the arena. ERR_FORMAT: there are faults, and the failure's text is the
 * first; ERR_LIMIT: the text is longer than CRITERIA_MAX_TEXT. */
RESULT criteria_parse(struct criteria *out, struct arena *arena, struct slice text,
		      struct criteria_faults *faults);

/* What criteria_parse() has accepted once, as it stands in out->document: the same, without the
 * search for what can never matter. ERR_FORMAT: it never was. */
RESULT criteria_load(struct criteria *out, struct arena *arena, struct slice document);

const char *effect_name(enum effect effect); /* "approve", "refer", "deny", "external" */
bool effect_parse(enum effect *out, struct slice text);
const char *condition_name(enum condition_kind kind);

/* A condition in plain words, as what must (or, negated, must not) be the case: "a claim ..." */
void condition_describe(struct buf *out, const struct condition *c, bool is_negated);

#endif
