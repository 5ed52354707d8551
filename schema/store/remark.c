/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about a request, by whom, and who speaks for whom: the second part of
 * deliberation.h. */
#include "schema/store/deliberation.h"
#include "schema/store/query.h"

enum err store_comment_add(struct store *s, const struct store_comment *comment)
{
	static const struct store_statement insert = {
		"comment_insert",
		"INSERT INTO access_comment (id, request, person, audience, text, at) "
		"VALUES ($1, $2, $3, $4, $5, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, comment->id);
	store_put_id(&step, comment->request);
	store_put_id(&step, comment->person);
	store_put_text(&step, comment->audience);
	store_put_text(&step, comment->text);
	store_put_time(&step, comment->at_ms);
	return store_run(s, &step, 1);
}

static void take_comment(struct store_step *step, void *out)
{
	struct store_comment *comment = out;

	store_take_id(step, comment->id);
	store_take_id(step, comment->request);
	store_take_id(step, comment->person);
	comment->person_name = store_take_text(step);
	comment->audience = store_take_text(step);
	comment->text = store_take_text(step);
	comment->at_ms = store_take_time(step);
}

enum err store_comment_list(struct store *s, struct arena *arena, struct store_comment **out,
			    size_t *count, const uint8_t request[STORE_ID])
{
	static const struct store_statement list = {
		"comment_list", "SELECT c.id, c.request, c.person, p.name, c.audience, c.text, "
				"c.at FROM access_comment c JOIN person p ON p.id = c.person "
				"WHERE c.request = $1 ORDER BY c.at, c.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_comment);
	return OK;
}

enum err store_reviewer_add(struct store *s, const uint8_t request[STORE_ID],
			    const uint8_t person[STORE_ID], const uint8_t invited_by[STORE_ID],
			    int64_t now_ms)
{
	static const struct store_statement insert = {
		"reviewer_insert", "INSERT INTO access_reviewer (request, person, invited_by, at) "
				   "VALUES ($1, $2, $3, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	enum err result;

	store_put_id(&step, request);
	store_put_id(&step, person);
	store_put_id(&step, invited_by);
	store_put_time(&step, now_ms);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "they are invited already");
	return result;
}

static void take_slice(struct store_step *step, void *out)
{
	*(struct slice *)out = store_take_text(step);
}

enum err store_reviewer_list(struct store *s, struct arena *arena, struct slice *names,
			     const uint8_t request[STORE_ID])
{
	static const struct store_statement list = {
		"reviewer_list", "SELECT string_agg(p.name, ',' ORDER BY r.at, p.name) FROM "
				 "access_reviewer r JOIN person p ON p.id = r.person "
				 "WHERE r.request = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	return store_one(&step, names, take_slice, "request");
}

enum err store_delegation_add(struct store *s, const struct store_delegation *d)
{
	static const struct store_statement insert = {
		"delegation_insert",
		"INSERT INTO access_delegation (id, person, delegate, request, model, reason, "
		"created_at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, d->id);
	store_put_id(&step, d->person);
	store_put_id(&step, d->delegate);
	store_put_id(&step, d->request);
	store_put_id(&step, d->model);
	store_put_text_or_null(&step, d->reason);
	store_put_time(&step, d->created_ms);
	store_put_time(&step, d->until_ms);
	return store_run(s, &step, 1);
}

static void take_delegation(struct store_step *step, void *out)
{
	struct store_delegation *d = out;

	store_take_id(step, d->id);
	store_take_id(step, d->person);
	store_take_id(step, d->delegate);
	d->person_name = store_take_text(step);
	d->delegate_name = store_take_text(step);
	store_take_id(step, d->request);
	store_take_id(step, d->model);
	d->model_name = store_take_text(step);
	d->reason = store_take_text(step);
	d->created_ms = store_take_time(step);
	d->until_ms = store_take_time(step);
	d->ended_ms = store_take_time(step);
}

enum err store_delegation_list(struct store *s, struct arena *arena, struct store_delegation **out,
			       size_t *count, const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"delegation_list",
		"SELECT g.id, g.person, g.delegate, a.name, b.name, g.request, g.model, m.name, "
		"g.reason, g.created_at, g.until, g.ended_at FROM access_delegation g "
		"JOIN person a ON a.id = g.person JOIN person b ON b.id = g.delegate "
		"LEFT JOIN model m ON m.id = g.model WHERE $1 IN (g.person, g.delegate) "
		"ORDER BY g.created_at DESC, g.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_delegation);
	return OK;
}

enum err store_delegation_end(struct store *s, const uint8_t id[STORE_ID],
			      const uint8_t person[STORE_ID], int64_t now_ms)
{
	static const struct store_statement update = {
		"delegation_end", "UPDATE access_delegation SET ended_at = $3 WHERE id = $1 "
				  "AND person = $2 AND ended_at IS NULL AND until > $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_id(&step, person);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "delegation of yours");
}
