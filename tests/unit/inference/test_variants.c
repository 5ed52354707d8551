/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that trained small models lack, against Hugging Face's own classes: the fixtures of
 * tests/data/variants, read all at once, in pieces, one by one, and through the scheduler. */
#include "tests/unit/test.h"

#include "inference/batch.h"
#include "tests/unit/inference/scene.h"

#define FOLDER "data/variants/"

enum { MOST_TOKENS = 128 };

static const char *const decoders[] = {
	"llama-rope-llama3",    "llama-rope-linear",        "llama-wide-heads",
	"mistral-window",       "mistral-nemo-heads",       "qwen2-window-from-layer-1",
	"qwen2-window-unnamed", "qwen2-window-alternating", "qwen3-heads",
	"qwen3-biased-window",  "gpt2-relu-by-layer",       "gpt2-gelu-unscaled",
	"bloom-5-heads",        "bloom-7-heads-untied",
};
static const char *const encoders[] = {
	"bert-relu-3-types",
	"bert-gelu-new-1-type",
	"bert-bare-silu",
};
static const char *const both[] = {
	"t5-deeper-decoder",
	"t5-deeper-encoder",
	"t5-few-buckets",
	"t5-flan",
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static size_t read_ids(uint32_t *out, const json_t *ids)
{
	size_t count = json_array_size(ids);

	assert_true(count > 0 && count <= MOST_TOKENS);
	for (size_t i = 0; i < count; i++)
		out[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
	return count;
}

/* The rows that `positions` names, of rows that begin at `first` and end before `end`. */
static void check_at(const char *name, const float *rows, size_t first, size_t end,
		     const json_t *positions, const json_t *expected, size_t columns, double most)
{
	size_t skipped = json_array_size(positions) - json_array_size(expected);

	for (size_t i = 0; i < json_array_size(expected); i++) {
		size_t at = (size_t)json_integer_value(json_array_get(positions, skipped + i));
		double away;

		if (at < first || at >= end)
			continue;
		away = distance(rows + (at - first) * columns, json_array_get(expected, i),
				columns);
		if (!(away <= most))
			fail_msg("%s: position %zu is %g from the reference", name, at, away);
	}
}

static void check_logits(const char *name, const struct setup *s, const float *logits, size_t first,
			 size_t end, const json_t *expected)
{
	const json_t *positions = json_object_get(expected, "positions");
	size_t columns = s->config.vocabulary;

	check_at(name, logits, first, end, positions, json_object_get(expected, "logits"), columns,
		 1e-4);
	/* Those of the weights before they were rounded to BF16. */
	check_at(name, logits, first, end, positions, json_object_get(expected, "logits_f32"),
		 columns, 2e-2);
}

/* `step` positions a pass; behind the prompt each next id must be the likeliest. */
static void check_passes(struct setup *s, const char *name, const uint32_t *ids, size_t prompt,
			 size_t count, size_t step, const json_t *expected)
{
	struct forward_row rows[MOST_TOKENS];
	float *logits;
	size_t end;

	for (size_t first = 0; first < count; first = end) {
		end = first + step < count ? first + step : count;
		for (size_t i = first; i < end; i++) {
			rows[i - first] = row_of(s, i, ids[i], true);
			rows[i - first].source = &s->source;
			rows[i - first].source_length = s->source_length;
		}
		assert_ok(forward_run(s->forward, rows, end - first, &logits));
		check_logits(name, s, logits, first, end, expected);
		for (size_t i = first; i < end; i++)
			if (i + 1 >= prompt && i + 1 < count &&
			    likeliest(logits + (i - first) * s->config.vocabulary,
				      s->config.vocabulary) != ids[i + 1])
				fail_msg("%s: not the id expected behind %zu", name, i);
	}
}

static void check_all_ways(struct setup *s, const char *name, const uint32_t *ids, size_t prompt,
			   size_t count, const json_t *expected)
{
	check_passes(s, name, ids, prompt, count, count, expected);
	check_passes(s, name, ids, prompt, count, 7, expected);
	check_passes(s, name, ids, prompt, count, 1, expected);
}

struct writing {
	const json_t *ids;
	size_t at;
};

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	struct writing *w = context;

	(void)id;
	(void)cached;
	assert_int_equal(sample->chosen.token, json_integer_value(json_array_get(w->ids, w->at++)));
	return w->at < json_array_size(w->ids) ? BATCH_GO_ON : BATCH_DONE;
}

/* What the scheduler writes behind `prompt` ids. */
static void check_batch(struct setup *s, const uint32_t *ids, size_t prompt, const uint32_t *source,
			size_t source_count, const json_t *expected)
{
	AUTO(batch_auto) struct batch *b = NULL;
	struct writing w = {json_object_get(expected, "greedy_ids"), prompt};
	const struct batch_options options = {
		.sequences = 2, .context = s->config.context, .budget_bytes = BUDGET};
	const struct batch_request request = {.tokens = ids,
					      .token_count = prompt,
					      .source = source,
					      .source_count = source_count,
					      .max_tokens = json_array_size(w.ids) - prompt,
					      .sampling = {.top_p = 1}};

	assert_ok(batch_new(&b, s->model, s->compute, &options));
	assert_ok(batch_add(b, 1, &request));
	while (!batch_is_idle(b))
		assert_ok(batch_step(b, on_token, &w));
	assert_int_equal(w.at, json_array_size(w.ids));
}

static void check_decoder(const char *name, const struct operators *row)
{
	AUTO(setup_close) struct setup s;
	AUTO(json_auto) json_t *expected = NULL;
	uint32_t ids[MOST_TOKENS];
	char path[100];
	size_t prompt, count;

	snprintf(path, sizeof path, FOLDER "%s", name);
	expected = read_expected(path, "expected.json");
	setup_open(&s, path, row, 1);
	prompt = json_array_size(json_object_get(expected, "input_ids"));
	count = read_ids(ids, json_object_get(expected, "greedy_ids"));
	assert_true(prompt > 0 && prompt < count);
	check_all_ways(&s, name, ids, prompt, count, expected);
	check_batch(&s, ids, prompt, NULL, 0, expected);
}

static void decoders_of_other_settings_are_those_of_hugging_face(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decoders); i++) {
		check_decoder(decoders[i], &operators_onednn);
		check_decoder(decoders[i], &operators_plain);
	}
}

/* The encoder over `ids` as the sequence `table`; what it leaves is checked. */
static void read_whole(struct setup *s, const char *name, const struct kvcache_table *table,
		       const json_t *expected, const float **hidden)
{
	const json_t *segments = json_object_get(expected, "segments");
	struct forward_row rows[MOST_TOKENS];
	uint32_t ids[MOST_TOKENS];
	size_t count = read_ids(ids, json_object_get(expected, "input_ids"));

	for (size_t i = 0; i < count; i++) {
		rows[i] = row_of(s, i, ids[i], false);
		rows[i].table = table;
		rows[i].length = (uint32_t)count;
		rows[i].segment = (uint32_t)json_integer_value(json_array_get(segments, i));
	}
	assert_ok(forward_encode(s->forward, rows, count, hidden));
	check_at(name, *hidden, 0, count, json_object_get(expected, "hidden_positions"),
		 json_object_get(expected, "hidden"), s->config.hidden_size, 1e-4);
}

static void encoders_of_other_settings_are_those_of_hugging_face(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(encoders); i++) {
		AUTO(setup_close) struct setup s;
		AUTO(json_auto) json_t *expected = NULL;
		char path[100];
		const float *hidden;
		float *logits;
		size_t count;

		snprintf(path, sizeof path, FOLDER "%s", encoders[i]);
		expected = read_expected(path, "expected.json");
		setup_open(&s, path, &operators_onednn, 1);
		read_whole(&s, encoders[i], &s.table, expected, &hidden);
		count = json_array_size(json_object_get(expected, "input_ids"));
		if (!json_object_get(expected, "logits")) {
			assert_int_equal(s.config.head, CONFIG_HEAD_NONE);
			continue;
		}
		assert_ok(forward_masked_logits(s.forward, hidden, count, &logits));
		check_logits(encoders[i], &s, logits, 0, count, expected);
	}
}

static void check_both(const char *name, const struct operators *row)
{
	AUTO(setup_close) struct setup s;
	AUTO(json_auto) json_t *expected = NULL;
	uint32_t source[MOST_TOKENS], ids[MOST_TOKENS];
	const float *hidden;
	char path[100];
	size_t count;

	snprintf(path, sizeof path, FOLDER "%s", name);
	expected = read_expected(path, "expected.json");
	setup_open(&s, path, row, 1);
	read_whole(&s, name, &s.source, expected, &hidden);
	s.source_length = (uint32_t)read_ids(source, json_object_get(expected, "input_ids"));
	count = read_ids(ids, json_object_get(expected, "greedy_ids"));
	assert_int_equal(ids[0], s.config.decoder_start);
	check_all_ways(&s, name, ids, 1, count, expected);
	check_batch(&s, ids, 1, source, s.source_length, expected);
}

static void encoders_with_decoders_of_other_settings_are_those_of_hugging_face(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(both); i++) {
		check_both(both[i], &operators_onednn);
		check_both(both[i], &operators_plain);
	}
}

/* Transformers 5 says of every T5 that it is tied, and where the files have another head takes
 * that: so it read these files under this config, too. */
static void a_flan_t5_saved_again_keeps_its_head(void **state)
{
	AUTO(setup_close) struct setup s = {0};
	AUTO(json_auto) json_t *expected = read_expected(FOLDER "t5-flan", "expected.json");
	AUTO(json_auto) json_t *config = read_expected(FOLDER "t5-flan", "config.json");
	uint32_t ids[MOST_TOKENS];
	const float *hidden;
	char *text;
	size_t count;

	(void)state;
	json_object_set_new(config, "tie_word_embeddings", json_true());
	json_object_set_new(config, "scale_decoder_outputs", json_false());
	text = json_dumps(config, 0);
	folder_init(&s.folder, FOLDER "t5-flan");
	folder_set(&s.folder, "config.json", slice_of_string(text));
	free(text);
	setup_finish(&s, &operators_onednn, 1, 0);
	read_whole(&s, "saved again", &s.source, expected, &hidden);
	s.source_length = (uint32_t)json_array_size(json_object_get(expected, "input_ids"));
	count = read_ids(ids, json_object_get(expected, "greedy_ids"));
	check_all_ways(&s, "saved again", ids, 1, count, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoders_of_other_settings_are_those_of_hugging_face),
		cmocka_unit_test(encoders_of_other_settings_are_those_of_hugging_face),
		cmocka_unit_test(
			encoders_with_decoders_of_other_settings_are_those_of_hugging_face),
		cmocka_unit_test(a_flan_t5_saved_again_keeps_its_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
