/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/model/config_gguf.h"
#include "inference/model/family.h"
#include "tests/unit/inference/bytes.h"
#include "tests/unit/inference/gguf_file.h"

/* One key more, or in the place of one. */
struct extra {
	const char *key;
	enum gguf_type type;
	const char *text;
	uint32_t number; /* of a real: its bits */
};

static void put_number(struct buf *b, const char *key, uint32_t value, const struct extra *x)
{
	if (x && strcmp(x->key, key) == 0)
		return;
	put_key(b, key, GGUF_U32);
	put_little(b, value, 4);
}

static void put_extra(struct buf *b, const struct extra *x)
{
	put_key(b, x->key, x->type);
	if (x->type == GGUF_TEXT)
		put_text(b, x->text);
	else if (x->type == GGUF_ARRAY) {
		put_little(b, GGUF_U32, 4);
		put_little(b, 2, 8);
		put_little(b, x->number, 4);
		put_little(b, x->number, 4);
	} else
		put_little(b, x->number, x->type == GGUF_BOOL ? 1 : 4);
}

/* A llama of width 32 with 4 heads and a vocabulary of 8; `x` may be NULL. Without a tensor but the
 * embedding: that is model.c's matter. */
static enum err read_llama(struct config *out, const struct extra *x, size_t keys)
{
	AUTO(buf_free) struct buf b = gguf_begin(3, 1, keys);
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct weight_source source;

	if (!x || strcmp(x->key, "general.architecture") != 0) {
		put_key(&b, "general.architecture", GGUF_TEXT);
		put_text(&b, "llama");
	}
	put_number(&b, "llama.block_count", 2, x);
	put_number(&b, "llama.context_length", 64, x);
	put_number(&b, "llama.embedding_length", 32, x);
	put_number(&b, "llama.feed_forward_length", 48, x);
	put_number(&b, "llama.attention.head_count", 4, x);
	put_number(&b, "tokenizer.ggml.eos_token_id", 2, x);
	if (x)
		put_extra(&b, x);
	put_tensor(&b, "token_embd.weight", 32, 8, 0, 0);
	put_padding(&b, 32);
	put_zeros(&b, 32 * 8 * 4);
	source = bytes_source(buf_slice(&b));
	TRY(gguf_open(&g, &source, "m.gguf"));
	return config_of_gguf(out, g);
}

static void a_description_is_read(void **state)
{
	struct config c;

	(void)state;
	assert_ok(read_llama(&c, NULL, 7));
	assert_string_equal(c.family->name, "llama");
	assert_true(c.is_gguf && c.tied && !c.attention_bias);
	assert_int_equal(c.layers, 2);
	assert_int_equal(c.head_size, 8);
	assert_int_equal(c.kv_heads, 4);
	assert_int_equal(c.vocabulary, 8);
	assert_int_equal(c.eos_count, 1);
	assert_int_equal(c.eos[0], 2);
}

static void keys_change_what_they_name(void **state)
{
	static const struct extra linear = {"llama.rope.scale_linear", GGUF_F32, NULL, 0x40800000};
	static const struct extra theta = {"llama.rope.freq_base", GGUF_F32, NULL, 0x48f42400};
	static const struct extra turn = {"tokenizer.ggml.eot_token_id", GGUF_U32, NULL, 5};
	static const struct extra nothing = {"llama.expert_count", GGUF_U32, NULL, 0};
	struct config c;

	(void)state;
	assert_ok(read_llama(&c, &linear, 8));
	assert_true(c.rope == CONFIG_ROPE_LINEAR && c.rope_factor == 4.0);
	assert_ok(read_llama(&c, &theta, 8));
	assert_true(c.rope_theta == 500000.0);
	assert_ok(read_llama(&c, &turn, 8));
	assert_int_equal(c.eos_count, 2);
	assert_int_equal(c.eos[1], 5);
	assert_ok(read_llama(&c, &nothing, 8));
}

static const struct {
	struct extra extra;
	size_t keys;
	enum err expected;
	const char *text;
} refusals[] = {
	{{"general.architecture", GGUF_TEXT, "gemma3", 0},
	 7,
	 ERR_UNSUPPORTED,
	 "m.gguf: \"general.architecture\" is \"gemma3\", which this engine does not run"},
	{{"llama.expert_count", GGUF_U32, NULL, 8},
	 8,
	 ERR_UNSUPPORTED,
	 "m.gguf: \"llama.expert_count\" is 8, which this engine does not run"},
	{{"llama.rope.scaling.type", GGUF_TEXT, "yarn", 0},
	 8,
	 ERR_UNSUPPORTED,
	 "\"llama.rope.scaling.type\" is \"yarn\", which"},
	{{"llama.rope.dimension_count", GGUF_U32, NULL, 4},
	 8,
	 ERR_UNSUPPORTED,
	 "\"llama.rope.dimension_count\" is 4, which"},
	{{"llama.attention.value_length", GGUF_U32, NULL, 16},
	 8,
	 ERR_UNSUPPORTED,
	 "\"llama.attention.value_length\" is 16, which"},
	{{"llama.attention.sliding_window", GGUF_U32, NULL, 4096},
	 8,
	 ERR_UNSUPPORTED,
	 "\"llama.attention.sliding_window\" is 4096, which"},
	{{"llama.feed_forward_length", GGUF_ARRAY, NULL, 48},
	 7,
	 ERR_UNSUPPORTED,
	 "\"llama.feed_forward_length\" is a list of 2, which"},
	{{"llama.vocab_size", GGUF_U32, NULL, 9},
	 8,
	 ERR_UNSUPPORTED,
	 "\"llama.vocab_size\" is 9, which"},
	{{"general.type", GGUF_TEXT, "adapter", 0},
	 8,
	 ERR_UNSUPPORTED,
	 "\"general.type\" is \"adapter\", which"},
	{{"split.count", GGUF_U32, NULL, 2}, 8, ERR_UNSUPPORTED, "\"split.count\" is 2, which"},
	{{"llama.block_count", GGUF_U32, NULL, 0}, 7, ERR_LIMIT, "not within 1 to 512"},
	{{"llama.block_count", GGUF_U32, NULL, UINT32_MAX}, 7, ERR_LIMIT, "not within 1 to 512"},
	{{"llama.attention.head_count", GGUF_U32, NULL, 5}, 7, ERR_FORMAT, "5 heads"},
	{{"llama.attention.head_count", GGUF_TEXT, "4", 0}, 7, ERR_FORMAT, "is not an integer"},
	{{"tokenizer.ggml.eos_token_id", GGUF_U32, NULL, 8},
	 7,
	 ERR_FORMAT,
	 "\"tokenizer.ggml.eos_token_id\" is 8, the vocabulary has 8"},
	{{"llama.attention.layer_norm_rms_epsilon", GGUF_F32, NULL, 0x7fc00000},
	 8,
	 ERR_FORMAT,
	 "is not a finite number"},
};

static void what_is_not_understood_is_refused_by_its_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct config c;
		enum err result = read_llama(&c, &refusals[i].extra, refusals[i].keys);

		if (result != refusals[i].expected || !strstr(failure_text(), refusals[i].text))
			fail_msg("row %zu: %s: %s", i, err_name(result), failure_text());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_description_is_read),
		cmocka_unit_test(keys_change_what_they_name),
		cmocka_unit_test(what_is_not_understood_is_refused_by_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
