/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second opinion, by Open Policy Agent's data API (POST /v1/data/<path>, {"input": ...} ->
 * {"result": ...}; openpolicyagent.org/docs, "REST API"). Whatever is not a plain answer counts
 * as none, and none never approves.
 */
#include "crypto/base/log.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/outbound/outbound_call.h"
#include "gateway/api/reply.h"

enum { EXTERNAL_MAX_ANSWER = 64 * 1024, EXTERNAL_MAX_WHY = 500 };

static enum err write_question(struct buf *out, const struct criteria_facts *facts,
			       const struct criteria_rule *rule)
{
	AUTO(json_auto) json_t *body = json_object_new();
	json_t *input = criteria_facts_write(facts);

	json_put_text(input, "rule", rule->id);
	json_put(body, "input", input);
	TRY(json_write_canonical(out, body));
	return buf_done(out);
}

/* true, false; "approve", "deny", "refer"; or an object with "allow" or "effect", and a "reason".
 */
static enum err read_result(struct external_answer *out, struct arena *arena, const json_t *result)
{
	const json_t *value = result;
	struct slice text, why = S("");

	if (json_is_object(result)) {
		value = json_object_get(result, "effect");
		if (!value)
			value = json_object_get(result, "allow");
		TRY(json_get_text_or(&why, result, "reason", S("")));
	}
	if (json_is_boolean(value)) {
		out->effect = json_is_true(value) ? EFFECT_APPROVE : EFFECT_DENY;
	} else {
		text = json_is_string(value)
			       ? slice_of(json_string_value(value), json_string_length(value))
			       : S("");
		if (!effect_parse(&out->effect, text) || out->effect == EFFECT_EXTERNAL)
			return failure(ERR_FORMAT, "the answer is neither true nor false, nor "
						   "approve, refer or deny");
	}
	out->is_answered = true;
	if (why.size <= EXTERNAL_MAX_WHY)
		out->why = arena_copy(arena, why);
	return OK;
}

static enum err read_answer(struct external_answer *out, struct arena *arena,
			    const struct outbound_answer *answer)
{
	AUTO(json_auto) json_t *json = NULL;
	const json_t *result;

	if (answer->status != 200)
		return failure(ERR_UNAVAILABLE, "it answered with status %u", answer->status);
	TRY(json_read(&json, answer->body, EXTERNAL_MAX_ANSWER));
	result = json_object_get(json, "result");
	if (!result)
		return failure(ERR_FORMAT, "its answer has no result: is the path of the document "
					   "right?");
	return read_result(out, arena, result);
}

static enum err ask_one(struct external_answer *out, struct exchange *x,
			struct route_context *context, const struct criteria_rule *rule,
			const struct criteria_facts *facts)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_CALL_BODY);
	struct outbound_request ask = {
		.method = WIRE_METHOD_POST,
		.url = rule->url,
		.headers = S("Content-Type: application/json\nAccept: application/json\n"),
		.most = EXTERNAL_MAX_ANSWER,
		.timeout_ms = (uint32_t)rule->timeout_seconds * 1000,
		.client = x,
	};
	struct outbound_answer answer;

	TRY(write_question(&body, facts, rule));
	ask.body = buf_slice(&body);
	TRY(outbound_call(&answer, context, exchange_arena(x), &ask));
	return read_answer(out, exchange_arena(x), &answer);
}

void opinion_ask(struct criteria_facts *facts, struct exchange *x, struct route_context *context,
		 const struct criteria *c)
{
	size_t wanted[CRITERIA_MAX_EXTERNAL];
	size_t count = criteria_to_ask(wanted, c, facts);
	struct external_answer answers[CRITERIA_MAX_EXTERNAL] = {{.is_answered = false}};

	if (count)
		exchange_may_wait(x);
	for (size_t i = 0; i < count; i++) {
		const struct criteria_rule *rule = &c->rules[wanted[i]];

		answers[i].rule = rule->id;
		if (ask_one(&answers[i], x, context, rule, facts) == OK)
			continue;
		answers[i].is_answered = false;
		answers[i].why = arena_copy(
			exchange_arena(x),
			slice_part(slice_of_string(failure_text()), 0, EXTERNAL_MAX_WHY));
		log_warn("criteria.unanswered", "rule=%.*s reason=\"%s\"", SLICE_PRINT(rule->id),
			 failure_text());
	}
	memcpy(facts->answers, answers, sizeof answers);
	facts->answer_count = count;
}
