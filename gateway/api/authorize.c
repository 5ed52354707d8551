/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/authorize.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/proof/claims_of.h"
#include "gateway/api/recall.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/scope.h"
#include "gateway/api/sight.h"
#include "policy/model_scope.h"
#include "policy/offices.h"
#include "policy/open_paths.h"
#include "policy/requirements.h"

bool authorize_person(struct exchange *x)
{
	const struct principal *who = exchange_subject(x);

	if (who->authenticated && slice_equal(who->person.state, S("active")))
		return true;
	reply_code(x, who->authenticated ? CODE_SUBJECT_SUSPENDED : who->credential,
		   who->authenticated ? NULL : who->why, NULL);
	return false;
}

/* What a route declares (routes.c). */
struct need {
	enum right right;
	enum { HELD_EVERYWHERE, HELD_ON_MODEL, HELD_SOMEWHERE } where;
};

/* False: it is no right. */
static bool read_need(struct need *out, struct slice declared)
{
	struct slice right, where;

	slice_cut(declared, ' ', &right, &where);
	out->where = slice_equal(where, S("on model"))    ? HELD_ON_MODEL
		     : slice_equal(where, S("somewhere")) ? HELD_SOMEWHERE
							  : HELD_EVERYWHERE;
	return right_parse(&out->right, right) && (out->where != HELD_EVERYWHERE || !where.size);
}

static bool is_met(struct exchange *x, const struct principal *who, const struct need *need)
{
	if (!right_is_office(need->right))
		return who->scope & right_bit(need->right);
	switch (need->where) {
	case HELD_EVERYWHERE:
		return principal_holds(who, need->right);
	case HELD_ON_MODEL:
		return principal_holds_on(who, need->right, hub_model_name(x));
	case HELD_SOMEWHERE:
		return principal_holds_somewhere(who, need->right);
	}
	return false;
}

/* A person, with this right of office or (for metadata:read) a token that may speak for them.
 * False: it has answered. */
static bool check_person(struct exchange *x, const struct principal *who, const struct need *need)
{
	right_set held = offices_somewhere(who->person.held, who->now_ms);
	const char *lacks = "your account does not give";

	if (!authorize_person(x))
		return false;
	if (is_met(x, who, need))
		return true;
	if (!right_is_office(need->right) || !(who->scope & right_bit(need->right)))
		lacks = "this token's scope does not give";
	else if (held & right_bit(need->right))
		lacks = need->where == HELD_ON_MODEL ? "you do not have for this model"
						     : "you have for some models only";
	reply_code(x, CODE_RIGHT_NOT_GRANTED,
		   arena_printf(exchange_arena(x), "this needs the right \"%s\", which %s",
				right_name(need->right), lacks),
		   NULL);
	return false;
}

/* Health and the public log are read by machines that may carry anybody's token. */
static bool ignores_tokens(const struct exchange *x)
{
	struct slice path = exchange_request(x)->path;

	return slice_starts_with(path, S("/log/")) || slice_equal(path, S("/healthz")) ||
	       slice_equal(path, S("/readyz")) || slice_starts_with(path, S("/upload/")) ||
	       exchange_route(x)->run == preflight;
}

/* Calls without a person make no entry: the operator's log counts them, a line a minute. */
static void count_stranger(struct api *api, const struct principal *who)
{
	int64_t now_ms = clock_monotonic_ms(), due_ms = atomic_load(&api->count_due_ms);
	bool is_anonymous = who->credential == CODE_NOT_AUTHENTICATED;

	atomic_fetch_add(is_anonymous ? &api->anonymous_calls : &api->refused_tokens, 1);
	if (now_ms < due_ms ||
	    !atomic_compare_exchange_strong(&api->count_due_ms, &due_ms, now_ms + API_COUNT_MS))
		return;
	log_info("api.strangers", "anonymous=%u refused_tokens=%u",
		 atomic_exchange(&api->anonymous_calls, 0),
		 atomic_exchange(&api->refused_tokens, 0));
}

/* Does the route lead to an entry of the log? Those that only show what is there do not; of the
 * GETs that do, some are of office. */
static bool leads_to_entry(const struct exchange *x)
{
	const struct route *route = exchange_route(x);
	bool is_get = strcmp(route->method, "GET") == 0 || strcmp(route->method, "HEAD") == 0;

	return (!is_get && route->run != preflight) || strcmp(route->right, "weights:read") == 0 ||
	       strncmp(route->pattern, "/api/v1/audit/", 14) == 0 || route->run == license_sd_jwt ||
	       route->run == model_sealed;
}

/* What this edge knows may be out of date, and others have stopped waiting for it. */
static enum err no_lease(void)
{
	return failure(ERR_UNAVAILABLE, "this edge has lost touch with the database; try again");
}

bool authorize_route(struct exchange *x, struct route_context *context)
{
	struct slice declared = slice_of_string(exchange_route(x)->right);
	struct principal *who = arena_alloc(exchange_arena(x), sizeof *who);
	bool is_public = slice_equal(declared, S("public"));
	struct need need = {.right = RIGHT_METADATA_READ};
	enum err result;

	exchange_set_subject(x, who);
	who->credential = CODE_NOT_AUTHENTICATED;
	who->mark = facts_mark(context->api->facts);
	if (identify_by_path(x)) { /* the address is a secret: to no other site, in no cache */
		exchange_header(x, "Referrer-Policy", "no-referrer");
		exchange_header(x, "Cache-Control", "private, no-store");
	}
	if (is_public && ignores_tokens(x))
		return true;
	if (!is_public && !who->mark.epoch) {
		reply_failure(x, no_lease());
		return false;
	}
	if (!is_public && !read_need(&need, declared)) {
		reply_code(x, CODE_INTERNAL, NULL, NULL);
		return false;
	}
	result = identify(who, x, context);
	if (result == OK && leads_to_entry(x))
		result = api_may_log(x, context);
	if (result != OK) {
		reply_failure(x, result);
		return false;
	}
	if (!who->authenticated)
		count_stranger(context->api, who);
	if (!who->authenticated && who->credential != CODE_NOT_AUTHENTICATED) {
		reply_code(x, who->credential, who->why, NULL);
		return false;
	}
	/* Rights on a model are decided by authorize_model(), which every such route calls: the
	 * model may be open to anybody. metadata:read without a model means any person, with a
	 * token whose scope has it. */
	if (!is_public && !right_is_office(need.right) && need.right != RIGHT_METADATA_READ)
		return true;
	if (who->authenticated && who->client == CLIENT_MISSING) {
		reply_code(x, CODE_CERTIFICATE_NEEDED, NULL, NULL);
		return false;
	}
	if (is_public)
		return true;
	return check_person(x, who, &need);
}

void authorize_answering(const struct route *route, void *shared)
{
	const struct api *api = shared;
	struct slice right = slice_of_string(route->right);

	if (strcmp(route->method, "GET") != 0 && strcmp(route->method, "HEAD") != 0 &&
	    !slice_equal(right, S("public")) && !slice_starts_with(right, S("infer:")) &&
	    !slice_equal(right, S("internals:read")))
		facts_touch(api->facts);
}

const struct principal *authorize_principal(const struct exchange *x)
{
	return exchange_subject(x);
}

static enum model_state model_state_of(struct slice state)
{
	if (slice_equal(state, S("active")))
		return MODEL_ACTIVE;
	return slice_equal(state, S("disabled")) ? MODEL_IS_DISABLED : MODEL_SHREDDED;
}

static enum license_state license_state_of(const struct store_license *l)
{
	static const struct {
		const char *name;
		enum license_state state;
	} states[] = {
		{"preparing", LICENSE_PREPARING},    {"active", LICENSE_ACTIVE},
		{"suspended", LICENSE_IS_SUSPENDED}, {"expired", LICENSE_IS_EXPIRED},
		{"revoked", LICENSE_IS_REVOKED},     {"closed", LICENSE_IS_EXPIRED},
	};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (slice_equal(l->state, slice_of_string(states[i].name)))
			return states[i].state;
	return LICENSE_IS_REVOKED; /* a state we do not know allows nothing */
}

static enum request_state request_state_of(const struct store_access *a)
{
	static const struct {
		const char *name;
		enum request_state state;
	} states[] = {
		{"submitted", REQUEST_SUBMITTED}, {"returned", REQUEST_RETURNED},
		{"approved", REQUEST_APPROVED},   {"denied", REQUEST_IS_DENIED},
		{"withdrawn", REQUEST_WITHDRAWN}, {"appealed", REQUEST_APPEALED},
		{"closed", REQUEST_CLOSED},
	};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (slice_equal(a->request_state, slice_of_string(states[i].name)))
			return states[i].state;
	return REQUEST_NONE;
}

/* The license that speaks: an active one that gives the right now; else an active one; else the
 * newest of any state, whose state then tells why not. */
static const struct store_license *choose_license(const struct grant *g)
{
	const struct store_license *best = g->access.license_count ? g->access.licenses : NULL;
	int best_rank = 0;

	for (size_t i = 0; i < g->access.license_count; i++) {
		const struct store_license *l = &g->access.licenses[i];
		int rank = 0;

		if (license_state_of(l) == LICENSE_ACTIVE && g->now_ms < l->expires_ms)
			rank = g->now_ms < l->not_before_ms
				       ? 1
				       : 2 + !!(scope_of_list(l->rights) & right_bit(g->right));
		if (rank > best_rank) {
			best_rank = rank;
			best = l;
		}
	}
	return best;
}

static bool terms_match(const struct store_access *a, const struct store_license *l)
{
	if (!a->model.has_terms)
		return true;
	return l->has_terms && slice_equal(slice_of(l->terms_sha256, STORE_SHA256),
					   slice_of(a->model.terms_sha256, STORE_SHA256));
}

/* What the credential may be used for here: nothing, if it is for other models. */
static right_set scope_here(const struct grant *g)
{
	const struct principal *who = g->who;

	if (!model_scopes_cover(who->models, g->access.model.name))
		return 0;
	if (who->is_capability && (!slice_equal(who->only_model, g->access.model.name) ||
				   (who->only_revision.size && g->access.has_revision &&
				    !slice_equal(who->only_revision, g->access.revision.id))))
		return 0;
	return who->scope;
}

static bool is_recalled(const struct grant *g)
{
	return g->access.has_revision && !store_id_is_none(g->access.revision.recall);
}

static enum person_state person_state_of(const struct principal *who)
{
	if (!who->authenticated)
		return PERSON_ACTIVE;
	if (!slice_equal(who->person.state, S("active")))
		return PERSON_SUSPENDED;
	return who->person.is_blocked ? PERSON_BLOCKED : PERSON_ACTIVE;
}

static void gather_facts(struct grant *g, const struct store_license *l, struct exchange *x)
{
	struct decision_facts *f = &g->facts;

	*f = (struct decision_facts){
		.now_seconds = g->now_ms / 1000,
		.right = g->right,
		.authenticated = g->who->authenticated,
		.credential = g->who->authenticated ? CODE_OK_ALLOWED : g->who->credential,
		.person = person_state_of(g->who),
		.client = g->who->client,
		.token_scope = scope_here(g),
		.model = is_recalled(g) ? MODEL_IS_DISABLED : model_state_of(g->access.model.state),
		.request = request_state_of(&g->access),
		.terms_grace_until_seconds = g->access.model.terms_grace_ms / 1000,
	};
	if (!model_gate_parse(&f->gate, g->access.model.gate))
		f->gate = GATE_MANUAL;
	f->path_is_open = g->path.size &&
			  open_paths_find(&g->open_pattern, g->access.model.open_paths, g->path);
	g->license = l;
	decision_say_purpose(f, http_header(exchange_request(x), "X-Sallyport-Purpose"));
	if (!l)
		return;
	f->license = license_state_of(l);
	f->license_rights = scope_of_list(l->rights);
	f->license_not_before_seconds = l->not_before_ms / 1000;
	f->license_expires_seconds = l->expires_ms / 1000;
	f->terms_current = terms_match(&g->access, l);
	f->license_regions = l->regions;
	if (uses_parse(&f->license_uses, l->uses) != OK) /* not of our list: allows nothing */
		f->license = LICENSE_IS_REVOKED;
}

/* Where the call comes from: by the operator's table, since a license for some regions is about
 * where it is used; else the country that is verified of the person. */
static void gather_place(struct decision_facts *f, struct exchange *x,
			 struct route_context *context, const struct claims *claims)
{
	f->country = opinion_country(x, context->api);
	if (f->country.source == COUNTRY_NONE)
		f->country = claims->country;
}

/* What needs the person's claims: only some licenses do. */
static enum err gather_claims(struct grant *g, struct exchange *x, struct route_context *context)
{
	struct decision_facts *f = &g->facts;
	struct arena *arena = exchange_arena(x);
	struct claims claims;

	g->claims = (struct claims){.count = 0};
	if (!f->license_regions.size && !(g->license && g->license->requires.size))
		return OK;
	TRY(claims_of_person(&claims, context, arena, g->who->person.id, f->now_seconds));
	g->claims = claims;
	if (f->license_regions.size)
		gather_place(f, x, context, &claims);
	return requirements_check(&f->requirement, arena, g->license->requires, &claims,
				  f->now_seconds);
}

static enum err judge_by(struct grant *g, const struct store_license *license, struct exchange *x,
			 struct route_context *context)
{
	gather_facts(g, license, x);
	TRY(gather_claims(g, x, context));
	g->decision = decide(&g->facts);
	return OK;
}

/* By the license that speaks; if that denies, and the person has others that last, by the first of
 * them that allows it: one may be for another region or use. */
static enum err judge(struct grant *g, struct exchange *x, struct route_context *context)
{
	const struct store_license *chosen = choose_license(g);

	TRY(judge_by(g, chosen, x, context));
	for (size_t i = 0; i < g->access.license_count && !g->decision.allow; i++)
		if (&g->access.licenses[i] != chosen &&
		    license_state_of(&g->access.licenses[i]) == LICENSE_ACTIVE)
			TRY(judge_by(g, &g->access.licenses[i], x, context));
	return g->decision.allow ? OK : judge_by(g, chosen, x, context);
}

enum err authorize_weigh(struct grant *out, struct exchange *x, struct route_context *context,
			 enum right right, struct slice model, struct slice revision,
			 struct slice path)
{
	struct store_access_question question = {
		.model = model, .revision = revision, .path = path};
	bool is_remembered;

	*out = (struct grant){
		.who = exchange_subject(x), .right = right, .path = path, .now_ms = clock_now_ms()};
	if (!out->who->mark.epoch)
		return no_lease();
	memcpy(question.person, out->who->person.id, STORE_ID);
	is_remembered = recall_access(&out->access, x, context, &question);
	if (is_remembered)
		TRY(judge(out, x, context));
	/* Another edge may have given what this one does not know of yet: no denial from memory. */
	if (is_remembered && out->decision.allow && sight_by_access(out->who, &out->access))
		return OK;
	TRY(read_access(&out->access, x, context, &question));
	if (!sight_by_access(out->who, &out->access))
		return failure(ERR_NOT_FOUND, "model %.*s does not exist", SLICE_PRINT(model));
	return judge(out, x, context);
}

enum err authorize_log_denial(struct route_context *context, struct exchange *x,
			      const struct grant *g)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	exchange_may_wait(x);
	audit_event_begin(&event, AUDIT_DECISION_DENY, g->who->person.id, g->who->person.name);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(x)));
	audit_event_text(&event, "rule", slice_of_string(g->decision.rule));
	principal_tell(g->who, &event);
	audit_event_denied(&event, code_name(g->decision.code));
	TRY(authorize_log(x, context, g, &event));
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event.id));
	return OK;
}

static void reply_no_model(struct exchange *x, struct slice model)
{
	const char *text = arena_printf(exchange_arena(x), "model %.*s does not exist",
					SLICE_PRINT(model));
	struct slice path = exchange_request(x)->path;

	if (slice_starts_with(path, S("/v1/")) || slice_starts_with(path, S("/api/v1/")))
		reply_code(x, CODE_NOT_FOUND, text, "model");
	else
		reply_hub(x, authorize_principal(x)->authenticated ? 404 : 401, "RepoNotFound",
			  text);
}

struct grant *authorize_model(struct exchange *x, struct route_context *context, enum right right,
			      struct slice model, struct slice revision, struct slice path)
{
	struct grant *g = arena_alloc(exchange_arena(x), sizeof *g);
	enum err result = authorize_weigh(g, x, context, right, model, revision, path);

	if (result == ERR_NOT_FOUND) {
		reply_no_model(x, model);
		return NULL;
	}
	if (result == OK && !g->decision.allow && g->who->authenticated)
		result = authorize_log_denial(context, x, g);
	if (result != OK) {
		reply_failure(x, result);
		return NULL;
	}
	metrics_add(&context->api->metrics,
		    g->decision.allow ? METRIC_DECISIONS_ALLOWED : METRIC_DECISIONS_DENIED, 1);
	if (!g->decision.allow && g->decision.code == CODE_MODEL_DISABLED && is_recalled(g)) {
		reply_recalled(x, g->access.revision.recall_reason);
		return NULL;
	}
	if (!g->decision.allow) {
		reply_denied(x, &g->decision, g->access.model.name);
		return NULL;
	}
	return g;
}
