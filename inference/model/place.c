/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/place.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "inference/format/blocks.h"
#include "inference/format/finite.h"
#include "inference/format/widen.h"

enum {
	PIECE = 4 << 20,      /* bytes of a file that are read at a time, whole rows */
	SEGMENT = 256,        /* elements that become floats at a time */
	GRAIN = PACKED_PANEL, /* rows that a thread takes at least */
	SHARED_FROM = 1 << 16 /* bytes */
};

static const struct {
	enum packed_type packed;
	bool is_same; /* as it is stored */
} kinds[TENSOR_TYPE_COUNT] = {
	[TENSOR_F32] = {PACKED_F32, true},   [TENSOR_BF16] = {PACKED_BF16, true},
	[TENSOR_F16] = {PACKED_F16, true},   [TENSOR_Q8_0] = {PACKED_Q8_0, true},
	[TENSOR_Q4_0] = {PACKED_Q4_0, true},
};

enum packed_type place_type(enum tensor_type stored)
{
	return kinds[stored].is_same ? kinds[stored].packed : PACKED_F32;
}

static size_t row_bytes(const struct tensor *t)
{
	return (size_t)(t->size / t->shape[0]);
}

size_t place_room(const struct tensor *t, enum family_layout layout)
{
	size_t least = layout == FAMILY_TRANSPOSED ? PACKED_BLOCK * row_bytes(t) : row_bytes(t);

	if (t->rank < 2)
		return (size_t)t->count * sizeof(float);
	if (t->size < PIECE)
		return (size_t)t->size > least ? (size_t)t->size : least;
	return least > PIECE ? least : PIECE;
}

/* One tensor on its way, and a piece of it that is in the room. */
struct piece {
	const struct placing *placing;
	const struct tensor *tensor;
	enum family_layout layout;
	struct packed *const *parts;
	unsigned count;
	size_t bytes;              /* of a row of the file */
	size_t first;              /* row of the file */
	atomic_uint_least64_t bad; /* the first element that is no number; UINT64_MAX: none */
};

static void found_bad(struct piece *p, size_t row, size_t column)
{
	uint64_t at = (uint64_t)row * p->tensor->shape[1] + column;
	uint64_t before = atomic_load(&p->bad);

	while (at < before && !atomic_compare_exchange_weak(&p->bad, &before, at))
		;
}

/* Row `row` of the file: of which part it is which row. */
static struct packed *find_place(const struct piece *p, size_t row, size_t *place)
{
	const struct config *c = p->placing->config;
	size_t head = row / c->head_size, within = row % c->head_size;
	unsigned part = 0;

	*place = row;
	switch (p->layout) {
	case FAMILY_INTERLEAVED: /* each head has brought its own q, k and v */
		*place = head / PLACE_PARTS * c->head_size + within;
		return p->parts[head % PLACE_PARTS];
	case FAMILY_PAIRED: /* of each head the first values of its pairs, then the second */
		*place = head * c->head_size + within % 2 * (c->head_size / 2) + within / 2;
		return p->parts[0];
	case FAMILY_PLAIN:
	case FAMILY_TRANSPOSED:
		break;
	}
	for (; *place >= p->parts[part]->rows; part++)
		*place -= p->parts[part]->rows;
	return p->parts[part];
}

static uint16_t half_at(const uint8_t *at)
{
	uint16_t bits;

	memcpy(&bits, at, sizeof bits);
	return bits;
}

/* The first of `count` elements of a type that is kept as it is whose number is not finite; of
 * blocks, the first of the block. */
static size_t first_unfinite(enum tensor_type type, const uint8_t *at, size_t count)
{
	size_t elements = tensor_type_elements(type), size = tensor_type_size(type);
	unsigned mask = type == TENSOR_BF16 ? 0x7f80 : 0x7c00, found = 0;

	if (type == TENSOR_F32)
		return finite_check((const float *)(const void *)at, count);
	for (size_t i = 0; i < count / elements; i++)
		found |= (half_at(at + i * size) & mask) == mask;
	for (size_t i = 0; found && i < count / elements; i++)
		if ((half_at(at + i * size) & mask) == mask)
			return i * elements;
	return count;
}

static void widen(enum tensor_type type, const uint8_t *at, size_t count, float *out)
{
	size_t elements = tensor_type_elements(type), size = tensor_type_size(type);

	for (size_t i = 0; i < count / elements; i++)
		blocks_widen(type, at + i * size, out + i * elements);
}

/* At most SEGMENT floats of a row, as what the matrix holds. */
static void put_floats(struct packed *to, size_t row, size_t column, const float *values,
		       size_t count)
{
	uint8_t block[PACKED_MAX_BLOCK_BYTES];

	if (to->type == PACKED_F32) {
		packed_put(to, row, column, count, (const uint8_t *)values);
		return;
	}
	for (size_t i = 0; i < count; i += PACKED_BLOCK) {
		packed_quantize(to->type, values + i, block);
		packed_put(to, row, column + i, PACKED_BLOCK, block);
	}
	explicit_bzero(block, sizeof block);
}

static void put_widened(struct piece *p, struct packed *to, size_t row, size_t place,
			const uint8_t *at)
{
	enum tensor_type type = p->tensor->type;
	size_t step = SEGMENT / tensor_type_elements(type) * tensor_type_size(type);
	float values[SEGMENT];

	for (size_t i = 0; i < to->columns; i += SEGMENT, at += step) {
		size_t count = to->columns - i < SEGMENT ? to->columns - i : SEGMENT, bad;

		widen(type, at, count, values);
		bad = finite_check(values, count);
		if (bad < count)
			found_bad(p, row, i + bad);
		else
			put_floats(to, place, i, values, count);
	}
	explicit_bzero(values, sizeof values);
}

/* A row of W8: looked through for what is largest, then again for its numbers. */
static void put_by_row(struct piece *p, struct packed *to, size_t row, size_t place,
		       const uint8_t *at)
{
	enum tensor_type type = p->tensor->type;
	size_t step = SEGMENT / tensor_type_elements(type) * tensor_type_size(type);
	float values[SEGMENT], largest = 0;

	for (size_t i = 0; i < to->columns; i += SEGMENT) {
		size_t count = to->columns - i < SEGMENT ? to->columns - i : SEGMENT, bad;

		widen(type, at + i / SEGMENT * step, count, values);
		bad = finite_check(values, count);
		if (bad < count)
			found_bad(p, row, i + bad);
		for (size_t j = 0; j < bad; j++)
			largest = fmaxf(largest, fabsf(values[j]));
	}
	packed_set_largest(to, place, largest);
	for (size_t i = 0; atomic_load(&p->bad) == UINT64_MAX && i < to->columns; i += SEGMENT) {
		size_t count = to->columns - i < SEGMENT ? to->columns - i : SEGMENT;

		widen(type, at + i / SEGMENT * step, count, values);
		packed_put_floats(to, place, i, count, values);
	}
	explicit_bzero(values, sizeof values);
}

static bool is_kept(const struct piece *p, const struct packed *to)
{
	return kinds[p->tensor->type].is_same && kinds[p->tensor->type].packed == to->type;
}

static void put_rows(void *context, unsigned worker, size_t first, size_t last)
{
	struct piece *p = context;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const uint8_t *at = (const uint8_t *)p->placing->room + i * p->bytes;
		size_t place, bad;
		struct packed *to = find_place(p, p->first + i, &place);

		if (!is_kept(p, to)) {
			if (to->type == PACKED_W8)
				put_by_row(p, to, p->first + i, place, at);
			else
				put_widened(p, to, p->first + i, place, at);
			continue;
		}
		bad = first_unfinite(p->tensor->type, at, to->columns);
		if (bad < to->columns)
			found_bad(p, p->first + i, bad);
		packed_put(to, place, 0, to->columns, at);
	}
}

/* A row of the file is a column of the matrix: as it is. */
static void put_columns(void *context, unsigned worker, size_t first, size_t last)
{
	struct piece *p = context;
	size_t outputs = (size_t)p->tensor->shape[1], size = tensor_type_size(p->tensor->type);

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const uint8_t *at = (const uint8_t *)p->placing->room + i * p->bytes;
		size_t bad = first_unfinite(p->tensor->type, at, outputs);

		if (bad < outputs)
			found_bad(p, p->first + i, bad);
		for (unsigned part = 0; part < p->count; part++) {
			packed_put_column(p->parts[part], p->first + i, at);
			at += p->parts[part]->rows * size;
		}
	}
}

/* Of outputs [first, last) those inputs that are in the room, which make at most one block. */
static void put_turned(void *context, unsigned worker, size_t first, size_t last)
{
	struct piece *p = context;
	size_t size = tensor_type_size(p->tensor->type), inputs = (size_t)p->tensor->shape[0];
	size_t count = inputs - p->first < PACKED_BLOCK ? inputs - p->first : PACKED_BLOCK;
	float values[PACKED_BLOCK];

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const uint8_t *at = (const uint8_t *)p->placing->room + i * size;
		size_t place, bad;
		struct packed *to = find_place(p, i, &place);

		for (size_t j = 0; j < count; j++)
			widen(p->tensor->type, at + j * p->bytes, 1, values + j);
		bad = finite_check(values, count);
		if (bad < count)
			found_bad(p, p->first + bad, i);
		else
			put_floats(to, place, p->first, values, count);
	}
	explicit_bzero(values, sizeof values);
}

static void share(const struct placing *p, size_t count, size_t bytes, pool_part_fn *part,
		  struct piece *piece)
{
	if (!p->pool || bytes < SHARED_FROM)
		part(piece, 0, 0, count);
	else
		pool_share(p->pool, count, GRAIN, part, piece);
}

static enum err check_piece(struct piece *p)
{
	uint64_t bad = atomic_load(&p->bad);

	if (bad == UINT64_MAX)
		return OK;
	return failure(ERR_FORMAT,
		       "weights: tensor \"%.120s\" holds a value that is not a number or not "
		       "finite (element %llu): the file was made wrongly",
		       p->tensor->name, (unsigned long long)bad);
}

/* Rows of the file that are in the room at a time. */
static size_t rows_at_a_time(const struct piece *p, bool is_turned)
{
	size_t most = p->placing->room_bytes / p->bytes;

	return is_turned && most > PACKED_BLOCK ? PACKED_BLOCK : most;
}

enum err place_matrix(const struct placing *placing, const struct tensor *t,
		      enum family_layout layout, struct packed *const *parts, unsigned count)
{
	struct piece p = {placing, t, layout, parts, count, row_bytes(t), 0, UINT64_MAX};
	bool is_turned = layout == FAMILY_TRANSPOSED && !is_kept(&p, parts[0]);
	size_t rows = (size_t)t->shape[0], most = rows_at_a_time(&p, is_turned);

	assert(most > 0 && placing->room_bytes >= place_room(t, layout));
	for (size_t step; p.first < rows; p.first += step) {
		step = rows - p.first < most ? rows - p.first : most;
		TRY(weights_read_bytes(placing->weights, t, placing->room, step * p.bytes,
				       (uint64_t)p.first * p.bytes));
		if (is_turned)
			share(placing, (size_t)t->shape[1], step * p.bytes, put_turned, &p);
		else
			share(placing, step, step * p.bytes,
			      layout == FAMILY_TRANSPOSED ? put_columns : put_rows, &p);
		TRY(check_piece(&p));
	}
	return OK;
}

enum err place_floats(const struct placing *placing, const struct tensor *t,
		      enum family_layout layout, float *out)
{
	bool is_moved = layout == FAMILY_INTERLEAVED || layout == FAMILY_PAIRED;
	float *values = is_moved ? placing->room : out;
	struct packed whole = {.rows = (size_t)t->count};
	struct packed thirds = {.rows = (size_t)t->count / PLACE_PARTS};
	struct packed seconds = thirds, lasts = thirds;
	struct packed *const of_one[] = {&whole}, *const of_three[] = {&thirds, &seconds, &lasts};
	struct piece p = {placing, t, layout, layout == FAMILY_PAIRED ? of_one : of_three,
			  0,       0, 0,      UINT64_MAX};
	size_t bad, place;

	assert(!is_moved || placing->room_bytes >= t->count * sizeof *out);
	TRY(weights_read(placing->weights, t, values));
	bad = finite_check(values, (size_t)t->count);
	if (bad < t->count) {
		p.bad = bad;
		return check_piece(&p);
	}
	for (size_t i = 0; is_moved && i < t->count; i++) {
		const struct packed *part = find_place(&p, i, &place);
		size_t before = part == &seconds ? thirds.rows
				: part == &lasts ? 2 * thirds.rows
						 : 0;

		out[before + place] = values[i];
	}
	return OK;
}
