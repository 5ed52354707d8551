/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/issuer.h"

#include "schema/store/rows.h"

enum { ISSUER_FAR_MS = 2 * 3600 * 1000 };

#define ISSUER_ROWS \
	"SELECT i.iss, i.jku, i.pinned, coalesce(i.jwks, k.jwks), " \
	"array_to_string(i.revoked_kids, E'\\n'), i.token_endpoint, i.client_credential, " \
	"i.added_at, i.added_by, f.fetched_at, f.tried_at, f.next_at, f.error FROM issuer i " \
	"LEFT JOIN issuer_keys k ON k.iss = i.iss LEFT JOIN issuer_fetch f ON f.iss = i.iss "

const struct store_statement issuer_of_visas_statement = {
	"issuer_of_visas", ISSUER_ROWS "WHERE i.iss IN (SELECT v.iss FROM visa v WHERE "
				       "v.person = $1) ORDER BY i.iss LIMIT 100"};

void issuer_take(struct store_step *step, void *out)
{
	struct store_issuer *issuer = out;

	issuer->iss = store_take_text(step);
	issuer->jku = store_take_text(step);
	issuer->pinned = store_take_bool(step);
	issuer->jwks = store_take_text(step);
	issuer->revoked_kids = store_take_text(step);
	issuer->token_endpoint = store_take_text(step);
	issuer->client_credential = store_take_text(step);
	issuer->added_ms = store_take_time(step);
	store_take_id(step, issuer->added_by);
	issuer->fetched_ms = store_take_time(step);
	issuer->tried_ms = store_take_time(step);
	issuer->next_ms = store_take_time(step);
	issuer->error = store_take_text(step);
}

enum err store_issuer_add(struct store *s, const struct store_issuer *issuer)
{
	static const struct store_statement insert = {
		"issuer_insert",
		"INSERT INTO issuer (iss, jku, pinned, jwks, token_endpoint, client_credential, "
		"added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
	static const struct store_statement due = {
		"issuer_fetch_insert",
		"INSERT INTO issuer_fetch (iss, next_at) SELECT iss, added_at FROM issuer "
		"WHERE iss = $1 AND NOT pinned"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);

	store_put_text(step, issuer->iss);
	store_put_text_or_null(step, issuer->jku);
	store_put_bool(step, issuer->pinned);
	store_put_bytes_or_null(step, issuer->pinned ? issuer->jwks : S(""));
	store_put_text_or_null(step, issuer->token_endpoint);
	store_put_text_or_null(step, issuer->client_credential);
	store_put_time(step, issuer->added_ms);
	store_put_id(step, issuer->added_by);
	store_put_text(store_batch_add(&batch, &due, NULL), issuer->iss);
	return store_batch_run(s, &batch);
}

static void take_impact(struct store_step *step, void *out)
{
	struct store_issuer_impact *i = out;

	i->visas = store_take_int(step);
	i->persons = store_take_int(step);
	i->licenses = store_take_int(step);
	i->requests = store_take_int(step);
	i->models = store_take_text(step);
}

enum err store_issuer_impact(struct store *s, struct arena *arena, struct store_issuer_impact *out,
			     struct slice iss, int64_t now_ms)
{
	static const struct store_statement ask = {
		"issuer_impact",
		"WITH v AS MATERIALIZED (SELECT person FROM visa WHERE iss = $1 AND expires_at > "
		"$2::timestamptz), p AS MATERIALIZED (SELECT DISTINCT person FROM v) "
		"SELECT (SELECT count(*) FROM v), (SELECT count(*) FROM p), "
		"(SELECT count(*) FROM license JOIN p USING (person) WHERE state = 'active' "
		"AND expires_at > $2 AND requires IS NOT NULL), "
		"(SELECT count(*) FROM access_request JOIN p USING (person) "
		"WHERE state IN ('submitted', 'returned', 'appealed')), "
		"coalesce((SELECT string_agg(name, E'\\n') FROM (SELECT m.name FROM criteria c "
		"JOIN model m ON m.id = c.model WHERE c.state = 'active' AND "
		"position($1 IN convert_from(c.document, 'UTF8')) > 0 ORDER BY m.name LIMIT 100) "
		"named), '')"};
	AUTO(store_step_clear) struct store_step step = {.statement = &ask, .arena = arena};

	store_put_text(&step, iss);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_impact, "issuer");
}

enum err store_issuer_get(struct store *s, struct arena *arena, struct store_issuer *out,
			  struct slice iss)
{
	static const struct store_statement find = {"issuer_get", ISSUER_ROWS "WHERE i.iss = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, iss);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, issuer_take, "issuer");
}

enum err store_issuer_list(struct store *s, struct arena *arena, struct store_issuer **out,
			   size_t *count)
{
	static const struct store_statement list = {"issuer_list",
						    ISSUER_ROWS "ORDER BY i.iss LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, issuer_take);
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

/* What stays of the one before: keys revoked, and, where both publish theirs, what was fetched. */
static enum err keep(struct store *s, const struct store_issuer *issuer,
		     const struct store_issuer *before)
{
	static const struct store_statement revoked = {
		"issuer_keep_revoked",
		"UPDATE issuer SET revoked_kids = string_to_array($2, E'\\n') WHERE iss = $1"};
	static const struct store_statement fetched = {
		"issuer_keep_keys", "INSERT INTO issuer_keys (iss, jwks) VALUES ($1, $2)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &revoked, NULL);

	store_put_text(step, issuer->iss);
	store_put_text(step, before->revoked_kids);
	if (!issuer->pinned && !before->pinned && before->jwks.size) {
		step = store_batch_add(&batch, &fetched, NULL);
		store_put_text(step, issuer->iss);
		store_put_bytes(step, before->jwks);
	}
	return store_batch_run(s, &batch);
}

enum err store_issuer_change(struct store *s, const struct store_issuer *issuer)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_issuer before, after = *issuer;

	TRY(store_issuer_get(s, &arena, &before, issuer->iss));
	after.added_ms = before.added_ms;
	TRY(store_issuer_remove(s, issuer->iss));
	TRY(store_issuer_add(s, &after));
	return keep(s, &after, &before);
}

enum err store_issuer_revoke_kid(struct store *s, struct slice iss, struct slice kid)
{
	static const struct store_statement revoke = {
		"issuer_revoke_kid",
		"UPDATE issuer SET revoked_kids = CASE WHEN $2::text = ANY (revoked_kids) THEN "
		"revoked_kids ELSE revoked_kids || $2::text END WHERE iss = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &revoke};

	store_put_text(&step, iss);
	store_put_text(&step, kid);
	return store_change(s, &step, "issuer");
}

static void take_name(struct store_step *step, void *out)
{
	*(struct slice *)out = store_take_text(step);
}

/* One that is due in a far future was noted by a clock that went back since. */
enum err store_issuer_due(struct store *s, struct arena *arena, struct slice **out, size_t *count,
			  int64_t now_ms, size_t most)
{
	static const struct store_statement list = {
		"issuer_due", "SELECT iss FROM issuer_fetch WHERE next_at <= $1 OR next_at > $2 "
			      "ORDER BY next_at, iss LIMIT $3::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, now_ms);
	store_put_time(&step, now_ms + ISSUER_FAR_MS);
	store_put_int(&step, (int64_t)most);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_name);
	return OK;
}

enum err store_issuer_try(struct store *s, struct slice iss, int64_t now_ms, int64_t least_ms,
			  bool *may)
{
	static const struct store_statement attempt = {
		"issuer_try", "UPDATE issuer_fetch SET tried_at = $2 WHERE iss = $1 AND "
			      "(tried_at IS NULL OR tried_at <= $3 OR tried_at > $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &attempt};

	store_put_text(&step, iss);
	store_put_time(&step, now_ms);
	store_put_time(&step, now_ms - least_ms);
	TRY(store_run(s, &step, 1));
	*may = store_changed(&step) > 0;
	return OK;
}

enum err store_issuer_fetched(struct store *s, struct slice iss, struct slice jwks, int64_t now_ms,
			      int64_t next_ms, bool *changed)
{
	static const struct store_statement note = {
		"issuer_fetched", "UPDATE issuer_fetch SET fetched_at = $2, next_at = $3, "
				  "error = NULL WHERE iss = $1"};
	static const struct store_statement keep = {
		"issuer_keys_keep",
		"INSERT INTO issuer_keys (iss, jwks) SELECT iss, $2::bytea FROM issuer WHERE "
		"iss = $1 AND NOT pinned ON CONFLICT (iss) DO UPDATE SET jwks = EXCLUDED.jwks "
		"WHERE issuer_keys.jwks <> EXCLUDED.jwks"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &note, NULL);

	store_put_text(step, iss);
	store_put_time(step, now_ms);
	store_put_time(step, next_ms);
	step = store_batch_add(&batch, &keep, NULL);
	store_put_text(step, iss);
	store_put_bytes(step, jwks);
	TRY(store_batch_run(s, &batch));
	*changed = store_changed(&batch.steps[1]) > 0;
	return OK;
}

enum err store_issuer_failed(struct store *s, struct slice iss, struct slice error, int64_t next_ms)
{
	static const struct store_statement note = {
		"issuer_failed",
		"UPDATE issuer_fetch SET error = left($2::text, 600), next_at = $3 WHERE iss = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &note};

	store_put_text(&step, iss);
	store_put_text(&step, error);
	store_put_time(&step, next_ms);
	return store_run(s, &step, 1);
}
