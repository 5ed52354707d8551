/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters against merged weights, W + scale * B A, as PyTorch computes them (tests/reference). */
#include "tests/unit/test.h"

#include "tests/unit/inference/scene.h"

enum { ROWS_KNOWN = 2 };

struct adapted {
	struct setup setup;
	struct folder files;
	struct adapter *adapter;
	json_t *expected;
};

static const char *base_path(char *out, size_t size, const char *name)
{
	char file[200];

	if (strcmp(name, "llama") == 0) {
		snprintf(out, size, "data/llama/gqa-tied");
		return out;
	}
	snprintf(file, sizeof file, "models/hf-trained-here/%s/model.safetensors", name);
	if (!shared_path(out, size, file))
		return NULL;
	*strrchr(out, '/') = '\0';
	return out;
}

/* False: the base is not there. */
static bool adapted_open(struct adapted *a, const char *name, const struct operators *row)
{
	char path[400];

	memset(a, 0, sizeof *a);
	if (!base_path(path, sizeof path, name))
		return false;
	setup_open(&a->setup, path, row, 1);
	snprintf(path, sizeof path, "data/adapter/%s", name);
	folder_init(&a->files, path);
	assert_ok(adapter_open(&a->adapter, &a->files.files, &a->setup.config, BUDGET, false));
	a->expected = read_expected(path, "expected.json");
	return true;
}

static void adapted_close(struct adapted *a)
{
	json_decref(a->expected);
	adapter_free(a->adapter);
	folder_free(&a->files);
	setup_close(&a->setup);
}

static size_t fill_rows(struct forward_row *rows, const struct adapted *a,
			const struct adapter *adapter)
{
	const json_t *ids = json_object_get(a->expected, "input_ids");

	for (size_t i = 0; i < json_array_size(ids); i++) {
		rows[i] = row_of(&a->setup, i, (uint32_t)json_integer_value(json_array_get(ids, i)),
				 true);
		rows[i].adapter = adapter;
	}
	return json_array_size(ids);
}

/* The last rows of `count` against what is expected of them. */
static void check_last(const struct adapted *a, const char *name, const float *logits, size_t count)
{
	const json_t *known = json_object_get(a->expected, "logits");
	size_t size = a->setup.config.vocabulary;

	assert_int_equal(json_array_size(known), ROWS_KNOWN);
	for (size_t i = 0; i < ROWS_KNOWN; i++) {
		double far = distance(logits + (count - ROWS_KNOWN + i) * size,
				      json_array_get(known, i), size);

		if (!(far <= 1e-4))
			fail_msg("%s: row %zu is %g from the merged weights", name, i, far);
	}
}

static void check_greedy(struct adapted *a, const char *name, size_t count, float *logits)
{
	const json_t *ids = json_object_get(a->expected, "greedy_ids");

	for (size_t i = count; i < json_array_size(ids); i++) {
		uint32_t next = likeliest(logits, a->setup.config.vocabulary);
		struct forward_row row = row_of(&a->setup, i, next, true);

		if (next != json_integer_value(json_array_get(ids, i)))
			fail_msg("%s: token %zu is %u", name, i, next);
		row.adapter = a->adapter;
		assert_ok(forward_run(a->setup.forward, &row, 1, &logits));
	}
}

static void check_family(const char *name, const struct operators *row)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	AUTO(adapted_close) struct adapted a;
	size_t count;
	float *logits;

	if (!adapted_open(&a, name, row))
		skip();
	count = fill_rows(rows, &a, a.adapter);
	assert_ok(forward_run(a.setup.forward, rows, count, &logits));
	check_last(&a, name, logits, count);
	check_greedy(&a, name, count, logits + (count - 1) * a.setup.config.vocabulary);
}

static void an_adapter_gives_what_merged_weights_give(void **state)
{
	static const char *const names[] = {"llama", "qwen2", "gpt2", "bloom"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		check_family(names[i], &operators_onednn);
		check_family(names[i], &operators_plain);
	}
}

/* One after the other: the adapter's rows, then the base's, in a pass of their own each. */
static float *run_alone(struct adapted *a, struct forward_row *rows, size_t count, size_t floats)
{
	float *logits, *kept = malloc(floats * sizeof *kept);

	assert_non_null(kept);
	assert_ok(forward_run(a->setup.forward, rows, count, &logits));
	memcpy(kept, logits, floats * sizeof *kept);
	return kept;
}

/* max|a-b| / max|b| */
static void assert_close(const float *a, const float *b, size_t count)
{
	float difference = 0, largest = 0;

	for (size_t i = 0; i < count; i++) {
		difference = fmaxf(difference, fabsf(a[i] - b[i]));
		largest = fmaxf(largest, fabsf(b[i]));
	}
	if (!(difference <= 1e-4f * largest))
		fail_msg("%g from what it is alone", (double)(difference / largest));
}

/* With a second adapter, which is the first on its gate alone: three ways in one pass. */
static void rows_of_one_pass_have_adapters_of_their_own(void **state)
{
	static struct forward_row rows[FORWARD_MAX_ROWS], mixed[FORWARD_MAX_ROWS];
	AUTO(adapted_close) struct adapted a;
	struct adapter_layer layers[8] = {0};
	struct adapter second = {.layers = layers};
	const struct adapter *each[3];
	float *alone[3], *logits;
	struct kvcache_table tables[3] = {0};
	size_t count, size;

	(void)state;
	assert_true(adapted_open(&a, "llama", &operators_onednn));
	layers[1].sites[ADAPTER_GATE] = a.adapter->layers[1].sites[ADAPTER_GATE];
	each[0] = a.adapter, each[1] = NULL, each[2] = &second;
	kvcache_release(a.setup.cache, &a.setup.source);
	kvcache_release(a.setup.cache, &a.setup.table);
	for (size_t k = 0; k < 3; k++) {
		assert_true(kvcache_reserve(a.setup.cache, &tables[k], 32));
		count = fill_rows(rows, &a, each[k]);
		size = count * a.setup.config.vocabulary;
		for (size_t i = 0; i < count; i++)
			rows[i].table = &tables[k];
		alone[k] = run_alone(&a, rows, count, size);
		for (size_t i = 0; i < count; i++) /* row by row: a, none, b, a, none, b ... */
			mixed[3 * i + k] = rows[i];
	}
	assert_ok(forward_run(a.setup.forward, mixed, 3 * count, &logits));
	size = a.setup.config.vocabulary;
	for (size_t i = 0; i < 3 * count; i++)
		assert_close(logits + i * size, alone[i % 3] + i / 3 * size, size);
	assert_true(likeliest(alone[0] + (count - 1) * size, size) !=
		    likeliest(alone[1] + (count - 1) * size, size));
	for (size_t k = 0; k < 3; k++) {
		free(alone[k]);
		kvcache_release(a.setup.cache, &tables[k]);
	}
}

#define CONFIG(rest) "{\"peft_type\":\"LORA\",\"r\":4" rest "}"

static void a_config_that_is_not_understood_is_refused_by_its_key(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum err kind;
		const char *says;
	} rows[] = {
		{"{", ERR_FORMAT, "adapter_config.json"},
		{"{\"r\":4}", ERR_FORMAT, "\"peft_type\" is missing"},
		{"{\"peft_type\":\"IA3\"}", ERR_UNSUPPORTED, "\"peft_type\" is \"IA3\""},
		{"{\"peft_type\":\"LORA\",\"r\":0}", ERR_FORMAT, "\"r\" is 0"},
		{"{\"peft_type\":\"LORA\",\"r\":257}", ERR_FORMAT, "not within 0 to 256"},
		{CONFIG(",\"lora_alpha\":-1"), ERR_FORMAT, "\"lora_alpha\""},
		{CONFIG(",\"lora_alpha\":true"), ERR_FORMAT, "\"lora_alpha\""},
		{CONFIG(",\"use_rslora\":1"), ERR_FORMAT, "\"use_rslora\""},
		{CONFIG(",\"use_dora\":true"), ERR_UNSUPPORTED, "\"use_dora\" is true"},
		{CONFIG(",\"bias\":\"all\""), ERR_UNSUPPORTED, "\"bias\" is \"all\""},
		{CONFIG(",\"lora_bias\":true"), ERR_UNSUPPORTED, "\"lora_bias\""},
		{CONFIG(",\"modules_to_save\":[\"lm_head\"]"), ERR_UNSUPPORTED, "\"modules_to_save\""},
		{CONFIG(",\"task_type\":\"SEQ_CLS\""), ERR_UNSUPPORTED, "\"task_type\""},
		{CONFIG(",\"trainable_token_indices\":[1]"), ERR_UNSUPPORTED, "\"trainable_token_indices\""},
		{CONFIG(",\"layer_replication\":[[0,1]]"), ERR_UNSUPPORTED, "\"layer_replication\""},
		{CONFIG(",\"init_lora_weights\":\"pissa\""), ERR_UNSUPPORTED, "\"init_lora_weights\""},
		{CONFIG(",\"rank_pattern\":{\"^q_proj\":2}"), ERR_UNSUPPORTED, "\"^q_proj\""},
		{CONFIG(",\"rank_pattern\":{\"q_proj\":300}"), ERR_FORMAT, "\"q_proj\""},
		{CONFIG(",\"alpha_pattern\":{\"q_proj\":0}"), ERR_FORMAT, "\"q_proj\""},
		{CONFIG(",\"target_modules\":[1]"), ERR_FORMAT, "\"target_modules\""},
		{CONFIG(",\"layers_to_transform\":[-1]"), ERR_FORMAT, "\"layers_to_transform\""},
		{CONFIG(",\"brand_new\":{\"x\":1}"), ERR_UNSUPPORTED, "\"brand_new\""},
	};
	/* clang-format on */
	struct adapter_config *c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_err(adapter_config_parse(&c, slice_of_string(rows[i].text)), rows[i].kind);
		if (!strstr(failure_text(), rows[i].says))
			fail_msg("%s: %s", rows[i].text, failure_text());
	}
}

static void what_says_nothing_is_no_reason_to_refuse(void **state)
{
	AUTO(adapter_config_auto) struct adapter_config *c = NULL;

	(void)state;
	assert_ok(adapter_config_parse(
		&c, S(CONFIG(",\"brand_new\":null,\"use_dora\":false,\"loftq_config\":{},"
			     "\"modules_to_save\":[],\"exclude_modules\":\"lm_head\""))));
}

static void scale_and_rank_of_a_module_follow_its_patterns(void **state)
{
	AUTO(adapter_config_auto) struct adapter_config *c = NULL;
	uint32_t rank;
	double scale;

	(void)state;
	assert_ok(adapter_config_parse(
		&c, S(CONFIG(",\"lora_alpha\":6,\"use_rslora\":true,"
			     "\"target_modules\":[\"q_proj\",\"mlp.up_proj\"],"
			     "\"layers_to_transform\":[1],\"rank_pattern\":{\"up_proj\":9},"
			     "\"alpha_pattern\":{\"x.mlp.up_proj\":12}"))));
	assert_ok(adapter_config_module(c, S("model.x.q_proj"), 1, &rank, &scale));
	assert_true(rank == 4 && fabs(scale - 3) < 1e-12);
	assert_ok(adapter_config_module(c, S("x.mlp.up_proj"), 1, &rank, &scale));
	assert_true(rank == 9 && fabs(scale - 4) < 1e-12);
	assert_err(adapter_config_module(c, S("model.k_proj"), 1, &rank, &scale), ERR_FORMAT);
	assert_err(adapter_config_module(c, S("model.xq_proj"), 1, &rank, &scale), ERR_FORMAT);
	assert_err(adapter_config_module(c, S("model.x.q_proj"), 0, &rank, &scale), ERR_FORMAT);
}

/* A safetensors file of one header and `bytes` zero bytes (or 0xff, which is no number). */
static void write_tensors(struct buf *out, const char *header, size_t bytes, uint8_t fill)
{
	uint64_t size = strlen(header);

	for (unsigned i = 0; i < 8; i++)
		buf_write_u8(out, (uint8_t)(size >> (8 * i)));
	buf_write(out, slice_of_string(header));
	for (size_t i = 0; i < bytes; i++)
		buf_write_u8(out, fill);
}

#define PRE "base_model.model.model.layers."
#define TENSOR(name, shape, from, to) \
	"\"" name ".weight\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #from \
	"," #to "]}"
#define Q_PAIR \
	"{" TENSOR(PRE "0.self_attn.q_proj.lora_A", "[2,32]", 0, \
		   256) "," TENSOR(PRE "0.self_attn.q_proj.lora_B", "[32,2]", 256, 512) "}"

static const struct tensors_row {
	const char *why, *header;
	size_t bytes;
	uint8_t fill;
	enum err kind;
	const char *says;
} tensor_rows[] = {
	{"the pair as it should be", Q_PAIR, 512, 0, OK, NULL},
	{"values that are none", Q_PAIR, 512, 0xff, ERR_FORMAT, "no numbers"},
	{"no tensors", "{}", 0, 0, ERR_FORMAT, "no tensors"},
	{"half a pair", "{" TENSOR(PRE "0.self_attn.q_proj.lora_A", "[2,32]", 0, 256) "}", 256, 0,
	 ERR_FORMAT, "only one of A and B"},
	{"a rank that the config does not say",
	 "{" TENSOR(PRE "0.self_attn.q_proj.lora_A", "[1,32]", 0,
		    128) "," TENSOR(PRE "0.self_attn.q_proj.lora_B", "[32,1]", 128, 256) "}",
	 256, 0, ERR_FORMAT, "must be 2 x 32"},
	{"another base's width",
	 "{" TENSOR(PRE "0.self_attn.q_proj.lora_A", "[2,64]", 0,
		    512) "," TENSOR(PRE "0.self_attn.q_proj.lora_B", "[32,2]", 512, 768) "}",
	 768, 0, ERR_FORMAT, "must be 2 x 32"},
	{"a layer too many", "{" TENSOR(PRE "2.self_attn.q_proj.lora_A", "[2,32]", 0, 256) "}", 256,
	 0, ERR_UNSUPPORTED, "layers.2.self_attn.q_proj"},
	{"a layer of a strange number",
	 "{" TENSOR(PRE "00.self_attn.q_proj.lora_A", "[2,32]", 0, 256) "}", 256, 0,
	 ERR_UNSUPPORTED, "layers.00"},
	{"a norm", "{" TENSOR(PRE "0.input_layernorm.lora_A", "[2,32]", 0, 256) "}", 256, 0,
	 ERR_UNSUPPORTED, "input_layernorm"},
	{"the head", "{" TENSOR("base_model.model.lm_head.lora_A", "[2,32]", 0, 256) "}", 256, 0,
	 ERR_UNSUPPORTED, "lm_head"},
	{"an embedding",
	 "{\"base_model.model.model.embed_tokens.lora_embedding_A\":{\"dtype\":\"F32\",\"shape\":["
	 "2,32],\"data_offsets\":[0,256]}}",
	 256, 0, ERR_UNSUPPORTED, "lora_embedding_A"},
	{"a magnitude of DoRA",
	 "{\"" PRE "0.self_attn.q_proj.lora_magnitude_vector\":{\"dtype\":\"F32\",\"shape\":[32],"
	 "\"data_offsets\":[0,128]}}",
	 128, 0, ERR_UNSUPPORTED, "lora_magnitude_vector"},
	{"a file that ends too soon", Q_PAIR, 500, 0, ERR_FORMAT, "beyond the end"},
};

static void tensors_that_do_not_fit_the_base_are_refused_by_name(void **state)
{
	AUTO(setup_close) struct setup s;

	(void)state;
	setup_open(&s, "data/llama/gqa-tied", &operators_plain, 1);
	for (size_t i = 0; i < sizeof tensor_rows / sizeof *tensor_rows; i++) {
		const struct tensors_row *row = &tensor_rows[i];
		AUTO(buf_free) struct buf text = buf_new(1 << 16);
		AUTO(folder_free) struct folder files;
		AUTO(adapter_auto) struct adapter *a = NULL;
		enum err result;

		folder_init(&files, "data/adapter/none");
		write_tensors(&text, row->header, row->bytes, row->fill);
		folder_set(&files, "adapter_model.safetensors", buf_slice(&text));
		folder_set(&files, "adapter_config.json", S("{\"peft_type\":\"LORA\",\"r\":2}"));
		result = adapter_open(&a, &files.files, &s.config, BUDGET, false);
		if (result != row->kind || (row->says && !strstr(failure_text(), row->says)))
			fail_msg("%s: %s %s", row->why, err_name(result),
				 result == OK ? "" : failure_text());
	}
}

static void a_pickle_is_never_run(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(folder_free) struct folder files;
	struct adapter *a;

	(void)state;
	setup_open(&s, "data/llama/gqa-tied", &operators_plain, 1);
	folder_init(&files, "data/adapter/none");
	folder_set(&files, "adapter_config.json", S("{\"peft_type\":\"LORA\",\"r\":2}"));
	folder_set(&files, "adapter_model.safetensors", S(""));
	folder_set(&files, "adapter_model.bin", S("\x80\x02}q\x00."));
	assert_err(adapter_open(&a, &files.files, &s.config, BUDGET, false), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "never run"));
}

static void memory_is_counted_before_it_is_taken(void **state)
{
	AUTO(adapted_close) struct adapted a;
	struct adapter *more;

	(void)state;
	assert_true(adapted_open(&a, "llama", &operators_plain));
	assert_true(a.adapter->memory_bytes > 0 && a.adapter->rank == 6);
	assert_int_equal(a.adapter->products, 14);
	assert_err(adapter_open(&more, &a.files.files, &a.setup.config, a.adapter->memory_bytes,
				false),
		   ERR_LIMIT);
}

static void an_adapter_of_another_base_is_refused(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(folder_free) struct folder files;
	struct adapter *a;

	(void)state;
	setup_open(&s, "data/llama/gqa-tied", &operators_plain, 1);
	folder_init(&files, "data/adapter/gpt2");
	assert_err(adapter_open(&a, &files.files, &s.config, BUDGET, false), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "transformer.h.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_adapter_gives_what_merged_weights_give),
		cmocka_unit_test(rows_of_one_pass_have_adapters_of_their_own),
		cmocka_unit_test(a_config_that_is_not_understood_is_refused_by_its_key),
		cmocka_unit_test(what_says_nothing_is_no_reason_to_refuse),
		cmocka_unit_test(scale_and_rank_of_a_module_follow_its_patterns),
		cmocka_unit_test(tensors_that_do_not_fit_the_base_are_refused_by_name),
		cmocka_unit_test(a_pickle_is_never_run),
		cmocka_unit_test(memory_is_counted_before_it_is_taken),
		cmocka_unit_test(an_adapter_of_another_base_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
