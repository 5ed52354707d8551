/* SPDX-License-Identifier: Apache-2.0 */
/* Products with floats whose numbers are cut in pieces (tiles of BF16), and GELU. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/compute.h"

enum { MOST_M = 300, MOST_N = 150, MOST_K = 800 };

static float x[MOST_M * MOST_K], bias[MOST_N], out[MOST_M * MOST_N + 1], other[MOST_M * MOST_N + 1];
static float weights[MOST_N * MOST_K];
static struct packed w;

static uint64_t random_state = 1;

static float next_number(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (float)(random_state >> 40) / (1 << 23) - 1;
}

/* Rows of very different sizes. */
static void fill(size_t m, size_t k)
{
	for (size_t i = 0; i < m * k; i++)
		x[i] = ldexpf(next_number(), (int)(i / k % 61) - 30);
	for (size_t i = 0; i < MOST_N; i++)
		bias[i] = next_number();
}

static void make(enum packed_type type, size_t n, size_t k)
{
	w = (struct packed){aligned_alloc(64, packed_bytes(type, n, k)), type, n, k};
	assert_non_null(w.data);
	memset(w.data, 0, packed_bytes(type, n, k));
	for (size_t row = 0; row < n; row++) {
		for (size_t i = 0; i < k; i++) {
			float value = next_number();
			uint32_t bits;
			uint16_t half;

			memcpy(&bits, &value, sizeof bits);
			half = (uint16_t)(type == PACKED_BF16 ? bits >> 16
							      : 0x2c00 | (bits >> 9 & 0x83ff));
			packed_put(&w, row, i, 1,
				   type == PACKED_F32 ? (const uint8_t *)&bits
						      : (const uint8_t *)&half);
		}
		packed_row(&w, row, weights + row * k);
	}
}

static void multiply(struct compute *c, float *to, const float *from, size_t m)
{
	const struct linear l = {from, m, 1, {{to, w.rows, &w, bias}}, LINEAR_AS_IT_IS};

	assert_ok(compute_linear(c, &l));
}

/* As much as a few hundred sums of F32 may be off: each product to its last place. */
static void check(size_t m)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < w.rows; j++) {
			double sum = 0, size = 0;

			for (size_t k = 0; k < w.columns; k++) {
				double product = (double)x[i * w.columns + k] *
						 (double)weights[j * w.columns + k];

				sum += product;
				size += fabs(product);
			}
			sum += (double)bias[j];
			size += fabs((double)bias[j]);
			if (!(fabs((double)out[i * w.rows + j] - sum) <= 3e-7 * size))
				fail_msg("%s %zu x %zu x %zu: %g, not %g (of %g)",
					 packed_type_name(w.type), m, w.rows, w.columns,
					 (double)out[i * w.rows + j], sum, size);
		}
}

/* Asked before anything is opened: who skips a test closes nothing. */
static bool can_cut(void)
{
	return kernels_list()[0]->cut[PACKED_F32] != NULL;
}

/* The best table, which multiplies in pieces from one row on. */
static void open_compute(struct compute **c, struct kernels *kernels, unsigned threads)
{
	*kernels = *kernels_list()[0];
	for (size_t i = 0; i < PACKED_TYPES; i++)
		kernels->cut_from[i] = 1;
	assert_ok(compute_new(c, &operators_onednn, threads));
	assert_ok(compute_make_room(*c, MOST_M, MOST_K, false));
	compute_use(*c, kernels);
}

static void products_in_pieces_are_as_exact_as_floats(void **state)
{
	static const size_t ms[] = {1, 2, 15, 16, 17, 32, 33, 48};
	static const size_t ns[] = {1, 15, 16, 17, 33, 64, MOST_N};
	static const size_t ks[] = {1, 7, 31, 32, 33, 83, 384, 385, MOST_K};
	AUTO(compute_auto) struct compute *c = NULL;
	struct kernels kernels;

	(void)state;
	if (!can_cut())
		skip();
	open_compute(&c, &kernels, 1);
	for (enum packed_type type = PACKED_F32; type <= PACKED_F16; type++)
		for (size_t i = 0; i < sizeof ns / sizeof *ns; i++)
			for (size_t j = 0; j < sizeof ks / sizeof *ks; j++) {
				size_t m = ms[(i + j) % (sizeof ms / sizeof *ms)];

				make(type, ns[i], ks[j]);
				fill(m, ks[j]);
				memset(out, 0x7f, sizeof out);
				multiply(c, out, x, m);
				check(m);
				assert_int_equal(*(const uint8_t *)(out + m * ns[i]), 0x7f);
				free(w.data);
			}
}

/* Neither of how many rows there are with it, nor of threads, nor of the time. */
static void a_number_in_pieces_depends_on_its_own_row_only(void **state)
{
	AUTO(compute_auto) struct compute *one = NULL;
	AUTO(compute_auto) struct compute *two = NULL;
	struct kernels kernels, same;

	(void)state;
	if (!can_cut())
		skip();
	open_compute(&one, &kernels, 1);
	open_compute(&two, &same, 2);
	for (enum packed_type type = PACKED_F32; type <= PACKED_F16; type++) {
		make(type, MOST_N, MOST_K);
		fill(MOST_M, MOST_K);
		multiply(one, out, x, MOST_M);
		check(MOST_M);
		for (size_t m = 1; m <= MOST_M; m += 23) {
			size_t first = MOST_M - m;

			multiply(two, other, x + first * MOST_K, m);
			assert_memory_equal(other, out + first * MOST_N, m * MOST_N * sizeof *out);
		}
		free(w.data);
	}
}

static void gelu_is_what_its_definition_says(void **state)
{
	static float values[20001], list[20001];

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		for (size_t i = 0; i < 20001; i++)
			list[i] = values[i] = (float)((int)i - 10000) * (i % 7 ? 1e-3f : 1e-2f);
		(*k)->gelu(list, 20001);
		for (size_t i = 0; i < 20001; i++) {
			double v = (double)values[i], is = v / 2 * (1 + erf(v * M_SQRT1_2));

			if (!(fabs((double)list[i] - is) <= 2e-7 * (1 + fabs(v))))
				fail_msg("%s: gelu(%g) = %.9g, not %.9g", (*k)->name, v,
					 (double)list[i], is);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_in_pieces_are_as_exact_as_floats),
		cmocka_unit_test(a_number_in_pieces_depends_on_its_own_row_only),
		cmocka_unit_test(gelu_is_what_its_definition_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
