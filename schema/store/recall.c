/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/recall.h"

#include "schema/store/query.h"

#define RECALL_SELECT \
	"SELECT c.id, c.model, m.name, c.revision, c.reason, c.recalled_by, c.at, c.due_at, " \
	"(SELECT count(*) FROM recall_duty d WHERE d.recall = c.id), (SELECT count(*) " \
	"FROM recall_duty d WHERE d.recall = c.id AND d.attested_at IS NULL) " \
	"FROM recall c JOIN model m ON m.id = c.model "

static void take_recall(struct store_step *step, void *out)
{
	struct store_recall *recall = out;

	store_take_id(step, recall->id);
	store_take_id(step, recall->model);
	recall->model_name = store_take_text(step);
	recall->revision = store_take_text(step);
	recall->reason = store_take_text(step);
	store_take_id(step, recall->recalled_by);
	recall->at_ms = store_take_time(step);
	recall->due_ms = store_take_time(step);
	recall->persons = store_take_int(step);
	recall->outstanding = store_take_int(step);
}

enum err store_recall_add(struct store *s, const struct store_recall *r)
{
	static const struct store_statement insert = {
		"recall_insert",
		"INSERT INTO recall (id, model, revision, reason, recalled_by, at, "
		"due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
	static const struct store_statement update = {
		"revision_recall", "UPDATE revision SET recall = $1 WHERE model = $2 AND id = $3"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);
	enum err result;

	store_put_id(step, r->id);
	store_put_id(step, r->model);
	store_put_text(step, r->revision);
	store_put_text(step, r->reason);
	store_put_id(step, r->recalled_by);
	store_put_time(step, r->at_ms);
	store_put_time(step, r->due_ms);
	step = store_batch_add(&batch, &update, NULL);
	store_put_id(step, r->id);
	store_put_id(step, r->model);
	store_put_text(step, r->revision);
	result = store_batch_run(s, &batch);
	return result == ERR_CONFLICT ? failure(ERR_CONFLICT, "the revision is recalled already")
				      : result;
}

enum err store_recall_get(struct store *s, struct arena *arena, struct store_recall *out,
			  const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"recall_get", RECALL_SELECT "WHERE c.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_recall, "recall");
}

enum err store_recall_list(struct store *s, struct arena *arena, struct store_recall **out,
			   size_t *count)
{
	static const struct store_statement list = {"recall_list", RECALL_SELECT
						    "ORDER BY c.at DESC, c.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_recall);
	return OK;
}

static void take_duty(struct store_step *step, void *out)
{
	struct store_duty *duty = out;

	store_take_id(step, duty->recall);
	store_take_id(step, duty->person);
	duty->person_name = store_take_text(step);
	duty->files = store_take_int(step);
	duty->first_ms = store_take_time(step);
	duty->last_ms = store_take_time(step);
	duty->attested_ms = store_take_time(step);
	duty->attestation = store_take_text(step);
	store_take_id(step, duty->key);
	store_take_bytes(step, duty->signature, sizeof duty->signature);
}

enum err store_duties_fill(struct store *s, struct arena *arena, struct store_duty **out,
			   size_t *count, const uint8_t recall[STORE_ID])
{
	static const struct store_statement insert = {
		"duties_fill",
		"WITH fresh AS (INSERT INTO recall_duty (recall, person, files, first_at, last_at) "
		"SELECT c.id, v.person, count(*), min(v.first_at), max(v.last_at) FROM recall c "
		"JOIN delivery v ON v.model = c.model AND v.revision = c.revision "
		"WHERE c.id = $1 AND NOT EXISTS (SELECT FROM recall_duty d WHERE d.recall = c.id "
		"AND d.person = v.person) GROUP BY c.id, v.person ORDER BY v.person LIMIT 1000 "
		"ON CONFLICT DO NOTHING RETURNING *) "
		"SELECT f.recall, f.person, p.name, f.files, f.first_at, f.last_at, f.attested_at, "
		"f.attestation, f.key, f.signature FROM fresh f JOIN person p ON p.id = f.person"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert, .arena = arena};

	store_put_id(&step, recall);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_duty);
	return OK;
}

enum err store_duty_list(struct store *s, struct arena *arena, struct store_duty **out,
			 size_t *count, const uint8_t recall[STORE_ID],
			 const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"duty_list",
		"SELECT d.recall, d.person, p.name, d.files, d.first_at, d.last_at, d.attested_at, "
		"d.attestation, d.key, d.signature FROM recall_duty d JOIN person p "
		"ON p.id = d.person WHERE ($1::uuid IS NULL OR d.recall = $1) "
		"AND ($2::uuid IS NULL OR d.person = $2) "
		"ORDER BY d.attested_at IS NOT NULL, p.name, d.recall LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, recall);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_duty);
	return OK;
}

enum err store_duty_attest(struct store *s, const struct store_duty *d)
{
	static const struct store_statement update = {
		"duty_attest",
		"UPDATE recall_duty SET attested_at = $3, attestation = $4, key = $5, "
		"signature = $6 WHERE recall = $1 AND person = $2 "
		"AND attested_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};
	bool is_signed = !store_id_is_none(d->key);

	store_put_id(&step, d->recall);
	store_put_id(&step, d->person);
	store_put_time(&step, d->attested_ms);
	store_put_text(&step, d->attestation);
	store_put_id(&step, d->key);
	store_put_bytes_or_null(&step, slice_of(d->signature, is_signed ? STORE_SIGNATURE : 0));
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK
				    : failure(ERR_CONFLICT, "there is nothing for you to attest");
}
