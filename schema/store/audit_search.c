/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page is merged from the newest (or oldest) places of each class of events that can be meant
 * (audit_class), under one filter that leads. Every such list is a range of an index in the order
 * of the page, so that a page costs what it shows. Filters besides the one have to look at events:
 * at no more than STORE_AUDIT_WALK of each list, and the page ends where the first list was left.
 */
#include "schema/store/audit_search.h"

#include "schema/store/audit_question.h"
#include "schema/store/payload.h"

#define PAYLOAD_HAS "strpos(lower(convert_from(v.payload, 'UTF8')), lower("

/* Of the filters, the one that leads; the fewer events it is likely to have, the earlier. */
enum lead {
	LEAD_LICENSE,
	LEAD_ACTOR,
	LEAD_ADDRESS,   /* a single one */
	LEAD_ADDRESSES, /* a range with few events: all of them are sorted */
	LEAD_MODEL,
	LEAD_INSTITUTION,
	LEAD_SCOPE, /* models that the auditor may know */
	LEAD_NONE,
};

/* How a page is found. */
struct plan {
	enum lead lead;
	bool is_forward;
	bool is_plain; /* one list: all events */
	bool has_rest; /* filters besides what leads, and what classes tell */
	bool has_time;
	bool is_of_namespace; /* of LEAD_SCOPE, the list that is being written */
	const struct store_audit_filter *filter;
	struct store_audit_filter rest;
	struct store_audit_bounds bounds;
};

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
	event->is_row = found->place % STORE_AUDIT_PLACES > 0;
	event->row = event->is_row ? (uint32_t)(found->place % STORE_AUDIT_PLACES) - 1 : 0;
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

static bool is_one_address(struct slice range)
{
	bool is_6 = slice_find(range, ':') < range.size;

	return slice_ends_with(range, is_6 ? S("/128") : S("/32"));
}

/* Are there so few events of a range of addresses that they can be sorted? */
static enum err count_addresses(struct store *s, bool *few, struct slice range)
{
	AUTO(question_clear) struct question q;

	question_begin(&q, NULL);
	*few = false;
	if (range.size == 0)
		return OK;
	buf_write_string(&q.sql, "SELECT count(*) FROM (SELECT FROM auditor_entry e WHERE true");
	question_with_text(&q, "e.address <<= ", range, "::inet");
	buf_printf(&q.sql, " LIMIT %d) few", STORE_AUDIT_WALK + 1);
	TRY(question_run(&q, s));
	*few = store_next(&q.step) && store_take_int(&q.step) <= STORE_AUDIT_WALK;
	return OK;
}

static enum lead lead_of(const struct store_audit_filter *f, bool has_few_addresses)
{
	if (!store_id_is_none(f->license))
		return LEAD_LICENSE;
	if (has_few_addresses)
		return LEAD_ADDRESSES;
	if (f->actor.size)
		return LEAD_ACTOR;
	if (f->address.size && is_one_address(f->address))
		return LEAD_ADDRESS;
	if (f->model.size)
		return LEAD_MODEL;
	if (f->institution.size)
		return LEAD_INSTITUTION;
	return f->is_narrow ? LEAD_SCOPE : LEAD_NONE;
}

/* What leads, and what classes tell, is none of the rest. */
static struct store_audit_filter rest_of(const struct store_audit_filter *f, enum lead lead)
{
	struct store_audit_filter rest = *f;

	rest.kinds = rest.right = rest.decision = rest.code = S("");
	switch (lead) {
	case LEAD_LICENSE:
		memset(rest.license, 0, sizeof rest.license);
		break;
	case LEAD_ACTOR:
		rest.actor = S("");
		break;
	case LEAD_ADDRESS:
	case LEAD_ADDRESSES:
		rest.address = S("");
		break;
	case LEAD_MODEL:
		rest.model = S("");
		break;
	case LEAD_INSTITUTION:
		rest.institution = S("");
		break;
	case LEAD_SCOPE:
		rest.is_narrow = false;
		break;
	case LEAD_NONE:
		break;
	}
	return rest;
}

static enum err make_plan(struct store *s, struct plan *out, const struct store_audit_query *query,
			  const struct store_audit_bounds *bounds)
{
	const struct store_audit_filter *f = &query->filter;
	const struct store_audit_filter *rest = &out->rest;
	bool few;

	TRY(count_addresses(s, &few, f->address));
	*out = (struct plan){.lead = lead_of(f, few),
			     .is_forward = query->is_forward,
			     .filter = f,
			     .bounds = *bounds};
	out->rest = rest_of(f, out->lead);
	out->is_plain = out->lead == LEAD_NONE && !f->kinds.size && !f->right.size &&
			!f->decision.size && !f->code.size;
	out->has_rest = rest->actor.size || rest->model.size || rest->institution.size ||
			rest->region.size || rest->address.size || rest->text.size ||
			rest->is_narrow;
	out->has_time = f->from_ms || f->to_ms;
	return OK;
}

/* The classes that are meant. */
static void write_classes(struct question *q, const struct store_audit_filter *f)
{
	buf_write_string(&q->sql, "(SELECT c.id FROM auditor_class c WHERE true");
	question_with_text(q, "c.kind = ANY(string_to_array(", f->kinds, ", ','))");
	question_with_text(q, "c.right_name = ", f->right, "");
	question_with_text(q, "c.code = ", f->code, "");
	if (f->decision.size)
		buf_write_string(&q->sql, slice_equal(f->decision, S("allow"))
						  ? " AND c.allow"
						  : " AND NOT c.allow");
	buf_write_string(&q->sql, " OFFSET 0)");
}

static void write_lead(struct question *q, const struct plan *p)
{
	const struct store_audit_filter *f = p->filter;

	switch (p->lead) {
	case LEAD_LICENSE:
		store_put_id(&q->step, f->license);
		buf_printf(&q->sql, " AND e.license = $%zu::uuid", q->step.arguments);
		break;
	case LEAD_ACTOR:
		question_with_actor(q, f->actor);
		break;
	case LEAD_ADDRESS:
		question_with_text(q, "e.address = ", f->address, "::inet");
		break;
	case LEAD_ADDRESSES:
		question_with_text(q, "e.address <<= ", f->address, "::inet");
		break;
	case LEAD_MODEL:
		question_with_model(q, f->model);
		break;
	case LEAD_INSTITUTION:
		question_with_institution(q, "f.institution", f->institution);
		break;
	case LEAD_SCOPE:
		buf_write_string(&q->sql, p->is_of_namespace
						  ? " AND e.model <> '' AND "
						    "split_part(e.model, '/', 1) = m.namespace"
						  : " AND e.model = m.name");
		break;
	case LEAD_NONE:
		break;
	}
}

/* The events of a list, or of all: called e; f is what the list is of. */
static void write_table(struct question *q, const struct plan *p, bool has_rest)
{
	bool needs_event = has_rest || p->has_time;

	if (p->lead != LEAD_INSTITUTION)
		buf_write_string(&q->sql, "auditor_entry e");
	else if (needs_event)
		buf_write_string(&q->sql, "auditor_affiliation f JOIN auditor_entry e "
					  "ON e.place = f.place");
	else
		buf_write_string(&q->sql, "auditor_affiliation f");
	if (has_rest && p->rest.text.size)
		buf_write_string(&q->sql, " JOIN auditor_row v ON v.id = e.event");
}

static void write_rest(struct question *q, const struct plan *p)
{
	struct store_audit_filter rest = p->rest;

	question_with_institution(q,
				  "EXISTS (SELECT FROM auditor_affiliation f "
				  "WHERE f.place = e.place AND f.institution",
				  rest.institution);
	if (rest.institution.size)
		buf_write_string(&q->sql, ")");
	rest.institution = S("");
	rest.from_ms = rest.to_ms = 0;
	question_with_filter(q, &rest);
	question_with_text(q, PAYLOAD_HAS, rest.text, ")) > 0");
}

/* A list: places in the order of the page, no more than `limit`. The range is said so that the
 * planner sees one of an index in this order, whatever it thinks of how frequent a class is. */
static void write_list(struct question *q, const struct plan *p, unsigned limit, bool has_rest)
{
	const char *t = p->lead == LEAD_INSTITUTION ? "f" : "e";
	const char *order = p->is_forward ? "" : " DESC";

	buf_printf(&q->sql, "SELECT %s.place FROM ", t);
	write_table(q, p, has_rest);
	buf_write_string(&q->sql, " WHERE true");
	write_lead(q, p);
	if (p->is_plain)
		question_with_places(q, "e.place", &p->bounds);
	else
		buf_printf(&q->sql,
			   " AND (%s.class, %s.place) >= (c.id, %lld) AND (%s.class, %s.place) < "
			   "(c.id, %lld)",
			   t, t, (long long)p->bounds.first, t, t, (long long)p->bounds.end);
	question_with_time(q, "e.at >=", p->filter->from_ms);
	question_with_time(q, "e.at <", p->filter->to_ms);
	if (has_rest)
		write_rest(q, p);
	buf_printf(&q->sql, " ORDER BY ");
	if (!p->is_plain)
		buf_printf(&q->sql, "%s.class%s, ", t, order);
	buf_printf(&q->sql, "%s.place%s LIMIT %u", t, order, limit);
}

/* What there is a list for: classes, called c, and models, called m. */
static void write_lists(struct question *q, const struct plan *p)
{
	write_classes(q, p->filter);
	buf_write_string(&q->sql, " c, ");
	if (p->lead != LEAD_SCOPE)
		return;
	store_put_text(&q->step, p->filter->models);
	buf_printf(&q->sql,
		   "(SELECT name, CASE WHEN right(name, 2) = '/*' THEN left(name, -2) END AS "
		   "namespace "
		   "FROM (SELECT DISTINCT unnest(string_to_array($%zu::text, ',')) AS name) n "
		   "OFFSET 0) m, ",
		   q->step.arguments);
}

/* The list of one class, and of one name or namespace if those lead. */
static void write_one(struct question *q, struct plan *p, unsigned limit, bool has_rest)
{
	if (p->lead != LEAD_SCOPE) {
		write_list(q, p, limit, has_rest);
		return;
	}
	buf_write_string(&q->sql, "(");
	write_list(q, p, limit, has_rest);
	buf_write_string(&q->sql, ") UNION ALL (");
	p->is_of_namespace = true;
	write_list(q, p, limit, has_rest);
	p->is_of_namespace = false;
	buf_write_string(&q->sql, ")");
}

/* Few events, wherever they stand: all that fit are sorted. */
static void write_sorted(struct question *q, const struct plan *p, unsigned limit)
{
	const char *order = p->is_forward ? "" : " DESC";

	buf_write_string(&q->sql, "SELECT p.place FROM (SELECT e.place FROM ");
	write_table(q, p, true);
	buf_write_string(&q->sql, " WHERE e.class IN ");
	write_classes(q, p->filter);
	write_lead(q, p);
	question_with_places(q, "e.place", &p->bounds);
	question_with_time(q, "e.at >=", p->filter->from_ms);
	question_with_time(q, "e.at <", p->filter->to_ms);
	write_rest(q, p);
	buf_printf(&q->sql, " OFFSET 0) p ORDER BY p.place%s LIMIT %u", order, limit);
}

/* The places of a page, in order. */
static void write_places(struct question *q, struct plan *p, unsigned limit)
{
	if (p->lead == LEAD_ADDRESSES) {
		write_sorted(q, p, limit);
		return;
	}
	if (p->is_plain) {
		write_list(q, p, limit, true);
		return;
	}
	/* A model may be granted by its name and by its namespace. */
	buf_printf(&q->sql, "SELECT %sl.place FROM ", p->lead == LEAD_SCOPE ? "DISTINCT " : "");
	write_lists(q, p);
	buf_write_string(&q->sql, "LATERAL (");
	write_one(q, p, limit, true);
	buf_printf(&q->sql, ") l ORDER BY l.place%s LIMIT %u", p->is_forward ? "" : " DESC", limit);
}

/* How far a page may look: to where the first of its lists was left after STORE_AUDIT_WALK. *bounds
 * becomes that, and the page ends there, however few events it has. */
static enum err bound_page(struct store *s, struct store_audit_page *out, struct plan *p,
			   unsigned limit)
{
	AUTO(question_clear) struct question q;
	unsigned least = p->is_plain ? STORE_AUDIT_WALK : STORE_AUDIT_WALK_LIST;
	unsigned walk = 10 * limit > least ? 10 * limit : least; /* large pages look further */

	question_begin(&q, NULL);
	if (!p->has_rest || p->lead == LEAD_ADDRESSES)
		return OK;
	buf_printf(&q.sql, "SELECT %s(w.place) FROM ", p->is_forward ? "min" : "max");
	if (!p->is_plain)
		write_lists(&q, p);
	buf_printf(&q.sql, "LATERAL (SELECT count(*), %s(l.place) AS place FROM (",
		   p->is_forward ? "max" : "min");
	write_one(&q, p, walk, false);
	buf_printf(&q.sql, ") l) w WHERE w.count >= %u", walk);
	TRY(question_run(&q, s));
	if (!store_next(&q.step))
		return failure(ERR_INTERNAL, "the log cannot be walked");
	out->has_more = !store_take_is_null(&q.step);
	if (!out->has_more)
		return OK;
	out->cursor = store_take_int(&q.step);
	if (p->is_forward)
		p->bounds.end = out->cursor + 1;
	else
		p->bounds.first = out->cursor;
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
	struct plan plan;

	question_begin(&q, arena);
	*out = (struct store_audit_page){.has_more = false};
	if (query->limit == 0 || query->limit > STORE_AUDIT_MAX_EXPORT)
		return failure(ERR_LIMIT, "a page has 1 to %d events", STORE_AUDIT_MAX_EXPORT);
	TRY(make_plan(s, &plan, query, &bounds));
	TRY(bound_page(s, out, &plan, query->limit));
	buf_write_string(&q.sql,
			 "SELECT p.place, r.id, r.at, r.kind, r.actor, r.actor_name, r.model, "
			 "r.license, r.right_name, r.allow, r.code, r.payload, r.chain, "
			 "host(e.address), e.tokens, e.bytes, r.leaf, r.nonce, r.payload IS NULL, "
			 "coalesce((SELECT x.erased_by_seq FROM auditor_erased x "
			 "WHERE r.payload IS NULL AND x.id = r.id), -1) FROM (");
	write_places(&q, &plan, query->limit);
	buf_printf(&q.sql,
		   ") p JOIN auditor_entry e ON e.place = p.place "
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
