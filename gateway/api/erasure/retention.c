/* SPDX-License-Identifier: Apache-2.0 */
/* How long what is kept, what is due, and what went last: GET /api/v1/audit/retention. */
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/erasure/erase_step.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/proc/settings.h"

/* What a rule is about, and where its period comes from. */
static const struct rule_text {
	const char *rule, *keeps, *setting, *unit, *least;
} texts[] = {
	{"usage", "payloads of entries about single uses: calls, downloads, denials, sign-ins",
	 "retention.usage_months", "months", "6 months (AI Act, articles 19 and 26(6))"},
	{"record", "payloads of all other entries: decisions, licenses, models, persons",
	 "retention.record_years", "years", "10 years (AI Act, article 18)"},
	{"session", "addresses of ended sessions, and one-time codes", "retention.session_days",
	 "days", ""},
};

static const struct rule_text *text_of(struct slice rule)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (slice_equal(rule, slice_of_string(texts[i].rule)))
			return &texts[i];
	return &texts[1];
}

static int64_t period_of(const struct settings *s, const struct store_periods *p,
			 const struct rule_text *t)
{
	if (t == &texts[0])
		return p->usage_months;
	return t == &texts[1] ? p->record_years : s->retention_session_days;
}

static json_t *describe(struct arena *arena, const struct settings *s,
			const struct store_periods *p, const struct store_retention *r)
{
	const struct rule_text *t = text_of(r->rule);
	json_t *one = json_object_new();

	json_put_text(one, "rule", r->rule);
	json_put_text(one, "keeps", slice_of_string(t->keeps));
	json_put_text(one, "setting", slice_of_string(t->setting));
	json_put_int(one, "period", period_of(s, p, t));
	json_put_text(one, "unit", slice_of_string(t->unit));
	if (t->least[0])
		json_put_text(one, "least", slice_of_string(t->least));
	if (r->waits_ms)
		json_put_text(one, "waits_until", slice_of_string(api_time(arena, r->waits_ms)));
	json_put_int(one, "due", r->due);
	json_put_int(one, "held", r->held);
	json_put_int(one, "erased", r->erased);
	if (r->ran_ms) {
		json_put_text(one, "last_run", slice_of_string(api_time(arena, r->ran_ms)));
		json_put_text(one, "last_entry", slice_of_string(api_uuid(arena, r->entry)));
	}
	return one;
}

static enum err list_rules(struct store_retention **out, size_t *count, struct store_periods *p,
			   struct route_context *context, struct arena *arena)
{
	const struct settings *s = context->api->settings;
	int64_t sessions;

	TRY(erase_periods(p, context));
	TRY(store_retention_list(context->store, arena, out, count, p));
	TRY(store_retention_sessions(context->store, &sessions, s->retention_session_days));
	for (size_t i = 0; i < *count; i++)
		if (slice_equal((*out)[i].rule, S("session")))
			(*out)[i].due = sessions;
	return OK;
}

void retention_get(struct exchange *x, struct route_context *context)
{
	struct store_retention *rules;
	struct store_periods periods;
	json_t *answer, *list, *changes;
	size_t count;
	enum err result = list_rules(&rules, &count, &periods, context, exchange_arena(x));

	if (result == OK)
		result = erase_look(x, context, "retention", count);
	if (result == OK)
		result = retention_changes(&changes, context, exchange_arena(x));
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list,
			  describe(exchange_arena(x), context->api->settings, &periods, &rules[i]));
	json_put(answer, "rules", list);
	json_put(answer, "changes", changes);
	reply_json(x, 200, answer);
}
