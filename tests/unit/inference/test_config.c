/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/base/buf.h"
#include <stdio.h>

#include "inference/model/config.h"

#define SIZES \
	"\"model_type\":\"llama\",\"hidden_size\":64,\"intermediate_size\":172," \
	"\"num_hidden_layers\":5,\"num_attention_heads\":8,\"vocab_size\":512," \
	"\"max_position_embeddings\":512"

static void a_config_is_read_with_the_defaults_of_its_kind(void **state)
{
	struct config c;

	(void)state;
	assert_ok(config_parse(&c, S("{" SIZES "}")));
	assert_int_equal(c.hidden_size, 64);
	assert_int_equal(c.kv_heads, 8);
	assert_int_equal(c.head_size, 8);
	assert_int_equal(c.context, 512);
	assert_int_equal(c.rope, CONFIG_ROPE_PLAIN);
	assert_true(c.rope_theta == 10000.0);
	assert_true(c.norm_epsilon == 1e-6f);
	assert_false(c.tied || c.attention_bias || c.mlp_bias || c.has_bos);
	assert_int_equal(c.eos_count, 0);
}

static void what_a_config_says_is_taken(void **state)
{
	struct config c;

	(void)state;
	assert_ok(config_parse(
		&c, S("{" SIZES ",\"num_key_value_heads\":4,\"head_dim\":16,\"rms_norm_eps\":1e-5,"
		      "\"tie_word_embeddings\":true,\"attention_bias\":true,\"mlp_bias\":true,"
		      "\"bos_token_id\":1,\"eos_token_id\":[2,3],\"hidden_act\":\"silu\","
		      "\"rope_parameters\":{\"rope_type\":\"llama3\",\"rope_theta\":5e5,"
		      "\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4,"
		      "\"original_max_position_embeddings\":8192},\"sliding_window\":null}")));
	assert_int_equal(c.kv_heads * 100 + c.head_size, 416);
	assert_true(c.tied && c.attention_bias && c.mlp_bias && c.has_bos);
	assert_int_equal(c.eos_count, 2);
	assert_int_equal(c.eos[1], 3);
	assert_int_equal(c.rope, CONFIG_ROPE_LLAMA3);
	assert_true(c.rope_theta == 5e5 && c.rope_factor == 8 && c.rope_original_context == 8192);
	assert_ok(config_apply_generation(&c, S("{\"eos_token_id\":7,\"temperature\":0.6}")));
	assert_int_equal(c.eos_count * 10 + c.eos[0], 17);
	assert_err(config_apply_generation(&c, S("{\"eos_token_id\":512}")), ERR_FORMAT);
}

static void older_and_newer_ways_to_scale_rope_are_read(void **state)
{
	struct config c;

	(void)state;
	assert_ok(config_parse(
		&c, S("{" SIZES ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":4.0}}")));
	assert_int_equal(c.rope, CONFIG_ROPE_LINEAR);
	assert_ok(config_parse(&c, S("{" SIZES ",\"rope_scaling\":null}")));
	assert_int_equal(c.rope, CONFIG_ROPE_PLAIN);
	assert_ok(config_parse(&c, S("{" SIZES ",\"rope_parameters\":{\"rope_type\":\"default\","
				     "\"rope_theta\":500000.0}}")));
	assert_true(c.rope_theta == 500000.0);
}

#define T5_SIZES \
	"\"model_type\":\"t5\",\"d_model\":64,\"d_kv\":16,\"d_ff\":128,\"num_layers\":2," \
	"\"num_heads\":4,\"vocab_size\":512"
#define BERT_SIZES \
	"\"model_type\":\"bert\",\"hidden_size\":64,\"intermediate_size\":128," \
	"\"num_hidden_layers\":2,\"num_attention_heads\":4,\"vocab_size\":512," \
	"\"max_position_embeddings\":64"

static void a_class_whose_tensors_the_family_lacks_is_refused_by_name(void **state)
{
	static const struct {
		const char *sizes, *name;
		bool is_run;
	} rows[] = {
		{T5_SIZES, "T5ForConditionalGeneration", true},
		{T5_SIZES, "T5Model", true},
		{T5_SIZES, "T5EncoderModel", false},
		{T5_SIZES, "T5ForSequenceClassification", false},
		{BERT_SIZES, "BertModel", true},
		{BERT_SIZES, "BertForMaskedLM", true},
		{BERT_SIZES, "BertForSequenceClassification", true},
		{BERT_SIZES, "BertLMHeadModel", false},
		{SIZES, "LlamaForCausalLM", true},
		{SIZES, "LlamaForSequenceClassification", false},
		{SIZES, "LlamaForMaskedLM", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(buf_free) struct buf text = buf_new(1024);
		struct config c;

		buf_printf(&text, "{%s,\"architectures\":[\"%s\"]}", rows[i].sizes, rows[i].name);
		if (rows[i].is_run) {
			assert_ok(config_parse(&c, buf_slice(&text)));
			continue;
		}
		assert_err(config_parse(&c, buf_slice(&text)), ERR_UNSUPPORTED);
		assert_non_null(strstr(failure_text(), rows[i].name));
	}
}

/* Hugging Face's MistralConfig and Qwen2Config: 4096 unless told; null is none. */
static void a_window_of_untold_size_is_that_of_the_reference(void **state)
{
	static const struct {
		const char *type, *said;
		uint32_t window;
	} rows[] = {
		{"mistral", "\"x\":null", 4096},
		{"mistral", "\"sliding_window\":null", 0},
		{"mistral", "\"sliding_window\":16", 16},
		{"qwen2", "\"x\":null", 0},
		{"qwen2", "\"use_sliding_window\":true,\"max_window_layers\":1", 4096},
		{"qwen2", "\"use_sliding_window\":false,\"sliding_window\":16", 0},
	};
	struct config c;
	char text[500];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text,
			 "{\"model_type\":\"%s\",\"hidden_size\":64,\"intermediate_size\":64,"
			 "\"num_hidden_layers\":2,\"num_attention_heads\":8,\"vocab_size\":512,"
			 "\"max_position_embeddings\":8192,%s}",
			 rows[i].type, rows[i].said);
		assert_ok(config_parse(&c, slice_of_string(text)));
		assert_int_equal(c.window, rows[i].window);
		assert_int_equal(c.windowed[1], rows[i].window > 0);
	}
}

static void what_is_not_understood_is_named_with_its_value(void **state)
{
	static const struct {
		const char *text;
		enum err kind;
		const char *said;
	} rows[] = {
		{"{\"model_type\":\"mamba\"}", ERR_UNSUPPORTED,
		 "config.json: \"model_type\" is \"mamba\", which this engine does not run"},
		{"{}", ERR_UNSUPPORTED, "config.json: \"model_type\" is missing"},
		{"{" SIZES ",\"hidden_act\":\"gelu\"}", ERR_UNSUPPORTED,
		 "config.json: \"hidden_act\" is \"gelu\", which this engine does not run"},
		{"{" SIZES ",\"sliding_window\":4096}", ERR_UNSUPPORTED,
		 "config.json: \"sliding_window\" is 4096, which this engine does not run"},
		{"{" SIZES ",\"quantization_config\":{\"bits\":4}}", ERR_UNSUPPORTED,
		 "config.json: \"quantization_config\" is {\"bits\":4}, which this engine does not "
		 "run"},
		{"{" SIZES ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}}", ERR_UNSUPPORTED,
		 "config.json: \"rope_scaling\" is {\"type\":\"yarn\",\"factor\":4}, which this "
		 "engine does not run"},
		{"{" SIZES ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1e4,"
		 "\"partial_rotary_factor\":0.5}}",
		 ERR_UNSUPPORTED,
		 "config.json: \"partial_rotary_factor\" is 0.5, which this engine does not run"},
		{"{" SIZES ",\"rope_scaling\":{\"type\":\"linear\"}}", ERR_FORMAT,
		 "config.json: \"factor\" is not a number above 0"},
		{"{\"model_type\":\"llama\",\"hidden_size\":64}", ERR_FORMAT,
		 "config.json: \"intermediate_size\" is missing"},
		{"{" SIZES ",\"num_key_value_heads\":3}", ERR_FORMAT,
		 "config.json: 8 attention heads do not share 3 key-value heads"},
		{"{" SIZES ",\"head_dim\":7}", ERR_FORMAT,
		 "config.json: 8 heads of 7 values cannot be run"},
		{"{" SIZES ",\"num_key_value_heads\":0}", ERR_LIMIT,
		 "config.json: \"num_key_value_heads\" is 0, not within 1 to 1024"},
		{"{" SIZES ",\"rms_norm_eps\":0}", ERR_FORMAT,
		 "config.json: \"rms_norm_eps\" is not a number above 0"},
		{"{" SIZES ",\"tie_word_embeddings\":1}", ERR_FORMAT,
		 "config.json: \"tie_word_embeddings\" is not true or false"},
		{"{" SIZES ",\"eos_token_id\":512}", ERR_FORMAT,
		 "config.json: \"eos_token_id\" is 512, not within 0 to 511"},
		{"{" SIZES ",\"eos_token_id\":\"2\"}", ERR_FORMAT,
		 "config.json: \"eos_token_id\" is not an integer"},
		{"{\"model_type\":\"llama\",\"hidden_size\":999999999999}", ERR_FORMAT,
		 "config.json: \"hidden_size\" is 999999999999, not within 0 to 4294967295"},
		{"{\"model_type\":\"llama\",\"hidden_size\":1000000}", ERR_LIMIT,
		 "config.json: \"hidden_size\" is 1000000, not within 1 to 131072"},
		{"[1]", ERR_FORMAT, "config.json: not a JSON object"},
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum err result = config_parse(&c, slice_of_string(rows[i].text));

		if (result != rows[i].kind)
			fail_msg("%s: %s", rows[i].text, err_name(result));
		assert_string_equal(failure_text(), rows[i].said);
	}
}

static void a_long_value_is_cut_in_the_text(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(10000);
	struct config c;

	(void)state;
	buf_write_string(&text, "{" SIZES ",\"x\":\"");
	for (int i = 0; i < 1000; i++)
		buf_write_u8(&text, 'x');
	buf_write_string(&text, "\"}");
	assert_err(config_parse(&c, buf_slice(&text)), ERR_UNSUPPORTED);
	assert_string_equal(failure_text(),
			    "config.json: \"x\" is \"...\", which this engine does not run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_config_is_read_with_the_defaults_of_its_kind),
		cmocka_unit_test(what_a_config_says_is_taken),
		cmocka_unit_test(older_and_newer_ways_to_scale_rope_are_read),
		cmocka_unit_test(a_class_whose_tensors_the_family_lacks_is_refused_by_name),
		cmocka_unit_test(a_window_of_untold_size_is_that_of_the_reference),
		cmocka_unit_test(what_is_not_understood_is_named_with_its_value),
		cmocka_unit_test(a_long_value_is_cut_in_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
