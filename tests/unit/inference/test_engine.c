/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/format/json.h"
#include "tests/unit/inference/engine_scene.h"

enum { STORY = 200, KNOWN = 198 };

static void check_story(const struct setup *s, const struct heard *h)
{
	AUTO(json_auto) json_t *root = NULL;
	AUTO(buf_free) struct buf text = buf_new(1 << 16);
	char path[480];
	json_error_t error;
	const json_t *ids;

	snprintf(path, sizeof path, "%s/greedy_ids_llamacpp.json", s->folder.path);
	root = json_load_file(path, 0, &error);
	ids = json_object_get(root, "greedy_ids");
	assert_int_equal(json_array_size(ids), KNOWN);
	assert_int_equal(h->count, STORY); /* the text is two tokens longer than the list */
	for (size_t i = 0; i < KNOWN; i++)
		assert_int_equal(h->ids[i], json_integer_value(json_array_get(ids, i)));
	snprintf(path, sizeof path, "%s/expected_greedy.txt", s->folder.path);
	assert_ok(file_read(&text, AT_FDCWD, path));
	assert_slice(buf_slice(&h->text), buf_string(&text));
	assert_int_equal(h->finish, ENGINE_LENGTH);
}

static void a_real_model_writes_its_published_text(void **state)
{
	static const struct {
		const struct operators *row;
		unsigned threads;
	} rows[] = {{&operators_onednn, 1}, {&operators_onednn, 2}, {&operators_plain, 1}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		AUTO(setup_close) struct setup s;
		struct engine_options options = {.memory_budget_bytes = BUDGET,
						 .threads = rows[i].threads,
						 .operators = rows[i].row};
		struct engine_request request = greedy(S(""), STORY);

		if (!setup_open(&s, &options))
			skip();
		assert_ok(engine_submit(s.engine, 3, &request));
		run(&s);
		check_story(&s, &s.heard[3]);
		assert_int_equal(s.heard[3].prompt_tokens, 1);
	}
}

/* Prompt and continuation together are the reference's text: what was trained with Hugging Face's
 * classes, read by their tokenizer.json (byte-level; nothing stands around a prompt). */
static void byte_level_models_write_the_expected_text(void **state)
{
	static const char *const models[] = {"gpt2", "qwen2", "bloom"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		AUTO(setup_close) struct setup s;
		AUTO(json_auto) json_t *root = NULL;
		AUTO(buf_free) struct buf text = buf_new(1 << 16);
		struct engine_options options = {.memory_budget_bytes = BUDGET};
		struct engine_request request;
		size_t prompt, total;
		json_error_t error;
		char path[480];

		snprintf(path, sizeof path, "models/hf-trained-here/%s", models[i]);
		if (!setup_open_model(&s, path, &options))
			skip();
		snprintf(path, sizeof path, "%s/expected.json", s.folder.path);
		root = json_load_file(path, 0, &error);
		prompt = json_array_size(json_object_get(root, "input_ids"));
		total = json_array_size(json_object_get(root, "greedy_ids"));
		assert_true(prompt > 0 && total > prompt);
		buf_write_string(&text, json_string_value(json_object_get(root, "prompt")));
		request = greedy(buf_slice(&text), (uint32_t)(total - prompt));
		assert_ok(engine_submit(s.engine, 1, &request));
		run(&s);
		assert_int_equal(s.heard[1].prompt_tokens, prompt);
		buf_write(&text, buf_slice(&s.heard[1].text));
		assert_slice(buf_slice(&text),
			     json_string_value(json_object_get(root, "greedy_text")));
	}
}

/* Ten for eight places: they join as others leave, and each writes what it writes alone. */
static void a_sequence_writes_the_same_in_company(void **state)
{
	static const char *const prompts[10] = {
		"",
		"Once upon a time",
		"The cat",
		"Lily and Tim went to the park. They saw a big dog and they were very happy to",
		"One day",
		"He said",
		"She was sad because",
		"\"Hello,\" said the bird",
		"Once upon a time, there was a little girl named Lily",
		"Tim",
	};
	AUTO(setup_close) struct setup alone;
	AUTO(setup_close) struct setup together;
	struct engine_options options = {.memory_budget_bytes = BUDGET, .threads = 2};

	(void)state;
	if (!setup_open(&alone, &options) || !setup_open(&together, &options))
		skip();
	for (size_t i = 0; i < 10; i++) {
		struct engine_request r = greedy(slice_of_string(prompts[i]),
						 (uint32_t)(20 + 9 * i));

		assert_ok(engine_submit(alone.engine, i, &r));
		run(&alone);
		assert_ok(engine_submit(together.engine, i, &r));
		if (i % 3 == 0) /* some are on their way when others come */
			assert_ok(engine_step(together.engine, on_event, &together));
	}
	run(&together);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(together.heard[i].count, 20 + 9 * i);
		assert_int_equal(alone.heard[i].count, together.heard[i].count);
		assert_memory_equal(alone.heard[i].ids, together.heard[i].ids,
				    alone.heard[i].count * sizeof(uint32_t));
		assert_string_equal(buf_string(&alone.heard[i].text),
				    buf_string(&together.heard[i].text));
	}
}

static void a_seed_repeats_and_another_does_not(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_request r = greedy(S("Once upon a time"), 40);

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	r.sampling = (struct sampler_settings){.temperature = 1, .top_p = 0.9, .seed = 7};
	assert_ok(engine_submit(s.engine, 0, &r));
	assert_ok(engine_submit(s.engine, 1, &r));
	r.sampling.seed = 8;
	assert_ok(engine_submit(s.engine, 2, &r));
	run(&s);
	assert_memory_equal(s.heard[0].ids, s.heard[1].ids, 40 * sizeof(uint32_t));
	assert_memory_not_equal(s.heard[0].ids, s.heard[2].ids, 40 * sizeof(uint32_t));
}

static void a_stop_string_ends_the_text_before_it(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_request r = greedy(S(""), STORY);
	const struct slice stops[] = {S("never said"), S("Lily")};

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	r.stops = stops;
	r.stop_count = 2;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
	assert_string_equal(buf_string(&s.heard[0].text),
			    "Once upon a time, there was a little girl named ");
}

static void an_end_token_ends_without_a_trace(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_request r = greedy(S("Once upon"), 50);
	const struct sampler_bias bias = {2, 100}; /* </s> */

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	r.sampling.biases = &bias;
	r.sampling.bias_count = 1;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
	assert_int_equal(s.heard[0].count, 1);
	assert_int_equal(s.heard[0].text.size, 0);
}

static void an_answer_loses_its_first_space_and_a_continuation_keeps_it(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_request r = greedy(S("Once upon"), 2);

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	assert_ok(engine_submit(s.engine, 0, &r));
	r.is_answer = true;
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	assert_string_equal(buf_string(&s.heard[0].text), " a time");
	assert_string_equal(buf_string(&s.heard[1].text), "a time");
}

static void logprobs_come_with_each_token(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(buf_free) struct buf text = buf_new(100);
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_request r = greedy(S("Once upon"), 1);

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	r.sampling.top_logprobs = 5;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_int_equal(s.heard[0].last.top_count, 5);
	assert_int_equal(s.heard[0].last.top[0].token, s.heard[0].last.chosen.token);
	assert_true(s.heard[0].last.chosen.logprob < 0 && s.heard[0].last.chosen.logprob > -0.1f);
	assert_true(s.heard[0].last.top[1].logprob < s.heard[0].last.top[0].logprob);
	engine_write_token(s.engine, s.heard[0].last.chosen.token, &text);
	engine_write_token(s.engine, 2, &text);
	assert_slice(buf_slice(&text), " a</s>");
}

static void a_cancelled_sequence_is_silent_and_others_go_on(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET, .sequences = 2};
	struct engine_request r = greedy(S(""), STORY);

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	for (uint64_t id = 0; id < 4; id++)
		assert_ok(engine_submit(s.engine, id, &r));
	for (int i = 0; i < 10; i++)
		assert_ok(engine_step(s.engine, on_event, &s));
	assert_int_equal(s.heard[0].count, 10);
	assert_int_equal(s.heard[2].count, 0); /* two places only */
	assert_ok(engine_cancel(s.engine, 0, on_event, &s));
	assert_ok(engine_cancel(s.engine, 3, on_event, &s)); /* while it waits */
	assert_err(engine_cancel(s.engine, 0, on_event, &s), ERR_NOT_FOUND);
	run(&s);
	assert_int_equal(s.heard[0].finish, ENGINE_CANCELLED);
	assert_int_equal(s.heard[0].count, 10);
	assert_int_equal(s.heard[3].finish, ENGINE_CANCELLED);
	check_story(&s, &s.heard[1]);
	check_story(&s, &s.heard[2]);
}

static void what_exceeds_the_context_is_refused_with_the_counts(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET, .context = 64};
	struct engine_request r = greedy(S("Once upon a time"), 60);
	struct engine_facts facts;
	size_t count;

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	assert_ok(engine_count_tokens(s.engine, &count, r.prompt));
	assert_int_equal(count, 5);
	assert_err(engine_submit(s.engine, 0, &r), ERR_LIMIT);
	assert_string_equal(failure_text(),
			    "This model's maximum context length is 64 tokens. However, you "
			    "requested 65 tokens (5 in the prompt, 60 in the completion). Please "
			    "reduce the length of the prompt or of the completion.");
	r.fits_context = true;
	assert_ok(engine_submit(s.engine, 1, &r));
	r.fits_context = false;
	r.max_tokens = UINT32_MAX;
	assert_err(engine_submit(s.engine, 0, &r), ERR_LIMIT);
	r.max_tokens = 0; /* as many as there is room for */
	assert_ok(engine_submit(s.engine, 0, &r));
	assert_err(engine_submit(s.engine, 0, &r), ERR_CONFLICT);
	run(&s);
	assert_int_equal(s.heard[0].count, 59);
	assert_int_equal(s.heard[1].count, 59);
	assert_int_equal(s.heard[0].finish, ENGINE_LENGTH);
	engine_facts(s.engine, &facts);
	assert_int_equal(facts.context, 64);
	assert_string_equal(facts.operators, "onednn");
}

static void bad_requests_are_refused(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	const struct sampler_bias outside = {512, 1};
	const struct slice empty = S("");
	const struct engine_request good = greedy(S("a"), 1);
	struct engine_request rows[6];

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	for (size_t i = 0; i < 6; i++)
		rows[i] = good;
	rows[0].sampling.temperature = 2.5;
	rows[1].sampling.temperature = __builtin_nan("");
	rows[2].sampling.top_p = 0;
	rows[3].prompt = S("\xc3");
	rows[4].stops = &empty;
	rows[4].stop_count = 1;
	rows[5].sampling.biases = &outside;
	rows[5].sampling.bias_count = 1;
	for (size_t i = 0; i < 6; i++)
		assert_err(engine_submit(s.engine, 0, &rows[i]), ERR_FORMAT);
	assert_true(engine_is_idle(s.engine));
	assert_ok(engine_submit(s.engine, 0, &good));
}

static void too_little_memory_is_refused_before_anything_is_loaded(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine *second = NULL;
	struct engine_facts facts;

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	engine_facts(s.engine, &facts);
	options.memory_budget_bytes = 1000;
	assert_err(engine_open(&second, &s.folder.files, &options), ERR_LIMIT);
	options.memory_budget_bytes = 2 << 20; /* weights, but no sequence */
	assert_err(engine_open(&second, &s.folder.files, &options), ERR_LIMIT);
	assert_non_null(strstr(failure_text(), "a context of 512 tokens"));
	options.memory_budget_bytes = facts.memory_bytes;
	assert_ok(engine_open(&second, &s.folder.files, &options));
	engine_close(second);
}

static void what_is_measured_is_what_is_taken(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct engine_need need;
	struct engine *second = NULL;
	struct engine_facts facts;

	(void)state;
	if (!setup_open(&s, &options))
		skip();
	assert_ok(engine_measure(&need, &s.folder.files, &options));
	engine_facts(s.engine, &facts);
	assert_int_equal(need.most_bytes, facts.memory_bytes);
	options.memory_budget_bytes = need.least_bytes - 1;
	assert_err(engine_open(&second, &s.folder.files, &options), ERR_LIMIT);
	options.memory_budget_bytes = need.least_bytes;
	assert_ok(engine_open(&second, &s.folder.files, &options));
	engine_close(second);
}

static void a_model_that_cannot_be_run_is_named_by_its_key(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *said;
	} rows[] = {
		{"config.json", "{\"model_type\":\"mamba\"}",
		 "config.json: \"model_type\" is \"mamba\", which this engine does not run"},
		{"tokenizer.json", "{\"model\":{\"type\":\"WordLevel\"}}",
		 "tokenizer.json: the model \"WordLevel\" is not known to this engine"},
	};
	char path[400];

	(void)state;
	if (!shared_path(path, sizeof path, MODEL "/model.safetensors"))
		skip();
	*strrchr(path, '/') = '\0';
	for (size_t i = 0; i < 2; i++) {
		AUTO(folder_free) struct folder f;

		folder_init(&f, path);
		assert_ok(engine_check(&f.files));
		folder_free(&f);
		folder_init(&f, path);
		folder_set(&f, rows[i].name, slice_of_string(rows[i].text));
		assert_err(engine_check(&f.files), ERR_UNSUPPORTED);
		assert_string_equal(failure_text(), rows[i].said);
	}
}

static void the_demo_model_speaks(void **state)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET, .threads = 2};
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Tell me about the harbor.\n"), 100);

	(void)state;
	memset(&s, 0, sizeof s);
	folder_init(&s.folder, "data/demo-model");
	for (size_t i = 0; i < LISTENERS; i++)
		s.heard[i].text = buf_new(1 << 16);
	assert_ok(engine_open(&s.engine, &s.folder.files, &options));
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_non_null(strstr(buf_string(&s.heard[0].text), "harbor"));
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_model_writes_its_published_text),
		cmocka_unit_test(byte_level_models_write_the_expected_text),
		cmocka_unit_test(a_sequence_writes_the_same_in_company),
		cmocka_unit_test(a_seed_repeats_and_another_does_not),
		cmocka_unit_test(a_stop_string_ends_the_text_before_it),
		cmocka_unit_test(an_end_token_ends_without_a_trace),
		cmocka_unit_test(an_answer_loses_its_first_space_and_a_continuation_keeps_it),
		cmocka_unit_test(logprobs_come_with_each_token),
		cmocka_unit_test(a_cancelled_sequence_is_silent_and_others_go_on),
		cmocka_unit_test(what_exceeds_the_context_is_refused_with_the_counts),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(too_little_memory_is_refused_before_anything_is_loaded),
		cmocka_unit_test(what_is_measured_is_what_is_taken),
		cmocka_unit_test(a_model_that_cannot_be_run_is_named_by_its_key),
		cmocka_unit_test(the_demo_model_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
