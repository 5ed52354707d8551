/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/hub_request.h"

#include "schema/store/query.h"

/* $1: model, $2: person or NULL, $3: now. */
#define HUB_REQUESTS \
	"WITH newest AS (SELECT DISTINCT ON (q.person) q.* FROM access_request q " \
	"WHERE q.model = $1 AND ($2::uuid IS NULL OR q.person = $2) AND q.state <> 'draft' " \
	"ORDER BY q.person, q.created_at DESC, q.id DESC), " \
	"seen AS (SELECT n.*, CASE " \
	"WHEN n.state IN ('submitted', 'appealed') THEN 'pending' " \
	"WHEN n.state = 'approved' AND EXISTS (SELECT FROM license l WHERE l.model = n.model " \
	"AND l.person = n.person AND l.state IN ('preparing', 'active', 'suspended') " \
	"AND l.expires_at > $3) THEN 'accepted' " \
	"WHEN n.state IN ('approved', 'denied') THEN 'rejected' END AS status FROM newest n) " \
	"SELECT n.id, p.id, p.name, p.email, n.status, n.fields, n.created_at, " \
	"CASE WHEN n.state IN ('approved', 'denied') THEN n.changed_at END, g.id, g.name, " \
	"g.email FROM seen n JOIN person p ON p.id = n.person " \
	"LEFT JOIN person g ON g.id = n.granted_by "

static void take_person(struct store_step *step, struct store_hub_person *person)
{
	store_take_id(step, person->id);
	person->name = store_take_text(step);
	person->email = store_take_text(step);
}

static void take_request(struct store_step *step, void *out)
{
	struct store_hub_request *r = out;

	store_take_id(step, r->id);
	take_person(step, &r->person);
	r->status = store_take_text(step);
	r->fields = store_take_text(step);
	r->created_ms = store_take_time(step);
	r->reviewed_ms = store_take_time(step);
	take_person(step, &r->granted);
}

static void reverse(struct store_hub_request *list, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct store_hub_request other = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = other;
	}
}

enum err store_hub_request_page(struct store *s, struct arena *arena,
				struct store_hub_request **out, size_t *count,
				const struct store_hub_question *q, int64_t now_ms)
{
	static const uint8_t everybody[STORE_ID];
	static const struct store_statement page = {
		"hub_request_page", HUB_REQUESTS
		"WHERE n.status IS NOT NULL AND ($4::text IS NULL OR n.status = $4) "
		"AND position(lower($5) IN lower(p.name || ' ' || coalesce(p.email, ''))) > 0 "
		"AND ($6::uuid IS NULL OR n.id < $6) AND ($7::uuid IS NULL OR n.id > $7) "
		"ORDER BY CASE WHEN $7::uuid IS NOT NULL THEN n.id END, n.id DESC "
		"LIMIT $8::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &page, .arena = arena};

	store_put_id(&step, q->model);
	store_put_id(&step, everybody);
	store_put_time(&step, now_ms);
	store_put_text_or_null(&step, q->status);
	store_put_text(&step, q->search);
	store_put_id(&step, q->after);
	store_put_id(&step, q->before);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_request);
	if (!store_id_is_none(q->before))
		reverse(*out, *count);
	return OK;
}

enum err store_hub_request_of(struct store *s, struct arena *arena, struct store_hub_request *out,
			      const uint8_t model[STORE_ID], const uint8_t person[STORE_ID],
			      int64_t now_ms)
{
	static const struct store_statement find = {"hub_request_of", HUB_REQUESTS};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_id(&step, person);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_request, "access request");
}

enum err store_hub_request_granted(struct store *s, const uint8_t request[STORE_ID],
				   const uint8_t by[STORE_ID])
{
	static const struct store_statement update = {
		"hub_request_granted", "UPDATE access_request SET granted_by = $2 WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, request);
	store_put_id(&step, by);
	return store_change(s, &step, "request");
}

static void take_license(struct store_step *step, void *out)
{
	struct store_hub_license *l = out;

	store_take_id(step, l->id);
	store_take_id(step, l->person);
	l->person_name = store_take_text(step);
	l->state = store_take_text(step);
}

enum err store_hub_licenses(struct store *s, struct arena *arena, struct store_hub_license **out,
			    size_t *count, const uint8_t request[STORE_ID])
{
	static const struct store_statement list = {
		"hub_licenses",
		"SELECT l.id, l.person, p.name, l.state FROM access_request q "
		"JOIN license l ON l.model = q.model AND (l.request = q.id OR l.person = q.person) "
		"JOIN person p ON p.id = l.person WHERE q.id = $1 "
		"AND l.state IN ('preparing', 'active', 'suspended') ORDER BY l.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_license);
	return OK;
}
