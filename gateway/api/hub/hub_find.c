/* SPDX-License-Identifier: Apache-2.0 */
/* What the Hub routes share: the model and the revision that an address names, and what its asker
 * may see of them. */
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/scope.h"
#include "gateway/api/sight.h"
#include "policy/open_paths.h"

enum { WARN_DAYS = 14, DAY_MS = 24 * 3600 * 1000 };

struct slice hub_model_name(struct exchange *x)
{
	struct slice ns = exchange_param(x, "ns"), name = exchange_param(x, "name");

	if (slice_ends_with(name, S(".git"))) /* LFS addresses name the repository so */
		name.size -= sizeof ".git" - 1;
	if (ns.size == 0)
		return name;
	return slice_of_string(
		arena_printf(exchange_arena(x), "%.*s/%.*s", SLICE_PRINT(ns), SLICE_PRINT(name)));
}

static void reply_no_repository(struct exchange *x, struct slice name)
{
	reply_hub(x, authorize_principal(x)->authenticated ? 404 : 401, "RepoNotFound",
		  arena_printf(exchange_arena(x), "Repository %.*s not found", SLICE_PRINT(name)));
}

bool hub_find_model(struct store_model *out, struct exchange *x, struct route_context *context)
{
	struct slice name = hub_model_name(x);
	enum err result = store_model_get(context->store, exchange_arena(x), out, name);

	if (result == OK)
		result = sight_check(x, context, out);
	if (result == ERR_NOT_FOUND)
		reply_no_repository(x, name);
	else if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

bool hub_find_revision(struct store_revision *out, struct exchange *x,
		       struct route_context *context, const struct store_model *model)
{
	struct slice wanted = exchange_param(x, "revision");
	enum err result;

	if (wanted.size == 0 || slice_equal(wanted, S("HEAD")))
		wanted = S("main");
	result = store_revision_get(context->store, exchange_arena(x), out, model->id, wanted);
	if (result == ERR_NOT_FOUND)
		reply_hub(x, 404, "RevisionNotFound",
			  arena_printf(exchange_arena(x), "Revision %.*s not found",
				       SLICE_PRINT(wanted)));
	else if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

/* When the last of the licenses that let them read ends. 0: none does. */
static int64_t reads_until(const struct grant *g)
{
	int64_t until = 0;

	for (size_t i = 0; i < g->access.license_count; i++) {
		const struct store_license *l = &g->access.licenses[i];

		if (slice_equal(l->state, S("active")) && l->expires_ms > until &&
		    (scope_of_list(l->rights) & right_bit(RIGHT_WEIGHTS_READ)))
			until = l->expires_ms;
	}
	return until;
}

/* Their license is under older terms, which are good for a while. */
static bool warn_of_terms(struct exchange *x, const struct grant *g)
{
	struct slice model = g->access.model.name;

	if (!g->license || g->facts.license != LICENSE_ACTIVE || g->facts.terms_current ||
	    g->facts.now_seconds >= g->facts.terms_grace_until_seconds)
		return false;
	exchange_header(x, "X-HF-Warning",
			"terms; The terms of %.*s have changed. Accept them until %.10s: sallyport "
			"license accept-terms %s",
			SLICE_PRINT(model),
			api_time(exchange_arena(x), g->facts.terms_grace_until_seconds * 1000),
			api_uuid(exchange_arena(x), g->license->id));
	return true;
}

bool hub_warn(struct exchange *x, const struct grant *g)
{
	int64_t until = reads_until(g), left = until - g->now_ms;
	const char *date;

	if (warn_of_terms(x, g))
		return true;
	if (g->facts.gate == GATE_NO || g->facts.gate == GATE_PUBLIC || left <= 0 ||
	    left > (int64_t)WARN_DAYS * DAY_MS)
		return false;
	date = api_time(exchange_arena(x), until);
	exchange_header(x, "X-HF-Warning",
			"license; Your license for %.*s expires on %.10s. Renew it: sallyport "
			"request %.*s",
			SLICE_PRINT(g->access.model.name), date, SLICE_PRINT(g->access.model.name));
	return true;
}

struct hub_sight hub_look(struct exchange *x, struct route_context *context,
			  const struct store_model *model)
{
	struct hub_sight sight = {.open_paths = model->open_paths};
	struct grant grant;

	if (authorize_weigh(&grant, x, context, RIGHT_WEIGHTS_READ, model->name, S(""), S("")) !=
	    OK)
		return sight;
	sight.reads_all = grant.decision.allow;
	sight.is_warned = hub_warn(x, &grant);
	return sight;
}

bool hub_sees(const struct hub_sight *sight, struct slice path)
{
	struct slice pattern;

	return sight->reads_all || open_paths_find(&pattern, sight->open_paths, path);
}

bool hub_is_true(struct exchange *x, const char *name)
{
	struct slice value = api_query(x, name);

	return slice_equal_ignoring_case(value, S("true")) || slice_equal(value, S("1"));
}

void hub_link_next(struct exchange *x, struct route_context *context, struct slice last)
{
	AUTO(buf_free) struct buf link = buf_new(PAGE_MAX_LINK);
	const struct http_request *request = exchange_request(x);

	page_write_next(&link, slice_of_string(context->api->settings->external_url), request->path,
			request->query, last);
	if (!link.overflow)
		exchange_header(x, "Link", "%s", buf_string(&link));
}
