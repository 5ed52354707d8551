/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/identity.h"

#include "schema/store/query.h"

#define IDENTITY_COLUMNS "iss, sub, person, how, by_visa, by_person, reason, bound_at"

static const struct store_statement insert_statement = {"identity_insert",
							"INSERT INTO identity (" IDENTITY_COLUMNS
							") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
							"ON CONFLICT (iss, sub) DO NOTHING"};
static const struct store_statement owner_statement = {
	"identity_owner", "SELECT person FROM identity WHERE iss = $1 AND sub = $2"};

static void take_identity(struct store_step *step, void *out)
{
	struct store_identity *identity = out;

	identity->iss = store_take_text(step);
	identity->sub = store_take_text(step);
	store_take_id(step, identity->person);
	identity->how = store_take_text(step);
	store_take_id(step, identity->by_visa);
	store_take_id(step, identity->by_person);
	identity->reason = store_take_text(step);
	identity->bound_ms = store_take_time(step);
}

/* *is_new: it was nobody's before. *is_theirs: it is this person's now. */
static enum err bind(struct store *s, const struct store_identity *identity, bool *is_new,
		     bool *is_theirs)
{
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert_statement, NULL);
	uint8_t owner[STORE_ID] = {0};

	store_put_text(step, identity->iss);
	store_put_text(step, identity->sub);
	store_put_id(step, identity->person);
	store_put_text(step, identity->how);
	store_put_id(step, identity->by_visa);
	store_put_id(step, identity->by_person);
	store_put_text_or_null(step, identity->reason);
	store_put_time(step, identity->bound_ms);
	step = store_batch_add(&batch, &owner_statement, NULL);
	store_put_text(step, identity->iss);
	store_put_text(step, identity->sub);
	TRY(store_batch_run(s, &batch));
	*is_new = store_changed(&batch.steps[0]) > 0;
	if (store_next(&batch.steps[1]))
		store_take_id(&batch.steps[1], owner);
	*is_theirs = memcmp(owner, identity->person, STORE_ID) == 0;
	return OK;
}

enum err store_identity_add(struct store *s, const struct store_identity *identity)
{
	bool is_new, is_theirs;

	TRY(bind(s, identity, &is_new, &is_theirs));
	if (is_new)
		return OK;
	return failure(ERR_CONFLICT, is_theirs ? "this subject is that person's already"
					       : "this subject is another person's; unlink it "
						 "there first");
}

enum err store_identity_link(struct store *s, const struct store_identity *identity)
{
	bool is_new, is_theirs;

	TRY(bind(s, identity, &is_new, &is_theirs));
	if (is_theirs)
		return OK;
	return failure(ERR_CONFLICT, "it links a subject that is another person's");
}

enum err store_identity_owner(struct store *s, uint8_t person[STORE_ID], struct slice iss,
			      struct slice sub)
{
	AUTO(store_step_clear) struct store_step step = {.statement = &owner_statement};

	memset(person, 0, STORE_ID);
	store_put_text(&step, iss);
	store_put_text(&step, sub);
	TRY(store_run(s, &step, 1));
	if (store_next(&step))
		store_take_id(&step, person);
	return OK;
}

enum err store_identity_remove(struct store *s, const uint8_t person[STORE_ID], struct slice iss,
			       struct slice sub)
{
	static const struct store_statement remove = {
		"identity_remove",
		"DELETE FROM identity WHERE person = $1 AND iss = $2 AND sub = $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, person);
	store_put_text(&step, iss);
	store_put_text(&step, sub);
	return store_change(s, &step, "identity of that person");
}

enum err store_identity_list(struct store *s, struct arena *arena, struct store_identity **out,
			     size_t *count, const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"identity_list", "SELECT " IDENTITY_COLUMNS " FROM identity WHERE person = $1 "
				 "ORDER BY iss, sub LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_identity);
	return OK;
}
