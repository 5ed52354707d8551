/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed reports: GET /api/v1/reports says which there are and which were made; POST
 * /api/v1/reports/{report} makes one; GET /api/v1/reports/{report} tells of it or, as
 * ID.json, .csv, .html, .note or .receipt, gives it.
 */
#include <stdatomic.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/audit/report_give.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static json_t *describe_columns(const struct report *r)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < r->column_count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "name", slice_of_string(r->columns[i].name));
		json_put_text(one, "type", slice_of_string(r->columns[i].type));
		json_put_text(one, "meaning", slice_of_string(r->columns[i].meaning));
		json_push(list, one);
	}
	return list;
}

static json_t *describe_kind(const struct report *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "code", slice_of_string(r->code));
	json_put_text(one, "name", slice_of_string(r->name));
	json_put_text(one, "title", slice_of_string(r->title));
	json_put_text(one, "question", slice_of_string(r->question));
	json_put(one, "columns", describe_columns(r));
	json_put(one, "missing", report_missing_tell(r));
	return one;
}

static void put_time(json_t *o, struct arena *arena, const char *name, int64_t ms)
{
	json_put(o, name, ms ? json_string(api_time(arena, ms)) : json_null());
}

static json_t *describe_made(struct arena *arena, const struct store_audit_report *r)
{
	AUTO(json_auto) json_t *filters = NULL;
	const struct report *kind = report_of(r->name);
	json_t *one = json_object_new(), *digests = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->event)));
	json_put_text(one, "name", r->name);
	json_put_text(one, "title", slice_of_string(kind ? kind->title : ""));
	put_time(one, arena, "from", r->from_ms);
	put_time(one, arena, "to", r->to_ms);
	if (json_read(&filters, r->filters, REPORT_MAX_NOTE) == OK)
		json_put(one, "filters", json_incref(filters));
	json_put_int(one, "size", (int64_t)r->size);
	json_put_text(one, "root",
		      slice_of_string(api_base64(arena, slice_of(r->root, sizeof r->root))));
	json_put_int(one, "rows", (int64_t)r->rows);
	for (size_t i = 0; i < REPORT_FORMS; i++)
		json_put_text(digests, report_forms[i].name,
			      slice_of_string(api_hex(
				      arena, slice_of(r->forms + i * DIGEST_SIZE, DIGEST_SIZE))));
	json_put(one, "sha256", digests);
	put_time(one, arena, "made_at", r->made_at_ms);
	json_put_text(one, "made_by", r->made_by_name);
	return one;
}

static enum err list_made(struct store_audit_report **out, size_t *count, struct exchange *x,
			  struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	static const uint8_t anybody[STORE_ID] = {0};

	TRY(store_audit_report_list(context->store, exchange_arena(x), out, count,
				    principal_holds(who, RIGHT_AUDIT_READ) ? anybody
									   : who->person.id));
	return audit_log_read(x, context, "reports", (int64_t)*count, S(""));
}

void report_list(struct exchange *x, struct route_context *context)
{
	struct store_audit_report *made = NULL;
	json_t *answer, *list;
	size_t count = 0;
	enum err result = list_made(&made, &count, x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	list = json_array_new();
	for (size_t i = 0; i < report_catalog_count; i++)
		json_push(list, describe_kind(&report_catalog[i]));
	json_put(answer, "reports", list);
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_made(exchange_arena(x), &made[i]));
	json_put(answer, "made", list);
	reply_json(x, 200, answer);
}

static enum err read_time(int64_t *out, const json_t *body, const char *name)
{
	struct slice text;

	*out = 0;
	TRY(json_get_text_or(&text, body, name, S("")));
	return text.size ? clock_parse(out, text) : OK;
}

/* An entry that is never erased names the filters: so no name of a person is one. */
static enum err check_actor(const json_t *filters)
{
	uint8_t id[STORE_ID];
	struct slice actor;

	TRY(json_get_text_or(&actor, filters, "actor", S("")));
	if (actor.size && text_read_uuid(id, actor) != OK)
		return failure(ERR_FORMAT, "\"actor\" is the id of a person: names change, and are "
					   "erased");
	return OK;
}

/* What else is asked, and, of an auditor of some models, what may be seen. */
static enum err read_filters(struct report_head *head, struct exchange *x, const json_t *body)
{
	static const char *const names[] = {"actor", "license", "model"};
	const struct principal *who = authorize_principal(x);
	AUTO(json_auto) json_t *filters = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(REPORT_MAX_NOTE / 2);
	struct slice value;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		TRY(json_get_text_or(&value, body, names[i], S("")));
		if (value.size)
			json_put_text(filters, names[i], value);
	}
	if (json_object_size(filters)) {
		if (head->report->of_entries)
			return failure(ERR_FORMAT, "this report is of every entry: it takes no "
						   "filter but \"from\", \"to\" and \"size\"");
		TRY(check_actor(filters));
		TRY(audit_filters_check(exchange_arena(x), filters));
	}
	if (!head->report->of_entries && !principal_holds(who, RIGHT_AUDIT_READ))
		json_put_text(filters, "models",
			      principal_models(who, RIGHT_AUDIT_READ, exchange_arena(x)));
	TRY(json_write_canonical(&text, filters));
	TRY(buf_done(&text));
	head->filters = arena_copy(exchange_arena(x), buf_slice(&text));
	return OK;
}

static enum err read_asked(struct report_work *w, const json_t *body)
{
	static const char *const names[] = {"from",    "to",    "size", "actor",
					    "license", "model", NULL};
	int64_t size;

	w->head.report = report_of(exchange_param(w->x, "report"));
	if (!w->head.report)
		return failure(ERR_NOT_FOUND, "there is no report of this name");
	TRY(json_only(body, names));
	TRY(read_time(&w->head.from_ms, body, "from"));
	TRY(read_time(&w->head.to_ms, body, "to"));
	if (w->head.to_ms && w->head.from_ms >= w->head.to_ms)
		return failure(ERR_FORMAT, "\"from\" must lie before \"to\"");
	TRY(json_get_int_or(&size, body, "size", 0));
	if (size < 0)
		return failure(ERR_FORMAT, "\"size\" is how many entries of the log it rests on");
	TRY(read_filters(&w->head, w->x, body));
	TRY(api_may_log(w->x, w->context));
	TRY(report_origin(&w->head.origin, w->x, w->context));
	return report_begin(w, (uint64_t)size);
}

static void fill_row(struct store_audit_report *row, const struct report_work *w)
{
	const struct principal *who = authorize_principal(w->x);

	*row = (struct store_audit_report){
		.name = slice_of_string(w->head.report->name),
		.from_ms = w->head.from_ms,
		.to_ms = w->head.to_ms,
		.filters = w->head.filters,
		.size = w->head.size,
		.rows = w->result.rows,
		.made_at_ms = clock_now_ms(),
		.made_by_name = who->person.name,
	};
	memcpy(row->root, w->head.root.bytes, sizeof row->root);
	memcpy(row->forms, w->result.forms, sizeof row->forms);
	memcpy(row->made_by, who->person.id, STORE_ID);
	random_uuid(row->event, row->made_at_ms);
}

/* The entry names the digests; it and the row are there before anybody has the report. */
static enum err log_made(const struct report_work *w, const struct store_audit_report *row)
{
	AUTO(store_end) struct store *store = w->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	const struct principal *who = authorize_principal(w->x);
	struct report_made made = report_made_of(row);

	audit_event_begin(&event, AUDIT_REPORT_MAKE, who->person.id, who->person.name);
	audit_event_preset_id(&event, row->event);
	audit_event_json(&event, "report", report_made_tell(&made));
	TRY(store_begin(store));
	TRY(store_audit_report_add(store, row));
	return api_finish(w->x, w->context, &event);
}

static enum err sign(struct route_context *context, const uint8_t event[STORE_ID])
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_report_sign ask;
	struct wire_report_signed made;

	memcpy(ask.event, event, WIRE_ID);
	wire_write_report_sign(&body, &ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, context->api, WIRE_REPORT_SIGN, buf_slice(&body)));
	TRY(wire_read_report_signed(&made, buf_slice(&reply.body)));
	return store_audit_report_sign(context->store, event, made.note);
}

static void make(struct exchange *x, struct route_context *context, const json_t *body)
{
	struct report_work w = {.x = x, .context = context, .forms = {true, true, true}};
	struct store_audit_report row;
	enum err result = read_asked(&w, body);

	if (result == OK)
		result = report_run(&w);
	if (result == OK) {
		fill_row(&row, &w);
		result = log_made(&w, &row);
	}
	if (result == OK)
		result = sign(context, row.event);
	if (result == OK)
		reply_json(x, 201, describe_made(exchange_arena(x), &row));
	else
		reply_failure(x, result);
}

void report_make(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);

	if (!body)
		return;
	if (atomic_fetch_add(&context->api->exports, 1) >= REPORTS_AT_ONCE)
		reply_busy(x, "other reports or exports are running; wait for one to end",
			   REPORTS_AT_ONCE);
	else
		make(x, context, body);
	atomic_fetch_sub(&context->api->exports, 1);
}

/* "ID" or "ID.form". */
static enum err find(struct store_audit_report *out, struct slice *form, struct exchange *x,
		     struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct slice id_text;
	uint8_t id[STORE_ID];

	slice_cut(exchange_param(x, "report"), '.', &id_text, form);
	if (text_read_uuid(id, id_text) != OK)
		return failure(ERR_NOT_FOUND, "there is no such report");
	TRY(store_audit_report_get(context->store, exchange_arena(x), out, id));
	if (!principal_is(who, out->made_by) && !principal_holds(who, RIGHT_AUDIT_READ))
		return failure(ERR_NOT_FOUND, "there is no such report");
	return OK;
}

void report_get(struct exchange *x, struct route_context *context)
{
	struct store_audit_report row;
	struct slice form;
	enum err result = find(&row, &form, x, context);

	if (result == OK)
		result = audit_log_read(x, context, "report", (int64_t)row.rows, S(""));
	if (result != OK)
		reply_failure(x, result);
	else if (form.size == 0)
		reply_json(x, 200, describe_made(exchange_arena(x), &row));
	else
		report_give(x, context, &row, form);
}
