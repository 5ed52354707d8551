/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/models/{id}/user-access-request/{pending|accepted|rejected}, and the report of all.
 */
#include "gateway/api/hub/hub_access.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/http/url.h"
#include "policy/answers.h"

enum { ACCESS_PAGE = 1000, ACCESS_MAX_LINK = 4096 };

bool hub_find_gated(struct store_model *out, struct exchange *x, struct route_context *context)
{
	if (!hub_find_model(out, x, context))
		return false;
	if (slice_equal(out->gate, S("manual")) || slice_equal(out->gate, S("auto")))
		return true;
	reply_hub(x, 400, "RepoNotGated",
		  arena_printf(exchange_arena(x),
			       "Repository %.*s is not gated: nobody need ask for access",
			       SLICE_PRINT(out->name)));
	return false;
}

enum err hub_find_user(struct store_person *out, struct exchange *x, struct route_context *context,
		       const json_t *body)
{
	struct slice name, text;
	uint8_t id[STORE_ID];
	enum err result;

	TRY(json_get_text_or(&name, body, "user", S("")));
	TRY(json_get_text_or(&text, body, "userId", S("")));
	if (name.size == 0 && text.size == 0)
		return failure(ERR_FORMAT, "\"user\" is missing: a person's name");
	if (name.size) {
		result = store_person_by_name(context->store, exchange_arena(x), out, name);
	} else {
		TRY(text_read_uuid(id, text));
		result = store_person_by_id(context->store, exchange_arena(x), out, id);
	}
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "there is no person \"%.*s\" here",
			       SLICE_PRINT(slice_part(name.size ? name : text, 0, 100)));
	return result;
}

void hub_reply_refusal(struct exchange *x, enum err kind)
{
	if (kind == ERR_CONFLICT) /* the Hub knows no 409 here */
		reply_hub(x, 400, NULL, failure_text());
	else if (kind == ERR_DENIED)
		reply_hub(x, 403, NULL, failure_text());
	else
		reply_failure(x, kind);
}

static json_t *describe_user(struct arena *arena, const struct store_hub_person *p)
{
	json_t *one = json_object_new();

	json_put_text(one, "_id", slice_of_string(api_uuid(arena, p->id)));
	json_put_text(one, "user", p->name);
	json_put_text(one, "fullname", p->name);
	if (p->email.size)
		json_put_text(one, "email", p->email);
	json_put_text(one, "avatarUrl", S(""));
	json_put_bool(one, "isPro", false);
	json_put_text(one, "type", S("user"));
	return one;
}

static json_t *describe(struct arena *arena, const struct store_hub_request *r)
{
	json_t *one = json_object_new(), *fields;

	json_put(one, "user", describe_user(arena, &r->person));
	json_put_text(one, "status", r->status);
	json_put_text(one, "timestamp", slice_of_string(api_time(arena, r->created_ms)));
	if (r->reviewed_ms)
		json_put_text(one, "reviewedAt", slice_of_string(api_time(arena, r->reviewed_ms)));
	if (r->fields.size && json_read(&fields, r->fields, ANSWERS_MAX) == OK)
		json_put(one, "fields", fields);
	if (!store_id_is_none(r->granted.id))
		json_put(one, "grantedBy", describe_user(arena, &r->granted));
	return one;
}

/* A request's id, as our Link headers have it; none if the query has none. */
static enum err read_place(uint8_t out[STORE_ID], struct exchange *x, const char *name)
{
	struct slice text = api_query(x, name);

	if (text.size && text_read_uuid(out, text) != OK)
		return failure(ERR_FORMAT, "\"%s\" is none of ours; begin without it", name);
	return OK;
}

static enum err read_question(struct store_hub_question *q, struct exchange *x,
			      const struct store_model *model)
{
	struct slice limit = api_query(x, "limit");
	uint64_t wanted = ACCESS_PAGE;

	*q = (struct store_hub_question){.status = exchange_param(x, "status"),
					 .search = api_query(x, "q")};
	memcpy(q->model, model->id, STORE_ID);
	if (!slice_equal(q->status, S("pending")) && !slice_equal(q->status, S("accepted")) &&
	    !slice_equal(q->status, S("rejected")))
		return failure(ERR_FORMAT, "pending, accepted or rejected is expected");
	if (limit.size && (!slice_to_u64(limit, UINT32_MAX, &wanted) || wanted == 0))
		return failure(ERR_FORMAT, "\"limit\" must be a number from 1 to %d", ACCESS_PAGE);
	if (!slice_is_utf8(q->search))
		return failure(ERR_FORMAT, "\"q\" must be UTF-8");
	TRY(read_place(q->after, x, "after"));
	TRY(read_place(q->before, x, "before"));
	q->limit = (wanted < ACCESS_PAGE ? (size_t)wanted : ACCESS_PAGE) + 1;
	return OK;
}

static void link_next(struct exchange *x, struct route_context *context,
		      const struct store_hub_question *q, const uint8_t last[STORE_ID])
{
	AUTO(buf_free) struct buf link = buf_new(ACCESS_MAX_LINK);

	buf_printf(&link, "<%s", context->api->settings->external_url);
	url_write_path(&link, exchange_request(x)->path);
	buf_printf(&link, "?limit=%zu", q->limit - 1);
	if (q->search.size) {
		buf_write_string(&link, "&q=");
		url_write_component(&link, q->search);
	}
	buf_printf(&link, "&after=%s>; rel=\"next\"", api_uuid(exchange_arena(x), last));
	if (!link.overflow)
		exchange_header(x, "Link", "%s", buf_string(&link));
}

void hub_access_list(struct exchange *x, struct route_context *context)
{
	struct store_hub_question q;
	struct store_hub_request *found;
	struct store_model model;
	json_t *list;
	size_t count = 0;
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	result = read_question(&q, x, &model);
	if (result == OK)
		result = store_hub_request_page(context->store, exchange_arena(x), &found, &count,
						&q, clock_now_ms());
	if (result != OK) {
		hub_reply_refusal(x, result);
		return;
	}
	if (count == q.limit && store_id_is_none(q.before))
		link_next(x, context, &q, found[--count - 1].id);
	else if (count == q.limit) { /* the one too many is the newest */
		found++;
		count--;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &found[i]));
	reply_json(x, 200, list);
}

static json_t *describe_line(struct arena *arena, const struct store_hub_request *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "fullname", r->person.name);
	json_put_text(one, "user", r->person.name);
	json_put_text(one, "email", r->person.email);
	json_put_text(one, "time", slice_of_string(api_time(arena, r->created_ms)));
	if (r->reviewed_ms)
		json_put_text(one, "reviewedAt", slice_of_string(api_time(arena, r->reviewed_ms)));
	json_put_text(one, "status", r->status);
	if (!store_id_is_none(r->granted.id))
		json_put_text(one, "grantedBy", r->granted.name);
	return one;
}

/* A page of the report; *q is then behind it, and q->limit 0 at the end. */
static enum err write_page(struct exchange *x, struct route_context *context,
			   struct store_hub_question *q, bool *is_first)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_hub_request *found;
	size_t count;

	TRY(store_hub_request_page(context->store, &arena, &found, &count, q, clock_now_ms()));
	for (size_t i = 0; i < count; i++) {
		AUTO(buf_free) struct buf line = buf_new(64 * 1024);
		AUTO(json_auto) json_t *one = describe_line(&arena, &found[i]);

		buf_write_string(&line, *is_first ? "\n" : ",\n");
		*is_first = false;
		TRY(json_write_canonical(&line, one));
		TRY(exchange_stream_write(x, buf_slice(&line)));
	}
	if (count < q->limit)
		q->limit = 0;
	else
		memcpy(q->after, found[count - 1].id, STORE_ID);
	return OK;
}

static enum err write_report(struct exchange *x, struct route_context *context,
			     const struct store_model *model)
{
	struct store_hub_question q = {.limit = ACCESS_PAGE, .search = S("")};
	bool is_first = true;

	memcpy(q.model, model->id, STORE_ID);
	TRY(exchange_stream_begin(x, 200, "application/json"));
	TRY(exchange_stream_write(x, S("[")));
	while (q.limit)
		TRY(write_page(x, context, &q, &is_first));
	TRY(exchange_stream_write(x, S("\n]\n")));
	exchange_stream_end(x);
	return OK;
}

void hub_access_report(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf name = buf_new(1024);
	struct store_model model;

	if (!hub_find_gated(&model, x, context))
		return;
	url_write_component(&name, model.name);
	exchange_header(x, "Content-Disposition",
			"attachment; filename=\"user-access-report-%s.json\"", buf_string(&name));
	if (write_report(x, context, &model) != OK)
		exchange_abort(x); /* nobody takes a part for the whole */
}
