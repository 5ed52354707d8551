/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are read: their vectors against what Hugging Face's classes computed of the same
 * weights. A tied head makes logits of states by a product with the embedding, so that a decoder's
 * expected logits tell what its vectors must be. */
#include "tests/unit/test.h"

#include "tests/unit/inference/reading.h"

static void an_encoder_embeds_a_text_as_hugging_face_does(void **state)
{
	static struct job job;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {0};
	double expected[WIDTH];

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	assert_int_equal(engine_tasks(s.engine), 1u << TASK_EMBED | 1u << TASK_FILL_MASK);
	assert_int_equal(engine_read_limit(s.engine), 128);
	assert_int_equal(engine_vector_size(s.engine), WIDTH);
	input.text = slice_of_string(
		json_string_value(json_array_get(json_object_get(s.expected, "texts"), 0)));
	embed(&s, &job, &input, 1);
	read_row(expected, json_array_get(json_object_get(s.expected, "mean_pooled"), 0));
	assert_int_equal(job.counts[0], WIDTH);
	assert_true(furthest(job.values[0], expected, WIDTH) < 1e-4);
}

/* Weights, description and vocabulary of tiny-bert.gguf alone. */
static void a_gguf_file_alone_gives_the_same_vector(void **state)
{
	static const char *const hidden[] = {"model.safetensors", "config.json", "tokenizer.json",
					     "vocab.txt"};
	static struct job job;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {0};
	double expected[WIDTH];

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		folder_set(&s.folder, hidden[i], S(""));
	scene_start(&s, &usual);
	input.text = slice_of_string(
		json_string_value(json_array_get(json_object_get(s.expected, "texts"), 0)));
	embed(&s, &job, &input, 1);
	read_row(expected, json_array_get(json_object_get(s.expected, "mean_pooled"), 0));
	assert_true(furthest(job.values[0], expected, WIDTH) < 1e-4);
}

static void t5_embeds_a_text_by_the_mean_of_its_encoder(void **state)
{
	static struct job job;
	static uint32_t ids[MOST];
	static const char *const names[] = {"t5", "t5v11"};
	const json_t *states;

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		AUTO(scene_close) struct scene s;
		struct engine_input input = {.ids = ids};
		double expected[WIDTH] = {0}, row[WIDTH];

		if (!scene_find(&s, names[m]))
			skip();
		folder_set(&s.folder, "tokenizer.json", S(TINY_TOKENIZER));
		scene_start(&s, &usual);
		assert_int_equal(engine_tasks(s.engine), 1u << TASK_EMBED | 1u << TASK_GENERATE);
		input.id_count = ids_of(ids, json_object_get(s.expected, "input_ids"));
		embed(&s, &job, &input, 1);
		states = json_object_get(s.expected, "encoder_last_hidden_state");
		for (size_t i = 0; i < input.id_count; i++) {
			read_row(row, json_array_get(states, i));
			for (size_t j = 0; j < WIDTH; j++)
				expected[j] += row[j] / (double)input.id_count;
		}
		assert_true(furthest(job.values[0], expected, WIDTH) < 1e-4);
	}
}

/* Logits that a vector would have under the tied head, against the mean (or the last) of those
 * expected of its tokens. */
static void check_decoder_vector(struct scene *s, const char *head, const float *vector,
				 size_t width, bool is_mean)
{
	static float table[1024 * WIDTH], got[1024];
	static double expected[1024], row[1024];
	const json_t *logits = json_object_get(s->expected, "logits");
	size_t count = json_array_size(logits);

	read_tensor(table, sizeof table / sizeof *table, &s->folder, head);
	memset(expected, 0, sizeof expected);
	for (size_t i = is_mean ? 0 : count - 1; i < count; i++) {
		read_row(row, json_array_get(logits, i));
		for (size_t j = 0; j < 1024; j++)
			expected[j] += row[j] / (is_mean ? (double)count : 1.0);
	}
	for (size_t j = 0; j < 1024; j++) {
		double sum = 0;

		for (size_t k = 0; k < width; k++)
			sum += (double)table[j * width + k] * (double)vector[k];
		got[j] = (float)sum;
	}
	assert_true(furthest(got, expected, 1024) < 1e-4);
}

static const struct {
	const char *name, *head;
	size_t width;
} decoders[] = {
	{"gpt2", "transformer.wte.weight", 64},
	{"qwen2", "model.embed_tokens.weight", 64},
	{"bloom", "transformer.word_embeddings.weight", 60},
};

static void decoders_embed_a_text_by_its_last_token_or_as_their_files_say(void **state)
{
	static struct job job;

	(void)state;
	for (size_t m = 0; m < 6; m++) {
		AUTO(scene_close) struct scene s;
		struct engine_input input = {0};
		bool is_mean = m >= 3;

		if (!scene_find(&s, decoders[m % 3].name))
			skip();
		if (is_mean)
			folder_set(&s.folder, "1_Pooling/config.json",
				   S("{\"pooling_mode_mean_tokens\": true}"));
		scene_start(&s, &usual);
		input.text = slice_of_string(
			json_string_value(json_object_get(s.expected, "prompt")));
		embed(&s, &job, &input, 1);
		assert_int_equal(job.counts[0], decoders[m % 3].width);
		check_decoder_vector(&s, decoders[m % 3].head, job.values[0], decoders[m % 3].width,
				     is_mean);
	}
}

/* What the engine wrote. */
struct heard {
	uint32_t ids[64];
	size_t count;
	enum engine_finish finish;
	struct buf text;
};

static void on_written(void *context, const struct engine_event *event)
{
	struct heard *h = context;

	if (event->sample)
		h->ids[h->count++] = event->sample->chosen.token;
	buf_write(&h->text, event->text);
	h->finish = event->finish;
	assert_int_equal(event->prompt_tokens, 35);
}

/* The whole way: its SentencePiece model, a prompt of ids for the encoder, text from the decoder.
 */
static void t5_writes_through_the_engine_what_hugging_face_does(void **state)
{
	static const char *const names[] = {"t5", "t5v11"};
	AUTO(buf_free) struct buf prompt = buf_new(1024);

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		AUTO(scene_close) struct scene s;
		struct heard heard = {.text = buf_new(4096)};
		struct engine_request ask = {.prompt_kind = ENGINE_PROMPT_TOKENS,
					     .sampling = {.top_p = 1}};
		const json_t *ids, *greedy;

		if (!scene_find(&s, names[m]))
			skip();
		scene_start(&s, &usual);
		buf_reset(&prompt);
		ids = json_object_get(s.expected, "input_ids");
		greedy = json_object_get(s.expected, "greedy_ids");
		for (size_t i = 0; i < json_array_size(ids); i++)
			buf_write_u32(&prompt,
				      (uint32_t)json_integer_value(json_array_get(ids, i)));
		ask.prompt = buf_slice(&prompt);
		ask.max_tokens = (uint32_t)json_array_size(greedy) - 1;
		assert_ok(engine_submit(s.engine, 1, &ask));
		while (!engine_is_idle(s.engine))
			assert_ok(engine_step(s.engine, on_written, &heard));
		for (size_t i = 0; i < heard.count; i++)
			assert_int_equal(heard.ids[i],
					 json_integer_value(json_array_get(greedy, i + 1)));
		assert_true(heard.finish == ENGINE_STOP ||
			    heard.count + 1 == json_array_size(greedy));
		assert_true(heard.text.size > 0 && heard.text.data[0] != ' ');
		buf_free(&heard.text);
	}
}

/* A hundred texts of different lengths, among which are some that exceed what is left of a pass. */
static void a_text_has_the_same_vector_in_company(void **state)
{
	static struct job alone, together;
	static uint32_t ids[100][120];
	static const char *const names[] = {"bert", "qwen2"};

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		AUTO(scene_close) struct scene s;
		struct engine_input inputs[100];

		if (!scene_find(&s, names[m]))
			skip();
		scene_start(&s, &usual);
		for (size_t i = 0; i < 100; i++) {
			inputs[i] = (struct engine_input){.ids = ids[i],
							  .id_count = 1 + i * 37 % 119};
			for (size_t j = 0; j < inputs[i].id_count; j++)
				ids[i][j] = (uint32_t)((i * 131 + j * 17) % 1000);
		}
		embed(&s, &together, inputs, 100);
		assert_true(s.steps > 10); /* 6000 rows: no pass took more than 512 */
		for (size_t i = 0; i < 100; i += 9) {
			double expected[WIDTH];

			embed(&s, &alone, &inputs[i], 1);
			for (size_t j = 0; j < WIDTH; j++)
				expected[j] = (double)alone.values[0][j];
			assert_true(furthest(together.values[i], expected, WIDTH) < 1e-5);
			assert_int_equal(together.tokens[i], inputs[i].id_count);
		}
	}
}

static void a_stream_gets_its_token_with_each_step_while_a_list_is_read(void **state)
{
	static struct job job;
	static uint32_t ids[100];
	AUTO(scene_close) struct scene s;
	struct engine_input inputs[60];
	struct engine_reading reading;
	struct engine_request ask = {
		.prompt = S("First Citizen:"), .max_tokens = 100, .sampling = {.top_p = 1}};

	(void)state;
	if (!scene_find(&s, "qwen2"))
		skip();
	scene_start(&s, &usual);
	for (size_t i = 0; i < 60; i++)
		inputs[i] = (struct engine_input){.ids = ids, .id_count = 100};
	reading = embedding(&job, inputs, 60);
	assert_ok(engine_submit(s.engine, 7, &ask));
	assert_ok(engine_read(s.engine, 7, &reading));
	while (!job.is_over) {
		size_t results = job.results;

		assert_ok(engine_step(s.engine, on_event, &s));
		assert_int_equal(s.events, ++s.steps);
		assert_true(job.results - results <= 6); /* 512 rows, and a text begun before */
	}
	assert_true(s.steps >= 11 && s.steps <= 13);
}

/* A text that waits for pages is not passed by sequences that came later. */
static void a_reading_waits_for_room_and_is_not_starved(void **state)
{
	static struct job job;
	static uint32_t ids[128];
	AUTO(scene_close) struct scene s;
	struct engine_options small = usual;
	struct engine_input input = {.ids = ids, .id_count = 128};
	struct engine_reading reading = embedding(&job, &input, 1);
	struct engine_request ask = {
		.prompt = S("First Citizen:"), .max_tokens = 100, .sampling = {.top_p = 1}};
	struct engine_facts facts;

	(void)state;
	if (!scene_find(&s, "qwen2"))
		skip();
	small.sequences = 1; /* pages for one context */
	scene_start(&s, &small);
	engine_facts(s.engine, &facts);
	assert_ok(engine_submit(s.engine, 1, &ask));
	assert_ok(engine_step(s.engine, on_event, &s));
	assert_ok(engine_submit(s.engine, 2, &ask));
	assert_ok(engine_read(s.engine, 1, &reading));
	while (!job.is_over)
		assert_ok(engine_step(s.engine, on_event, &s));
	assert_int_equal(s.events, 100); /* the first is over, the second has not begun */
	run(&s);
	assert_int_equal(s.events, 200);
}

static void vectors_are_shortened_and_made_of_length_one(void **state)
{
	static struct job whole, shorter, one;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {.text = S("hear me speak")};
	struct engine_reading reading;
	double length = 0, short_length = 0, expected[WIDTH];

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	embed(&s, &whole, &input, 1);
	for (size_t i = 0; i < WIDTH; i++) {
		length += (double)whole.values[0][i] * (double)whole.values[0][i];
		if (i < 16)
			short_length = length;
	}
	assert_true(fabs(sqrt(length) - 1) > 0.1); /* this model's files do not ask for it */
	reading = embedding(&one, &input, 1);
	reading.length = ENGINE_LENGTH_ONE;
	assert_ok(engine_read(s.engine, 2, &reading));
	reading = embedding(&shorter, &input, 1);
	reading.dimensions = 16;
	assert_ok(engine_read(s.engine, 3, &reading));
	run(&s);
	for (size_t i = 0; i < WIDTH; i++)
		expected[i] = (double)whole.values[0][i] / sqrt(length);
	assert_true(furthest(one.values[0], expected, WIDTH) < 1e-6);
	for (size_t i = 0; i < 16; i++)
		expected[i] = (double)whole.values[0][i] / sqrt(short_length);
	assert_int_equal(shorter.counts[0], 16);
	assert_true(furthest(shorter.values[0], expected, 16) < 1e-6);
}

static void a_text_over_the_limit_is_refused_with_the_counts_or_cut_when_asked_for(void **state)
{
	static struct job job, same;
	static char text[4000];
	AUTO(scene_close) struct scene s;
	struct engine_input inputs[] = {{.text = S("short")}, {.text = S("")}};
	struct engine_reading reading = embedding(&job, inputs, 2);
	uint32_t ids[8];
	double expected[WIDTH];

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	for (size_t i = 0; i + 5 < sizeof text; i += 5)
		memcpy(text + i, "hear ", 5);
	inputs[1].text = slice_of_string(text);
	assert_err(engine_read(s.engine, 1, &reading), ERR_LIMIT);
	assert_non_null(strstr(failure_text(), "input 1: its "));
	assert_non_null(strstr(failure_text(), "tokens exceed the model's limit of 128"));
	assert_true(engine_is_idle(s.engine)); /* nothing of it is left behind */
	reading.truncate = ENGINE_TRUNCATE_TO_LIMIT;
	assert_ok(engine_read(s.engine, 1, &reading));
	run(&s);
	assert_int_equal(job.tokens[1], 128);
	assert_true(job.tokens[0] < 10);

	/* Cut to six: [CLS], four of the text, [SEP]. */
	reading = embedding(&job, &inputs[1], 1);
	reading.truncate = 6;
	assert_ok(engine_read(s.engine, 1, &reading));
	run(&s);
	assert_int_equal(job.tokens[0], 6);
	assert_ok(engine_find_token(s.engine, &ids[0], S("[CLS]")));
	assert_ok(engine_find_token(s.engine, &ids[1], S("hear")));
	ids[2] = ids[3] = ids[4] = ids[1];
	assert_ok(engine_find_token(s.engine, &ids[5], S("[SEP]")));
	embed(&s, &same, &(struct engine_input){.ids = ids, .id_count = 6}, 1);
	for (size_t i = 0; i < WIDTH; i++)
		expected[i] = (double)same.values[0][i];
	assert_true(furthest(job.values[0], expected, WIDTH) < 1e-6);
}

static void a_task_that_a_model_does_not_do_is_refused_by_what_it_does(void **state)
{
	static struct job job;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {.text = S("hear me")};
	struct engine_reading reading = embedding(&job, &input, 1);
	struct engine_request ask = {.prompt = S("hear"), .sampling = {.top_p = 1}};

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	folder_set(&s.folder, "modules.json", S("[{\"type\":\"x.Dense\",\"path\":\"2_Dense\"}]"));
	scene_start(&s, &usual);
	assert_err(engine_submit(s.engine, 1, &ask), ERR_UNSUPPORTED);
	assert_string_equal(failure_text(),
			    "this model cannot generate; what it can do: fill-mask");
	assert_err(engine_read(s.engine, 1, &reading), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "modules.json: \"type\" is \"x.Dense\""));
	reading.task = TASK_CLASSIFY;
	assert_err(engine_read(s.engine, 1, &reading), ERR_UNSUPPORTED);
}

static void bad_readings_are_refused_and_a_cancelled_one_is_silent(void **state)
{
	static struct job job;
	static const uint32_t beyond = 1024;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {.text = S("hear me")};
	struct engine_reading good = embedding(&job, &input, 1), bad;

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	bad = good;
	bad.count = 0;
	assert_err(engine_read(s.engine, 1, &bad), ERR_FORMAT);
	bad = good;
	bad.dimensions = WIDTH + 1;
	assert_err(engine_read(s.engine, 1, &bad), ERR_FORMAT);
	bad = good;
	bad.truncate = 129;
	assert_err(engine_read(s.engine, 1, &bad), ERR_FORMAT);
	input.ids = &beyond;
	input.id_count = 1;
	assert_err(engine_read(s.engine, 1, &good), ERR_FORMAT);
	input.id_count = 0;
	input.text = S("\xff");
	assert_err(engine_read(s.engine, 1, &good), ERR_FORMAT);
	input.text = S("hear me");
	for (uint64_t id = 0; id < ENGINE_MAX_JOBS; id++)
		assert_ok(engine_read(s.engine, id, &good));
	assert_err(engine_read(s.engine, 3, &good), ERR_CONFLICT);
	assert_err(engine_read(s.engine, 1000, &good), ERR_UNAVAILABLE);
	for (uint64_t id = 0; id < ENGINE_MAX_JOBS; id++)
		engine_read_cancel(s.engine, id);
	engine_read_cancel(s.engine, 1000);
	assert_true(engine_is_idle(s.engine));
	assert_ok(engine_step(s.engine, on_event, &s));
	assert_int_equal(job.results, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_encoder_embeds_a_text_as_hugging_face_does),
		cmocka_unit_test(a_gguf_file_alone_gives_the_same_vector),
		cmocka_unit_test(t5_embeds_a_text_by_the_mean_of_its_encoder),
		cmocka_unit_test(decoders_embed_a_text_by_its_last_token_or_as_their_files_say),
		cmocka_unit_test(t5_writes_through_the_engine_what_hugging_face_does),
		cmocka_unit_test(a_text_has_the_same_vector_in_company),
		cmocka_unit_test(a_stream_gets_its_token_with_each_step_while_a_list_is_read),
		cmocka_unit_test(a_reading_waits_for_room_and_is_not_starved),
		cmocka_unit_test(vectors_are_shortened_and_made_of_length_one),
		cmocka_unit_test(
			a_text_over_the_limit_is_refused_with_the_counts_or_cut_when_asked_for),
		cmocka_unit_test(a_task_that_a_model_does_not_do_is_refused_by_what_it_does),
		cmocka_unit_test(bad_readings_are_refused_and_a_cancelled_one_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
