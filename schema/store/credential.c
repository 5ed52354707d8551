/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/credential.h"

#include <assert.h>

#include "schema/store/rows.h"

#define CREDENTIAL_COLUMNS \
	"t.credential, t.person, t.name, array_to_string(t.rights, ','), t.created_at, " \
	"t.expires_at, coalesce(t.revoked_at, maker.revoked_at), t.made_by, t.model, m.name, " \
	"t.revision, t.kind, array_to_string(t.models, ','), array_to_string(t.addresses, ','), " \
	"se.secret_sha256, se.used_at, se.method, se.address"
#define CREDENTIAL_TABLES \
	"access_token t LEFT JOIN access_token maker ON maker.credential = t.made_by " \
	"LEFT JOIN model m ON m.id = t.model LEFT JOIN session se ON se.credential = " \
	"t.credential "

static const char *const kinds[] = {[STORE_TOKENS] = "token",
				    [STORE_CAPABILITIES] = "capability",
				    [STORE_SESSIONS] = "session"};

static enum store_credential_kind kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (slice_equal(name, slice_of_string(kinds[i])))
			return (enum store_credential_kind)i;
	return STORE_TOKENS;
}

static void take_credential(struct store_step *step, void *out)
{
	struct store_credential *credential = out;

	store_take_id(step, credential->id);
	store_take_id(step, credential->person);
	credential->name = store_take_text(step);
	credential->rights = store_take_text(step);
	credential->created_ms = store_take_time(step);
	credential->expires_ms = store_take_time(step);
	credential->revoked_ms = store_take_time(step);
	store_take_id(step, credential->made_by);
	store_take_id(step, credential->model);
	credential->model_name = store_take_text(step);
	credential->revision = store_take_text(step);
	credential->kind = kind_of(store_take_text(step));
	credential->models = store_take_text(step);
	credential->addresses = store_take_text(step);
	store_take_bytes(step, credential->secret_sha256, STORE_SECRET_SHA256);
	credential->used_ms = store_take_time(step);
	credential->method = store_take_text(step);
	credential->address = store_take_text(step);
}

static void put_session(struct store_batch *batch, const struct store_credential *credential)
{
	static const struct store_statement insert = {
		"session_insert", "INSERT INTO session (credential, secret_sha256, method, "
				  "address, used_at) VALUES ($1, $2, $3, $4, $5)"};
	struct store_step *step = store_batch_add(batch, &insert, NULL);

	store_put_id(step, credential->id);
	store_put_bytes(step, slice_of(credential->secret_sha256, STORE_SECRET_SHA256));
	store_put_text(step, credential->method);
	store_put_text(step, credential->address);
	store_put_time(step, credential->created_ms);
}

enum err store_credential_create(struct store *s, const struct store_credential *credential)
{
	static const struct store_statement insert = {
		"credential_insert",
		"INSERT INTO access_token (credential, person, name, rights, created_at, "
		"expires_at, made_by, model, revision, kind, models, addresses) "
		"VALUES ($1, $2, $3, string_to_array($4::text, ','), $5, $6, $7, $8, $9, $10, "
		"string_to_array($11::text, ','), string_to_array($12::text, ','))"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);

	store_put_id(step, credential->id);
	store_put_id(step, credential->person);
	store_put_text(step, credential->name);
	store_put_text_or_null(step, credential->rights);
	store_put_time(step, credential->created_ms);
	store_put_time(step, credential->expires_ms);
	store_put_id(step, credential->made_by);
	store_put_id(step, credential->model);
	store_put_text_or_null(step, credential->revision);
	store_put_text(step, slice_of_string(kinds[credential->kind]));
	store_put_text_or_null(step, credential->models);
	store_put_text_or_null(step, credential->addresses);
	if (credential->kind == STORE_SESSIONS)
		put_session(&batch, credential);
	return store_batch_run(s, &batch);
}

enum err store_credential_find(struct store *s, struct arena *arena, struct store_credential *out,
			       struct store_person *person, const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"credential_find", "SELECT " CREDENTIAL_COLUMNS ", " PERSON_COLUMNS " "
				   "FROM " CREDENTIAL_TABLES
				   "JOIN person p ON p.id = t.person WHERE t.credential = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	TRY(store_one(&step, out, take_credential, "access token"));
	memcpy(person->id, out->person, STORE_ID);
	person_take(&step, person);
	return OK;
}

/* Whoever adds a text to one of these adds it to the copy, and counts here. */
static_assert(sizeof(struct store_credential) == 264 && sizeof(struct store_person) == 128,
	      "a row has changed: does store_holder_copy still copy all it points at?");

void store_holder_copy(struct arena *arena, struct store_holder *to,
		       const struct store_holder *from)
{
	struct store_credential *c = &to->credential;
	struct store_person *p = &to->person;
	struct slice *const texts[] = {
		&c->name,     &c->rights,  &c->models,  &c->addresses,    &c->model_name,
		&c->revision, &c->method,  &c->address, &p->name,         &p->email,
		&p->state,    &p->offices, &p->held,    &p->client_rules,
	};

	*to = *from;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = arena_copy(arena, *texts[i]);
}

enum err store_credential_list(struct store *s, struct arena *arena, struct store_credential **out,
			       size_t *count, const uint8_t person[STORE_ID],
			       enum store_credential_kind kind)
{
	static const struct store_statement list = {
		"credential_list",
		"SELECT " CREDENTIAL_COLUMNS " FROM " CREDENTIAL_TABLES "WHERE t.person = $1 "
		"AND t.kind = $2 ORDER BY t.created_at DESC, t.credential LIMIT "
		"1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	store_put_text(&step, slice_of_string(kinds[kind]));
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_credential);
	return OK;
}

enum err store_credential_revoke(struct store *s, const uint8_t id[STORE_ID],
				 const uint8_t person[STORE_ID], int64_t now_ms,
				 const uint8_t revoked_by[STORE_ID],
				 enum store_credential_kind kind)
{
	/* With what it made, row by row, for those who watch rows; one that is being made meanwhile
	 * is caught by what CREDENTIAL_COLUMNS says of its maker. */
	static const struct store_statement update = {
		"credential_revoke",
		"WITH it AS (UPDATE access_token SET revoked_at = $3, revoked_by = $4 "
		"WHERE credential = $1 AND ($2::uuid IS NULL OR person = $2) "
		"AND revoked_at IS NULL AND kind = $5 RETURNING credential), "
		"made AS (UPDATE access_token SET revoked_at = $3, revoked_by = $4 "
		"WHERE made_by IN (SELECT credential FROM it) AND revoked_at IS NULL) "
		"SELECT 1 FROM it"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_id(&step, person);
	store_put_time(&step, now_ms);
	store_put_id(&step, revoked_by);
	store_put_text(&step, slice_of_string(kinds[kind]));
	return store_change(s, &step, "access token");
}
