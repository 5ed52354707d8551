/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - builds an event: payload and nonce. The scribe makes its leaf (leaf.h).
 *
 *     AUTO(audit_event_clear) struct audit_event event = {0};
 *     audit_event_begin(&event, AUDIT_LICENSE_REVOKE, actor_id, actor_name);
 *     audit_event_id(&event, "license", license_id);
 *     audit_event_text(&event, "reason", reason);
 *     TRY(audit_event_end(&event, clock_now_ms()));
 *     row = audit_event_row(&event);
 *     TRY(store_audit_insert(store, &row));
 *
 * "chain" is no name for a field: the scribe adds it (chain.h).
 */
#ifndef SCHEMA_AUDIT_EVENT_H
#define SCHEMA_AUDIT_EVENT_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "schema/audit/kinds.h"
#include "schema/store/audit.h" /* the shape of the row; nothing of the store is linked */

enum {
	AUDIT_ID = 16,
	AUDIT_NONCE = 32,
	AUDIT_MAX_PAYLOAD = 95 * 1024, /* its chain, and the wire, have room beside it */
};

struct audit_event {
	enum audit_kind kind;
	uint8_t id[AUDIT_ID]; /* UUIDv7, by audit_event_end */
	bool has_id;
	uint8_t nonce[AUDIT_NONCE]; /* random, by audit_event_end */
	int64_t at_ms;
	uint8_t actor[AUDIT_ID]; /* all zero: the gateway itself */
	char actor_name[128];
	/* Columns to search by, copied out of the fields of these names; empty where not set. */
	char model[200];
	uint8_t license[AUDIT_ID];
	char right[32];
	bool allow;         /* true unless audit_event_denied */
	char code[41];      /* "OK" */
	struct buf payload; /* canonical JSON, by audit_event_end */
	json_t *fields;     /* what is being built; owned */
	bool is_broken;     /* a text was not UTF-8: audit_event_end says so */
};

/* `actor` NULL: the gateway itself. */
void audit_event_begin(struct audit_event *e, enum audit_kind kind, const uint8_t *actor,
		       struct slice actor_name);

/* Fields of the payload. "model" (text), "license" (id) and "right" (text) also become columns. */
void audit_event_text(struct audit_event *e, const char *name, struct slice value);
void audit_event_number(struct audit_event *e, const char *name, int64_t value);
void audit_event_flag(struct audit_event *e, const char *name, bool value);
void audit_event_uuid(struct audit_event *e, const char *name, const uint8_t id[AUDIT_ID]);
void audit_event_hex(struct audit_event *e, const char *name, struct slice bytes);
void audit_event_json(struct audit_event *e, const char *name, json_t *value); /* takes it over */
void audit_event_denied(struct audit_event *e, const char *code); /* allow = false, and "code" */

/* Before the end, for an event whose id must be known earlier: a license names its entry. */
void audit_event_preset_id(struct audit_event *e, const uint8_t id[AUDIT_ID]);

/* Make id (unless preset), nonce, payload. ERR_LIMIT: the payload is too large. ERR_FORMAT: a
 * text is not UTF-8. */
RESULT audit_event_end(struct audit_event *e, int64_t now_ms);

/* Borrowed from the event. */
struct store_event audit_event_row(const struct audit_event *e);
void audit_event_clear(struct audit_event *e); /* fit for AUTO */

#endif
