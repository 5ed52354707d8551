/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <math.h>

#include "inference/reading/pooling.h"
#include "tests/unit/inference/files.h"

#define MODULE(name, path) \
	"{\"type\":\"sentence_transformers.models." name "\",\"path\":\"" path "\"}"

/* What the files say; NULL: there is no such file. */
static const struct {
	const char *modules, *pooling, *limits, *prompts;
	enum err result;
	const char *said;
	struct pooling expected;
} cases[] = {
	{.expected = {POOLING_MEAN, false, 0}},
	{.pooling = "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":false}",
	 .expected = {POOLING_FIRST, false, 0}},
	{.modules = "[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "," MODULE(
		 "Normalize", "2_Normalize") "]",
	 .pooling = "{\"pooling_mode_weightedmean_tokens\":true,\"word_embedding_dimension\":64}",
	 .limits = "{\"max_seq_length\":100,\"do_lower_case\":false}",
	 .prompts = "{\"default_prompt_name\":null,\"prompts\":{}}",
	 .expected = {POOLING_WEIGHTED, true, 100}},
	{.pooling = "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true}",
	 .result = ERR_UNSUPPORTED,
	 .said = "2 modes of pooling"},
	{.pooling = "{\"pooling_mode_max_tokens\":true,\"word_embedding_dimension\":65}",
	 .result = ERR_FORMAT,
	 .said = "\"word_embedding_dimension\" is 65"},
	{.modules = "[" MODULE("Transformer", "") "," MODULE("Dense", "2_Dense") "]",
	 .result = ERR_UNSUPPORTED,
	 .said = "sentence_transformers.models.Dense"},
	{.modules = "[" MODULE("Pooling", "1_Pooling") "]",
	 .result = ERR_FORMAT,
	 .said = "1_Pooling/config.json is missing"},
	{.modules = "{}", .result = ERR_FORMAT, .said = "modules.json: not a list"},
	{.limits = "{\"do_lower_case\":true}", .result = ERR_UNSUPPORTED, .said = "do_lower_case"},
	{.prompts = "{\"default_prompt_name\":\"query\"}",
	 .result = ERR_UNSUPPORTED,
	 .said = "default_prompt_name"},
};

static void files_of_sentence_transformers_say_how_states_are_pooled(void **state)
{
	struct config config = {.hidden_size = 64, .encoder_layers = 1};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(folder_free) struct folder f;
		struct pooling p = {0};

		folder_init(&f, "/nonexistent");
		folder_set(&f, "modules.json",
			   slice_of_string(cases[i].modules ? cases[i].modules : ""));
		folder_set(&f, "1_Pooling/config.json",
			   slice_of_string(cases[i].pooling ? cases[i].pooling : ""));
		folder_set(&f, "sentence_bert_config.json",
			   slice_of_string(cases[i].limits ? cases[i].limits : ""));
		folder_set(&f, "config_sentence_transformers.json",
			   slice_of_string(cases[i].prompts ? cases[i].prompts : ""));
		assert_err(pooling_read(&p, &f.files, &config), cases[i].result);
		if (cases[i].said)
			assert_non_null(strstr(failure_text(), cases[i].said));
		if (cases[i].result != OK)
			continue;
		assert_int_equal(p.mode, cases[i].expected.mode);
		assert_int_equal(p.normalized, cases[i].expected.normalized);
		assert_int_equal(p.limit, cases[i].expected.limit);
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
		for (size_t i = 0; i < 2; i++)
			assert_true(fabs((double)sum[i] - modes[m].expected[i]) < 1e-5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_sentence_transformers_say_how_states_are_pooled),
		cmocka_unit_test(each_mode_of_pooling_is_what_its_name_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
