/* SPDX-License-Identifier: Apache-2.0 */
/* Every family against what others computed of the same weights: Hugging Face's classes, PyTorch,
 * onnxruntime. The files are below SALLYPORT_SHARED; without them these tests skip and say so. */
#include "tests/unit/test.h"

#include "crypto/base/text.h"
#include "inference/kernel/layers.h"
#include "tests/unit/inference/scene.h"

#define TRAINED "models/hf-trained-here/"

enum { MAX_LAYERS = 8 };

/* The 2-norm of each row behind each layer. */
struct norms {
	double of[MAX_LAYERS][FORWARD_MAX_ROWS];
	size_t hidden;
};

/* Before the first layer is 0, behind it 1. */
static bool is_between_layers(enum forward_point point, unsigned *layer)
{
	if (point == FORWARD_RESID_PRE && *layer == 0)
		return true;
	*layer += 1;
	return point == FORWARD_RESID_POST;
}

static void take_norms(void *context, enum forward_point point, unsigned layer, const float *x,
		       size_t rows)
{
	struct norms *n = context;

	if (!is_between_layers(point, &layer))
		return;
	assert_true(layer < MAX_LAYERS);
	for (size_t i = 0; i < rows; i++) {
		double sum = 0;

		for (size_t j = 0; j < n->hidden; j++)
			sum += (double)x[i * n->hidden + j] * x[i * n->hidden + j];
		n->of[layer][i] = sqrt(sum);
	}
}

/* The folder of a model, or NULL: the test is skipped. */
static const char *model_folder(char *out, size_t size, const char *name)
{
	char file[200];

	snprintf(file, sizeof file, "%s/model.safetensors", name);
	if (!shared_path(out, size, file))
		return NULL;
	*strrchr(out, '/') = '\0';
	return out;
}

static size_t rows_of_ids(struct forward_row *rows, const struct setup *s, const json_t *ids)
{
	size_t count = json_array_size(ids);

	assert_true(count > 0 && count <= FORWARD_MAX_ROWS);
	for (size_t i = 0; i < count; i++)
		rows[i] = row_of(s, i, (uint32_t)json_integer_value(json_array_get(ids, i)), true);
	return count;
}

/* [rows][columns] of both; fails above `most`. */
static void check_rows(const char *what, const float *rows, const json_t *expected, size_t columns,
		       double most)
{
	double worst = 0;

	for (size_t i = 0; i < json_array_size(expected); i++)
		worst = fmax(worst,
			     distance(rows + i * columns, json_array_get(expected, i), columns));
	if (!(worst <= most))
		fail_msg("%s: %g from the reference", what, worst);
}

static void check_norms(const char *what, const struct norms *n, const json_t *expected)
{
	/* The last one stands behind the last norm, and is looked at with the logits. */
	for (size_t layer = 0; layer + 1 < json_array_size(expected); layer++) {
		const json_t *row = json_array_get(expected, layer);

		for (size_t i = 0; i < json_array_size(row); i++) {
			double norm = json_number_value(json_array_get(row, i));

			if (fabs(n->of[layer][i] - norm) > 1e-4 * norm)
				fail_msg("%s: layer %zu, row %zu: norm %g, not %g", what, layer, i,
					 n->of[layer][i], norm);
		}
	}
}

/* Goes on from logits of `ids` one by one; the ids begin with those of the prompt. */
static void check_greedy(struct setup *s, const char *what, const json_t *ids, size_t prompt,
			 float *logits)
{
	for (size_t i = prompt; i < json_array_size(ids); i++) {
		uint32_t next = likeliest(logits, s->config.vocabulary);
		struct forward_row row = row_of(s, i, next, true);

		if (next != json_integer_value(json_array_get(ids, i)))
			fail_msg("%s: token %zu is %u", what, i, next);
		row.source = &s->source;
		row.source_length = s->source_length;
		assert_ok(forward_run(s->forward, &row, 1, &logits));
	}
}

static void check_decoder(const char *path, const struct operators *row, unsigned threads)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	static struct norms norms;
	AUTO(setup_close) struct setup s;
	AUTO(json_auto) json_t *expected = read_expected(path, "expected.json");
	size_t count;
	float *logits;

	setup_open(&s, path, row, threads);
	norms.hidden = s.config.hidden_size;
	forward_watch(s.forward, take_norms, NULL, &norms);
	count = rows_of_ids(rows, &s, json_object_get(expected, "input_ids"));
	assert_ok(forward_run(s.forward, rows, count, &logits));
	check_rows(path, logits, json_object_get(expected, "logits"), s.config.vocabulary, 1e-4);
	check_norms(path, &norms, json_object_get(expected, "hidden_state_norms"));
	forward_watch(s.forward, NULL, NULL, NULL);
	check_greedy(&s, path, json_object_get(expected, "greedy_ids"), count,
		     logits + (count - 1) * s.config.vocabulary);
}

static void decoders_write_what_hugging_face_writes(void **state)
{
	static const char *const names[] = {TRAINED "gpt2", TRAINED "qwen2", TRAINED "bloom"};
	char path[400];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!model_folder(path, sizeof path, names[i]))
			skip();
		check_decoder(path, &operators_onednn, 1);
		check_decoder(path, &operators_onednn, 2);
		check_decoder(path, &operators_plain, 1);
	}
}

/* Two texts of different length in one pass, each of which sees only itself. */
static size_t rows_of_texts(struct forward_row *rows, const struct setup *s, const json_t *expected)
{
	const struct kvcache_table *tables[] = {&s->table, &s->source};
	size_t count = 0;

	for (size_t text = 0; text < 2; text++) {
		const json_t *ids = json_array_get(json_object_get(expected, "input_ids"), text);
		const json_t *mask = json_array_get(json_object_get(expected, "attention_mask"),
						    text);
		const json_t *types = json_array_get(json_object_get(expected, "token_type_ids"),
						     text);
		uint32_t length = 0;

		while (length < json_array_size(mask) &&
		       json_integer_value(json_array_get(mask, length)) == 1)
			length++;
		for (uint32_t i = 0; i < length; i++)
			rows[count++] = (struct forward_row){
				.table = tables[text],
				.position = i,
				.token = (uint32_t)json_integer_value(json_array_get(ids, i)),
				.segment = (uint32_t)json_integer_value(json_array_get(types, i)),
				.length = length};
	}
	return count;
}

/* Of the rows of a text that are no padding: the first `length` of what is expected of it. */
static json_t *first_of(const json_t *expected, size_t text, size_t length)
{
	const json_t *rows = json_array_get(expected, text);
	json_t *out = json_array();

	for (size_t i = 0; i < length; i++)
		json_array_append(out, json_array_get(rows, i));
	return out;
}

static void check_mean(const char *path, const float *hidden, size_t length, const json_t *expected,
		       size_t width)
{
	float mean[1024] = {0};

	for (size_t i = 0; i < length; i++)
		for (size_t j = 0; j < width; j++)
			mean[j] += hidden[i * width + j] / (float)length;
	if (distance(mean, expected, width) > 1e-4)
		fail_msg("%s: the mean is not the reference's", path);
}

static void check_encoder(const char *path, const struct operators *row, unsigned threads)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	static float states[FORWARD_MAX_ROWS * 64];
	AUTO(setup_close) struct setup s;
	AUTO(json_auto) json_t *expected = read_expected(path, "expected.json");
	const float *hidden;
	size_t count, at = 0;

	setup_open(&s, path, row, threads);
	assert_int_equal(s.config.head, CONFIG_HEAD_MASKED);
	assert_int_equal(s.config.hidden_size, 64);
	count = rows_of_texts(rows, &s, expected);
	assert_ok(forward_encode(s.forward, rows, count, &hidden));
	memcpy(states, hidden, count * 64 * sizeof(float));
	for (size_t text = 0; text < 2; text++) {
		size_t length = rows[at].length;
		AUTO(json_auto)
		json_t *last = first_of(json_object_get(expected, "last_hidden_state"), text,
					length);
		AUTO(json_auto)
		json_t *masked = first_of(json_object_get(expected, "mlm_logits"), text, length);
		float *logits;

		check_rows(path, states + at * 64, last, 64, 1e-4);
		check_mean(path, states + at * 64, length,
			   json_array_get(json_object_get(expected, "mean_pooled"), text), 64);
		assert_ok(forward_masked_logits(s.forward, states + at * 64, length, &logits));
		check_rows(path, logits, masked, s.config.vocabulary, 1e-4);
		at += length;
	}
	assert_int_equal(at, count);
}

static void an_encoder_reads_texts_as_hugging_face_does(void **state)
{
	char path[400];

	(void)state;
	if (!model_folder(path, sizeof path, TRAINED "bert"))
		skip();
	check_encoder(path, &operators_onednn, 1);
	check_encoder(path, &operators_onednn, 2);
	check_encoder(path, &operators_plain, 1);
}

static void check_both(const char *path, const char *file, uint32_t distance,
		       const struct operators *row)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	AUTO(setup_close) struct setup s = {0};
	AUTO(json_auto) json_t *expected = read_expected(path, file);
	const json_t *greedy = json_object_get(expected, "greedy_ids");
	const float *hidden;
	float *logits;
	size_t count;

	folder_init(&s.folder, path);
	setup_finish(&s, row, 1, distance);
	count = rows_of_ids(rows, &s, json_object_get(expected, "input_ids"));
	for (size_t i = 0; i < count; i++) {
		rows[i].table = &s.source;
		rows[i].length = (uint32_t)count;
	}
	s.source_length = (uint32_t)count;
	assert_ok(forward_encode(s.forward, rows, count, &hidden));
	check_rows(path, hidden, json_object_get(expected, "encoder_last_hidden_state"),
		   s.config.hidden_size, 1e-4);
	count = rows_of_ids(rows, &s, json_object_get(expected, "decoder_input_ids"));
	for (size_t i = 0; i < count; i++) {
		rows[i].source = &s.source;
		rows[i].source_length = s.source_length;
	}
	assert_ok(forward_run(s.forward, rows, count, &logits));
	check_rows(path, logits, json_object_get(expected, "logits"), s.config.vocabulary, 1e-4);
	assert_int_equal(json_integer_value(json_array_get(greedy, 0)), s.config.decoder_start);
	assert_ok(forward_run(s.forward, rows, 1, &logits));
	check_greedy(&s, path, greedy, 1, logits);
}

/* T5 as it is, with the head scaled, and 1.1 with a gate and without; with buckets for 64 positions
 * as their configs say, and for the 128 that others take for granted. */
static void encoder_and_decoder_together_write_what_hugging_face_writes(void **state)
{
	static const char *const names[] = {TRAINED "t5", TRAINED "t5v11"};
	char path[400];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!model_folder(path, sizeof path, names[i]))
			skip();
		check_both(path, "expected.json", 0, &operators_onednn);
		check_both(path, "expected.json", 0, &operators_plain);
		check_both(path, "expected_maxdist128.json", 128, &operators_onednn);
	}
}

static void a_gpt2_of_onnxruntime_gives_its_logits(void **state)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	AUTO(setup_close) struct setup s = {0};
	AUTO(json_auto) json_t *expected = NULL;
	char path[400];
	float *logits;
	size_t count;

	(void)state;
	if (!model_folder(path, sizeof path, "models/tiny-random-gpt2-onnx"))
		skip();
	expected = read_expected(path, "ort_expected.json");
	folder_init(&s.folder, path);
	folder_set(&s.folder, "config.json",
		   S("{\"model_type\":\"gpt2\",\"n_embd\":32,\"n_layer\":5,\"n_head\":4,"
		     "\"n_positions\":512,\"vocab_size\":1000}"));
	setup_finish(&s, &operators_onednn, 1, 0);
	count = rows_of_ids(rows, &s, json_object_get(expected, "input_ids"));
	assert_ok(forward_run(s.forward, rows, count, &logits));
	check_rows(path, logits, json_object_get(expected, "logits"), s.config.vocabulary, 1e-4);
}

/* Floats as base64, as PyTorch's bytes. */
static size_t read_floats(float *out, size_t room, const json_t *tensor)
{
	AUTO(buf_free) struct buf bytes = buf_new(room * sizeof(float));
	struct slice text = slice_of_string(json_string_value(json_object_get(tensor, "data")));

	assert_ok(text_read_base64(&bytes, text, TEXT_BASE64));
	memcpy(out, bytes.data, bytes.size);
	return bytes.size / sizeof(float);
}

static double furthest(const float *a, const float *b, size_t n)
{
	double difference = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		difference = fmax(difference, fabs((double)a[i] - b[i]));
		largest = fmax(largest, fabs((double)b[i]));
	}
	return difference / largest;
}

struct blocks {
	float of[4][11 * 48];
};

static void take_blocks(void *context, enum forward_point point, unsigned layer, const float *x,
			size_t rows)
{
	struct blocks *b = context;

	if (!is_between_layers(point, &layer))
		return;
	assert_true(layer < 4 && rows == 11);
	memcpy(b->of[layer], x, sizeof b->of[layer]);
}

/* minGPT's model that sorts letters, with what PyTorch had behind each block. */
static void a_gpt2_of_pytorch_has_its_states_behind_each_block(void **state)
{
	static const char *const stages[] = {"x", "block0", "block1", "block2"};
	static float floats[3 * 11 * 48];
	static struct blocks blocks;
	AUTO(setup_close) struct setup s = {0};
	AUTO(json_auto) json_t *expected = NULL;
	struct forward_row rows[11];
	char path[400];
	float *logits;

	(void)state;
	if (!model_folder(path, sizeof path, "models/gpt-nano-sort"))
		skip();
	expected = read_expected(path, "gpt-nano-sort-t0-partials.json");
	folder_init(&s.folder, path);
	folder_set(&s.folder, "config.json",
		   S("{\"model_type\":\"gpt2\",\"n_embd\":48,\"n_layer\":3,\"n_head\":3,"
		     "\"n_positions\":11,\"vocab_size\":3,\"tie_word_embeddings\":false}"));
	setup_finish(&s, &operators_onednn, 1, 0);
	forward_watch(s.forward, take_blocks, NULL, &blocks);
	for (size_t batch = 0; batch < 3; batch++) {
		assert_int_equal(read_floats(floats, sizeof floats / sizeof *floats,
					     json_object_get(expected, "idx")),
				 33);
		for (size_t i = 0; i < 11; i++)
			rows[i] = row_of(&s, i, (uint32_t)floats[batch * 11 + i], true);
		assert_ok(forward_run(s.forward, rows, 11, &logits));
		for (size_t layer = 0; layer < 4; layer++) {
			read_floats(floats, sizeof floats / sizeof *floats,
				    json_object_get(expected, stages[layer]));
			assert_true(furthest(blocks.of[layer], floats + batch * 11 * 48, 11 * 48) <
				    1e-4);
		}
		read_floats(floats, sizeof floats / sizeof *floats,
			    json_object_get(expected, "lm_head"));
		assert_true(furthest(logits, floats + batch * 33, 33) < 1e-4);
	}
}

static double surprise(const float *logits, size_t n, uint32_t token)
{
	double sum = 0, largest = logits[0];

	for (size_t i = 1; i < n; i++)
		largest = fmax(largest, logits[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp(logits[i] - largest);
	return log(sum) + largest - logits[token];
}

/* Its own corpus surprises a model of characters by 0.0703 nats each (windows may be cut otherwise
 * there). */
static void a_gpt2_of_characters_knows_its_corpus(void **state)
{
	static struct forward_row rows[128];
	AUTO(setup_close) struct setup s = {0};
	AUTO(json_auto) json_t *vocabulary = NULL;
	AUTO(buf_free) struct buf corpus = buf_new(8192);
	char path[400], file[480];
	double total = 0;
	size_t counted = 0;
	float *logits;

	(void)state;
	if (!model_folder(path, sizeof path, "models/slm4096"))
		skip();
	vocabulary = read_expected(path, "vocab.json");
	snprintf(file, sizeof file, "%s/corpus.txt", path);
	assert_ok(file_read(&corpus, AT_FDCWD, file));
	folder_init(&s.folder, path);
	folder_set(&s.folder, "config.json",
		   S("{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":4,\"n_head\":4,"
		     "\"n_positions\":128,\"vocab_size\":54,\"activation_function\":\"gelu\"}"));
	setup_finish(&s, &operators_onednn, 1, 0);
	for (size_t from = 0; from + 1 < corpus.size; from += 128) {
		size_t count = corpus.size - from - 1 < 128 ? corpus.size - from - 1 : 128;
		uint32_t ids[129];

		for (size_t i = 0; i <= count; i++) {
			char one[2] = {(char)corpus.data[from + i], 0};

			ids[i] = (uint32_t)json_integer_value(
				json_object_get(json_object_get(vocabulary, "stoi"), one));
		}
		for (size_t i = 0; i < count; i++)
			rows[i] = row_of(&s, i, ids[i], true);
		assert_ok(forward_run(s.forward, rows, count, &logits));
		for (size_t i = 0; i < count; i++, counted++)
			total += surprise(logits + i * 54, 54, ids[i + 1]);
	}
	assert_int_equal(counted, 4095);
	print_message("%f nats a character\n", total / (double)counted);
	assert_true(fabs(total / (double)counted - 0.0703) < 0.0005);
}

/* Values of the two definitions, to seven places; at 2 they differ in the fourth. */
static void the_two_gelus_are_two_functions(void **state)
{
	float exact[] = {-1.0f, 0.5f, 2.0f}, by_tanh[] = {-1.0f, 0.5f, 2.0f};
	static const float exactly[] = {-0.1586553f, 0.3457312f, 1.9544997f};
	static const float approximately[] = {-0.1588080f, 0.3457140f, 1.9545977f};

	(void)state;
	layers_activate(exact, CONFIG_GELU, 3);
	layers_activate(by_tanh, CONFIG_GELU_TANH, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(fabsf(exact[i] - exactly[i]) < 1e-6f);
		assert_true(fabsf(by_tanh[i] - approximately[i]) < 1e-6f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoders_write_what_hugging_face_writes),
		cmocka_unit_test(an_encoder_reads_texts_as_hugging_face_does),
		cmocka_unit_test(encoder_and_decoder_together_write_what_hugging_face_writes),
		cmocka_unit_test(a_gpt2_of_onnxruntime_gives_its_logits),
		cmocka_unit_test(a_gpt2_of_pytorch_has_its_states_behind_each_block),
		cmocka_unit_test(a_gpt2_of_characters_knows_its_corpus),
		cmocka_unit_test(the_two_gelus_are_two_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
