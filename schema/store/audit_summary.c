/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts are read from the narrowest table that has what a question needs: the counts of days
 * (0030, 0036), or else the events themselves.
 */
#include "crypto/base/text.h"
#include "schema/store/audit_question.h"

/* Of counts: events that nobody did. */
#define NOBODY "00000000-0000-0000-0000-000000000000"

enum { DAY_MS = 24 * 3600 * 1000 };

/* What a table can be asked about: its columns, beside day or time. */
enum {
	HAS_MODEL = 1 << 0, /* and of which models an auditor may know */
	HAS_RIGHT = 1 << 1,
	HAS_CODE = 1 << 2,
	HAS_ACTOR = 1 << 3, /* by id, and for the names of groups */
	HAS_INSTITUTION = 1 << 4,
	HAS_EVENT = 1 << 5, /* what only the event itself has: hour, license, address, name */
};

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

/* What the groups are called: of an event, and of a row of counts. */
static const struct grouping {
	const char *key, *of_day;
	unsigned needs;
	bool is_time;
} groupings[] = {
	[STORE_AUDIT_BY_DAY] = {"to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
				"to_char(e.day, 'YYYY-MM-DD')", 0, true},
	[STORE_AUDIT_BY_HOUR] =
		{"to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')", NULL,
		 HAS_EVENT, true},
	[STORE_AUDIT_BY_MODEL] = {"e.model", "nullif(e.model, '')", HAS_MODEL, false},
	[STORE_AUDIT_BY_INSTITUTION] = {"a.institution", "e.institution", HAS_INSTITUTION, false},
	[STORE_AUDIT_BY_REGION] =
		{"(SELECT country FROM auditor_institution i WHERE i.id = a.institution)",
		 "(SELECT country FROM auditor_institution i WHERE i.id = e.institution)",
		 HAS_INSTITUTION, false},
	[STORE_AUDIT_BY_PERSON] = {"e.actor", "nullif(e.actor, '" NOBODY "')", HAS_ACTOR, false},
	[STORE_AUDIT_BY_LICENSE] = {"e.license::text", NULL, HAS_EVENT, false},
	[STORE_AUDIT_BY_RIGHT] = {"e.right_name", "nullif(e.right_name, '')", HAS_RIGHT, false},
	[STORE_AUDIT_BY_KIND] = {"e.kind", "e.kind", 0, false},
	[STORE_AUDIT_BY_DECISION] = {"CASE WHEN e.allow THEN 'allow' ELSE 'deny' END",
				     "CASE WHEN e.allow THEN 'allow' ELSE 'deny' END", 0, false},
	[STORE_AUDIT_BY_CODE] = {"e.code", "e.code", HAS_CODE, false},
};

static const struct counts {
	const char *view;
	unsigned has;
} counts[] = {
	{"auditor_day", HAS_MODEL | HAS_RIGHT | HAS_CODE},
	{"auditor_day_institution", HAS_INSTITUTION},
	{"auditor_day_person", HAS_ACTOR},
};

static bool is_of_institutions(enum store_audit_by by)
{
	return by == STORE_AUDIT_BY_INSTITUTION || by == STORE_AUDIT_BY_REGION;
}

static unsigned needs_of(const struct store_audit_filter *f, enum store_audit_by by)
{
	unsigned needs = groupings[by].needs;
	uint8_t id[STORE_ID];

	if (f->model.size || f->is_narrow)
		needs |= HAS_MODEL;
	if (f->right.size)
		needs |= HAS_RIGHT;
	if (f->code.size)
		needs |= HAS_CODE;
	if (f->actor.size)
		needs |= text_read_uuid(id, f->actor) == OK ? HAS_ACTOR : HAS_EVENT;
	/* Who is of this institution is counted for their others, too. */
	if (f->institution.size)
		needs |= is_of_institutions(by) ? HAS_EVENT : HAS_INSTITUTION;
	/* Who is of two institutions there is one person. */
	if (f->region.size)
		needs |= HAS_EVENT;
	if (!store_id_is_none(f->license) || f->address.size || f->from_ms % DAY_MS ||
	    f->to_ms % DAY_MS)
		needs |= HAS_EVENT;
	return needs;
}

/* NULL: only the events themselves can answer it. */
static const struct counts *counts_for(const struct store_audit_filter *f, enum store_audit_by by)
{
	unsigned needs = needs_of(f, by);

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		if ((needs & ~counts[i].has) == 0)
			return &counts[i];
	return NULL;
}

static void write_day(struct question *q, const char *comparison, int64_t ms)
{
	if (ms == 0)
		return;
	question_with_time(q, comparison, ms);
	buf_write_string(&q->sql, " AT TIME ZONE 'UTC')::date");
}

static void write_counts(struct question *q, const struct store_audit_filter *f,
			 const struct counts *from, enum store_audit_by by)
{
	buf_printf(
		&q->sql,
		"SELECT %s AS key, sum(e.count)::bigint AS count, sum(e.tokens)::bigint AS tokens, "
		"sum(e.bytes)::bigint AS bytes FROM %s e WHERE true",
		groupings[by].of_day, from->view);
	question_with_columns(q, f);
	question_with_kinds(q, f->kinds);
	question_with_institution(q, "e.institution", f->institution);
	question_with_actor(q, f->actor);
	write_day(q, "e.day >= (SELECT", f->from_ms);
	write_day(q, "e.day < (SELECT", f->to_ms);
}

static void write_events(struct question *q, const struct store_audit_query *query,
			 enum store_audit_by by)
{
	buf_printf(&q->sql,
		   "SELECT %s AS key, count(*), sum(e.tokens)::bigint AS tokens, "
		   "sum(e.bytes)::bigint AS bytes FROM auditor_entry e%s%s WHERE %s",
		   groupings[by].key,
		   query->filter.institution.size ? ", auditor_affiliation f" : "",
		   is_of_institutions(by) ? ", auditor_affiliation a" : "",
		   is_of_institutions(by) ? "a.place = e.place" : "true");
	question_with_places(q, "e.place", &query->bounds);
	question_with_filter(q, &query->filter);
	question_with_kinds(q, query->filter.kinds);
}

/* Around the groups: their names as they are now, and their ids. Of a person who is none any more,
 * that of an event which an index finds at once. */
static const char *names_of(enum store_audit_by by)
{
	if (by == STORE_AUDIT_BY_PERSON)
		return "coalesce((SELECT name FROM auditor_person p WHERE p.id = g.key), "
		       "(SELECT n.actor_name FROM auditor_entry n WHERE n.actor = g.key "
		       "ORDER BY n.class DESC, n.place DESC LIMIT 1)), g.key::text";
	if (by == STORE_AUDIT_BY_INSTITUTION)
		return "(SELECT name FROM auditor_institution i WHERE i.id = g.key), g.key::text";
	return "g.key, NULL";
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
	const struct counts *from = counts_for(&query->filter, by);

	question_begin(&q, arena);
	if (query->filter.text.size)
		return failure(ERR_UNSUPPORTED, "a summary cannot look for a text in payloads: "
						"export what has it, and count that");
	if (query->limit == 0 || query->limit > STORE_AUDIT_MAX_GROUPS)
		return failure(ERR_LIMIT, "a summary has 1 to %d groups", STORE_AUDIT_MAX_GROUPS);
	buf_printf(&q.sql, "SELECT %s, g.count, g.tokens, g.bytes FROM (", names_of(by));
	if (from)
		write_counts(&q, &query->filter, from, by);
	else
		write_events(&q, query, by);
	buf_printf(&q.sql, " GROUP BY 1 ORDER BY %s LIMIT %u) g ORDER BY %s",
		   groupings[by].is_time ? "1" : "2 DESC, 1", query->limit,
		   groupings[by].is_time ? "1" : "3 DESC, 1");
	TRY(question_run(&q, s));
	*out = store_all(&q.step, count, sizeof **out, take_group);
	return OK;
}
