/* SPDX-License-Identifier: Apache-2.0 */
/* load_post.c - the "post_processor" of a tokenizer.json: which ids stand around a text. */
#include "inference/tokenizer/load.h"

/* One special token of the template: its ids go before or behind the text. */
static enum err load_around(struct tokenizer *t, uint32_t *ids, size_t *count,
			    const json_t *processor, const json_t *special)
{
	const char *name = json_string_value(json_object_get(special, "id"));
	const json_t *tokens = json_object_get(processor, "special_tokens");
	const json_t *list = json_object_get(json_object_get(tokens, name ? name : ""), "ids");
	uint64_t id;

	if (!json_is_array(list) || *count + json_array_size(list) > TOKENIZER_MAX_AROUND)
		return failure(ERR_FORMAT, LOAD_FILE ": the template has no ids for \"%.60s\"",
			       name ? name : "");
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(json_read_integer(&id, json_array_get(list, i), TOKENIZER_MAX_VOCABULARY - 1,
				      LOAD_FILE, "ids"));
		if (tokenizer_token(t, (uint32_t)id).size == 0)
			return failure(ERR_FORMAT, LOAD_FILE ": the template's id %llu is no token",
				       (unsigned long long)id);
		ids[(*count)++] = (uint32_t)id;
	}
	return OK;
}

static enum err load_template(struct tokenizer *t, const json_t *processor)
{
	const json_t *single = json_object_get(processor, "single");
	bool seen_text = false;

	if (!json_is_array(single))
		return failure(ERR_FORMAT, LOAD_FILE ": \"single\" is not a list");
	for (size_t i = 0; i < json_array_size(single); i++) {
		const json_t *piece = json_array_get(single, i);
		const json_t *special = json_object_get(piece, "SpecialToken");

		if (special && !seen_text)
			TRY(load_around(t, t->before, &t->before_count, processor, special));
		else if (special)
			TRY(load_around(t, t->after, &t->after_count, processor, special));
		else if (json_object_get(piece, "Sequence") && !seen_text)
			seen_text = true;
		else
			return load_not_known("the template's piece", piece);
	}
	if (!seen_text)
		return failure(ERR_FORMAT, LOAD_FILE ": the template leaves the text out");
	return OK;
}

/* BERT's and RoBERTa's name one token for each side, as ["[SEP]", 102]. */
static enum err load_side(struct tokenizer *t, uint32_t *out, size_t *count,
			  const json_t *processor, const char *key)
{
	const json_t *pair = json_object_get(processor, key);
	uint64_t id;

	TRY(json_read_integer(&id, json_array_get(pair, 1), TOKENIZER_MAX_VOCABULARY - 1, LOAD_FILE,
			      key));
	if (tokenizer_token(t, (uint32_t)id).size == 0)
		return failure(ERR_FORMAT, LOAD_FILE ": the id of \"%s\" is no token", key);
	*out = (uint32_t)id;
	*count = 1;
	return OK;
}

enum err load_post_processor(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	size_t count;
	bool has_one = false;

	TRY(load_list(steps, &count, component, "processors"));
	for (size_t i = 0; i < count; i++) {
		bool is_pair = load_is_type(steps[i], "BertProcessing") ||
			       load_is_type(steps[i], "RobertaProcessing");

		if (load_is_type(steps[i], "ByteLevel"))
			continue; /* it mends offsets, which nobody asks for here */
		if ((!is_pair && !load_is_type(steps[i], "TemplateProcessing")) || has_one)
			return load_not_known_type("the post-processor", steps[i]);
		has_one = true;
		if (!is_pair) {
			TRY(load_template(t, steps[i]));
			continue;
		}
		TRY(load_side(t, t->before, &t->before_count, steps[i], "cls"));
		TRY(load_side(t, t->after, &t->after_count, steps[i], "sep"));
	}
	return OK;
}
