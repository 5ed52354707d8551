/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/place.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inference/format/blocks.h"
#include "inference/format/finite.h"
#include "inference/format/widen.h"

enum {
	PIECE = 256 << 10, /* bytes of a file in the room: it stays in the nearer caches */
	CHUNK = 64 << 10,  /* sealed files are opened by so many bytes at a time */
	STRETCH = 8 << 20, /* bytes that a thread takes: some, so that the chunks at both ends,
			    * which others open as well, are few */
	SEGMENT = 256,     /* elements that become floats at a time */
};

static const struct {
	enum packed_type packed;
	bool is_same; /* as it is stored */
} kinds[TENSOR_TYPE_COUNT] = {
	[TENSOR_F32] = {PACKED_F32, true},   [TENSOR_BF16] = {PACKED_BF16, true},
	[TENSOR_F16] = {PACKED_F16, true},   [TENSOR_Q8_0] = {PACKED_Q8_0, true},
	[TENSOR_Q4_0] = {PACKED_Q4_0, true}, [TENSOR_Q4_K] = {PACKED_Q4_K, true},
	[TENSOR_Q6_K] = {PACKED_Q6_K, true},
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
	least = least + CHUNK > PIECE ? least + CHUNK : PIECE;
	return t->size < least ? (size_t)t->size : least;
}

size_t place_stretch(const struct tensor *t)
{
	size_t blocks = STRETCH / PACKED_BLOCK / row_bytes(t);

	return (blocks ? blocks : 1) * PACKED_BLOCK;
}

/* One tensor on its way, and some rows of it that are in the room. */
struct piece {
	const struct placing *placing;
	const struct tensor *tensor;
	enum family_layout layout;
	struct packed *const *parts;
	unsigned count;
	size_t bytes;         /* of a row of the file */
	size_t first;         /* row of the file */
	const uint8_t *begin; /* where that is in the room */
	uint64_t bad;         /* the first element that is no number; UINT64_MAX: none */
};

static void found_bad(struct piece *p, size_t row, size_t column)
{
	uint64_t at = (uint64_t)row * p->tensor->shape[1] + column;

	p->bad = at < p->bad ? at : p->bad;
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

static size_t first_half(enum tensor_type type, const uint8_t *at, size_t count)
{
	size_t elements = tensor_type_elements(type), size = tensor_type_size(type);
	unsigned mask = type == TENSOR_BF16 ? 0x7f80 : 0x7c00, found = 0;

	for (size_t i = 0; i < count / elements; i++)
		found |= (half_at(at + i * size) & mask) == mask;
	for (size_t i = 0; found && i < count / elements; i++)
		if ((half_at(at + i * size) & mask) == mask)
			return i * elements;
	return count;
}

/* The first of `count` elements of a type that is kept as it is whose number is not finite; of
 * blocks, the first of the block. Where a block's halves stand: format/blocks.h. */
static size_t first_unfinite(enum tensor_type type, const uint8_t *at, size_t count)
{
	size_t first, second;

	if (type == TENSOR_F32)
		return finite_check((const float *)(const void *)at, count);
	if (type == TENSOR_Q6_K)
		return first_half(type, at + 208, count);
	first = first_half(type, at, count);
	if (type != TENSOR_Q4_K)
		return first;
	second = first_half(type, at + 2, count);
	return first < second ? first : second;
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
	for (size_t i = 0; p->bad == UINT64_MAX && i < to->columns; i += SEGMENT) {
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

static void put_rows(struct piece *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = p->begin + i * p->bytes;
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
static void put_columns(struct piece *p, size_t count)
{
	size_t outputs = (size_t)p->tensor->shape[1], size = tensor_type_size(p->tensor->type);

	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = p->begin + i * p->bytes;
		size_t bad = first_unfinite(p->tensor->type, at, outputs);

		if (bad < outputs)
			found_bad(p, p->first + i, bad);
		for (unsigned part = 0; part < p->count; part++) {
			packed_put_column(p->parts[part], p->first + i, at);
			at += p->parts[part]->rows * size;
		}
	}
}

/* Of all outputs `count` inputs, at most a block. */
static void put_turned(struct piece *p, size_t count)
{
	size_t size = tensor_type_size(p->tensor->type), outputs = (size_t)p->tensor->shape[1];
	float values[PACKED_BLOCK];

	for (size_t i = 0; i < outputs; i++) {
		const uint8_t *at = p->begin + i * size;
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

static enum err check_piece(const struct piece *p)
{
	if (p->bad == UINT64_MAX)
		return OK;
	return failure(ERR_FORMAT,
		       "weights: tensor \"%.120s\" holds a value that is not a number or not "
		       "finite (element %llu): the file was made wrongly",
		       p->tensor->name, (unsigned long long)p->bad);
}

/* So many rows are put together: of `held` bytes in the room, or, turned, a whole block. */
static size_t rows_ready(const struct piece *p, size_t held, size_t last, bool is_turned)
{
	size_t rows = held / p->bytes, left = last - p->first;

	if (!is_turned)
		return rows;
	if (rows >= PACKED_BLOCK)
		return PACKED_BLOCK;
	return rows == left ? rows : 0;
}

/* All whole rows of the room; what is left of the next one moves to its beginning. */
static enum err put_held(struct piece *p, size_t *held, size_t last)
{
	bool is_turned = p->layout == FAMILY_TRANSPOSED && !is_kept(p, p->parts[0]);
	uint8_t *room = p->placing->room;

	p->begin = room;
	for (size_t rows; (rows = rows_ready(p, *held, last, is_turned)) > 0; p->first += rows) {
		if (is_turned)
			put_turned(p, rows);
		else if (p->layout == FAMILY_TRANSPOSED)
			put_columns(p, rows);
		else
			put_rows(p, rows);
		p->begin += rows * p->bytes;
		*held -= rows * p->bytes;
	}
	memmove(room, p->begin, *held);
	return check_piece(p);
}

/* Who was told to stop says nothing of a tensor. */
static enum err about_tensor(enum err kind, const struct tensor *t)
{
	char why[FAILURE_MAX_TEXT];

	if (kind == OK || kind == ERR_CLOSED)
		return kind;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(kind, "weights: tensor \"%.120s\": %s", t->name, why);
}

/* From byte `at` of the tensor on, as much as there is room for, up to where a chunk of the file
 * ends: so none is opened twice. */
static uint64_t next_end(const struct piece *p, uint64_t at, size_t held, uint64_t end)
{
	uint64_t most = at + p->placing->room_bytes - held;
	uint64_t over = (p->tensor->offset + most) % CHUNK;

	if (most >= end)
		return end;
	return most - over > at ? most - over : most;
}

enum err place_rows(const struct placing *placing, const struct place_matrix *m, size_t first,
		    size_t last)
{
	const struct tensor *t = m->tensor;
	struct piece p = {.placing = placing,
			  .tensor = t,
			  .layout = m->layout,
			  .parts = m->parts,
			  .count = m->count,
			  .bytes = row_bytes(t),
			  .first = first,
			  .bad = UINT64_MAX};
	uint64_t at = (uint64_t)first * p.bytes, end = (uint64_t)last * p.bytes;
	size_t held = 0;

	assert(placing->room_bytes >= place_room(t, m->layout));
	for (uint64_t next; p.first < last; at = next) {
		next = next_end(&p, at, held, end);
		TRY(about_tensor(weights_read_bytes(placing->weights, t,
						    (uint8_t *)placing->room + held,
						    (size_t)(next - at), at),
				 t));
		held += (size_t)(next - at);
		TRY(put_held(&p, &held, last));
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
	struct piece p = {.placing = placing,
			  .tensor = t,
			  .layout = layout,
			  .parts = layout == FAMILY_PAIRED ? of_one : of_three,
			  .bad = UINT64_MAX};
	size_t bad, place;

	assert(!is_moved || placing->room_bytes >= t->count * sizeof *out);
	TRY(about_tensor(weights_read(placing->weights, t, values), t));
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
