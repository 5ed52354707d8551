/* SPDX-License-Identifier: Apache-2.0 */
/* What else stands on top of states, through the engine: masks that are filled, and classes. */
#include "tests/unit/test.h"

#include "tests/unit/inference/reading.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_filled_as_hugging_face_does),
		cmocka_unit_test(bert_tells_classes_as_its_head_says),
		cmocka_unit_test(gpt2_tells_classes_by_its_last_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
