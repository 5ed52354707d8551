/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - no entry, no key: whether an appended event allows what the edge asks for. Each rule
 * looks at the event, at what the journal knows and at the clock, compares every field, and uses
 * the event up. It sees no key; the caller goes on only after OK.
 */
#ifndef GATEWAY_KEEPER_RULES_H
#define GATEWAY_KEEPER_RULES_H

#include "crypto/age_header.h"
#include "crypto/license.h"
#include "gateway/keeper/approvers.h"
#include "gateway/keeper/events.h"
#include "gateway/keeper/journal.h"
#include "schema/wire/keeper.h"

enum {
	RULES_FRESH_MS = 30 * 1000,       /* from an event's append to its use */
	RULES_BIND_MS = 10 * 60 * 1000,   /* a commit has many files to bind */
	RULES_HEADER_SECONDS = 7 * 86400, /* from the making of a file key to its commit */
	RULES_RESUME_SECONDS = 5 * 86400, /* from the making of a file key to its last resumption */
	RULES_VISA_SECONDS = 86400,       /* the longest life of a visa of ours */
	RULES_MAX_FRESH_FACTS = FACTS_MAX / 2,
};

struct rules_time {
	int64_t monotonic_ms; /* ages of events */
	int64_t wall_ms;      /* dates of licenses, tokens, headers */
};

struct rules {
	struct events *events;         /* borrowed */
	const struct journal *journal; /* borrowed */
	const uint8_t *license_public; /* borrowed, SIGN_PUBLIC bytes */
	struct slice origin;           /* borrowed; what approvers' statements call this gateway */
	struct rules_time now;
	const char *code; /* out, after a refusal: of the closed list, or "" */
};

/*
 * All of them: ERR_NOT_FOUND if the event was not appended in this life of the keeper,
 * ERR_EXPIRED if that was too long ago, ERR_CONFLICT if it was used for this already,
 * ERR_DENIED, ERR_FORGED or ERR_EXPIRED for what the text says.
 */
RESULT rules_key_create(struct rules *r, const struct wire_key_create *ask);

/* Only while the header belongs to no model. */
RESULT rules_key_resume(struct rules *r, const struct wire_key_resume *ask);

/* `context` is what the header says the file belongs to, NULL if it says nothing yet. */
RESULT rules_key_bind(struct rules *r, const struct wire_key_bind *ask,
		      const struct age_context *context);
RESULT rules_key_release(struct rules *r, const struct wire_key_release *ask,
			 const struct age_context *context);
RESULT rules_pass_issue(struct rules *r, const struct wire_pass_issue *ask);

/* What a yes uses up: to be in the journal before the license is signed. */
enum { RULES_LICENSE_FACTS = WIRE_MAX_APPROVALS + 1 };
struct rules_used {
	struct fact facts[RULES_LICENSE_FACTS];
	size_t count;
};

/* Where there are approvers: with enough of their approvals; or within a standing one; or in place
 * of a license that differs in its terms alone, which is revoked by this. */
RESULT rules_license_sign(struct rules *r, const struct wire_license_sign *ask,
			  struct rules_used *used);

/* All of that which does not rest on the entry. */
RESULT rules_license_check(struct rules *r, const struct wire_license_sign *ask,
			   struct rules_used *used);
/* rules_document.c; `signed_text` gets what is to be signed. */
RESULT rules_document_sign(struct rules *r, const struct wire_document_sign *ask,
			   struct buf *signed_text);

/* rules_report.c; `text` gets what is to be signed. */
RESULT rules_report_sign(struct rules *r, const struct wire_report_sign *ask, struct buf *text);

/* *license points into the arena: it is what the visa says. */
RESULT rules_visa_sign(struct rules *r, const struct wire_visa_sign *ask, struct license *license,
		       struct arena *a);
RESULT rules_token_sign(struct rules *r, const struct wire_token_sign *ask);

#endif
