/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How criteria become active:
 *
 *     draft -> proposed (by one person) -> active (by another)
 *                                       -> staged (by another) -> active (when its day comes)
 *     proposed, staged -> draft (withdrawn); active -> retired (by what follows) -> proposed
 *
 * Whoever decides says which active criteria they have compared with ("replaces"): if others are
 * active by then, it is refused.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "gateway/api/criteria/versions.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/jobs.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { STEPS_MAX_AHEAD_DAYS = 366 };

struct step {
	struct store_model model;
	uint8_t sha256[STORE_SHA256], replaces[STORE_SHA256];
	struct store_criteria_step taken;
};

static enum err propose(struct store *store, const struct store_criteria_step *s)
{
	return store_criteria_propose(store, s->model, s->sha256, s->by, s->now_ms);
}

static enum err withdraw(struct store *store, const struct store_criteria_step *s)
{
	return store_criteria_withdraw(store, s->model, s->sha256);
}

typedef enum err step_fn(struct store *store, const struct store_criteria_step *step);

static enum err take(struct exchange *x, struct route_context *context, enum audit_kind kind,
		     step_fn *does, const struct step *s)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	versions_entry(&event, x, kind, &s->model, s->sha256);
	if (s->taken.starts_ms)
		audit_event_text(&event, "from",
				 slice_of_string(api_time(exchange_arena(x), s->taken.starts_ms)));
	TRY(store_begin(store));
	TRY(does(store, &s->taken));
	return api_finish(x, context, &event);
}

static void answer(struct exchange *x, struct route_context *context, const struct step *s,
		   enum err result)
{
	struct store_criteria row;

	if (result == OK)
		result = store_criteria_get(context->store, exchange_arena(x), &row, s->model.id,
					    s->sha256);
	if (result == OK)
		reply_json(x, 200, versions_describe(exchange_arena(x), &row));
	else if (result == ERR_DENIED)
		reply_code(x, CODE_CONFLICT, failure_text(), NULL);
	else
		reply_failure(x, result);
}

/* False: it has answered. */
static bool find(struct step *out, struct exchange *x, struct route_context *context)
{
	if (!hub_find_model(&out->model, x, context))
		return false;
	if (text_read_hex(out->sha256, sizeof out->sha256, exchange_param(x, "sha256")) != OK) {
		reply_failure(x, ERR_FORMAT);
		return false;
	}
	out->taken = (struct store_criteria_step){
		.model = out->model.id,
		.sha256 = out->sha256,
		.by = authorize_principal(x)->person.id,
		.now_ms = clock_now_ms(),
	};
	return true;
}

void criteria_propose(struct exchange *x, struct route_context *context)
{
	struct step s;

	if (find(&s, x, context))
		answer(x, context, &s, take(x, context, AUDIT_POLICY_PROPOSE, propose, &s));
}

void criteria_withdraw(struct exchange *x, struct route_context *context)
{
	struct step s;

	if (find(&s, x, context))
		answer(x, context, &s, take(x, context, AUDIT_POLICY_WITHDRAW, withdraw, &s));
}

static enum err read_from(int64_t *out, const json_t *body, int64_t now_ms)
{
	struct slice from;

	TRY(json_get_text_or(&from, body, "from", S("")));
	*out = 0;
	if (from.size == 0)
		return OK;
	TRY(clock_parse(out, from));
	if (*out <= now_ms)
		return failure(ERR_FORMAT, "\"from\" is over: leave it out to have them now");
	if (*out > now_ms + (int64_t)STEPS_MAX_AHEAD_DAYS * 24 * 3600 * 1000)
		return failure(ERR_FORMAT, "\"from\" is more than %d days ahead",
			       STEPS_MAX_AHEAD_DAYS);
	return OK;
}

/* A digest, "none", or left out: whatever is active then. */
static enum err read_replaces(struct step *s, const json_t *body)
{
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "replaces", S("")));
	if (hex.size == 0)
		return OK;
	memset(s->replaces, 0, sizeof s->replaces);
	s->taken.replaces = s->replaces;
	if (slice_equal(hex, S("none")))
		return OK;
	return text_read_hex(s->replaces, sizeof s->replaces, hex);
}

void criteria_activate(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct step s;
	enum err result;

	if (!find(&s, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = read_from(&s.taken.starts_ms, body, s.taken.now_ms);
	if (result == OK)
		result = read_replaces(&s, body);
	if (result == OK && s.taken.starts_ms)
		result = take(x, context, AUDIT_POLICY_STAGE, store_criteria_stage, &s);
	else if (result == OK)
		result = take(x, context, AUDIT_POLICY_ACTIVATE, store_criteria_activate, &s);
	answer(x, context, &s, result);
}

/* --- when the day comes ------------------------------------------------------------------- */

static enum err start(struct route_context *context, struct arena *arena,
		      const struct store_criteria *due, int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_POLICY_ACTIVATE, NULL, S("gateway"));
	audit_event_text(&event, "model", due->model_name);
	audit_event_hex(&event, "criteria", slice_of(due->sha256, STORE_SHA256));
	audit_event_uuid(&event, "staged_by", due->staged_by);
	audit_event_text(&event, "from", slice_of_string(api_time(arena, due->starts_ms)));
	TRY(store_begin(store));
	TRY(store_criteria_start(store, due, now_ms));
	return api_commit(context, &event);
}

enum err job_criteria(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_criteria *due;
	size_t count;

	TRY(store_criteria_due(context->store, arena, &due, &count, now_ms));
	for (size_t i = 0; i < count; i++) {
		enum err result = start(context, arena, &due[i], now_ms);

		if (result != OK && result != ERR_CONFLICT) /* which somebody else has changed */
			return result;
	}
	return OK;
}
