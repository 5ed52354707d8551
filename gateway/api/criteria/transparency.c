/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How access is given, for everybody to see: of each model its criteria, how many asked, what
 * became of it, by kind and country of institution, and how long they waited. One report a day; its
 * numbers are merged until nobody stands alone in one (policy/transparency.h).
 */
#include "policy/transparency.h"
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/api.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/criteria.h"
#include "schema/store/transparency.h"

enum { REPORT_MAX = 16 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

/* --- the report --------------------------------------------------------------------------- */

/* All that a report is made of. */
struct material {
	struct store_criteria *criteria;
	struct store_outcomes *outcomes;
	struct store_waiting *waiting;
	size_t criteria_count, outcome_count, waiting_count;
	int64_t k;
};

static enum err gather(struct material *out, struct arena *arena, struct store *store,
		       int64_t before_ms)
{
	static const uint8_t all[STORE_ID];

	TRY(store_criteria_list(store, arena, &out->criteria, &out->criteria_count, all));
	TRY(store_outcomes_list(store, arena, &out->outcomes, &out->outcome_count, before_ms));
	return store_waiting_list(store, arena, &out->waiting, &out->waiting_count, before_ms);
}

static json_t *describe_numbers(const struct outcome_table *t, const struct outcome_group *g)
{
	json_t *one = json_object_new();

	json_put_int(one, "people", outcome_sum(g));
	if (!t->has_outcomes)
		return one;
	json_put_int(one, "approved", g->people[OUTCOME_APPROVED]);
	json_put_int(one, "denied", g->people[OUTCOME_DENIED]);
	json_put_int(one, "waiting", g->people[OUTCOME_WAITING]);
	return one;
}

/* [{"group","people","approved","denied","waiting"}]; null: fewer than k people in all. */
static json_t *describe_table(struct outcome_group *groups, size_t count, int64_t k)
{
	struct outcome_table t = outcomes_merge(groups, count, k);
	json_t *list;

	if (t.is_withheld)
		return json_null();
	list = json_array_new();
	for (size_t i = 0; i < t.count; i++) {
		json_t *one = describe_numbers(&t, &t.groups[i]);

		json_put_text(one, "group", t.groups[i].name);
		json_push(list, one);
	}
	return list;
}

typedef struct slice name_fn(const struct store_outcomes *row);

static struct slice kind_of(const struct store_outcomes *row)
{
	return row->kind;
}

static struct slice country_of(const struct store_outcomes *row)
{
	return row->country;
}

static struct slice all_of(const struct store_outcomes *row)
{
	(void)row;
	return S("all");
}

/* The rows of one model, summed up by name. */
static json_t *sum_up(const struct store_outcomes *rows, size_t count, name_fn *name_of, int64_t k)
{
	AUTO(arena_free) struct arena arena = {0};
	struct outcome_group *groups = arena_alloc(&arena, (count + 1) * sizeof *groups);
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct slice name = name_of(&rows[i]);
		size_t g = 0;

		while (g < used && !slice_equal(groups[g].name, name))
			g++;
		used += g == used;
		groups[g].name = name;
		groups[g].people[OUTCOME_APPROVED] += rows[i].approved;
		groups[g].people[OUTCOME_DENIED] += rows[i].denied;
		groups[g].people[OUTCOME_WAITING] += rows[i].waiting;
	}
	return describe_table(groups, used, k);
}

static void put_criteria(json_t *one, struct arena *arena, const struct material *m,
			 struct slice model)
{
	for (size_t i = 0; i < m->criteria_count; i++) {
		const struct store_criteria *c = &m->criteria[i];
		json_t *document = NULL;

		if (!slice_equal(c->model_name, model) ||
		    json_read(&document, c->document, 256 * 1024) != OK)
			continue;
		json_put(one, "criteria", document);
		json_put_text(one, "criteria_sha256",
			      slice_of_string(api_hex(arena, slice_of(c->sha256, STORE_SHA256))));
		json_put_text(one, "criteria_since",
			      slice_of_string(api_time(arena, c->activated_ms)));
		return;
	}
	json_put(one, "criteria", json_null());
}

static json_t *median_of(const struct material *m, struct slice model)
{
	for (size_t i = 0; i < m->waiting_count; i++)
		if (slice_equal(m->waiting[i].model, model) && m->waiting[i].people >= m->k)
			return json_integer(m->waiting[i].median_hours);
	return json_null();
}

static void push_model(json_t *models, struct arena *arena, const struct material *m,
		       const struct store_outcomes *rows, size_t count, struct slice model)
{
	json_t *one = json_object_new();

	json_put_text(one, "model", model);
	put_criteria(one, arena, m, model);
	json_put(one, "outcomes", sum_up(rows, count, all_of, m->k));
	json_put(one, "by_institution_kind", sum_up(rows, count, kind_of, m->k));
	json_put(one, "by_country", sum_up(rows, count, country_of, m->k));
	json_put(one, "median_waiting_hours", median_of(m, model));
	json_push(models, one);
}

/* Models that somebody asked for, and those that have criteria. */
static json_t *describe_models(struct arena *arena, const struct material *m)
{
	json_t *models = json_array_new();

	for (size_t from = 0, to; from < m->outcome_count; from = to) {
		struct slice model = m->outcomes[from].model;

		for (to = from; to < m->outcome_count; to++)
			if (!slice_equal(m->outcomes[to].model, model))
				break;
		push_model(models, arena, m, &m->outcomes[from], to - from, model);
	}
	for (size_t i = 0; i < m->criteria_count; i++) {
		struct slice model = m->criteria[i].model_name;
		size_t k = 0;

		while (k < m->outcome_count && !slice_equal(m->outcomes[k].model, model))
			k++;
		if (k == m->outcome_count)
			push_model(models, arena, m, NULL, 0, model);
	}
	return models;
}

static enum err make_report(struct slice *out, struct arena *arena, struct route_context *context,
			    int64_t now_ms)
{
	AUTO(json_auto) json_t *report = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(REPORT_MAX);
	int64_t before_ms = now_ms - now_ms % DAY_MS;
	struct material m = {.k = context->api->settings->transparency_k};

	TRY(gather(&m, arena, context->store, before_ms));
	json_put_text(report, "before", slice_of_string(api_time(arena, before_ms)));
	json_put_int(report, "k", m.k);
	json_put(report, "models", describe_models(arena, &m));
	TRY(json_write_canonical(&text, report));
	TRY(buf_done(&text));
	*out = arena_copy(arena, buf_slice(&text));
	return store_report_add(context->store, *out, now_ms);
}

/* That of today; whoever asks first has it made. */
static enum err get_report(struct slice *out, struct exchange *x, struct route_context *context)
{
	int64_t now_ms = clock_now_ms();
	enum err result = store_report_get(context->store, exchange_arena(x), out, now_ms);

	return result == ERR_NOT_FOUND ? make_report(out, exchange_arena(x), context, now_ms)
				       : result;
}

void transparency_json(struct exchange *x, struct route_context *context)
{
	struct slice report;
	enum err result = get_report(&report, x, context);

	if (result == OK)
		reply_text(x, 200, "application/json", report);
	else
		reply_failure(x, result);
}

/* --- the page ----------------------------------------------------------------------------- */

static void write_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		switch (text.data[i]) {
		case '<':
			buf_write_string(out, "&lt;");
			break;
		case '>':
			buf_write_string(out, "&gt;");
			break;
		case '&':
			buf_write_string(out, "&amp;");
			break;
		case '"':
			buf_write_string(out, "&quot;");
			break;
		default:
			buf_write_u8(out, text.data[i]);
		}
	}
}

static void write_member(struct buf *out, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_string(value))
		write_escaped(out, slice_of(json_string_value(value), json_string_length(value)));
	else if (json_is_integer(value))
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	else
		buf_write_string(out, "&ndash;");
}

static void write_row(struct buf *out, const json_t *object, const char *const names[])
{
	buf_write_string(out, "<tr>");
	for (size_t i = 0; names[i]; i++) {
		buf_write_string(out, "<td>");
		write_member(out, object, names[i]);
		buf_write_string(out, "</td>");
	}
	buf_write_string(out, "</tr>\n");
}

static void write_outcomes(struct buf *out, const json_t *model, const char *member,
			   const char *title)
{
	static const char *const columns[] = {"group",  "people",  "approved",
					      "denied", "waiting", NULL};
	const json_t *list = json_object_get(model, member);

	if (!json_is_array(list)) {
		buf_printf(out, "<p>%s: too few people to be told.</p>\n", title);
		return;
	}
	if (!json_array_size(list))
		return;
	buf_printf(out,
		   "<table><caption>%s</caption><tr><th></th><th>people</th><th>approved</th>"
		   "<th>denied</th><th>waiting</th></tr>\n",
		   title);
	for (size_t i = 0; i < json_array_size(list); i++)
		write_row(out, json_array_get(list, i), columns);
	buf_write_string(out, "</table>\n");
}

static void write_criteria(struct buf *out, const json_t *model)
{
	static const char *const columns[] = {"effect", "text", "id", NULL};
	const json_t *criteria = json_object_get(model, "criteria");
	const json_t *rules = json_object_get(criteria, "rules");

	if (!json_is_object(criteria)) {
		buf_write_string(out, "<p>No published criteria.</p>\n");
		return;
	}
	buf_write_string(out, "<p>Criteria: <b>");
	write_member(out, criteria, "name");
	buf_write_string(out, "</b>, since ");
	write_member(out, model, "criteria_since");
	buf_write_string(out, "<br><code>");
	write_member(out, model, "criteria_sha256");
	buf_write_string(out, "</code></p>\n<table><tr><th>effect</th><th>for whom</th>"
			      "<th>rule</th></tr>\n");
	for (size_t i = 0; i < json_array_size(rules); i++)
		write_row(out, json_array_get(rules, i), columns);
	buf_write_string(out, "</table>\n");
}

static void write_model(struct buf *out, const json_t *model)
{
	buf_write_string(out, "<h2>");
	write_member(out, model, "model");
	buf_write_string(out, "</h2>\n");
	write_criteria(out, model);
	write_outcomes(out, model, "outcomes", "All requests");
	write_outcomes(out, model, "by_institution_kind", "By kind of institution");
	write_outcomes(out, model, "by_country", "By country of the institution");
	buf_write_string(out, "<p>Median time from request to decision, in hours: ");
	write_member(out, model, "median_waiting_hours");
	buf_write_string(out, "</p>\n");
}

static void write_page(struct buf *out, const json_t *report)
{
	const json_t *models = json_object_get(report, "models");

	buf_write_string(out,
			 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			 "<title>How access is given</title><style>body{font:16px sans-serif;"
			 "max-width:50em;margin:2em auto;padding:0 1em}table{border-collapse:"
			 "collapse;margin:1em 0}td,th{border:1px solid #888;padding:.3em .6em;"
			 "text-align:left}caption{text-align:left;font-weight:bold}</style>"
			 "</head><body>\n<h1>How access is given</h1>\n<p>Requests made before ");
	write_member(out, report, "before");
	buf_write_string(out, ". No number stands for fewer than ");
	write_member(out, report, "k");
	buf_write_string(out, " people: groups that are too small are told together, as "
			      "&ldquo;other&rdquo;. The same as data: "
			      "<a href=\"/api/v1/transparency\">/api/v1/transparency</a>.</p>\n");
	for (size_t i = 0; i < json_array_size(models); i++)
		write_model(out, json_array_get(models, i));
	buf_write_string(out, "</body></html>\n");
}

void transparency_page(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *report = NULL;
	AUTO(buf_free) struct buf page = buf_new(4 * REPORT_MAX);
	struct slice text;
	enum err result = get_report(&text, x, context);

	if (result == OK)
		result = json_read(&report, text, REPORT_MAX);
	if (result == OK) {
		write_page(&page, report);
		result = buf_done(&page);
	}
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "Content-Security-Policy",
			"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
			"form-action 'none'; frame-ancestors 'none'");
	reply_text(x, 200, "text/html; charset=utf-8", buf_slice(&page));
}
