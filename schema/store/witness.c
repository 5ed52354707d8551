/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/witness.h"

#include "schema/store/query.h"

enum err store_witness_put(struct store *s, const struct store_witness *w)
{
	static const struct store_statement upsert = {
		"witness_put", "INSERT INTO audit_witness (name, size, cosigned_at, asked_at, "
			       "failures, reason) VALUES ($1, $2::bigint, $3, $4, "
			       "$5::bigint::integer, $6) ON CONFLICT (name) DO UPDATE SET "
			       "size = $2::bigint, cosigned_at = $3, asked_at = $4, "
			       "failures = $5::bigint::integer, reason = $6"};
	AUTO(store_step_clear) struct store_step step = {.statement = &upsert};

	store_put_text(&step, w->name);
	store_put_int(&step, (int64_t)w->size);
	store_put_time(&step, w->cosigned_ms);
	store_put_time(&step, w->asked_ms);
	store_put_int(&step, w->failures);
	store_put_text(&step, w->reason);
	return store_run(s, &step, 1);
}

static void take_witness(struct store_step *step, void *out)
{
	struct store_witness *w = out;

	w->name = store_take_text(step);
	w->size = (uint64_t)store_take_int(step);
	w->cosigned_ms = store_take_time(step);
	w->asked_ms = store_take_time(step);
	w->failures = (unsigned)store_take_int(step);
	w->reason = store_take_text(step);
}

enum err store_witness_get(struct store *s, struct arena *arena, struct store_witness *out,
			   struct slice name)
{
	static const struct store_statement find = {
		"witness_get", "SELECT name, size, cosigned_at, asked_at, failures::bigint, "
			       "reason FROM audit_witness WHERE name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_witness, "witness");
}

enum err store_witnessed_put(struct store *s, uint64_t size, struct slice note, unsigned witnesses,
			     bool holds)
{
	static const struct store_statement upsert = {
		"witnessed_put",
		"INSERT INTO audit_witnessed (size, note, witnesses, holds) VALUES ($1::bigint, "
		"$2, $3::bigint::integer, $4) ON CONFLICT (size) DO UPDATE SET note = $2, "
		"witnesses = $3::bigint::integer, holds = $4, at = now()"};
	AUTO(store_step_clear) struct store_step step = {.statement = &upsert};

	store_put_int(&step, (int64_t)size);
	store_put_bytes(&step, note);
	store_put_int(&step, witnesses);
	store_put_bool(&step, holds);
	return store_run(s, &step, 1);
}

struct witnessed {
	uint64_t size;
	struct slice note;
};

static void take_witnessed(struct store_step *step, void *out)
{
	struct witnessed *w = out;

	w->size = (uint64_t)store_take_int(step);
	w->note = store_take_text(step);
}

enum err store_witnessed_get(struct store *s, struct arena *arena, struct slice *note,
			     uint64_t size)
{
	static const struct store_statement find = {
		"witnessed_get", "SELECT size, note FROM audit_witnessed WHERE size = $1::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};
	struct witnessed found;

	store_put_int(&step, (int64_t)size);
	TRY(store_run(s, &step, 1));
	TRY(store_one(&step, &found, take_witnessed, "cosigned checkpoint"));
	*note = found.note;
	return OK;
}

enum err store_witnessed_newest(struct store *s, struct arena *arena, uint64_t *size,
				struct slice *note)
{
	static const struct store_statement find = {
		"witnessed_newest", "SELECT size, note FROM audit_witnessed WHERE holds "
				    "ORDER BY size DESC LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};
	struct witnessed found;

	TRY(store_run(s, &step, 1));
	TRY(store_one(&step, &found, take_witnessed, "cosigned checkpoint"));
	*size = found.size;
	*note = found.note;
	return OK;
}

enum err store_log_halt(struct store *s, struct slice reason)
{
	static const struct store_statement halt = {"log_halt", "SELECT log_halt($1)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &halt};

	store_put_text(&step, reason);
	return store_run(s, &step, 1);
}
