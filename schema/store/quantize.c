/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/quantize.h"

#include "schema/store/query.h"

static const char *const names[STORE_QUANTIZE_COUNT] = {"none", "q8_0", "q4_0", "w8a8"};

struct slice store_quantize_name(enum store_quantize q)
{
	return slice_of_string(names[q]);
}

enum err store_quantize_of(enum store_quantize *out, struct slice name)
{
	for (unsigned i = 0; i < STORE_QUANTIZE_COUNT; i++) {
		*out = (enum store_quantize)i;
		if (slice_equal(name, slice_of_string(names[i])))
			return OK;
	}
	return failure(ERR_FORMAT, "\"quantize\" is \"none\", \"q8_0\", \"q4_0\" or \"w8a8\"");
}

static enum err forget(struct store *s, const struct store_statement *statement,
		       const uint8_t model[STORE_ID])
{
	AUTO(store_step_clear) struct store_step step = {.statement = statement};

	store_put_id(&step, model);
	return store_run(s, &step, 1);
}

enum err store_quantize_set(struct store *s, const uint8_t model[STORE_ID], enum store_quantize q,
			    const uint8_t by[STORE_ID], int64_t now_ms)
{
	static const struct store_statement needs = {"quantize_needs",
						     "DELETE FROM revision_need WHERE model = $1"};
	static const struct store_statement before = {
		"quantize_forget", "DELETE FROM model_quantize WHERE model = $1"};
	static const struct store_statement set = {
		"quantize_set", "INSERT INTO model_quantize (model, type, set_at, set_by) "
				"VALUES ($1, $2, $3, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	TRY(forget(s, &needs, model));
	TRY(forget(s, &before, model));
	if (q == STORE_QUANTIZE_NONE)
		return OK;
	store_put_id(&step, model);
	store_put_text(&step, store_quantize_name(q));
	store_put_time(&step, now_ms);
	store_put_id(&step, by);
	return store_run(s, &step, 1);
}

enum err store_quantize_get(struct store *s, enum store_quantize *out,
			    const uint8_t model[STORE_ID])
{
	static const struct store_statement get = {
		"quantize_get", "SELECT type FROM model_quantize WHERE model = $1"};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(store_step_clear) struct store_step step = {.statement = &get, .arena = &arena};

	*out = STORE_QUANTIZE_NONE;
	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_next(&step) ? store_quantize_of(out, store_take_text(&step)) : OK;
}
