/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.h - what the rules share: an event and what its entry says, and comparing that with what
 * is asked for, field by field. Each difference is a refusal with a text of its own.
 */
#ifndef GATEWAY_KEEPER_EVIDENCE_H
#define GATEWAY_KEEPER_EVIDENCE_H

#include <jansson.h>

#include "crypto/license.h"
#include "gateway/keeper/rules.h"

/* One event and what its entry says, while a rule looks at it. */
struct evidence {
	struct event *event;
	json_t *payload;
};

void evidence_clear(struct evidence *e); /* fit for AUTO */

/* The failure, and the code that goes with it. */
enum err rules_refuse(struct rules *r, enum err kind, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5), warn_unused_result));

RESULT evidence_find(struct rules *r, struct evidence *out, const uint8_t id[WIRE_ID],
		     int64_t max_age_ms);
RESULT evidence_find_kind(struct rules *r, struct evidence *out, const uint8_t id[WIRE_ID],
			  enum event_kind kind, int64_t max_age_ms);

/* `what` it is used for; once each. */
RESULT evidence_use(struct rules *r, const struct evidence *e, struct slice what);

RESULT evidence_text(struct rules *r, const json_t *payload, const char *name, struct slice asked);

/* As a UUID, or as plain hex as in the names of sealed files. */
RESULT evidence_id(struct rules *r, const json_t *payload, const char *name,
		   const uint8_t asked[WIRE_ID]);
RESULT evidence_digest(struct rules *r, const json_t *payload, const char *name,
		       const uint8_t asked[DIGEST_SIZE]);
RESULT evidence_number(struct rules *r, const json_t *payload, const char *name, uint64_t asked);

/* The entry's "files" have one of this path with this digest. */
RESULT evidence_file(struct rules *r, const json_t *payload, struct slice path,
		     const uint8_t sha256[DIGEST_SIZE]);

/* The process that it is for. */
RESULT evidence_target(struct rules *r, const json_t *payload, enum role role, unsigned index);

/* Neither revoked nor suspended, for all the journal knows. */
RESULT rules_check_license_state(struct rules *r, const struct license *license);

#endif
