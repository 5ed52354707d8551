/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/operator.h"

#include "crypto/base/text.h"
#include "crypto/random.h"
#include "schema/audit/event.h"
#include "schema/store/approver.h"
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

static enum err log_approver(struct store *store, const uint8_t person[STORE_ID],
			     const uint8_t public_key[STORE_PUBLIC_KEY], int64_t now_ms)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(buf_free) struct buf text = buf_new(2 * STORE_PUBLIC_KEY);

	text_write_base64(&text, slice_of(public_key, STORE_PUBLIC_KEY), TEXT_BASE64);
	TRY(buf_done(&text));
	audit_event_begin(&event, AUDIT_APPROVER_ENROLL, NULL, S("operator of the machine"));
	audit_event_text(&event, "key", buf_slice(&text));
	audit_event_uuid(&event, "person", person);
	audit_event_text(&event, "by", S("machine"));
	return insert(store, &event, now_ms);
}

/* The row of this key, made if its owner has not enrolled it. */
static enum err find_or_enroll_key(struct store_key *out, struct store *store, struct arena *arena,
				   const uint8_t person[STORE_ID],
				   const uint8_t public_key[STORE_PUBLIC_KEY], int64_t now_ms)
{
	enum err found = store_key_by_public(store, arena, out,
					     slice_of(public_key, STORE_PUBLIC_KEY));

	if (found != ERR_NOT_FOUND)
		return found;
	*out = (struct store_key){
		.kind = S("ed25519"), .name = S("approver"), .created_ms = now_ms};
	random_uuid(out->id, now_ms);
	memcpy(out->person, person, STORE_ID);
	memcpy(out->public, public_key, STORE_PUBLIC_KEY);
	return store_key_enroll(store, out);
}

enum err operator_tell_approver(struct store *store, const uint8_t person[STORE_ID],
				const uint8_t public_key[STORE_PUBLIC_KEY], int64_t now_ms)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_key key;

	TRY(find_or_enroll_key(&key, store, &arena, person, public_key, now_ms));
	if (memcmp(key.person, person, STORE_ID) != 0)
		return failure(ERR_CONFLICT, "the key is somebody else's");
	TRY(store_approver_enroll(store, key.id, now_ms));
	return log_approver(store, person, public_key, now_ms);
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

	memcpy(person.id, gateway->person, STORE_ID);
	memcpy(credential->person, person.id, STORE_ID);
	TRY(store_begin(transaction));
	TRY(refuse_persons(store));
	TRY(store_person_add(store, &person, nobody));
	TRY(store_credential_create(store, credential));
	TRY(log_init(store, gateway, now_ms));
	TRY(log_person(store, &person, now_ms));
	TRY(log_token(store, credential, now_ms));
	if (gateway->approver)
		TRY(operator_tell_approver(store, person.id, gateway->approver, now_ms));
	return store_commit(transaction);
}

enum err operator_open(struct store **out, struct arena *arena, const struct settings *s)
{
	struct store_settings settings = {
		.host = s->database_host,
		.port = arena_printf(arena, "%lld", (long long)s->database_port),
		.database = s->database_name,
		.role = "sallyport_edge",
		.password_file = s->edge_password_file[0] ? s->edge_password_file : NULL,
		.statement_timeout_ms = 10000,
	};

	return store_new(out, &settings);
}
