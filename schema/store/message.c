/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/message.h"

#include "schema/store/query.h"

static void take_notice(struct store_step *step, void *out)
{
	struct store_notice *n = out;

	store_take_id(step, n->id);
	n->kind = store_take_text(step);
	n->at_ms = store_take_time(step);
	store_take_id(step, n->actor);
	store_take_id(step, n->person);
	store_take_id(step, n->request);
	store_take_id(step, n->license);
	n->model = store_take_text(step);
	n->office = store_take_text(step);
	n->detail = store_take_text(step);
}

enum err store_notice_new(struct store *s, struct arena *arena, struct store_notice **out,
			  size_t *count, int64_t most)
{
	static const struct store_statement list = {
		"notice_new",
		"SELECT id, kind, at, actor, person, request, license, model, office, detail "
		"FROM notice WHERE spread_at IS NULL ORDER BY at LIMIT $1::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, most);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_notice);
	return OK;
}

/* Is it still true? $1: the notice. A license is revoked in the log also where it was renewed, or
 * came to nothing. */
#define NOTICE_HOLDS \
	"NOT (n.kind LIKE 'license.%' AND n.license IS NOT NULL AND l.id IS NULL) " \
	"AND NOT (n.kind = 'license.revoke' AND l.state <> 'revoked') "

#define ON_MODEL(scope) \
	"(" scope " IS NULL OR " scope " = n.model OR (right(" scope ", 2) = '/*' " \
	"AND starts_with(n.model, left(" scope ", -1)))) "

enum err store_notice_spread(struct store *s, const struct store_spread *spread)
{
	static const struct store_statement persons = {
		"notice_to_persons",
		"INSERT INTO notice_delivery (id, notice, person, next_at, until, changed_at) "
		"SELECT gen_random_uuid(), n.id, p.id, now(), now() + interval '12 hours', now() "
		"FROM notice n LEFT JOIN access_request r ON r.id = n.request "
		"LEFT JOIN license l ON l.id = n.license CROSS JOIN person p "
		"WHERE n.id = $1 AND p.email IS NOT NULL AND " NOTICE_HOLDS
		"AND (($2::boolean AND p.id = coalesce(n.person, r.person, l.person, n.actor) "
		"AND ($3::boolean OR p.id IS DISTINCT FROM n.actor)) "
		"OR (p.id IS DISTINCT FROM n.actor AND p.state = 'active' AND (EXISTS (SELECT "
		"FROM office o WHERE o.person = p.id AND o.office = ANY (string_to_array($4::text, "
		"',') || n.office) AND (o.until IS NULL OR o.until > now()) AND (n.model IS NULL "
		"OR " ON_MODEL(
			"o.scope") ")) OR ($5::boolean AND EXISTS (SELECT FROM license h JOIN "
				   "model m ON m.id = h.model WHERE m.name = n.model AND h.person "
				   "= p.id "
				   "AND h.state = 'active' AND h.expires_at > now()))))) "
				   "AND coalesce((SELECT c.mail FROM notice_choice c WHERE "
				   "c.person = p.id AND c.kind "
				   "IN (n.kind, split_part(n.kind, '.', 1) || '.*', '*') "
				   "ORDER BY c.kind = n.kind DESC, c.kind = '*' LIMIT 1), true) "
				   "ON CONFLICT DO NOTHING"};
	static const struct store_statement webhooks = {
		"notice_to_webhooks",
		"INSERT INTO notice_delivery (id, notice, webhook, next_at, until, changed_at) "
		"SELECT gen_random_uuid(), n.id, w.id, now(), now() + interval '12 hours', now() "
		"FROM notice n LEFT JOIN license l ON l.id = n.license JOIN webhook w "
		"ON w.state = 'active' AND w.kinds && ARRAY[n.kind, split_part(n.kind, '.', 1) || "
		"'.*', '*'] AND " ON_MODEL("w.model") "WHERE n.id = $1 AND " NOTICE_HOLDS
						      "ON CONFLICT DO NOTHING"};
	static const struct store_statement over = {
		"notice_spread", "UPDATE notice SET spread_at = now() WHERE id = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	if (spread->has_mail) {
		step = store_batch_add(&batch, &persons, NULL);
		store_put_id(step, spread->notice);
		store_put_bool(step, spread->to_person);
		store_put_bool(step, spread->to_actor);
		store_put_text(step, spread->offices);
		store_put_bool(step, spread->to_holders);
	}
	store_put_id(store_batch_add(&batch, &webhooks, NULL), spread->notice);
	store_put_id(store_batch_add(&batch, &over, NULL), spread->notice);
	return store_batch_run(s, &batch);
}

static void take_message(struct store_step *step, void *out)
{
	struct store_message *m = out;

	store_take_id(step, m->id);
	m->attempts = store_take_int(step);
	store_take_id(step, m->recipient);
	m->email = store_take_text(step);
	store_take_id(step, m->webhook);
	m->url = store_take_text(step);
	store_take_bytes(step, m->secret, sizeof m->secret);
	m->person_name = store_take_text(step);
	m->actor_name = store_take_text(step);
	take_notice(step, &m->notice);
}

enum err store_message_take(struct store *s, struct arena *arena, struct store_message **out,
			    size_t *count, int64_t most)
{
	static const struct store_statement take = {
		"message_take",
		"WITH due AS (SELECT DISTINCT ON (coalesce(d.webhook, d.id)) d.id, d.next_at "
		"FROM notice_delivery d WHERE d.state = 'waiting' AND d.next_at <= now() "
		"ORDER BY coalesce(d.webhook, d.id), d.next_at), "
		"taken AS (UPDATE notice_delivery d SET attempts = d.attempts + 1, "
		"next_at = now() + interval '2 minutes', changed_at = now() FROM (SELECT id FROM "
		"due "
		"ORDER BY next_at LIMIT $1::bigint) t WHERE d.id = t.id "
		"RETURNING d.id, d.attempts, d.notice, d.person, d.webhook) "
		"SELECT t.id, t.attempts, t.person, who.email, t.webhook, w.url, w.secret, p.name, "
		"a.name, n.id, n.kind, n.at, n.actor, p.id, n.request, n.license, n.model, "
		"n.office, "
		"n.detail FROM taken t JOIN notice n ON n.id = t.notice "
		"LEFT JOIN person who ON who.id = t.person LEFT JOIN webhook w ON w.id = t.webhook "
		"LEFT JOIN access_request r ON r.id = n.request LEFT JOIN license l "
		"ON l.id = n.license LEFT JOIN person a ON a.id = n.actor LEFT JOIN person p "
		"ON p.id = coalesce(n.person, r.person, l.person, CASE WHEN n.model IS NULL "
		"THEN n.actor END)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &take, .arena = arena};

	store_put_int(&step, most);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_message);
	return OK;
}

enum err store_message_done(struct store *s, const struct store_message *message,
			    const struct store_outcome *outcome, bool *has_failed)
{
	static const struct store_statement done = {
		"message_done",
		"UPDATE notice_delivery SET state = CASE WHEN $2::boolean THEN 'sent' "
		"WHEN $3::boolean OR now() + $4::bigint * interval '1 ms' > until THEN 'failed' "
		"ELSE 'waiting' END, next_at = now() + $4::bigint * interval '1 ms', "
		"status = $5::bigint::integer, problem = $6, changed_at = now() "
		"WHERE id = $1 AND state = 'waiting' RETURNING state = 'failed'"};
	static const struct store_statement health = {
		"webhook_health", "UPDATE webhook SET failing_since = CASE WHEN NOT $2::boolean "
				  "THEN coalesce(failing_since, now()) END WHERE id = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &done, NULL);

	store_put_id(step, message->id);
	store_put_bool(step, outcome->is_sent);
	store_put_bool(step, outcome->is_hopeless);
	store_put_int(step, outcome->wait_ms);
	store_put_int(step, outcome->status);
	store_put_text(step, slice_part(outcome->problem, 0, STORE_MESSAGE_MAX_PROBLEM));
	step = store_batch_add(&batch, &health, NULL);
	store_put_id(step, message->webhook);
	store_put_bool(step, outcome->is_sent);
	TRY(store_batch_run(s, &batch));
	*has_failed = store_next(&batch.steps[0]) && store_take_bool(&batch.steps[0]);
	return OK;
}

enum err store_webhook_disable(struct store *s, const uint8_t id[STORE_ID], bool at_once,
			       bool *is_changed)
{
	static const struct store_statement disable = {
		"webhook_disable",
		"UPDATE webhook SET state = 'disabled' WHERE id = $1 AND state = 'active' "
		"AND ($2::boolean OR failing_since < now() - interval '11 hours')"};
	static const struct store_statement drop = {
		"webhook_drop",
		"UPDATE notice_delivery SET state = 'failed', changed_at = now(), "
		"problem = 'the endpoint is disabled' WHERE webhook = $1 AND state = 'waiting' "
		"AND EXISTS (SELECT FROM webhook WHERE id = $1 AND state = 'disabled')"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &disable, NULL);

	store_put_id(step, id);
	store_put_bool(step, at_once);
	store_put_id(store_batch_add(&batch, &drop, NULL), id);
	TRY(store_batch_run(s, &batch));
	*is_changed = store_changed(&batch.steps[0]) > 0;
	return OK;
}

enum err store_notice_sweep(struct store *s, int64_t days)
{
	static const struct store_statement sweep = {
		"notice_sweep",
		"DELETE FROM notice WHERE spread_at < now() - $1::bigint * interval '1 day'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &sweep};

	store_put_int(&step, days);
	return store_run(s, &step, 1);
}
