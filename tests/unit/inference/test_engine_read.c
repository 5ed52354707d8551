/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are read: vectors, classes and masks against what Hugging Face's classes computed of
 * the same weights. A tied head makes logits of states by a product with the embedding, so that a
 * decoder's expected logits tell what its vectors must be. */
#include "tests/unit/test.h"

#include <math.h>

#include "inference/engine_read.h"
#include "inference/format/json.h"
#include "inference/pooling.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/tensors.h"

#define TRAINED "models/hf-trained-here/"

enum { BUDGET = 256 << 20, WIDTH = 64, MOST = 512 };

/* What one job has brought. */
struct job {
	float values[MOST][1024];
	size_t counts[MOST], tokens[MOST], positions[MOST];
	size_t results;
	size_t last_index;
	bool is_over;
};

struct scene {
	struct folder folder;
	struct engine *engine;
	json_t *expected;
	size_t events, steps;
};

static void on_result(void *context, const struct engine_result *result)
{
	struct job *job = context;
	size_t at = job->results++;

	assert_false(job->is_over); /* nothing after the last */
	assert_true(at < MOST && result->value_count <= 1024);
	assert_true(result->index >= job->last_index); /* in their order */
	job->last_index = result->index;
	memcpy(job->values[at], result->values, result->value_count * sizeof(float));
	job->counts[at] = result->value_count;
	job->tokens[at] = result->tokens;
	job->positions[at] = result->position;
	job->is_over = result->is_end;
}

static void on_event(void *context, const struct engine_event *event)
{
	struct scene *s = context;

	(void)event;
	s->events++;
}

static const struct engine_options usual = {.memory_budget_bytes = BUDGET, .threads = 1};

/* False, and said so, where the model is not there. More files may be set before scene_start. */
static bool scene_find(struct scene *s, const char *model)
{
	char path[400], name[100], file[480];

	memset(s, 0, sizeof *s);
	snprintf(name, sizeof name, TRAINED "%s/model.safetensors", model);
	if (!shared_path(path, sizeof path, name))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	snprintf(file, sizeof file, "%s/expected.json", path);
	s->expected = json_load_file(file, 0, NULL);
	assert_non_null(s->expected);
	return true;
}

static void scene_start(struct scene *s, const struct engine_options *options)
{
	assert_ok(engine_open(&s->engine, &s->folder.files, options));
}

static void scene_close(struct scene *s)
{
	engine_close(s->engine);
	json_decref(s->expected);
	folder_free(&s->folder);
}

static void run(struct scene *s)
{
	while (!engine_is_idle(s->engine)) {
		assert_ok(engine_step(s->engine, on_event, s));
		s->steps++;
	}
}

static struct engine_reading embedding(struct job *job, const struct engine_input *inputs,
				       size_t count)
{
	memset(job, 0, sizeof *job);
	return (struct engine_reading){.task = TASK_EMBED,
				       .inputs = inputs,
				       .count = count,
				       .on_result = on_result,
				       .context = job};
}

/* One job, alone. */
static void embed(struct scene *s, struct job *job, const struct engine_input *inputs, size_t count)
{
	struct engine_reading reading = embedding(job, inputs, count);

	assert_ok(engine_read(s->engine, 1, &reading));
	run(s);
	assert_true(job->is_over);
	assert_int_equal(job->results, count);
}

static size_t ids_of(uint32_t *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		out[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	return json_array_size(list);
}

static double furthest(const float *a, const double *b, size_t n)
{
	double difference = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		difference = fmax(difference, fabs((double)a[i] - b[i]));
		largest = fmax(largest, fabs(b[i]));
	}
	return difference / largest;
}

static void read_row(double *out, const json_t *row)
{
	for (size_t i = 0; i < json_array_size(row); i++)
		out[i] = json_number_value(json_array_get(row, i));
}

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
	assert_non_null(strstr(failure_text(), "input 1 of 2: "));
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

static void files_of_sentence_transformers_say_how_states_are_pooled(void **state)
{
	static const struct {
		const char *modules, *pooling, *limits, *prompts;
		enum err result;
		const char *said;
		struct pooling expected;
	} rows[] = {
#define MODULE(name, path) \
	"{\"type\":\"sentence_transformers.models." name "\",\"path\":\"" path "\"}"
		{NULL, NULL, NULL, NULL, OK, NULL, {POOLING_MEAN, false, 0}},
		{NULL,
		 "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":false}",
		 NULL,
		 NULL,
		 OK,
		 NULL,
		 {POOLING_FIRST, false, 0}},
		{"[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "," MODULE(
			 "Normalize", "2_Normalize") "]",
		 "{\"pooling_mode_weightedmean_tokens\":true,\"word_embedding_dimension\":64}",
		 "{\"max_seq_length\":100,\"do_lower_case\":false}",
		 "{\"default_prompt_name\":null,\"prompts\":{}}",
		 OK,
		 NULL,
		 {POOLING_WEIGHTED, true, 100}},
		{NULL,
		 "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true}",
		 NULL,
		 NULL,
		 ERR_UNSUPPORTED,
		 "2 modes of pooling",
		 {0}},
		{NULL,
		 "{\"pooling_mode_max_tokens\":true,\"word_embedding_dimension\":65}",
		 NULL,
		 NULL,
		 ERR_FORMAT,
		 "\"word_embedding_dimension\" is 65",
		 {0}},
		{"[" MODULE("Transformer", "") "," MODULE("Dense", "2_Dense") "]",
		 NULL,
		 NULL,
		 NULL,
		 ERR_UNSUPPORTED,
		 "sentence_transformers.models.Dense",
		 {0}},
		{"[" MODULE("Pooling", "1_Pooling") "]",
		 NULL,
		 NULL,
		 NULL,
		 ERR_FORMAT,
		 "1_Pooling/config.json is missing",
		 {0}},
		{"{}", NULL, NULL, NULL, ERR_FORMAT, "modules.json: not a list", {0}},
		{NULL,
		 NULL,
		 "{\"do_lower_case\":true}",
		 NULL,
		 ERR_UNSUPPORTED,
		 "do_lower_case",
		 {0}},
		{NULL,
		 NULL,
		 NULL,
		 "{\"default_prompt_name\":\"query\"}",
		 ERR_UNSUPPORTED,
		 "default_prompt_name",
		 {0}},
	};
	struct config config = {.hidden_size = 64, .encoder_layers = 1};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(folder_free) struct folder f;
		struct pooling p = {0};

		folder_init(&f, "/nonexistent");
		folder_set(&f, "modules.json",
			   slice_of_string(rows[i].modules ? rows[i].modules : ""));
		folder_set(&f, "1_Pooling/config.json",
			   slice_of_string(rows[i].pooling ? rows[i].pooling : ""));
		folder_set(&f, "sentence_bert_config.json",
			   slice_of_string(rows[i].limits ? rows[i].limits : ""));
		folder_set(&f, "config_sentence_transformers.json",
			   slice_of_string(rows[i].prompts ? rows[i].prompts : ""));
		assert_err(pooling_read(&p, &f.files, &config), rows[i].result);
		if (rows[i].said)
			assert_non_null(strstr(failure_text(), rows[i].said));
		if (rows[i].result != OK)
			continue;
		assert_int_equal(p.mode, rows[i].expected.mode);
		assert_int_equal(p.normalized, rows[i].expected.normalized);
		assert_int_equal(p.limit, rows[i].expected.limit);
	}
}

static void each_mode_of_pooling_is_what_its_name_says(void **state)
{
	static const float rows[3][2] = {{1, -4}, {2, 5}, {6, -1}};
	static const struct {
		enum pooling_mode mode;
		double expected[2];
	} modes[] = {
		{POOLING_FIRST, {1, -4}},
		{POOLING_LAST, {6, -1}},
		{POOLING_MEAN, {3, 0}},
		{POOLING_MEAN_ROOT, {5.196152423, 0}},
		{POOLING_WEIGHTED, {23.0 / 6, 0.5}}, /* (1 + 4 + 18) / 6, (-4 + 10 - 3) / 6 */
		{POOLING_MAX, {6, 5}},
	};

	(void)state;
	for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
		float sum[2] = {0};

		for (size_t i = 0; i < 3; i++)
			pooling_add(modes[m].mode, sum, rows[i], i, 3, 2);
		pooling_finish(modes[m].mode, sum, 3, 2);
		assert_true(furthest(sum, modes[m].expected, 2) < 1e-6);
	}
}

/* With a mask in the place of a token: what the expected logits at that place would be is not
 * known, but those of a text that has the mask in its expected ids are. Here: each token of the
 * first text is looked at where it stands. */
static void masks_are_filled_as_hugging_face_does(void **state)
{
	static struct job job;
	static double logits[1024];
	AUTO(scene_close) struct scene s;
	const json_t *texts, *row;
	uint32_t ids[64], mask = 0, other = 0;
	struct engine_input input = {.ids = ids};
	struct engine_reading reading = embedding(&job, &input, 1);
	double sum = 0, largest = -1e9;

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	assert_ok(engine_find_token(s.engine, &mask, S("[MASK]")));
	assert_ok(engine_find_token(s.engine, &other, S("hear")));
	texts = json_object_get(s.expected, "input_ids");
	input.id_count = ids_of(ids, json_array_get(texts, 0));
	while (json_integer_value(json_array_get(
		       json_array_get(json_object_get(s.expected, "attention_mask"), 0),
		       input.id_count - 1)) == 0)
		input.id_count--;
	reading.task = TASK_FILL_MASK;
	assert_err(engine_read(s.engine, 1, &reading), ERR_FORMAT); /* no mask in it */

	/* The third token stands for the mask: its own row is what must come back. */
	engine_close(s.engine);
	s.engine = NULL;
	rename_token(&s.folder, "[MASK]", ids[2]);
	scene_start(&s, &usual);
	assert_ok(engine_read(s.engine, 1, &reading));
	run(&s);
	assert_true(job.is_over && job.results >= 1);
	assert_int_equal(job.positions[0], 2);
	assert_int_equal(job.counts[0], 1024);
	row = json_array_get(json_array_get(json_object_get(s.expected, "mlm_logits"), 0), 2);
	read_row(logits, row);
	for (size_t i = 0; i < 1024; i++)
		largest = fmax(largest, logits[i]);
	for (size_t i = 0; i < 1024; i++)
		sum += exp(logits[i] - largest);
	for (size_t i = 0; i < 1024; i++)
		logits[i] -= largest + log(sum);
	assert_true(furthest(job.values[0], logits, 1024) < 1e-4);
}

/* BERT: a pooler and classes of our own on top of the expected state of the first token. */
static void bert_tells_classes_as_its_head_says(void **state)
{
	static float pooler[WIDTH * WIDTH], pooler_bias[WIDTH], classes[3 * WIDTH],
		bias[3] = {0.5f, -0.25f, 0};
	static struct job job;
	AUTO(scene_close) struct scene s;
	struct engine_input input = {0};
	struct engine_reading reading = embedding(&job, &input, 1);
	double first[WIDTH], pooled[WIDTH], expected[3];

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	for (size_t i = 0; i < WIDTH * WIDTH; i++)
		pooler[i] = (float)((int)(i * 7919 % 101) - 50) / 400;
	for (size_t i = 0; i < WIDTH; i++)
		pooler_bias[i] = (float)((int)(i % 7) - 3) / 10;
	for (size_t i = 0; i < 3 * WIDTH; i++)
		classes[i] = (float)((int)(i * 31 % 17) - 8) / 8;
	set_tensors(&s.folder, "cls.",
		    (struct tensor[]){{"bert.pooler.dense.weight", pooler, {WIDTH, WIDTH}},
				      {"bert.pooler.dense.bias", pooler_bias, {WIDTH}},
				      {"classifier.weight", classes, {3, WIDTH}},
				      {"classifier.bias", bias, {3}}},
		    4);
	set_config(&s.folder, "BertForSequenceClassification",
		   "{\"0\":\"sad\",\"1\":\"merry\",\"2\":\"LABEL_2\"}");
	scene_start(&s, &usual);
	assert_int_equal(engine_tasks(s.engine), 1u << TASK_EMBED | 1u << TASK_CLASSIFY);
	input.text = slice_of_string(
		json_string_value(json_array_get(json_object_get(s.expected, "texts"), 0)));
	reading.task = TASK_CLASSIFY;
	assert_ok(engine_read(s.engine, 1, &reading));
	run(&s);
	read_row(first,
		 json_array_get(json_array_get(json_object_get(s.expected, "last_hidden_state"), 0),
				0));
	for (size_t i = 0; i < WIDTH; i++) {
		pooled[i] = (double)pooler_bias[i];
		for (size_t j = 0; j < WIDTH; j++)
			pooled[i] += (double)pooler[i * WIDTH + j] * first[j];
		pooled[i] = tanh(pooled[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		expected[i] = (double)bias[i];
		for (size_t j = 0; j < WIDTH; j++)
			expected[i] += (double)classes[i * WIDTH + j] * pooled[j];
	}
	assert_int_equal(job.counts[0], 3);
	assert_true(furthest(job.values[0], expected, 3) < 1e-4);
	assert_string_equal(engine_label(s.engine, 1), "merry");
	assert_string_equal(engine_label(s.engine, 3), "");
	engine_label_probabilities(s.engine, job.values[0], 3);
	assert_true(fabsf(job.values[0][0] + job.values[0][1] + job.values[0][2] - 1) < 1e-6f);
}

/* GPT-2: classes that are rows of its own embedding have the expected logits of those tokens. */
static void gpt2_tells_classes_by_its_last_token(void **state)
{
	static float table[1024 * WIDTH];
	static struct job job;
	static double logits[1024];
	AUTO(scene_close) struct scene s;
	struct engine_input input = {0};
	struct engine_reading reading = embedding(&job, &input, 1);
	const json_t *rows;

	(void)state;
	if (!scene_find(&s, "gpt2"))
		skip();
	read_tensor(table, sizeof table / sizeof *table, &s.folder, "transformer.wte.weight");
	set_tensors(&s.folder, "lm_head.",
		    (struct tensor[]){{"score.weight", table + 300 * WIDTH, {5, WIDTH}}}, 1);
	set_config(&s.folder, "GPT2ForSequenceClassification",
		   "{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\",\"3\":\"d\",\"4\":\"e\"}");
	scene_start(&s, &usual);
	input.text = slice_of_string(json_string_value(json_object_get(s.expected, "prompt")));
	reading.task = TASK_CLASSIFY;
	assert_ok(engine_read(s.engine, 1, &reading));
	run(&s);
	rows = json_object_get(s.expected, "logits");
	read_row(logits, json_array_get(rows, json_array_size(rows) - 1));
	assert_int_equal(job.counts[0], 5);
	assert_true(furthest(job.values[0], logits + 300, 5) < 1e-4);
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
		cmocka_unit_test(t5_embeds_a_text_by_the_mean_of_its_encoder),
		cmocka_unit_test(decoders_embed_a_text_by_its_last_token_or_as_their_files_say),
		cmocka_unit_test(a_text_has_the_same_vector_in_company),
		cmocka_unit_test(a_stream_gets_its_token_with_each_step_while_a_list_is_read),
		cmocka_unit_test(a_reading_waits_for_room_and_is_not_starved),
		cmocka_unit_test(vectors_are_shortened_and_made_of_length_one),
		cmocka_unit_test(
			a_text_over_the_limit_is_refused_with_the_counts_or_cut_when_asked_for),
		cmocka_unit_test(files_of_sentence_transformers_say_how_states_are_pooled),
		cmocka_unit_test(each_mode_of_pooling_is_what_its_name_says),
		cmocka_unit_test(masks_are_filled_as_hugging_face_does),
		cmocka_unit_test(bert_tells_classes_as_its_head_says),
		cmocka_unit_test(gpt2_tells_classes_by_its_last_token),
		cmocka_unit_test(a_task_that_a_model_does_not_do_is_refused_by_what_it_does),
		cmocka_unit_test(bad_readings_are_refused_and_a_cancelled_one_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
