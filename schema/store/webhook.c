/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints, what was sent to them, and what persons want by mail: the rest of message.h. */
#include "schema/store/message.h"
#include "schema/store/query.h"

enum err store_webhook_add(struct store *s, const struct store_webhook *webhook)
{
	static const struct store_statement insert = {
		"webhook_add",
		"INSERT INTO webhook (id, url, secret, kinds, model, created_at, created_by) "
		"VALUES ($1, $2, $3, string_to_array($4::text, ','), $5, $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, webhook->id);
	store_put_text(&step, webhook->url);
	store_put_bytes(&step, slice_of(webhook->secret, STORE_SECRET));
	store_put_text(&step, webhook->kinds);
	store_put_text_or_null(&step, webhook->model);
	store_put_time(&step, webhook->created_ms);
	store_put_id(&step, webhook->created_by);
	return store_run(s, &step, 1);
}

#define WEBHOOK_SELECT \
	"SELECT id, url, array_to_string(kinds, ','), model, state, failing_since, created_at, " \
	"created_by FROM webhook "

static void take_webhook(struct store_step *step, void *out)
{
	struct store_webhook *w = out;

	store_take_id(step, w->id);
	w->url = store_take_text(step);
	w->kinds = store_take_text(step);
	w->model = store_take_text(step);
	w->state = store_take_text(step);
	w->failing_ms = store_take_time(step);
	w->created_ms = store_take_time(step);
	store_take_id(step, w->created_by);
}

enum err store_webhook_list(struct store *s, struct arena *arena, struct store_webhook **out,
			    size_t *count)
{
	static const struct store_statement list = {"webhook_list", WEBHOOK_SELECT
						    "ORDER BY created_at, id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_webhook);
	return OK;
}

enum err store_webhook_get(struct store *s, struct arena *arena, struct store_webhook *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"webhook_get", WEBHOOK_SELECT "WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_webhook, "webhook");
}

enum err store_webhook_remove(struct store *s, const uint8_t id[STORE_ID])
{
	static const struct store_statement gone = {"webhook_remove",
						    "DELETE FROM webhook WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &gone};

	store_put_id(&step, id);
	return store_change(s, &step, "webhook");
}

static void take_sent(struct store_step *step, void *out)
{
	struct store_sent *m = out;

	store_take_id(step, m->id);
	m->kind = store_take_text(step);
	m->state = store_take_text(step);
	m->problem = store_take_text(step);
	m->attempts = store_take_int(step);
	m->status = store_take_int(step);
	m->changed_ms = store_take_time(step);
	m->next_ms = store_take_time(step);
}

enum err store_webhook_log(struct store *s, struct arena *arena, struct store_sent **out,
			   size_t *count, const uint8_t id[STORE_ID])
{
	static const struct store_statement list = {
		"webhook_log",
		"SELECT d.id, n.kind, d.state, d.problem, d.attempts, d.status, d.changed_at, "
		"CASE WHEN d.state = 'waiting' THEN d.next_at END FROM notice_delivery d "
		"JOIN notice n ON n.id = d.notice WHERE d.webhook = $1 "
		"ORDER BY d.changed_at DESC, d.id LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_sent);
	return OK;
}

enum err store_choice_set(struct store *s, const uint8_t person[STORE_ID],
			  const struct store_choice *choices, size_t count)
{
	static const struct store_statement remove = {
		"choice_remove", "DELETE FROM notice_choice WHERE person = $1"};
	static const struct store_statement add = {
		"choice_add", "INSERT INTO notice_choice (person, kind, mail) VALUES ($1, $2, $3)"};
	AUTO(store_step_clear) struct store_step gone = {.statement = &remove};

	store_put_id(&gone, person);
	TRY(store_run(s, &gone, 1));
	for (size_t i = 0; i < count; i++) {
		AUTO(store_step_clear) struct store_step step = {.statement = &add};

		store_put_id(&step, person);
		store_put_text(&step, choices[i].kind);
		store_put_bool(&step, choices[i].mail);
		TRY(store_run(s, &step, 1));
	}
	return OK;
}

static void take_choice(struct store_step *step, void *out)
{
	struct store_choice *c = out;

	c->kind = store_take_text(step);
	c->mail = store_take_bool(step);
}

enum err store_choice_list(struct store *s, struct arena *arena, struct store_choice **out,
			   size_t *count, const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"choice_list", "SELECT kind, mail FROM notice_choice WHERE person = $1 ORDER BY 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_choice);
	return OK;
}
