/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branches and tags, as the Hub's clients make and delete them. They are names of revisions of one
 * model; what a license allows concerns the model, so a name opens nothing. Each change is an act
 * in the log.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/reference.h"

enum { TAG_MAX_MESSAGE = 2000 };

static void begin_event(struct audit_event *event, enum audit_kind kind, const struct exchange *x,
			const struct store_model *model, struct slice name)
{
	const struct principal *who = authorize_principal(x);
	bool is_tag = kind == AUDIT_TAG_CREATE || kind == AUDIT_TAG_DELETE;

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_text(event, "model", model->name);
	audit_event_text(event, is_tag ? "tag" : "branch", name);
}

/* The revision with this id or name, "main" if none is said. */
static enum err find_start(struct store_revision *out, struct exchange *x,
			   struct route_context *context, const struct store_model *model,
			   struct slice name)
{
	enum err result = store_revision_get(context->store, exchange_arena(x), out, model->id,
					     name.size ? name : S("main"));

	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "revision \"%.*s\" is not there",
			       SLICE_PRINT(slice_part(name, 0, 100)));
	return result;
}

static enum err create_branch(struct exchange *x, struct route_context *context,
			      const struct store_model *model, struct slice name,
			      const struct store_revision *start)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_BRANCH_CREATE, x, model, name);
	audit_event_text(&event, "revision", start->id);
	TRY(store_begin(store));
	TRY(store_branch_create(store, model->id, name, start->id, clock_now_ms()));
	return api_finish(x, context, &event);
}

static enum err move_branch(struct exchange *x, struct route_context *context,
			    const struct store_model *model, struct slice name,
			    const struct store_revision *start)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_BRANCH_MOVE, x, model, name);
	audit_event_text(&event, "revision", start->id);
	TRY(store_begin(store));
	TRY(store_branch_move(store, model->id, name, start->id, clock_now_ms()));
	return api_finish(x, context, &event);
}

/* {"startingPoint"?, "overwrite"?}: an overwrite that says no start leaves the branch as it is. */
static enum err make_branch(struct exchange *x, struct route_context *context,
			    const struct store_model *model, struct slice name, const json_t *body)
{
	bool overwrite = json_is_true(json_object_get(body, "overwrite"));
	struct store_revision start;
	struct slice from, target;
	enum err known;

	if (json_is_true(json_object_get(body, "emptyBranch")))
		return failure(ERR_UNSUPPORTED, "a branch here begins at a revision; say which as "
						"\"startingPoint\"");
	TRY(json_get_text_or(&from, body, "startingPoint", S("")));
	TRY(find_start(&start, x, context, model, from));
	known = store_branch_find(context->store, exchange_arena(x), &target, model->id, name);
	if (known == ERR_NOT_FOUND)
		return create_branch(x, context, model, name, &start);
	TRY(known);
	if (!overwrite)
		return failure(ERR_CONFLICT, "branch \"%.*s\" is there already", SLICE_PRINT(name));
	if (from.size == 0 || slice_equal(target, start.id))
		return OK;
	return move_branch(x, context, model, name, &start);
}

static void reply_done(struct exchange *x, enum err result)
{
	if (result == OK)
		reply_json(x, 200, json_object_new());
	else if (result == ERR_NOT_FOUND)
		reply_hub(x, 404, "RevisionNotFound", failure_text());
	else
		reply_failure(x, result);
}

static bool find_active_model(struct store_model *model, struct exchange *x,
			      struct route_context *context)
{
	if (!hub_find_model(model, x, context))
		return false;
	if (slice_equal(model->state, S("active")))
		return true;
	reply_code(x, CODE_MODEL_DISABLED, NULL, NULL);
	return false;
}

void hub_branch_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct slice name = exchange_param(x, "branch");
	struct store_model model;
	enum err result;

	if (!body || !find_active_model(&model, x, context))
		return;
	result = commit_check_reference(name);
	if (result == OK)
		result = make_branch(x, context, &model, name, body);
	reply_done(x, result);
}

static enum err delete_branch(struct exchange *x, struct route_context *context,
			      const struct store_model *model, struct slice name)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice revision;

	if (slice_equal(name, S("main")))
		return failure(ERR_CONFLICT, "the branch main cannot be deleted");
	begin_event(&event, AUDIT_BRANCH_DELETE, x, model, name);
	TRY(store_begin(store));
	TRY(store_branch_delete(store, exchange_arena(x), &revision, model->id, name));
	audit_event_text(&event, "revision", revision);
	return api_finish(x, context, &event);
}

void hub_branch_delete(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (hub_find_model(&model, x, context))
		reply_done(x, delete_branch(x, context, &model, exchange_param(x, "branch")));
}

static enum err create_tag(struct exchange *x, struct route_context *context,
			   const struct store_model *model, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_tag tag = {.created_ms = clock_now_ms()};
	struct store_revision start;

	TRY(json_get_text(&tag.name, body, "tag"));
	TRY(json_get_text_or(&tag.message, body, "message", S("")));
	TRY(commit_check_reference(tag.name));
	if (tag.message.size > TAG_MAX_MESSAGE)
		return failure(ERR_LIMIT, "a tag's message has at most %d bytes", TAG_MAX_MESSAGE);
	TRY(find_start(&start, x, context, model, exchange_param(x, "revision")));
	tag.revision = start.id;
	begin_event(&event, AUDIT_TAG_CREATE, x, model, tag.name);
	audit_event_text(&event, "revision", tag.revision);
	TRY(store_begin(store));
	TRY(store_tag_create(store, model->id, &tag, authorize_principal(x)->person.id));
	return api_finish(x, context, &event);
}

void hub_tag_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_model model;

	if (body && find_active_model(&model, x, context))
		reply_done(x, create_tag(x, context, &model, body));
}

static enum err delete_tag(struct exchange *x, struct route_context *context,
			   const struct store_model *model, struct slice name)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice revision;

	begin_event(&event, AUDIT_TAG_DELETE, x, model, name);
	TRY(store_begin(store));
	TRY(store_tag_delete(store, exchange_arena(x), &revision, model->id, name));
	audit_event_text(&event, "revision", revision);
	return api_finish(x, context, &event);
}

void hub_tag_delete(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (hub_find_model(&model, x, context))
		reply_done(x, delete_tag(x, context, &model, exchange_param(x, "revision")));
}
