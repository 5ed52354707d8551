/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/notice/notify.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/notice/notice_kinds.h"

bool notify_tells(enum audit_kind kind)
{
	return notice_kind_of(slice_of_string(audit_kind_name(kind)))->audience;
}

enum err notify(struct store *store, const struct notice *n)
{
	struct store_notice row = {
		.kind = slice_of_string(audit_kind_name(n->kind)),
		.at_ms = clock_now_ms(),
		.model = n->model,
		.office = n->office,
		.detail = n->detail,
	};

	if (!notify_tells(n->kind) && !n->office.size)
		return OK;
	if (!n->office.size && !store_id_is_none(n->person))
		row.office = S(NOTIFY_NOBODY_ELSE);
	random_uuid(row.id, row.at_ms);
	memcpy(row.actor, n->actor, STORE_ID);
	memcpy(row.person, n->person, STORE_ID);
	memcpy(row.request, n->request, STORE_ID);
	memcpy(row.license, n->license, STORE_ID);
	return store_notice_add(store, &row);
}

/* A field of the entry that is an id; none, if there is no such field. */
static void field_id(uint8_t out[STORE_ID], const struct audit_event *event, const char *name)
{
	const json_t *value = json_object_get(event->fields, name);
	struct slice text = slice_of(json_string_value(value), json_string_length(value));

	if (!json_is_string(value) || text_read_uuid(out, text) != OK)
		memset(out, 0, STORE_ID);
}

enum err notify_event(struct store *store, const struct audit_event *event)
{
	struct store_notice row = {
		.kind = slice_of_string(audit_kind_name(event->kind)),
		.at_ms = event->at_ms,
		.model = slice_of_string(event->model),
	};

	if (!notify_tells(event->kind))
		return OK;
	memcpy(row.id, event->id, STORE_ID);
	memcpy(row.actor, event->actor, STORE_ID);
	memcpy(row.license, event->license, STORE_ID);
	field_id(row.person, event, "person");
	field_id(row.request, event, "request");
	return store_notice_add(store, &row);
}
