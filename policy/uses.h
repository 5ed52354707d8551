/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uses.h - the closed list of what a model may be used for: the codes of the Data Use Ontology
 * (EBISPOT/DUO), and the few that models need and it lacks, under MDU:, which are ours. A person
 * declares uses in their request, a model says what it permits and what it requires; comparing the
 * two is advice to those who decide, never a decision. Codes that a license carries come from here.
 */
#ifndef POLICY_USES_H
#define POLICY_USES_H

#include <stdint.h>

#include "crypto/base/buf.h"

/* clang-format off */
#define USES(X) \
	/*                 code           short name                what it says                                                        kind */ \
	X(NRES,   "DUO:0000004", "NRES",   "no restriction",                                             PERMISSION) \
	X(GRU,    "DUO:0000042", "GRU",    "general research use",                                       PERMISSION) \
	X(HMB,    "DUO:0000006", "HMB",    "health, medical or biomedical research",                     PERMISSION) \
	X(DS,     "DUO:0000007", "DS",     "research on one disease",                                    PERMISSION) \
	X(POA,    "DUO:0000011", "POA",    "research on populations, origins or ancestry only",          PERMISSION) \
	X(RS,     "DUO:0000012", "RS",     "one kind of research only",                                  MODIFIER) \
	X(NMDS,   "DUO:0000015", "NMDS",   "no development of methods",                                  MODIFIER) \
	X(GSO,    "DUO:0000016", "GSO",    "genetic studies only",                                       MODIFIER) \
	X(NPUNCU, "DUO:0000018", "NPUNCU", "not-for-profit organizations, non-commercial use only",      MODIFIER) \
	X(PUB,    "DUO:0000019", "PUB",    "results are published",                                      MODIFIER) \
	X(COL,    "DUO:0000020", "COL",    "in collaboration with the publisher of the model",           MODIFIER) \
	X(IRB,    "DUO:0000021", "IRB",    "approved by an ethics committee",                            MODIFIER) \
	X(GS,     "DUO:0000022", "GS",     "within named regions only",                                  MODIFIER) \
	X(MOR,    "DUO:0000024", "MOR",    "no publication before an agreed date",                       MODIFIER) \
	X(TS,     "DUO:0000025", "TS",     "for a limited time",                                         MODIFIER) \
	X(US,     "DUO:0000026", "US",     "by named persons only",                                      MODIFIER) \
	X(PS,     "DUO:0000027", "PS",     "within one project only",                                    MODIFIER) \
	X(IS,     "DUO:0000028", "IS",     "within one institution only",                                MODIFIER) \
	X(RTN,    "DUO:0000029", "RTN",    "results are returned to the publisher of the model",         MODIFIER) \
	X(CC,     "DUO:0000043", "CC",     "use in clinical care",                                       MODIFIER) \
	X(NPOA,   "DUO:0000044", "NPOA",   "no research on populations, origins or ancestry",            MODIFIER) \
	X(NPU,    "DUO:0000045", "NPU",    "not-for-profit organizations only",                          MODIFIER) \
	X(NCU,    "DUO:0000046", "NCU",    "non-commercial use only",                                    MODIFIER) \
	X(NO_REDISTRIBUTION,     "MDU:no-redistribution",     "", "the weights are not passed on",                MODIFIER) \
	X(NO_FINE_TUNING,        "MDU:no-fine-tuning",        "", "the weights are not trained further",          MODIFIER) \
	X(NO_DISTILLATION,       "MDU:no-distillation",       "", "no other model is trained on its output",      MODIFIER) \
	X(INFERENCE_ONLY,        "MDU:inference-only",        "", "it is run, and its weights are not looked into", MODIFIER) \
	X(NO_CLINICAL_DECISIONS, "MDU:no-clinical-decisions", "", "no decision about a patient rests on it",      MODIFIER) \
	X(DERIVATIVE_NAMING,     "MDU:derivative-naming",     "", "models made from it carry its name",           MODIFIER)
/* clang-format on */

#define USE_ENUM(name, code, acronym, label, kind) USE_##name,
enum use { USES(USE_ENUM) USE_COUNT };
#undef USE_ENUM

enum use_kind { USE_PERMISSION, USE_MODIFIER }; /* what for; under which restriction */

typedef uint64_t use_set; /* bit n: the use with that number */

static inline use_set use_bit(enum use use)
{
	return (use_set)1 << use;
}

const char *use_code(enum use use);    /* "DUO:0000042" */
const char *use_acronym(enum use use); /* "GRU"; "" for ours */
const char *use_label(enum use use);
enum use_kind use_kind_of(enum use use);
use_set use_covers(enum use permission);          /* itself, and the narrower ones within it */
bool use_is_ours(enum use use);                   /* MDU:, which no ontology has */
bool use_parse(enum use *out, struct slice code); /* exactly as written above */

/* "DUO:0000042,MDU:no-fine-tuning": ERR_FORMAT names what is not in the list; "" is no use. */
RESULT uses_parse(use_set *out, struct slice list);
void uses_write(struct buf *out, use_set uses); /* in the order of the table */

enum { USES_MAX_TEXT = USE_COUNT * 32 };

/* How declared uses meet what a model says. The version is kept with what it found. */
#define USES_ALGORITHM "uses/1"

enum uses_verdict {
	USES_MATCH,    /* every use is permitted, every requirement is undertaken */
	USES_PARTIAL,  /* something is not said: to be asked about */
	USES_MISMATCH, /* something declared is against what the model says */
	USES_UNKNOWN,  /* the model or the request says nothing */
};

const char *uses_verdict_name(enum uses_verdict verdict);

enum use_finding {
	USE_FINDING_NONE,
	USE_IS_PERMITTED,      /* declared; the model permits it, or something wider */
	USE_IS_NOT_PERMITTED,  /* declared; nothing the model permits covers it */
	USE_IS_UNDERTAKEN,     /* required, and declared */
	USE_IS_NOT_UNDERTAKEN, /* required, and not declared */
	USE_IS_AGAINST,        /* declared, and excluded by a requirement */
};

struct uses_match {
	enum uses_verdict verdict;
	enum use_finding findings[USE_COUNT]; /* by enum use */
	enum use because[USE_COUNT]; /* which permission covers or requirement excludes it */
};

struct uses_match uses_compare(use_set declared, use_set permitted, use_set required);

/* One sentence for a finding of the match. */
void uses_explain(struct buf *out, const struct uses_match *match, enum use use);

#endif
