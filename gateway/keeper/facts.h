/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what the keeper must never forget of the log: which licenses are revoked, which
 * models are open or closed and which of their files are, which commits may be served, which
 * sealed headers wait for their model. One table from a digest to a number, so that a fact costs
 * the same whatever its names are; the journal makes it durable.
 */
#ifndef GATEWAY_KEEPER_FACTS_H
#define GATEWAY_KEEPER_FACTS_H

#include "crypto/digest.h"

enum {
	FACTS_MAX = 1 << 20, /* rows */
	FACT_SIZE = 41,      /* bytes of one in the journal: kind, key, value */
};

enum fact_kind {
	FACT_LICENSE = 1, /* FACT_LICENSE_… bits; of a license id */
	FACT_MODEL,       /* FACT_MODEL_… bits; of a model's name */
	FACT_COMMIT,      /* FACT_COMMIT_… bits; of model, revision */
	FACT_FRESH,       /* second of its making; of a header that belongs to no model yet */
	FACT_BOUND,       /* second of its binding; of model, the fresh header bound to it */
	FACT_OPEN_LIST,   /* number of the entry that gave a model its open paths; of its name */
	FACT_OPEN_PATH,   /* number of the last entry that named it; of model, pattern */
	FACT_APPROVER,    /* whose it is (approvers_holder); of a public key */
	FACT_HOLDER,      /* how many keys they have; of an approver */
	FACT_APPROVERS,   /* how many persons have a key; and, of "floor", of FACT_NEEDED */
	FACT_NEEDED,      /* how many must sign; of a model's name, "": of any other */
	FACT_STATEMENT,   /* second of its signing; of a statement that was used, and by which of
			   * several persons */
	FACT_HORIZON,  /* second; statements signed before it may be forgotten, and are refused */
	FACT_STANDING, /* number of its entry, days of a license; of a model's name */
	FACT_STANDING_OF, /* number of its entry; of model, "right:…" or "terms:…" */
	FACT_LAST = FACT_STANDING_OF,
};

enum { FACT_LICENSE_REVOKED = 1, FACT_LICENSE_SUSPENDED = 2, FACT_LICENSE_TERMS = 4 };
enum { FACT_MODEL_OPEN = 1, FACT_MODEL_DISABLED = 2, FACT_MODEL_SHREDDED = 4 };
enum { FACT_COMMIT_KNOWN = 1, FACT_COMMIT_SERVED = 2, FACT_COMMIT_RECALLED = 4 };

struct fact {
	enum fact_kind kind;
	struct digest key;
	uint64_t value; /* zero: there is no such fact */
};

struct facts {
	struct fact *rows; /* sorted by key */
	size_t count;
	size_t capacity;
};

/* A fact about `name`, or about the pair (`name`, `part`): the lengths are hashed too. */
struct fact fact_of(enum fact_kind kind, struct slice name, struct slice part, uint64_t value);

void facts_free(struct facts *f); /* fit for AUTO */
uint64_t facts_value(const struct facts *f, const struct fact *like);
bool facts_have_room(const struct facts *f, size_t more);

/* Set, or with value zero remove. Room was asked for before. */
void facts_set(struct facts *f, const struct fact *fact);

/* Remove the fresh and bound headers from before that second. */
void facts_forget_headers(struct facts *f, uint64_t before_seconds);

/* Remove the statements that were signed before that second. */
void facts_forget_statements(struct facts *f, uint64_t before_seconds);

/* Remove the open paths that no model's list has any more. */
void facts_forget_paths(struct facts *f);

#endif
