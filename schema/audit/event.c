/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/event.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"

void audit_event_begin(struct audit_event *e, enum audit_kind kind, const uint8_t *actor,
		       struct slice actor_name)
{
	json_t *who = json_object_new();
	char id[TEXT_UUID] = "";

	*e = (struct audit_event){.kind = kind, .allow = true, .code = "OK"};
	e->payload = buf_new(AUDIT_MAX_PAYLOAD);
	e->fields = json_object_new();
	if (actor) {
		memcpy(e->actor, actor, AUDIT_ID);
		text_uuid(id, actor);
	}
	snprintf(e->actor_name, sizeof e->actor_name, "%.*s", SLICE_PRINT(actor_name));
	json_put_text(who, "id", slice_of_string(id));
	if (!actor) /* a person's name is a column: it can go while the payload stays */
		json_put_text(who, "name", slice_of_string(e->actor_name));
	json_put(e->fields, "actor", who);
}

/* jansson takes only UTF-8; what is not is remembered and refused by audit_event_end. */
void audit_event_text(struct audit_event *e, const char *name, struct slice value)
{
	if (!slice_is_utf8(value) || slice_find(value, '\0') < value.size) {
		e->is_broken = true;
		return;
	}
	if (strcmp(name, "model") == 0)
		snprintf(e->model, sizeof e->model, "%.*s", SLICE_PRINT(value));
	if (strcmp(name, "right") == 0)
		snprintf(e->right, sizeof e->right, "%.*s", SLICE_PRINT(value));
	json_put_text(e->fields, name, value);
}

void audit_event_number(struct audit_event *e, const char *name, int64_t value)
{
	json_put_int(e->fields, name, value);
}

void audit_event_flag(struct audit_event *e, const char *name, bool value)
{
	json_put_bool(e->fields, name, value);
}

void audit_event_uuid(struct audit_event *e, const char *name, const uint8_t id[AUDIT_ID])
{
	char text[TEXT_UUID];

	text_uuid(text, id);
	if (strcmp(name, "license") == 0)
		memcpy(e->license, id, AUDIT_ID);
	json_put_text(e->fields, name, slice_of_string(text));
}

void audit_event_hex(struct audit_event *e, const char *name, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(AUDIT_MAX_PAYLOAD);

	text_write_hex(&text, bytes);
	json_put_text(e->fields, name, buf_slice(&text));
}

void audit_event_json(struct audit_event *e, const char *name, json_t *value)
{
	json_put(e->fields, name, value);
}

void audit_event_denied(struct audit_event *e, const char *code)
{
	e->allow = false;
	snprintf(e->code, sizeof e->code, "%s", code);
	json_put_text(e->fields, "code", slice_of_string(code));
}

void audit_event_preset_id(struct audit_event *e, const uint8_t id[AUDIT_ID])
{
	memcpy(e->id, id, AUDIT_ID);
	e->has_id = true;
}

enum err audit_event_end(struct audit_event *e, int64_t now_ms)
{
	if (json_has(e->fields, "chain"))
		return failure(ERR_FORMAT, "event %s: \"chain\" is the scribe's to say",
			       audit_kind_name(e->kind));
	if (e->is_broken)
		return failure(ERR_FORMAT, "event %s: a text is not UTF-8",
			       audit_kind_name(e->kind));
	e->at_ms = now_ms;
	if (!e->has_id)
		random_uuid(e->id, now_ms);
	random_bytes(e->nonce, sizeof e->nonce);
	TRY(json_write_canonical(&e->payload, e->fields));
	return buf_done(&e->payload);
}

struct store_event audit_event_row(const struct audit_event *e)
{
	struct store_event row = {
		.at_ms = e->at_ms,
		.kind = slice_of_string(audit_kind_name(e->kind)),
		.actor_name = slice_of_string(e->actor_name),
		.model = slice_of_string(e->model),
		.right = slice_of_string(e->right),
		.allow = e->allow,
		.code = slice_of_string(e->code),
		.payload = buf_slice(&e->payload),
	};

	memcpy(row.id, e->id, sizeof row.id);
	memcpy(row.actor, e->actor, sizeof row.actor);
	memcpy(row.license, e->license, sizeof row.license);
	memcpy(row.nonce, e->nonce, sizeof row.nonce);
	return row;
}

void audit_event_clear(struct audit_event *e)
{
	buf_free(&e->payload);
	json_free(e->fields);
	e->fields = NULL;
}
