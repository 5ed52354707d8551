/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question is written out of the filters it has, and planned anew each time: a plan for all
 * filters at once would use no index (see request_find.c). Only our own words and numbers get into
 * the text; what auditors write travels beside it.
 */
#include "schema/store/audit_search.h"

#include "crypto/base/text.h"
#include "schema/store/payload.h"

#define PAYLOAD_HAS "strpos(lower(convert_from(v.payload, 'UTF8')), lower("

enum { MAX_SQL = 8192, DAY_MS = 24 * 3600 * 1000 };

struct question {
	struct buf sql;
	struct store_statement statement;
	struct store_step step;
};

static void question_begin(struct question *q, struct arena *arena)
{
	*q = (struct question){.sql = buf_new(MAX_SQL), .step = {.arena = arena}};
}

static void question_clear(struct question *q)
{
	store_step_clear(&q->step);
	buf_free(&q->sql);
}

static enum err question_run(struct question *q, struct store *s)
{
	TRY(buf_done(&q->sql));
	q->statement.sql = buf_string(&q->sql);
	q->step.statement = &q->statement;
	return store_run(s, &q->step, 1);
}

/* `format` has one %zu, for the number of the argument. */
static void with_text(struct question *q, const char *before, struct slice value,
		      const char *behind)
{
	if (value.size == 0)
		return;
	store_put_text(&q->step, value);
	buf_printf(&q->sql, " AND %s$%zu::text%s", before, q->step.arguments, behind);
}

static void with_model(struct question *q, struct slice model)
{
	if (slice_ends_with(model, S("/*")))
		with_text(q, "e.model <> '' AND split_part(e.model, '/', 1) = ",
			  slice_part(model, 0, model.size - 2), "");
	else
		with_text(q, "e.model = ", model, "");
}

static void with_time(struct question *q, const char *before, int64_t ms)
{
	if (ms == 0)
		return;
	store_put_time(&q->step, ms);
	buf_printf(&q->sql, " AND %s $%zu::timestamptz", before, q->step.arguments);
}

/* What an auditor of some models may see. Of "ns/<star>" the namespace is left when the star is
 * gone; a name, which has a slash, is no namespace. */
static void with_scope(struct question *q, const struct store_audit_filter *f)
{
	if (!f->is_narrow)
		return;
	store_put_text(&q->step, f->models);
	buf_printf(&q->sql,
		   " AND (e.model = ANY(string_to_array($%zu::text, ',')) OR (e.model <> '' AND "
		   "split_part(e.model, '/', 1) = "
		   "ANY(string_to_array(replace($%zu::text, '/*', ''), ','))))",
		   q->step.arguments, q->step.arguments);
}

/* What is known of an event in audit_entry and of a row of audit_day alike. */
static void with_columns(struct question *q, const struct store_audit_filter *f)
{
	with_model(q, f->model);
	with_text(q, "e.right_name = ", f->right, "");
	with_text(q, "e.code = ", f->code, "");
	if (slice_equal(f->decision, S("allow")))
		buf_write_string(&q->sql, " AND e.allow");
	else if (f->decision.size)
		buf_write_string(&q->sql, " AND NOT e.allow");
	with_scope(q, f);
}

static bool is_several(struct slice kinds)
{
	return slice_find(kinds, ',') < kinds.size;
}

static void with_kinds(struct question *q, struct slice kinds)
{
	if (is_several(kinds))
		with_text(q, "e.kind = ANY(string_to_array(", kinds, ", ','))");
	else
		with_text(q, "e.kind = ", kinds, "");
}

static void with_actor(struct question *q, struct slice actor)
{
	uint8_t id[STORE_ID];

	if (actor.size && text_read_uuid(id, actor) == OK)
		with_text(q, "e.actor = ", actor, "::uuid");
	else
		with_text(q, "e.actor_name = ", actor, "");
}

static void with_institution(struct question *q, struct slice institution)
{
	uint8_t id[STORE_ID];

	if (institution.size && text_read_uuid(id, institution) == OK)
		with_text(q, "f.place = e.place AND f.institution = ", institution, "::uuid");
	else
		with_text(q,
			  "f.place = e.place AND f.institution = "
			  "(SELECT id FROM auditor_institution WHERE name = ",
			  institution, ")");
}

static void with_places(struct question *q, const char *column,
			const struct store_audit_bounds *bounds)
{
	buf_printf(&q->sql, " AND %s >= %lld AND %s < %lld", column, (long long)bounds->first,
		   column, (long long)bounds->end);
}

/* One kind and its places, said so that the planner sees a range of audit_entry_kind: it does not
 * know which kind is meant, and would take an equation for a frequent one. */
static void with_places_of_kind(struct question *q, const struct store_audit_bounds *bounds)
{
	buf_printf(&q->sql, " AND (e.kind, e.place) >= (k, %lld) AND (e.kind, e.place) < (k, %lld)",
		   (long long)bounds->first, (long long)bounds->end);
}

static void with_filter(struct question *q, const struct store_audit_filter *f)
{
	with_institution(q, f->institution);
	with_actor(q, f->actor);
	with_columns(q, f);
	if (!store_id_is_none(f->license)) {
		store_put_id(&q->step, f->license);
		buf_printf(&q->sql, " AND e.license = $%zu::uuid", q->step.arguments);
	}
	with_text(q, "e.address <<= ", f->address, "::inet");
	with_time(q, "e.at >=", f->from_ms);
	with_time(q, "e.at <", f->to_ms);
}

/* Kinds alone are walked one by one, each in its index: together they would be sorted, or sought
 * among all events. With another filter the planner knows which is the rarer. */
static bool walks_kinds(const struct store_audit_filter *f)
{
	return is_several(f->kinds) && !f->actor.size && !f->institution.size && !f->model.size &&
	       store_id_is_none(f->license) && !f->address.size && !f->is_narrow && !f->code.size;
}

/* The places of what is looked for, of one kind k after the other. */
static void write_kinds_walk(struct question *q, const struct store_audit_query *query,
			     const struct store_audit_bounds *bounds, unsigned limit,
			     const char *text)
{
	const char *order = query->is_forward ? "" : " DESC";

	store_put_text(&q->step, query->filter.kinds);
	buf_printf(&q->sql,
		   "(SELECT e.place FROM unnest(string_to_array($%zu::text, ',')) k, LATERAL "
		   "(SELECT e.place FROM auditor_entry e%s WHERE true",
		   q->step.arguments, text);
	with_places_of_kind(q, bounds);
	with_filter(q, &query->filter);
	if (text[0])
		with_text(q, PAYLOAD_HAS, query->filter.text, ")) > 0");
	buf_printf(&q->sql,
		   " ORDER BY e.kind%s, e.place%s LIMIT %u) e ORDER BY e.place%s LIMIT %u) p",
		   order, order, limit, order, limit);
}

/* The places of what is looked for, in order, no more than `limit`; named p. Places only, so that
 * an index which holds all that is asked about is enough. */
static void write_walk(struct question *q, const struct store_audit_query *query,
		       const struct store_audit_bounds *bounds, unsigned limit, bool has_text)
{
	const struct store_audit_filter *f = &query->filter;
	const char *text = has_text ? " JOIN auditor_row v ON v.id = e.event" : "";
	/* Of affiliations the places are asked for, so that their index gives the order. */
	const char *place = f->institution.size ? "f.place" : "e.place";

	if (walks_kinds(f)) {
		write_kinds_walk(q, query, bounds, limit, text);
		return;
	}
	buf_printf(&q->sql, "(SELECT e.place FROM %sauditor_entry e%s WHERE true",
		   f->institution.size ? "auditor_affiliation f, " : "", text);
	with_places(q, place, bounds);
	with_filter(q, f);
	with_kinds(q, f->kinds);
	if (has_text)
		with_text(q, PAYLOAD_HAS, f->text, ")) > 0");
	buf_printf(&q->sql, " ORDER BY %s%s LIMIT %u) p", place, query->is_forward ? "" : " DESC",
		   limit);
}

enum err store_audit_catch_up(struct store *s, uint64_t *left, unsigned most)
{
	static const struct store_statement catch_up = {"audit_catch_up",
							"SELECT audit_catch_up($1::bigint)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &catch_up};

	store_put_int(&step, most);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the log does not say how far it is indexed");
	*left = (uint64_t)store_take_int(&step);
	return OK;
}

enum err store_audit_bounds(struct store *s, struct store_audit_bounds *out,
			    const struct store_audit_filter *filter)
{
	static const struct store_statement find = {
		"audit_bounds",
		"SELECT coalesce((SELECT max(size) FROM auditor_checkpoint), 0), "
		"(SELECT next FROM auditor_progress), "
		"CASE WHEN $1::timestamptz IS NULL THEN 0 ELSE coalesce((SELECT min(span) << 28 "
		"FROM auditor_span WHERE last_at >= $1), x'7fffffffffffffff'::bigint) END, "
		"CASE WHEN $2::timestamptz IS NULL THEN x'7fffffffffffffff'::bigint ELSE "
		"coalesce((SELECT (max(span) + 1) << 28 FROM auditor_span WHERE first_at < $2), 0) "
		"END"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};
	uint64_t left, next;
	int64_t end;

	TRY(store_audit_catch_up(s, &left, STORE_AUDIT_CATCH_UP));
	store_put_time(&step, filter->from_ms);
	store_put_time(&step, filter->to_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the log has no size");
	out->published = (uint64_t)store_take_int(&step);
	next = (uint64_t)store_take_int(&step);
	out->is_behind_by = out->published > next ? out->published - next : 0;
	out->first = store_take_int(&step);
	out->end = store_take_int(&step);
	end = (int64_t)((out->published < next ? out->published : next) * STORE_AUDIT_PLACES);
	if (out->end > end)
		out->end = end;
	return OK;
}

static void take_found(struct store_step *step, void *out)
{
	struct store_found *found = out;
	struct store_event *event = &found->event;

	*found = (struct store_found){.place = store_take_int(step)};
	event->is_published = true;
	event->index = (uint64_t)found->place / STORE_AUDIT_PLACES;
	store_take_id(step, event->id);
	event->at_ms = store_take_time(step);
	event->kind = store_take_text(step);
	store_take_id(step, event->actor);
	event->actor_name = store_take_text(step);
	event->model = store_take_text(step);
	store_take_id(step, event->license);
	event->right = store_take_text(step);
	event->allow = store_take_bool(step);
	event->code = store_take_text(step);
	event->payload = store_take_payload(step);
	found->address = store_take_text(step);
	found->tokens = store_take_int(step);
	found->bytes = store_take_int(step);
	event->leaf = store_take_text(step);
	store_take_bytes(step, event->nonce, STORE_NONCE);
	event->is_erased = store_take_bool(step);
	event->erased_by = (uint64_t)store_take_int(step);
}

/* Where the payloads that this page looks into end: *bounds becomes them. */
static enum err walk_text(struct store *s, struct store_audit_page *out,
			  struct store_audit_bounds *bounds, const struct store_audit_query *query)
{
	AUTO(question_clear) struct question q;

	question_begin(&q, NULL);
	buf_printf(&q.sql, "SELECT count(*), %s(p.place) FROM ", query->is_forward ? "max" : "min");
	write_walk(&q, query, bounds, STORE_AUDIT_WALK, false);
	TRY(question_run(&q, s));
	if (!store_next(&q.step))
		return failure(ERR_INTERNAL, "the log cannot be walked");
	out->has_more = store_take_int(&q.step) == STORE_AUDIT_WALK;
	if (!out->has_more)
		return OK;
	out->cursor = store_take_int(&q.step);
	if (query->is_forward)
		bounds->end = out->cursor + 1;
	else
		bounds->first = out->cursor;
	return OK;
}

static struct store_audit_bounds behind_cursor(const struct store_audit_query *query)
{
	struct store_audit_bounds bounds = query->bounds;

	if (query->has_cursor && query->is_forward && bounds.first <= query->cursor)
		bounds.first = query->cursor + 1;
	if (query->has_cursor && !query->is_forward && bounds.end > query->cursor)
		bounds.end = query->cursor;
	return bounds;
}

enum err store_audit_find(struct store *s, struct arena *arena, struct store_audit_page *out,
			  const struct store_audit_query *query)
{
	AUTO(question_clear) struct question q;
	struct store_audit_bounds bounds = behind_cursor(query);
	bool has_text = query->filter.text.size > 0;

	question_begin(&q, arena);
	*out = (struct store_audit_page){.has_more = false};
	if (query->limit == 0 || query->limit > STORE_AUDIT_MAX_EXPORT)
		return failure(ERR_LIMIT, "a page has 1 to %d events", STORE_AUDIT_MAX_EXPORT);
	if (has_text)
		TRY(walk_text(s, out, &bounds, query));
	buf_write_string(&q.sql,
			 "SELECT p.place, r.id, r.at, r.kind, r.actor, r.actor_name, r.model, "
			 "r.license, r.right_name, r.allow, r.code, r.payload, r.chain, "
			 "host(e.address), e.tokens, e.bytes, r.leaf, r.nonce, r.payload IS NULL, "
			 "coalesce((SELECT x.erased_by_seq FROM auditor_erased x "
			 "WHERE r.payload IS NULL AND x.id = r.id), -1) FROM ");
	write_walk(&q, query, &bounds, query->limit, has_text);
	buf_printf(&q.sql,
		   " JOIN auditor_entry e ON e.place = p.place "
		   "JOIN auditor_row r ON r.id = e.event ORDER BY p.place%s",
		   query->is_forward ? "" : " DESC");
	TRY(question_run(&q, s));
	out->events = store_all(&q.step, &out->count, sizeof *out->events, take_found);
	if (out->count == query->limit) {
		out->has_more = true;
		out->cursor = out->events[out->count - 1].place;
	}
	return OK;
}

#define STORE_AUDIT_NAME(name, text) text,
static const char *const by_names[] = {STORE_AUDIT_GROUPINGS(STORE_AUDIT_NAME)};
#undef STORE_AUDIT_NAME

bool store_audit_by_of(enum store_audit_by *out, struct slice name)
{
	for (size_t i = 0; i < sizeof by_names / sizeof by_names[0]; i++)
		if (slice_equal(name, slice_of_string(by_names[i]))) {
			*out = (enum store_audit_by)i;
			return true;
		}
	return false;
}

/* What the groups are called, and by what audit_day calls them (NULL: it does not know them). */
static const struct grouping {
	const char *key, *id, *of_day;
	bool is_time;
} groupings[] = {
	[STORE_AUDIT_BY_DAY] = {"to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')", "NULL",
				"to_char(e.day, 'YYYY-MM-DD')", true},
	[STORE_AUDIT_BY_HOUR] =
		{"to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')", "NULL", NULL,
		 true},
	[STORE_AUDIT_BY_MODEL] = {"e.model", "NULL", "e.model", false},
	[STORE_AUDIT_BY_INSTITUTION] = {"min(i.name)", "i.id", NULL, false},
	[STORE_AUDIT_BY_PERSON] = {"max(e.actor_name)", "e.actor", NULL, false},
	[STORE_AUDIT_BY_LICENSE] = {"e.license::text", "NULL", NULL, false},
	[STORE_AUDIT_BY_RIGHT] = {"e.right_name", "NULL", "e.right_name", false},
	[STORE_AUDIT_BY_KIND] = {"e.kind", "NULL", "e.kind", false},
	[STORE_AUDIT_BY_DECISION] = {"CASE WHEN e.allow THEN 'allow' ELSE 'deny' END", "NULL",
				     "CASE WHEN e.allow THEN 'allow' ELSE 'deny' END", false},
	[STORE_AUDIT_BY_CODE] = {"e.code", "NULL", "e.code", false},
};

/* Can the counts of days answer it? */
static bool is_of_days(const struct store_audit_filter *f, enum store_audit_by by)
{
	return groupings[by].of_day && !f->actor.size && !f->institution.size &&
	       store_id_is_none(f->license) && !f->address.size && f->from_ms % DAY_MS == 0 &&
	       f->to_ms % DAY_MS == 0;
}

static void write_day_groups(struct question *q, const struct store_audit_filter *f,
			     enum store_audit_by by)
{
	buf_printf(&q->sql,
		   "SELECT %s, NULL, sum(e.count)::bigint, sum(e.tokens)::bigint, "
		   "sum(e.bytes)::bigint FROM auditor_day e WHERE true",
		   groupings[by].of_day);
	with_columns(q, f);
	with_kinds(q, f->kinds);
	with_time(q, "e.day >= (SELECT", f->from_ms);
	if (f->from_ms)
		buf_write_string(&q->sql, " AT TIME ZONE 'UTC')::date");
	with_time(q, "e.day < (SELECT", f->to_ms);
	if (f->to_ms)
		buf_write_string(&q->sql, " AT TIME ZONE 'UTC')::date");
}

static void write_groups(struct question *q, const struct store_audit_query *query,
			 enum store_audit_by by)
{
	const struct grouping *g = &groupings[by];

	buf_printf(&q->sql,
		   "SELECT %s, %s::text, count(*), sum(e.tokens)::bigint, sum(e.bytes)::bigint "
		   "FROM auditor_entry e",
		   g->key, g->id);
	if (query->filter.institution.size)
		buf_write_string(&q->sql, ", auditor_affiliation f");
	if (by == STORE_AUDIT_BY_INSTITUTION)
		buf_write_string(&q->sql, ", auditor_affiliation a JOIN auditor_institution i "
					  "ON i.id = a.institution WHERE a.place = e.place");
	else
		buf_write_string(&q->sql, " WHERE true");
	with_places(q, "e.place", &query->bounds);
	with_filter(q, &query->filter);
	with_kinds(q, query->filter.kinds);
}

static void take_group(struct store_step *step, void *out)
{
	struct store_audit_group *group = out;

	group->key = store_take_text(step);
	group->id = store_take_text(step);
	group->count = store_take_int(step);
	group->tokens = store_take_int(step);
	group->bytes = store_take_int(step);
}

enum err store_audit_summary(struct store *s, struct arena *arena, struct store_audit_group **out,
			     size_t *count, const struct store_audit_query *query,
			     enum store_audit_by by)
{
	AUTO(question_clear) struct question q;
	bool has_own_id = slice_of_string(groupings[by].id).size > 4;

	question_begin(&q, arena);
	if (query->filter.text.size)
		return failure(ERR_UNSUPPORTED, "a summary cannot look for a text in payloads: "
						"export what has it, and count that");
	if (query->limit == 0 || query->limit > STORE_AUDIT_MAX_GROUPS)
		return failure(ERR_LIMIT, "a summary has 1 to %d groups", STORE_AUDIT_MAX_GROUPS);
	if (is_of_days(&query->filter, by))
		write_day_groups(&q, &query->filter, by);
	else
		write_groups(&q, query, by);
	buf_printf(&q.sql, " GROUP BY %s ORDER BY %s LIMIT %u",
		   by == STORE_AUDIT_BY_INSTITUTION ? "i.id"
		   : has_own_id                     ? "e.actor"
						    : "1",
		   groupings[by].is_time ? "1" : "3 DESC, 1", query->limit);
	TRY(question_run(&q, s));
	*out = store_all(&q.step, count, sizeof **out, take_group);
	return OK;
}
