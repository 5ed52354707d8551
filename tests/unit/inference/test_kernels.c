/* SPDX-License-Identifier: Apache-2.0 */
/* Every table of kernels that this machine has beside plain C, for every type and odd sizes. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference/format/blocks.h"
#include "inference/kernel/compute.h"
#include "inference/kernel/pool.h"

enum { MOST_ROWS = 33, TILED_ROWS = 48, MOST_N = 150, MOST_K = 512 };

static uint64_t random_state = 1;

static float next_number(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (float)(random_state >> 40) / (1 << 23) - 1;
}

/* A matrix of random numbers in a type, and its numbers as they are then. */
struct matrix {
	struct packed packed;
	float values[MOST_N * MOST_K];
};

static void put_row_of_bytes(struct matrix *m, size_t row)
{
	float values[MOST_K], largest = 0;

	for (size_t k = 0; k < m->packed.columns; k++) {
		values[k] = next_number();
		largest = fmaxf(largest, fabsf(values[k]));
	}
	packed_set_largest(&m->packed, row, largest);
	packed_put_floats(&m->packed, row, 0, m->packed.columns, values);
	packed_row(&m->packed, row, m->values + row * m->packed.columns);
	for (size_t k = 0; k < m->packed.columns; k++)
		assert_true(fabsf(m->values[row * m->packed.columns + k] - values[k]) <=
			    largest / 253);
}

static void put_row(struct matrix *m, size_t row)
{
	uint8_t element[PACKED_MAX_BLOCK_BYTES];
	float values[PACKED_BLOCK];

	for (size_t k = 0; k < m->packed.columns; k++) {
		uint32_t bits;
		uint16_t half;

		values[k % PACKED_BLOCK] = next_number();
		memcpy(&bits, &values[k % PACKED_BLOCK], sizeof bits);
		half = (uint16_t)(m->packed.type == PACKED_BF16 ? bits >> 16 : 0x3000 | bits >> 22);
		memcpy(element, &half, sizeof half);
		if (m->packed.type == PACKED_F32)
			memcpy(element, &bits, sizeof bits);
		if (!packed_is_quantized(m->packed.type)) {
			packed_put(&m->packed, row, k, 1, element);
		} else if (k % PACKED_BLOCK == PACKED_BLOCK - 1) {
			packed_quantize(m->packed.type, values, element);
			packed_put(&m->packed, row, k + 1 - PACKED_BLOCK, PACKED_BLOCK, element);
		}
	}
	packed_row(&m->packed, row, m->values + row * m->packed.columns);
}

/* Any bits make weights; d and m are small. */
static void put_superblocks(struct matrix *m, size_t row)
{
	bool is_q4 = m->packed.type == PACKED_Q4_K;
	uint8_t block[210];

	for (size_t k = 0; k < m->packed.columns; k += PACKED_K_COLUMNS) {
		uint16_t halves[2] = {0x1c00 | (uint16_t)(random_state >> 33 & 0x83ff),
				      0x1c00 | (uint16_t)(random_state >> 43 & 0x83ff)};

		for (size_t i = 0; i < sizeof block; i++)
			block[i] = (uint8_t)(next_number() * 127 + 128);
		memcpy(block + (is_q4 ? 0 : 208), halves, is_q4 ? 4 : 2);
		packed_put(&m->packed, row, k, PACKED_K_COLUMNS, block);
		blocks_widen(is_q4 ? TENSOR_Q4_K : TENSOR_Q6_K, block,
			     m->values + row * m->packed.columns + k);
	}
}

static void make(struct matrix *m, enum packed_type type, size_t n, size_t k)
{
	m->packed = (struct packed){aligned_alloc(64, packed_bytes(type, n, k)), type, n, k};
	assert_non_null(m->packed.data);
	memset(m->packed.data, 0, packed_bytes(type, n, k));
	for (size_t row = 0; row < n; row++)
		if (type == PACKED_W8)
			put_row_of_bytes(m, row);
		else if (packed_is_k(type))
			put_superblocks(m, row);
		else
			put_row(m, row);
}

static void close_matrix(struct matrix *m)
{
	free(m->packed.data);
}

static float x[MOST_ROWS * MOST_K], bias[MOST_N];
static float expected[MOST_ROWS * MOST_N + 1], out[MOST_ROWS * MOST_N + 1];
static int8_t q8_values[TILED_ROWS * MOST_K];
static float q8_scales[TILED_ROWS * MOST_K / PACKED_BLOCK];
static int32_t q8_sums[TILED_ROWS * MOST_K / PACKED_BLOCK];
static float scratch[MOST_K * KERNELS_SCRATCH / sizeof(float)];

static void fill(float *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = next_number();
}

/* The other way that one row or two may take comes to the same, to the bit. */
static void check_straight(const struct kernels *kernels, struct kernel_job job)
{
	static float straight[2 * MOST_N + 1];
	size_t first = job.first * PACKED_PANEL, end = job.last * PACKED_PANEL, n = job.w->rows;
	const float *other = job.out;

	memset(straight, 0x7f, sizeof straight);
	job.is_straight = true;
	job.out = straight;
	kernels->product[job.w->type](&job);
	for (size_t row = 0; row < job.m; row++)
		assert_memory_equal(straight + row * n + first, other + row * n + first,
				    ((end < n ? end : n) - first) * sizeof(float));
	assert_int_equal(((const uint8_t *)(straight + job.m * n))[0], 0x7f); /* and no further */
}

static void run(const struct kernels *kernels, const struct packed *w, float *to, size_t m,
		size_t first, size_t last, bool has_bias)
{
	bool is_tiled = packed_is_quantized(w->type) && kernels->tiled[w->type] &&
			m >= kernels->tiled_from[w->type];
	bool is_by_row = w->type == PACKED_W8;
	size_t blocks = w->columns / PACKED_BLOCK;
	struct quantized q8 = {.values = q8_values,
			       .scales = q8_scales,
			       .sums = q8_sums,
			       .blocks = is_by_row ? blocks + blocks % 2 : blocks,
			       .is_tiled = is_tiled,
			       .is_by_row = is_by_row};
	const struct kernel_job job = {.out = to,
				       .out_stride = w->rows,
				       .bias = has_bias ? bias : NULL,
				       .x = x,
				       .x_q8 = &q8,
				       .w = w,
				       .m = m,
				       .first = first,
				       .last = last,
				       .scratch = scratch};

	for (size_t i = 0; packed_is_quantized(w->type) && i < m; i++)
		(is_by_row ? kernels->quantize_row : kernels->quantize)(&q8, x, i, w->columns);
	if (is_tiled)
		kernels->tiled[w->type](&job);
	else
		kernels->product[w->type](&job);
	if (!is_tiled && m <= 2)
		check_straight(kernels, job);
}

/* Sums of a few hundred products in another order, or without fused multiplication. */
static void check_close(const float *a, const float *b, size_t count, const char *why)
{
	for (size_t i = 0; i < count; i++)
		if (!(fabsf(a[i] - b[i]) <= 6e-5f + 2e-6f * fabsf(b[i])))
			fail_msg("%s: %zu: %g, not %g", why, i, (double)a[i], (double)b[i]);
}

static const size_t rows_of[] = {1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 32, MOST_ROWS};
static const size_t outputs_of[] = {1, 15, 16, 17, 32, 63, 64, 65, MOST_N};

static size_t columns_of(enum packed_type type, size_t i)
{
	static const size_t odd[] = {1, 7, 16, 83, MOST_K};
	static const size_t blocks[] = {32, 64, 96, 160, MOST_K};
	static const size_t superblocks[] = {256, 512, 256, 512, MOST_K};

	if (packed_is_k(type))
		return superblocks[i];

	return packed_is_quantized(type) ? blocks[i] : odd[i];
}

static void check_shape(const struct kernels *kernels, const struct matrix *w)
{
	size_t n = w->packed.rows;
	char why[100];

	for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
		size_t m = rows_of[i];

		snprintf(why, sizeof why, "%s %s %zu x %zu x %zu", kernels->name,
			 packed_type_name(w->packed.type), m, n, w->packed.columns);
		run(&kernels_portable, &w->packed, expected, m, 0, packed_panels(&w->packed),
		    i % 2);
		memset(out, 0x7f, sizeof out);
		run(kernels, &w->packed, out, m, 0, packed_panels(&w->packed), i % 2);
		check_close(out, expected, m * n, why);
		assert_int_equal(((const uint8_t *)(out + m * n))[0], 0x7f); /* and no further */
	}
}

/* Runs `check` with each table, but plain C, and each type, for many shapes. */
static void each_shape(void (*check)(const struct kernels *kernels, const struct matrix *w))
{
	static struct matrix w;

	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (enum packed_type type = 0; type <= PACKED_Q6_K; type++)
			for (size_t i = 0; i < sizeof outputs_of / sizeof *outputs_of; i++)
				for (size_t j = 0; j < 5; j++) {
					make(&w, type, outputs_of[i], columns_of(type, j));
					fill(x, MOST_ROWS * w.packed.columns);
					fill(bias, MOST_N);
					check(*k, &w);
					close_matrix(&w);
				}
}

static void each_kernel_computes_what_plain_c_does(void **state)
{
	(void)state;
	each_shape(check_shape);
}

/* From any panel on, of any number of rows: to the bit. */
static void check_alone(const struct kernels *kernels, const struct matrix *w)
{
	size_t panels = packed_panels(&w->packed), n = w->packed.rows;

	run(kernels, &w->packed, expected, MOST_ROWS, 0, panels, true);
	for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
		size_t first = i % panels, last = first + 1 + i % (panels - first);
		size_t end = last * PACKED_PANEL < n ? last * PACKED_PANEL : n;

		run(kernels, &w->packed, out, rows_of[i], first, last, true);
		for (size_t row = 0; row < rows_of[i]; row++)
			assert_memory_equal(out + row * n + first * PACKED_PANEL,
					    expected + row * n + first * PACKED_PANEL,
					    (end - first * PACKED_PANEL) * sizeof(float));
	}
}

static void each_number_stands_alone(void **state)
{
	(void)state;
	each_shape(check_alone);
}

static void superblocks_stand_for_the_numbers_of_the_file(void **state)
{
	static struct matrix w;
	static float row[MOST_K];

	(void)state;
	for (enum packed_type type = PACKED_Q4_K; type <= PACKED_Q6_K; type++) {
		make(&w, type, 35, MOST_K);
		for (size_t i = 0; i < 35; i++) {
			packed_row(&w.packed, i, row);
			assert_memory_equal(row, w.values + i * MOST_K, sizeof row);
		}
		close_matrix(&w);
	}
}

/* The product of the numbers themselves with activations that are whole already. */
static void products_with_superblocks_are_those_of_their_numbers(void **state)
{
	static struct matrix w;

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (enum packed_type type = PACKED_Q4_K; type <= PACKED_Q6_K; type++) {
			make(&w, type, 33, MOST_K);
			for (size_t i = 0; i < 5 * MOST_K; i++)
				x[i] = i % PACKED_BLOCK ? (float)(int)(next_number() * 127) : 127;
			run(*k, &w.packed, out, 5, 0, packed_panels(&w.packed), false);
			for (size_t i = 0; i < 5 * 33; i++) {
				double sum = 0, size = 0;

				for (size_t j = 0; j < MOST_K; j++) {
					double one = (double)x[i / 33 * MOST_K + j] *
						     (double)w.values[i % 33 * MOST_K + j];

					sum += one;
					size += fabs(one);
				}
				assert_true(fabs(sum - (double)out[i]) <= 1e-5 * size);
			}
			close_matrix(&w);
		}
}

static void fused_kernels_agree_to_the_bit(void **state)
{
	static struct matrix w;
	const struct kernels *const *list = kernels_list();

	(void)state;
	if (!list[1] || !list[2]) /* the last is plain C, which does not fuse */
		skip();
	for (enum packed_type type = 0; type <= PACKED_Q6_K; type++) {
		make(&w, type, 65, MOST_K);
		fill(x, sizeof x / sizeof *x);
		run(list[0], &w.packed, expected, MOST_ROWS, 0, packed_panels(&w.packed), false);
		for (size_t i = 1; list[i + 1]; i++) {
			run(list[i], &w.packed, out, MOST_ROWS, 0, packed_panels(&w.packed), false);
			assert_memory_equal(out, expected,
					    MOST_ROWS * w.packed.rows * sizeof(float));
		}
		close_matrix(&w);
	}
}

/* Rows of the largest bytes, as wide as a model's. */
static void sums_of_rows_of_the_largest_bytes_are_exact(void **state)
{
	static struct matrix w;

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		make(&w, PACKED_W8, 16, MOST_K);
		for (size_t i = 0; i < 16 * MOST_K; i++)
			x[i] = -127;
		for (size_t i = 0; i < MOST_K; i++)
			w.values[i] = 127;
		packed_set_largest(&w.packed, 3, 127);
		packed_put_floats(&w.packed, 3, 0, MOST_K, w.values);
		for (size_t m = 1; m <= 16; m += 15) {
			run(*k, &w.packed, out, m, 0, 1, false);
			assert_true(out[(m - 1) * 16 + 3] == -127.0f * 127 * MOST_K);
		}
		close_matrix(&w);
	}
}

/* The largest bytes of all, whose products and sums are the largest, too. */
static void sums_of_the_largest_numbers_do_not_overflow(void **state)
{
	static struct matrix w;

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (enum packed_type type = PACKED_Q8_0; type <= PACKED_Q4_0; type++) {
			uint8_t block[PACKED_MAX_BLOCK_BYTES] = {0, 0x3c}; /* the scale 1 */
			bool is_q8 = type == PACKED_Q8_0;

			make(&w, type, 16, 64);
			memset(block + 2, is_q8 ? 0x80 : 0, PACKED_BLOCK); /* -128, or -8 */
			packed_put(&w.packed, 3, 0, 32, block);
			packed_put(&w.packed, 3, 32, 32, block);
			memset(block + 2, is_q8 ? 0x7f : 0xff, PACKED_BLOCK); /* 127, or 7 */
			packed_put(&w.packed, 5, 0, 32, block);
			packed_put(&w.packed, 5, 32, 32, block);
			for (size_t i = 0; i < 64; i++)
				x[i] = 127;
			for (size_t i = 64; i < 16 * 64; i++)
				x[i] = 127;
			run(*k, &w.packed, out, 16, 0, 1, false);
			assert_true(out[15 * 16 + 3] == 64 * 127 * (is_q8 ? -128.0f : -8.0f));
			run(*k, &w.packed, out, 1, 0, 1, false);
			assert_true(out[3] == 64 * 127 * (is_q8 ? -128.0f : -8.0f));
			assert_true(out[5] == 64 * 127 * (is_q8 ? 127.0f : 7.0f));
			close_matrix(&w);
		}
}

static void activations_become_the_same_blocks_everywhere(void **state)
{
	static int8_t values[MOST_K];
	static float scales[MOST_K / PACKED_BLOCK];
	static int32_t sums[MOST_K / PACKED_BLOCK];
	const struct quantized ours = {q8_values, q8_scales, q8_sums, MOST_K / PACKED_BLOCK,
				       false,     false};
	const struct quantized plain = {values, scales, sums, MOST_K / PACKED_BLOCK, false, false};

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		fill(x, MOST_K);
		(*k)->quantize_row(&ours, x, 0, MOST_K);
		kernels_quantize_row(&plain, x, 0, MOST_K);
		assert_memory_equal(q8_values, values, sizeof values);
		assert_memory_equal(q8_scales, scales, sizeof *scales);
		assert_memory_equal(q8_sums, sums, sizeof *sums);
	}
	fill(x, MOST_K);
	memset(x + 64, 0, PACKED_BLOCK * sizeof *x); /* one block of nothing */
	x[96] = 0.5f, x[97] = 127;                   /* half way between two numbers */
	kernels_portable.quantize(&plain, x, 0, MOST_K);
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		memset(q8_values, 1, sizeof q8_values);
		(*k)->quantize(&ours, x, 0, MOST_K);
		assert_memory_equal(q8_values, values, sizeof values);
		assert_memory_equal(q8_scales, scales, sizeof scales);
		assert_memory_equal(q8_sums, sums, sizeof sums);
	}
}

static void unpacked_panels_are_the_numbers_of_the_rows(void **state)
{
	static struct matrix w;

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (enum packed_type type = 0; type <= PACKED_Q4_0; type++) {
			static float unpacked[MOST_K * 2 * PACKED_PANEL];

			make(&w, type, 45, MOST_K);
			(*k)->unpack(unpacked, &w.packed, 1, 3);
			for (size_t row = 16; row < 45; row++)
				for (size_t i = 0; i < MOST_K; i++)
					assert_true(unpacked[i * 2 * PACKED_PANEL + row - 16] ==
						    w.values[row * MOST_K + i]);
			close_matrix(&w);
		}
}

static void a_column_lies_where_its_rows_have_it(void **state)
{
	static struct matrix w, turned;
	static float column[MOST_N];

	(void)state;
	make(&w, PACKED_F32, 37, 83);
	make(&turned, PACKED_F32, 37, 83);
	for (size_t k = 0; k < 83; k++) {
		for (size_t row = 0; row < 37; row++)
			column[row] = w.values[row * 83 + k];
		packed_put_column(&turned.packed, k, (const uint8_t *)column);
	}
	assert_memory_equal(turned.packed.data, w.packed.data, packed_bytes(PACKED_F32, 37, 83));
	close_matrix(&w);
	close_matrix(&turned);
}

static void vectors_are_what_plain_c_makes_of_them(void **state)
{
	static float a[100], b[100], c[100], d[100];

	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (size_t n = 0; n <= 100; n++) {
			float sum = (*k)->dot(x, bias, n), plain = kernels_portable.dot(x, bias, n);

			check_close(&sum, &plain, 1, "dot");
			fill(a, 100);
			fill(b, 100);
			memcpy(c, a, sizeof a);
			(*k)->add_scaled(a, b, 0.3f, n);
			kernels_portable.add_scaled(c, b, 0.3f, n);
			check_close(a, c, 100, "add_scaled");
			for (size_t i = 0; i < 100; i++)
				d[i] = a[i] = 12 * next_number() * (i % 9 ? 1 : 10);
			(*k)->silu_multiply(a, b, n);
			kernels_portable.silu_multiply(d, b, n);
			check_close(a, d, 100, "silu_multiply");
		}
}

/* One product by each row of the operator table, as the model asks for it. */
static void rows_of_the_operator_table_agree(void **state)
{
	enum { WIDTH = 384 };
	static struct matrix w, v;
	static float both[2][MOST_ROWS * MOST_N];
	AUTO(compute_auto) struct compute *plain = NULL;
	AUTO(compute_auto) struct compute *onednn = NULL;

	(void)state;
	fill(x, sizeof x / sizeof *x);
	assert_ok(compute_new(&plain, &operators_plain, 1));
	assert_ok(compute_new(&onednn, &operators_onednn, 2));
	assert_ok(compute_make_room(plain, MOST_ROWS, MOST_K, false));
	assert_ok(compute_make_room(onednn, MOST_ROWS, MOST_K, false));
	compute_use(onednn, &kernels_portable); /* which leaves five rows to oneDNN */
	for (enum packed_type type = 0; type <= PACKED_F16; type++) {
		make(&w, type, MOST_N, WIDTH);
		make(&v, type, MOST_N, WIDTH);
		for (size_t m = 1; m <= MOST_ROWS; m += 4) {
			struct linear l = {
				x, m, 2, {{0}}, m % 8 == 1 ? LINEAR_GATED : LINEAR_AS_IT_IS};

			l.list[0] = (struct product){expected, MOST_N, &w.packed, bias};
			l.list[1] = (struct product){both[0], MOST_N, &v.packed, NULL};
			assert_ok(compute_linear(plain, &l));
			l.list[0].out = out;
			l.list[1].out = both[1];
			assert_ok(compute_linear(onednn, &l));
			check_close(out, expected, m * MOST_N, "the first");
			check_close(both[1], both[0], m * MOST_N, "the second");
		}
		close_matrix(&w);
		close_matrix(&v);
	}
	assert_true(compute_matmul_primitives(onednn) > 0);
	assert_int_equal(compute_matmul_primitives(plain), 0);
}

static void add_one(void *context, unsigned worker, size_t first, size_t last)
{
	unsigned *counts = context;

	(void)worker;
	for (size_t i = first; i < last; i++)
		counts[i]++;
}

static void a_shared_loop_does_every_part_once(void **state)
{
	AUTO(pool_auto) struct pool *p = NULL;
	unsigned counts[300] = {0};

	(void)state;
	assert_ok(pool_new(&p, 3));
	for (size_t n = 0; n <= 300; n++) {
		pool_step(p, n % 2);
		pool_share(p, n, 1 + n % 9, add_one, counts);
	}
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(counts[i], 300 - i);
}

static void worker_is_below(void *context, unsigned worker, size_t first, size_t last)
{
	(void)first;
	(void)last;
	assert_true(worker < *(const unsigned *)context);
}

static void a_pool_works_with_as_many_threads_as_it_was_lent(void **state)
{
	AUTO(pool_auto) struct pool *p = NULL;
	unsigned counts[50] = {0}, draw = 1;

	(void)state;
	assert_ok(pool_new(&p, 4));
	for (unsigned i = 0; i < 3000; i++) {
		unsigned threads;

		draw = draw * 1664525 + 1013904223;
		threads = 1 + (draw >> 16) % 4;
		pool_lend(p, (draw >> 20) % 3, threads);
		for (unsigned k = 0; k < (draw >> 24) % 4; k++) {
			pool_step(p, k % 2);
			pool_run(p, 40, worker_is_below, &threads);
		}
		pool_share(p, 50, 1, add_one, counts);
	}
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(counts[i], 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kernel_computes_what_plain_c_does),
		cmocka_unit_test(each_number_stands_alone),
		cmocka_unit_test(superblocks_stand_for_the_numbers_of_the_file),
		cmocka_unit_test(products_with_superblocks_are_those_of_their_numbers),
		cmocka_unit_test(fused_kernels_agree_to_the_bit),
		cmocka_unit_test(sums_of_the_largest_numbers_do_not_overflow),
		cmocka_unit_test(sums_of_rows_of_the_largest_bytes_are_exact),
		cmocka_unit_test(activations_become_the_same_blocks_everywhere),
		cmocka_unit_test(unpacked_panels_are_the_numbers_of_the_rows),
		cmocka_unit_test(a_column_lies_where_its_rows_have_it),
		cmocka_unit_test(vectors_are_what_plain_c_makes_of_them),
		cmocka_unit_test(rows_of_the_operator_table_agree),
		cmocka_unit_test(a_shared_loop_does_every_part_once),
		cmocka_unit_test(a_pool_works_with_as_many_threads_as_it_was_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
