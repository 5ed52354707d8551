/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvers.h - whose signatures let the keeper sign a license, open a gate or change the
 * approvers themselves. It looks at facts, statements and the clock, and changes nothing: what
 * must be remembered afterwards it hands back as facts.
 *
 * Where no approver is in the journal, nothing needs a signature. The first comes there by
 * `--init` or by the operator's hand on the machine, never by an entry: else a broken edge could
 * make itself the first.
 */
#ifndef GATEWAY_KEEPER_APPROVERS_H
#define GATEWAY_KEEPER_APPROVERS_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "gateway/keeper/facts.h"
#include "schema/wire/keeper.h"

typedef uint64_t approvers_fact_fn(const void *context, const struct fact *like);

/* What is known: the journal, or a draft of what it will be. */
struct approvers {
	approvers_fact_fn *fact;
	const void *context;
	struct slice gateway; /* origin of the log */
	int64_t now_ms;       /* wall clock */
};

enum { APPROVERS_HORIZON_SECONDS = 14 * 86400 }; /* how long used statements are remembered */

/* One number a person, not zero: the value of their keys' facts. */
uint64_t approvers_holder(const uint8_t person[WIRE_ID]);

uint64_t approvers_persons(const struct approvers *a); /* 0: nothing needs a signature */

/* How many different persons must sign for what concerns a model; for a change of approvers. */
unsigned approvers_needed(const struct approvers *a, struct slice model);
unsigned approvers_floor(const struct approvers *a);

/* What is to be approved: an act with exactly this subject, or else a license. */
struct approvers_question {
	const char *kind;      /* of the statements */
	const json_t *subject; /* NULL: `document` is a license */
	struct slice document;
	struct slice person; /* whose license it is: WIRE_ID bytes; empty: it is none */
	unsigned persons;    /* how many must */
};

/* The statements that counted: facts to be written before anything rests on them. */
struct approvers_found {
	struct fact statements[WIRE_MAX_APPROVALS];
	size_t count;
};

/* A statement counts once; one that names several persons, once for each. Nobody's counts that
 * gives themselves something, or others beside them. Those that do not hold are passed over.
 * ERR_DENIED if too few persons are left: the text says why the first one did not hold. */
RESULT approvers_weigh(struct approvers_found *out, const struct approvers *a,
		       const struct approvers_question *q, const struct wire_approval *given,
		       size_t count);

/* "approvals" of an entry: [{"key","sig","statement"}]. Borrows from payload. ERR_FORMAT. */
RESULT approvers_read(struct wire_approval given[WIRE_MAX_APPROVALS], size_t *count,
		      const json_t *payload);

/* Changes of the approvers: facts for the journal. At most APPROVERS_CHANGES; ERR_CONFLICT. */
enum { APPROVERS_CHANGES = 3 };
struct approvers_change {
	struct fact facts[APPROVERS_CHANGES];
	size_t count;
};
RESULT approvers_enroll(struct approvers_change *out, const struct approvers *a,
			const uint8_t key[WIRE_PUBLIC], const uint8_t person[WIRE_ID]);
RESULT approvers_remove(struct approvers_change *out, const struct approvers *a,
			const uint8_t key[WIRE_PUBLIC]);
RESULT approvers_rule(struct approvers_change *out, const struct approvers *a, struct slice model,
		      int64_t needed);

#endif
