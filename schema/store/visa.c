/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/visa.h"

#include "schema/store/connection.h"
#include "schema/store/rows.h"

#define VISA_COLUMNS \
	"v.id, v.person, v.iss, v.sub, v.type, v.value, v.source, v.by_whom, v.asserted_at, " \
	"v.expires_at, v.jwt, v.added_at, EXISTS (SELECT FROM issuer i WHERE i.iss = v.iss)"

const struct store_statement visa_list_statement = {
	"visa_list", "SELECT " VISA_COLUMNS " FROM visa v WHERE v.person = $1 "
		     "ORDER BY v.added_at DESC, v.id LIMIT 1000"};

void visa_take(struct store_step *step, void *out)
{
	struct store_visa *visa = out;

	store_take_id(step, visa->id);
	store_take_id(step, visa->person);
	visa->iss = store_take_text(step);
	visa->sub = store_take_text(step);
	visa->type = store_take_text(step);
	visa->value = store_take_text(step);
	visa->source = store_take_text(step);
	visa->by = store_take_text(step);
	visa->asserted_ms = store_take_time(step);
	visa->expires_ms = store_take_time(step);
	visa->jwt = store_take_text(step);
	visa->added_ms = store_take_time(step);
	visa->issuer_is_listed = store_take_bool(step);
}

static void put_visa(struct store_step *step, const struct store_visa *visa)
{
	store_put_id(step, visa->id);
	store_put_id(step, visa->person);
	store_put_text(step, visa->iss);
	store_put_text(step, visa->sub);
	store_put_text(step, visa->type);
	store_put_text(step, visa->value);
	store_put_text(step, visa->source);
	store_put_text_or_null(step, visa->by);
	store_put_time(step, visa->asserted_ms);
	store_put_time(step, visa->expires_ms);
	store_put_bytes(step, visa->jwt);
	store_put_time(step, visa->added_ms);
}

/* The binding is made by the insert, and refused by a constraint: two posts at the same moment
 * cannot bind one subject twice. The visa is inserted only where the binding is the person's. */
enum err store_visa_add(struct store *s, const struct store_visa *visa)
{
	static const struct store_statement bind = {
		"identity_bind", "INSERT INTO identity (iss, sub, person, bound_at) "
				 "VALUES ($1, $2, $3, $4) ON CONFLICT (iss, sub) DO NOTHING"};
	static const struct store_statement insert = {
		"visa_insert",
		"INSERT INTO visa (id, person, iss, sub, type, value, source, by_whom, "
		"asserted_at, "
		"expires_at, jwt, sha256, added_at) "
		"SELECT $1::uuid, i.person, i.iss, i.sub, $5::text, $6::text, $7::text, $8::text, "
		"$9::timestamptz, $10::timestamptz, $11::bytea, sha256($11::bytea), "
		"$12::timestamptz "
		"FROM identity i WHERE i.iss = $3 AND i.sub = $4 AND i.person = $2"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &bind, NULL);
	enum err result;

	store_put_text(step, visa->iss);
	store_put_text(step, visa->sub);
	store_put_id(step, visa->person);
	store_put_time(step, visa->added_ms);
	put_visa(store_batch_add(&batch, &insert, NULL), visa);
	result = store_batch_run(s, &batch);
	if (result == ERR_CONFLICT && strcmp(store_constraint(s), "identity_one_subject") == 0)
		return failure(ERR_CONFLICT, "you are another subject of this issuer already");
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "this visa is stored already");
	TRY(result);
	if (store_changed(&batch.steps[1]) == 0)
		return failure(ERR_CONFLICT, "this subject of the issuer is another person");
	return OK;
}

enum err store_visa_list(struct store *s, struct arena *arena, struct store_visa **out,
			 size_t *count, const uint8_t person[STORE_ID])
{
	AUTO(store_step_clear)
	struct store_step step = {.statement = &visa_list_statement, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, visa_take);
	return OK;
}
