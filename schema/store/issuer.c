/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/issuer.h"

#include "schema/store/query.h"

#define ISSUER_COLUMNS "iss, jku, jwks, added_at, added_by"

static void take_issuer(struct store_step *step, void *out)
{
	struct store_issuer *issuer = out;

	issuer->iss = store_take_text(step);
	issuer->jku = store_take_text(step);
	issuer->jwks = store_take_text(step);
	issuer->added_ms = store_take_time(step);
	store_take_id(step, issuer->added_by);
}

enum err store_issuer_add(struct store *s, const struct store_issuer *issuer)
{
	static const struct store_statement insert = {"issuer_insert",
						      "INSERT INTO issuer (" ISSUER_COLUMNS
						      ") VALUES ($1, $2, $3, $4, $5)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_text(&step, issuer->iss);
	store_put_text_or_null(&step, issuer->jku);
	store_put_bytes(&step, issuer->jwks);
	store_put_time(&step, issuer->added_ms);
	store_put_id(&step, issuer->added_by);
	return store_run(s, &step, 1);
}

enum err store_issuer_get(struct store *s, struct arena *arena, struct store_issuer *out,
			  struct slice iss)
{
	static const struct store_statement find = {"issuer_get", "SELECT " ISSUER_COLUMNS
								  " FROM issuer WHERE iss = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, iss);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_issuer, "issuer");
}

enum err store_issuer_list(struct store *s, struct arena *arena, struct store_issuer **out,
			   size_t *count)
{
	static const struct store_statement list = {
		"issuer_list", "SELECT " ISSUER_COLUMNS " FROM issuer ORDER BY iss LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_issuer);
	return OK;
}

enum err store_issuer_remove(struct store *s, struct slice iss)
{
	static const struct store_statement remove = {"issuer_remove",
						      "DELETE FROM issuer WHERE iss = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_text(&step, iss);
	return store_change(s, &step, "issuer");
}
