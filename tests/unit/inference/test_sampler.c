/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <math.h>

#include "inference/sampler.h"

enum { WORDS = 5, DRAWS = 20000 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_follow_the_settings),
		cmocka_unit_test(the_same_seed_draws_the_same),
		cmocka_unit_test(a_bias_moves_the_choice_and_its_logprob),
		cmocka_unit_test(alternatives_come_likeliest_first),
		cmocka_unit_test(logits_that_are_no_numbers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
