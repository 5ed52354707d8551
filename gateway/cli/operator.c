/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/operator.h"

#include "crypto/random.h"
#include "schema/audit/event.h"
#include "schema/store/audit.h"
#include "schema/store/person.h"

#define ALL_OFFICES \
	"audit:read,keys:manage,licenses:manage,models:manage,persons:manage,requests:decide," \
	"safety:review"

static enum err insert(struct store *store, struct audit_event *event, int64_t now_ms)
{
	struct store_event row;

	TRY(audit_event_end(event, now_ms));
	row = audit_event_row(event);
	return store_audit_insert(store, &row);
}

static enum err log_init(struct store *store, const struct operator_gateway *g, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_GATEWAY_INIT, NULL, S("gateway"));
	audit_event_text(&event, "origin", g->origin);
	audit_event_text(&event, "log_vkey", g->log_vkey);
	audit_event_text(&event, "license_key", g->license_key);
	audit_event_text(&event, "escrow", g->escrow);
	return insert(store, &event, now_ms);
}

static enum err log_person(struct store *store, const struct store_person *person, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_PERSON_ADD, NULL, S("gateway"));
	audit_event_uuid(&event, "person", person->id);
	audit_event_text(&event, "name", person->name);
	audit_event_text(&event, "offices", person->offices);
	return insert(store, &event, now_ms);
}

static enum err log_token(struct store *store, const struct store_credential *c, int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_TOKEN_CREATE, NULL, S("gateway"));
	audit_event_uuid(&event, "credential", c->id);
	audit_event_uuid(&event, "person", c->person);
	audit_event_text(&event, "name", c->name);
	audit_event_text(&event, "rights", c->rights);
	audit_event_number(&event, "expires", c->expires_ms / 1000);
	return insert(store, &event, now_ms);
}

static enum err refuse_persons(struct store *store)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_person *persons;
	size_t count;

	TRY(store_person_list(store, &arena, &persons, &count));
	if (count > 0)
		return failure(ERR_CONFLICT, "the database belongs to a gateway already: it has "
					     "persons in it");
	return OK;
}

enum err operator_add(struct store *store, const char *name, struct store_credential *credential,
		      const struct operator_gateway *gateway, int64_t now_ms)
{
	static const uint8_t nobody[STORE_ID];
	AUTO(store_end) struct store *transaction = store;
	struct store_person person = {.name = slice_of_string(name),
				      .state = S("active"),
				      .offices = S(ALL_OFFICES),
				      .created_ms = now_ms};

	random_uuid(person.id, now_ms);
	memcpy(credential->person, person.id, STORE_ID);
	TRY(store_begin(transaction));
	TRY(refuse_persons(store));
	TRY(store_person_add(store, &person, nobody));
	TRY(store_credential_create(store, credential));
	TRY(log_init(store, gateway, now_ms));
	TRY(log_person(store, &person, now_ms));
	TRY(log_token(store, credential, now_ms));
	return store_commit(transaction);
}
