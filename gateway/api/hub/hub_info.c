/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is: models and revisions, who asks, and what they may, in the Hub's own words
 * (research/access-and-hub.md 1.3, 1.6). Listings are public, as those of gated repositories are on
 * the Hub; content is not.
 */
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/person/office.h"
#include "gateway/api/recall.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static json_t *siblings_of(struct exchange *x, const struct store_file *files, size_t count,
			   const struct hub_sight *sight)
{
	bool blobs = hub_is_true(x, "blobs");
	json_t *siblings = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push(siblings, hub_describe_sibling(exchange_arena(x), &files[i], blobs,
							 !hub_sees(sight, files[i].path)));
	return siblings;
}

/* The answer follows from the database alone, unless digests are asked for: then from the license
 * too, and so from the time. */
static struct facts_topic model_topic(struct exchange *x)
{
	return (struct facts_topic){.route = S("model"),
				    .person = authorize_principal(x)->credential_id,
				    .model = hub_model_name(x),
				    .revision = exchange_param(x, "revision")};
}

static void reply_model(struct exchange *x, struct route_context *context,
			const struct store_model *m, const struct store_revision *r)
{
	const struct facts_topic topic = model_topic(x);
	struct arena *arena = exchange_arena(x);
	struct hub_sight sight = hub_look(x, context, m);
	struct store_file *files;
	size_t count;
	json_t *info;
	enum err result = store_revision_files(context->store, arena, &files, &count, m->id, r->id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	info = hub_describe_model(arena, context->api->settings->external_url, m, r);
	json_put_text(info, "sha", r->id);
	json_put(info, "siblings", siblings_of(x, files, count, &sight));
	if (hub_is_true(x, "securityStatus")) { /* nobody scans here, and we say so */
		json_t *status = json_object_new();

		json_put_bool(status, "scansDone", false);
		json_put(status, "filesWithIssues", json_array_new());
		json_put(info, "securityRepoStatus", status);
	}
	/* A warning has the time in it. One that begins to be due while this is remembered waits
	 * for the next change; the files' own answers have it. */
	if (exchange_request(x)->query.size || sight.is_warned) {
		exchange_header(x, "X-Repo-Commit", "%.*s", SLICE_PRINT(r->id));
		reply_json(x, 200, info);
		return;
	}
	remember_answer(x, context, &topic, r->id, info);
}

/* True: it was known, and is answered. */
static bool recall_model(struct exchange *x, struct route_context *context)
{
	const struct facts_topic topic = model_topic(x);

	if (exchange_request(x)->query.size) {
		exchange_may_wait(x);
		return false;
	}
	return recall_answer(x, context, &topic);
}

void hub_model(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;

	if (recall_model(x, context))
		return;
	if (!hub_find_model(&model, x, context))
		return;
	if (model.main.size == 0) { /* created, and nothing committed yet */
		json_t *info = hub_describe_model(
			exchange_arena(x), context->api->settings->external_url, &model, NULL);

		json_put(info, "siblings", json_array_new());
		reply_json(x, 200, info);
		return;
	}
	if (hub_find_revision(&revision, x, context, &model))
		reply_model(x, context, &model, &revision);
}

void hub_revision(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;

	if (recall_model(x, context))
		return;
	if (hub_find_model(&model, x, context) && hub_find_revision(&revision, x, context, &model))
		reply_model(x, context, &model, &revision);
}

/* What `hf auth whoami` shows of the token itself. */
static json_t *describe_token(struct arena *arena, const struct principal *who)
{
	json_t *auth = json_object_new(), *token = json_object_new();
	bool writes = principal_holds_somewhere(who, RIGHT_MODELS_MANAGE);

	json_put_text(token, "displayName",
		      who->credential_name.size ? who->credential_name : S("sallyport"));
	json_put_text(token, "role", writes ? S("write") : S("read"));
	json_put_text(token, "createdAt",
		      slice_of_string(api_time(arena, who->credential_created_ms)));
	json_put_text(auth, "type", S("access_token"));
	json_put(auth, "accessToken", token);
	return auth;
}

/* Their answer follows from the time, too. */
static bool has_dated_office(const struct principal *who)
{
	struct slice held = who->person.held;
	struct office office;

	while (offices_next(&office, &held))
		if (office.until_ms)
			return true;
	return false;
}

void hub_whoami(struct exchange *x, struct route_context *context)
{
	const struct store_person *p = &authorize_principal(x)->person;
	const struct principal *asker = authorize_principal(x);
	const struct facts_topic topic = {.route = S("whoami"), .person = asker->credential_id};
	bool may_be_kept;
	json_t *who;

	if (!authorize_person(x))
		return;
	may_be_kept = !has_dated_office(asker);
	if (may_be_kept && recall_answer(x, context, &topic))
		return;
	who = json_object_new();
	json_put_text(who, "type", S("user"));
	json_put_text(who, "id", slice_of_string(api_uuid(exchange_arena(x), p->id)));
	json_put_text(who, "name", p->name);
	json_put_text(who, "fullname", p->name);
	json_put_text(who, "email", p->email);
	json_put_bool(who, "emailVerified", false);
	json_put_bool(who, "canPay", false);
	json_put(who, "periodEnd", json_null());
	json_put_bool(who, "isPro", false);
	json_put_text(who, "avatarUrl", S(""));
	json_put(who, "orgs", json_array_new());
	json_put_text(who, "offices", p->offices);
	json_put(who, "held", office_describe_held(exchange_arena(x), p->held));
	json_put(who, "auth", describe_token(exchange_arena(x), asker));
	if (may_be_kept)
		remember_answer(x, context, &topic, S(""), who);
	else
		reply_json(x, 200, who);
}

void hub_auth_check(struct exchange *x, struct route_context *context)
{
	if (authorize_model(x, context, RIGHT_WEIGHTS_READ, hub_model_name(x), S(""), S("")))
		reply_json(x, 200, json_object_new());
}

/* May this token upload to the model? */
void hub_auth_check_write(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (!hub_find_model(&model, x, context) || !authorize_person(x))
		return;
	if (principal_holds_on(authorize_principal(x), RIGHT_MODELS_MANAGE, model.name))
		reply_json(x, 200, json_object_new());
	else
		reply_hub(x, 403, NULL,
			  "this needs the right \"models:manage\", which this token does not give");
}
