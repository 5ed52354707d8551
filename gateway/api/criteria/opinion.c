/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/criteria/opinion.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "policy/requirements.h"

enum { OPINION_MAX_TEXT = 2000 }; /* it becomes the reason of a step */

enum err opinion_criteria(bool *out, struct criteria *criteria, struct store_criteria *row,
			  struct arena *arena, struct route_context *context,
			  const uint8_t model[STORE_ID])
{
	enum err result = store_criteria_active(context->store, arena, row, model);

	*out = result == OK;
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	if (criteria_load(criteria, arena, row->document) == OK)
		return OK;
	log_error("criteria.unreadable", "model=%.*s reason=\"%s\"", SLICE_PRINT(row->model_name),
		  failure_text());
	return failure(ERR_INTERNAL, "the active criteria cannot be read");
}

/* The texts of the rules that made the outcome, as many as fit. */
static struct slice texts_of(struct arena *arena, const struct criteria *c,
			     const struct criteria_verdict *v)
{
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_RULES * (CRITERIA_MAX_WORDS + 1));

	for (size_t i = 0; i < c->rule_count; i++) {
		if (v->holds[i] == TRUTH_NO || v->counts_as[i] != v->outcome ||
		    (v->outcome == EFFECT_APPROVE && v->holds[i] != TRUTH_YES) ||
		    text.size + 1 + c->rules[i].text.size > OPINION_MAX_TEXT)
			continue;
		buf_write_string(&text, text.size ? "\n" : "");
		buf_write(&text, c->rules[i].text);
	}
	return arena_copy(arena, buf_slice(&text));
}

static enum err write_record(struct opinion *out, struct arena *arena, const struct criteria *c,
			     const struct criteria_facts *facts, const struct criteria_verdict *v)
{
	AUTO(json_auto) json_t *record = criteria_record_write(c, facts, v);
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_RECORD);

	TRY(json_write_canonical(&text, record));
	TRY(buf_done(&text));
	out->record = arena_copy(arena, buf_slice(&text));
	return OK;
}

enum err opinion_weigh(struct opinion *out, struct exchange *x, struct route_context *context,
		       const struct opinion_question *q)
{
	struct arena *arena = exchange_arena(x);
	struct criteria_verdict *v = arena_alloc(arena, sizeof *v);
	struct criteria_facts *facts = arena_alloc(arena, sizeof *facts);
	struct store_criteria row;
	struct criteria c;

	*out = (struct opinion){0};
	TRY(opinion_criteria(&out->has_criteria, &c, &row, arena, context, q->model->id));
	TRY(opinion_gather(facts, x, context, q));
	if (!out->has_criteria)
		return write_record(out, arena, NULL, facts, NULL);
	opinion_ask(facts, x, context, &c);
	*v = criteria_evaluate(&c, facts);
	out->outcome = v->outcome;
	out->decides = v->outcome == EFFECT_DENY ||
		       (v->outcome == EFFECT_APPROVE &&
			(c.decides || slice_equal(q->model->gate, S("auto"))));
	out->text = texts_of(arena, &c, v);
	out->sha256 = c.sha256;
	if (v->outcome == EFFECT_APPROVE)
		TRY(requirements_of(&out->requires, arena, &c, v));
	return write_record(out, arena, &c, facts, v);
}

enum err opinion_read_list(struct slice *out, struct arena *arena, const json_t *body,
			   const char *name)
{
	AUTO(buf_free) struct buf list = buf_new(4096);
	const json_t *array;

	*out = S("");
	if (!json_has(body, name))
		return OK;
	TRY(json_get_array(&array, body, name));
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		buf_write_string(&list, i ? "," : "");
		buf_write(&list, one);
	}
	TRY(buf_done(&list));
	*out = arena_copy(arena, buf_slice(&list));
	return OK;
}

struct slice opinion_reason(const struct opinion *o)
{
	if (o->text.size)
		return o->text;
	return o->outcome == EFFECT_DENY ? S("no rule of the published criteria approves this")
					 : S("by the published criteria");
}

enum err opinion_keep(struct store *store, const struct opinion *o, const uint8_t request[STORE_ID],
		      const struct store_model *model)
{
	struct store_evaluation row = {
		.at_ms = clock_now_ms(),
		.has_criteria = o->has_criteria,
		.outcome = o->has_criteria ? slice_of_string(effect_name(o->outcome)) : S("none"),
		.record = o->record,
	};

	memcpy(row.request, request, STORE_ID);
	memcpy(row.model, model->id, STORE_ID);
	memcpy(row.criteria, o->sha256.bytes, STORE_SHA256);
	return store_evaluation_add(store, &row);
}

json_t *opinion_describe(const struct opinion *o)
{
	json_t *record = NULL;

	if (!o->has_criteria || json_read(&record, o->record, CRITERIA_MAX_RECORD) != OK)
		return json_null();
	(void)json_object_del(record, "facts");
	(void)json_object_del(record, "v");
	(void)json_object_del(record, "at");
	return record;
}

enum err opinion_show(json_t *answer, struct exchange *x, struct route_context *context,
		      const uint8_t request[STORE_ID])
{
	struct store_evaluation row;
	json_t *record = NULL;
	enum err result = store_evaluation_get(context->store, exchange_arena(x), &row, request);

	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	TRY(json_read(&record, row.record, CRITERIA_MAX_RECORD));
	json_put(answer, "criteria", record);
	return OK;
}
