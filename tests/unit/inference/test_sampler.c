/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <math.h>

#include "inference/format/json.h"
#include "inference/sampler.h"
#include "tests/unit/inference/files.h"

enum { WORDS = 5, DRAWS = 20000, CASE_WORDS = 16, CASE_DRAWS = 1000 };

static const float base[WORDS] = {1.0f, 3.0f, 2.0f, 0.0f, -1.0f};

static void take(struct sampler *s, struct sample *out)
{
	float logits[WORDS];

	memcpy(logits, base, sizeof base);
	sampler_take(s, logits, out);
}

static void count_draws(size_t counts[WORDS], const struct sampler_settings *settings)
{
	AUTO(sampler_auto) struct sampler *s = NULL;
	struct sample sample;

	memset(counts, 0, WORDS * sizeof *counts);
	assert_ok(sampler_new(&s, settings, WORDS));
	for (size_t i = 0; i < DRAWS; i++) {
		take(s, &sample);
		counts[sample.chosen.token]++;
	}
}

/* The share that softmax at this temperature gives to `token` among those of `kept`. */
static double share(size_t token, double temperature, const bool kept[WORDS])
{
	double sum = 0;

	for (size_t i = 0; i < WORDS; i++)
		sum += kept[i] ? exp((double)base[i] / temperature) : 0;
	return kept[token] ? exp((double)base[token] / temperature) / sum : 0;
}

static void draws_follow_the_settings(void **state)
{
	static const struct {
		const char *why;
		struct sampler_settings settings;
		bool kept[WORDS];
	} rows[] = {
		{"plain", {.temperature = 1, .top_p = 1, .seed = 1}, {1, 1, 1, 1, 1}},
		{"hotter", {.temperature = 2, .top_p = 1, .seed = 2}, {1, 1, 1, 1, 1}},
		{"top-k", {.temperature = 1, .top_p = 1, .top_k = 2, .seed = 3}, {0, 1, 1, 0, 0}},
		/* shares: 0.086 0.636 0.234 0.032 0.012 */
		{"top-p", {.temperature = 1, .top_p = 0.7, .seed = 4}, {0, 1, 1, 0, 0}},
		{"top-p of the first",
		 {.temperature = 1, .top_p = 0.1, .seed = 5},
		 {0, 1, 0, 0, 0}},
		{"min-p", {.temperature = 1, .top_p = 1, .min_p = 0.1, .seed = 8}, {1, 1, 1, 0, 0}},
		{"min-p of a hot one",
		 {.temperature = 2, .top_p = 1, .min_p = 0.3, .seed = 9},
		 {1, 1, 1, 0, 0}},
		{"top-p, then min-p",
		 {.temperature = 1, .top_p = 0.9, .min_p = 0.2, .seed = 10},
		 {0, 1, 1, 0, 0}},
		{"both", {.temperature = 1, .top_p = 0.95, .top_k = 3, .seed = 6}, {1, 1, 1, 0, 0}},
		{"cold", {.temperature = 0, .top_p = 1, .seed = 7}, {0, 1, 0, 0, 0}},
	};
	size_t counts[WORDS];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double t = rows[i].settings.temperature > 0 ? rows[i].settings.temperature : 1;

		count_draws(counts, &rows[i].settings);
		for (size_t j = 0; j < WORDS; j++) {
			double expected = share(j, t, rows[i].kept);

			if (fabs((double)counts[j] / DRAWS - expected) > 0.012 ||
			    (expected == 0 && counts[j] > 0))
				fail_msg("%s: token %zu drawn %zu times, share %g", rows[i].why, j,
					 counts[j], expected);
		}
	}
}

static void the_same_seed_draws_the_same(void **state)
{
	struct sampler_settings settings = {.temperature = 1, .top_p = 1, .seed = 42};
	AUTO(sampler_auto) struct sampler *a = NULL;
	AUTO(sampler_auto) struct sampler *b = NULL;
	struct sample x, y;

	(void)state;
	assert_ok(sampler_new(&a, &settings, WORDS));
	assert_ok(sampler_new(&b, &settings, WORDS));
	for (int i = 0; i < 100; i++) {
		take(a, &x);
		take(b, &y);
		assert_int_equal(x.chosen.token, y.chosen.token);
	}
}

static void a_bias_moves_the_choice_and_its_logprob(void **state)
{
	const struct sampler_bias biases[] = {{3, 100}, {1, -100}};
	struct sampler_settings settings = {.top_p = 1, .biases = biases, .bias_count = 2};
	AUTO(sampler_auto) struct sampler *s = NULL;
	struct sample sample;

	(void)state;
	assert_ok(sampler_new(&s, &settings, WORDS));
	take(s, &sample);
	assert_int_equal(sample.chosen.token, 3);
	assert_true(fabsf(sample.chosen.logprob) < 1e-6f);
}

static void alternatives_come_likeliest_first(void **state)
{
	struct sampler_settings settings = {.top_p = 1, .top_logprobs = 3};
	const bool all[WORDS] = {1, 1, 1, 1, 1};
	AUTO(sampler_auto) struct sampler *s = NULL;
	struct sample sample;

	(void)state;
	assert_ok(sampler_new(&s, &settings, WORDS));
	take(s, &sample);
	assert_int_equal(sample.top_count, 3);
	assert_int_equal(sample.top[0].token, 1);
	assert_int_equal(sample.top[1].token, 2);
	assert_int_equal(sample.top[2].token, 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(fabs(exp((double)sample.top[i].logprob) -
				 share(sample.top[i].token, 1, all)) < 1e-6);
}

static void logits_that_are_no_numbers_do_no_harm(void **state)
{
	static const float bad[] = {__builtin_nanf(""), __builtin_inff(), -__builtin_inff()};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (uint32_t k = 0; k < 4; k += 2) {
			struct sampler_settings settings = {
				.temperature = 1, .top_p = 0.9, .top_k = k, .top_logprobs = 2};
			AUTO(sampler_auto) struct sampler *s = NULL;
			float logits[WORDS] = {bad[i], bad[i], bad[i], bad[i], bad[i]};

			assert_ok(sampler_new(&s, &settings, WORDS));
			sampler_take(s, logits, &sample);
			assert_true(sample.chosen.token < WORDS);
			assert_true(isfinite(sample.chosen.logprob));
		}
	}
}

/* A case of tests/reference/sampling.py. */
struct reference {
	float logits[CASE_WORDS];
	uint32_t prompt[8], written[8];
	size_t prompt_count, written_count;
	struct sampler_bias biases[4];
	struct sampler_settings settings;
};

static double number_of(const json_t *one, const char *name)
{
	return json_number_value(json_object_get(one, name));
}

static size_t read_tokens(uint32_t *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		out[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	return json_array_size(list);
}

static void read_reference(struct reference *r, const json_t *one)
{
	const json_t *biases = json_object_get(one, "bias");

	*r = (struct reference){
		.settings = {.temperature = number_of(one, "temperature"),
			     .top_p = number_of(one, "top_p"),
			     .top_k = (uint32_t)number_of(one, "top_k"),
			     .min_p = number_of(one, "min_p"),
			     .penalties = {number_of(one, "repetition"), number_of(one, "presence"),
					   number_of(one, "frequency")},
			     .top_logprobs = CASE_WORDS}};
	for (size_t i = 0; i < CASE_WORDS; i++)
		r->logits[i] = (float)json_number_value(
			json_array_get(json_object_get(one, "logits"), i));
	r->prompt_count = read_tokens(r->prompt, json_object_get(one, "prompt"));
	r->written_count = read_tokens(r->written, json_object_get(one, "written"));
	for (size_t i = 0; i < json_array_size(biases); i++) {
		const json_t *pair = json_array_get(biases, i);

		r->biases[i] = (struct sampler_bias){
			(uint32_t)json_integer_value(json_array_get(pair, 0)),
			(float)json_number_value(json_array_get(pair, 1))};
	}
	r->settings.bias_count = json_array_size(biases);
}

/* What comes next, with a seed of its own, after the prompt and what was written. */
static void take_next(struct reference *r, uint64_t seed, struct sample *out)
{
	AUTO(sampler_auto) struct sampler *s = NULL;
	float logits[CASE_WORDS];

	r->settings.seed = seed;
	r->settings.biases = r->biases;
	assert_ok(sampler_new(&s, &r->settings, CASE_WORDS));
	sampler_read(s, r->prompt, r->prompt_count);
	for (size_t i = 0; i < r->written_count; i++) {
		memset(logits, 0, sizeof logits);
		logits[r->written[i]] = 1e9f;
		sampler_take(s, logits, out);
		assert_int_equal(out->chosen.token, r->written[i]);
	}
	memcpy(logits, r->logits, sizeof logits);
	sampler_take(s, logits, out);
}

static void check_logprobs(const struct sample *sample, const json_t *expected, size_t number)
{
	assert_int_equal(sample->top_count, CASE_WORDS);
	for (size_t i = 0; i < CASE_WORDS; i++) {
		const struct sample_choice *c = &sample->top[i];
		double wanted = json_number_value(json_array_get(expected, c->token));

		if (fabs((double)c->logprob - wanted) > 2e-5 * fmax(1, fabs(wanted)))
			fail_msg("case %zu: token %u has %g, not %g", number, c->token,
				 (double)c->logprob, wanted);
	}
}

static void what_pytorch_computes_is_what_is_drawn(void **state)
{
	AUTO(json_auto) json_t *cases = json_load_file("data/sampling/cases.json", 0, NULL);

	(void)state;
	assert_true(json_array_size(cases) > 0);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *one = json_array_get(cases, i), *shares;
		size_t counts[CASE_WORDS] = {0};
		struct reference r;
		struct sample sample;

		read_reference(&r, one);
		for (uint64_t seed = 0; seed < CASE_DRAWS; seed++) {
			take_next(&r, seed, &sample);
			counts[sample.chosen.token]++;
		}
		check_logprobs(&sample, json_object_get(one, "logprobs"), i);
		shares = json_object_get(one, "shares");
		for (size_t j = 0; j < CASE_WORDS; j++) {
			double p = json_number_value(json_array_get(shares, j));
			double away = fabs((double)counts[j] - p * CASE_DRAWS);

			if (away > 5 * sqrt(p * (1 - p) * CASE_DRAWS) + 1 || (p <= 0 && counts[j]))
				fail_msg("case %zu: token %zu drawn %zu times, share %g", i, j,
					 counts[j], p);
		}
	}
}

/* By hand: 2/2 and -1*2 for what was there, then a quarter for each time and one for being there.
 */
static void penalties_are_counted_by_hand(void **state)
{
	const struct penalties_settings settings = {
		.repetition = 2, .presence = 1, .frequency = 0.25};
	AUTO(penalties_auto) struct penalties *p = NULL;
	const uint32_t prompt[] = {0, 3};
	float logits[WORDS] = {2, 2, -1, -1, 2};
	const float expected[WORDS] = {1, 1 - 0.5f - 1, -2 - 0.25f - 1, -2, 2};

	(void)state;
	assert_ok(penalties_new(&p, &settings, WORDS));
	penalties_read(p, prompt, 2);
	penalties_write(p, 1);
	penalties_write(p, 2);
	penalties_write(p, 1);
	penalties_apply(p, logits);
	for (size_t i = 0; i < WORDS; i++)
		assert_true(fabsf(logits[i] - expected[i]) < 1e-9f);
}

static void settings_out_of_range_are_refused(void **state)
{
	static const struct sampler_settings rows[] = {
		{.top_p = 1, .min_p = 1.01},
		{.top_p = 1, .min_p = -0.1},
		{.top_p = 1, .min_p = __builtin_nan("")},
		{.top_p = 1, .penalties = {.repetition = 2.1}},
		{.top_p = 1, .penalties = {.repetition = -1}},
		{.top_p = 1, .penalties = {.presence = 2.1}},
		{.top_p = 1, .penalties = {.frequency = -2.1}},
		{.top_p = 1, .penalties = {.frequency = __builtin_nan("")}},
	};
	struct sampler *s = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_err(sampler_new(&s, &rows[i], WORDS), ERR_FORMAT);
}

/* The model's own view of a token that stands there already: no bias, no penalty. */
static void a_token_is_weighed_without_being_taken(void **state)
{
	const struct sampler_bias bias = {0, 100};
	struct sampler_settings settings = {.top_p = 1,
					    .top_logprobs = 1,
					    .biases = &bias,
					    .bias_count = 1,
					    .penalties = {.frequency = 2}};
	const bool all[WORDS] = {1, 1, 1, 1, 1};
	AUTO(sampler_auto) struct sampler *s = NULL;
	struct sample sample;

	(void)state;
	assert_ok(sampler_new(&s, &settings, WORDS));
	for (int i = 0; i < 2; i++) {
		sampler_weigh(s, base, 2, &sample);
		assert_int_equal(sample.chosen.token, 2);
		assert_true(fabs(exp((double)sample.chosen.logprob) - share(2, 1, all)) < 1e-6);
		assert_int_equal(sample.top[0].token, 1);
	}
}

/* Likelihoods that nobody reads are not computed, and that changes no choice. */
static void a_silent_sampler_chooses_the_same(void **state)
{
	struct sampler_settings settings = {.temperature = 1, .top_p = 0.9, .seed = 5};
	AUTO(sampler_auto) struct sampler *loud = NULL;
	AUTO(sampler_auto) struct sampler *silent = NULL;
	struct sample x, y;

	(void)state;
	assert_ok(sampler_new(&loud, &settings, WORDS));
	settings.is_silent = true;
	settings.top_logprobs = 3;
	assert_ok(sampler_new(&silent, &settings, WORDS));
	for (int i = 0; i < 100; i++) {
		take(loud, &x);
		take(silent, &y);
		assert_int_equal(x.chosen.token, y.chosen.token);
		assert_true(x.chosen.logprob < 0);
		assert_int_equal(y.top_count, 0);
	}
}

static void a_masked_token_is_never_drawn(void **state)
{
	struct sampler_settings settings = {.temperature = 2, .top_p = 1};
	AUTO(sampler_auto) struct sampler *s = NULL;
	const float none = -__builtin_inff();
	struct sample sample;

	(void)state;
	assert_ok(sampler_new(&s, &settings, WORDS));
	for (int i = 0; i < 10000; i++) {
		float logits[WORDS] = {none, 1, none, 1, none};

		sampler_take(s, logits, &sample);
		assert_true(sample.chosen.token == 1 || sample.chosen.token == 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_follow_the_settings),
		cmocka_unit_test(the_same_seed_draws_the_same),
		cmocka_unit_test(a_bias_moves_the_choice_and_its_logprob),
		cmocka_unit_test(alternatives_come_likeliest_first),
		cmocka_unit_test(what_pytorch_computes_is_what_is_drawn),
		cmocka_unit_test(penalties_are_counted_by_hand),
		cmocka_unit_test(settings_out_of_range_are_refused),
		cmocka_unit_test(a_token_is_weighed_without_being_taken),
		cmocka_unit_test(a_silent_sampler_chooses_the_same),
		cmocka_unit_test(a_masked_token_is_never_drawn),
		cmocka_unit_test(logits_that_are_no_numbers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
