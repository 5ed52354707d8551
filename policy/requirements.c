/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/requirements.h"

#include "policy/criteria_read.h"

static bool looks_at_claims(const json_t *condition)
{
	return json_object_get(condition, "claim") || json_object_get(condition, "training") ||
	       json_object_get(condition, "affiliation");
}

static void add_condition(json_t *list, const json_t *condition)
{
	if (looks_at_claims(condition))
		json_push(list, json_deep_copy(condition));
}

static json_t *conditions_of(const json_t *when)
{
	const json_t *all = json_object_get(when, "all");
	json_t *list = json_array_new();

	add_condition(list, when);
	for (size_t i = 0; i < json_array_size(all); i++)
		add_condition(list, json_array_get(all, i));
	return list;
}

enum err requirements_of(struct slice *out, struct arena *arena, const struct criteria *c,
			 const struct criteria_verdict *v)
{
	AUTO(json_auto) json_t *document = NULL;
	AUTO(json_auto) json_t *rules = json_array_new();
	AUTO(buf_free) struct buf text = buf_new(REQUIREMENTS_MAX_TEXT);

	*out = S("");
	TRY(json_read(&document, c->document, (size_t)4 * CRITERIA_MAX_TEXT));
	for (size_t i = 0; i < c->rule_count; i++) {
		const json_t *rule = json_array_get(json_object_get(document, "rules"), i);
		json_t *list;

		if (v->holds[i] != TRUTH_YES || v->counts_as[i] != EFFECT_APPROVE)
			continue;
		list = conditions_of(json_object_get(rule, "when"));
		json_push(rules, list);
		if (!json_array_size(list))
			return OK;
	}
	if (!json_array_size(rules))
		return OK;
	TRY(json_write_canonical(&text, rules));
	TRY(buf_done(&text));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum code code_of(const struct condition *c)
{
	if (slice_equal(c->type, S(CLAIM_TRAINING)))
		return CODE_TRAINING_EXPIRED;
	return slice_equal(c->type, S(CLAIM_AFFILIATION)) ? CODE_AFFILIATION_ENDED
							  : CODE_VISA_INVALID;
}

/* How many of a rule's conditions do not hold; *first is the first of them. */
static size_t count_ended(enum code *first, struct criteria_reading *r, const json_t *list,
			  const struct claims *claims, int64_t now_seconds)
{
	size_t ended = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct condition c = {.kind = CONDITION_ALL};

		criteria_read_condition(&c, r, NULL, json_array_get(list, i), 1);
		if (condition_claim(&c, claims, now_seconds))
			continue;
		if (ended++ == 0)
			*first = code_of(&c);
	}
	return ended;
}

enum err requirements_check(enum code *out, struct arena *arena, struct slice text,
			    const struct claims *claims, int64_t now_seconds)
{
	AUTO(json_auto) json_t *rules = NULL;
	struct criteria_faults *faults = arena_alloc(arena, sizeof *faults);
	struct criteria_reading r = {.text = text, .arena = arena, .faults = faults};
	size_t least = SIZE_MAX;

	*out = CODE_OK_ALLOWED;
	if (!text.size)
		return OK;
	TRY(json_read(&rules, text, REQUIREMENTS_MAX_TEXT));
	for (size_t i = 0; i < json_array_size(rules); i++) {
		enum code code = CODE_OK_ALLOWED;
		size_t ended = count_ended(&code, &r, json_array_get(rules, i), claims,
					   now_seconds);

		if (ended < least) {
			least = ended;
			*out = code;
		}
	}
	return faults->count ? failure(ERR_FORMAT, "requirements: %s", faults->list[0].text) : OK;
}
