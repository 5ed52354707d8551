/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/packed.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "inference/format/widen.h"
#include "inference/kernel/packed_k.h"

enum { GROUP = 4 /* columns that lie side by side in a quantized panel */ };

static const struct {
	const char *name;
	size_t element; /* bytes; 0: in blocks */
	size_t block;   /* bytes of one in a file */
	size_t panel;   /* of sixteen in memory, without scales; of Q4_K and Q6_K with them */
} types[PACKED_TYPES] = {
	[PACKED_F32] = {"F32", 4, 0, 0},
	[PACKED_BF16] = {"BF16", 2, 0, 0},
	[PACKED_F16] = {"F16", 2, 0, 0},
	[PACKED_Q8_0] = {"Q8_0", 0, 2 + PACKED_BLOCK, PACKED_Q8_BYTES},
	[PACKED_Q4_0] = {"Q4_0", 0, 2 + PACKED_BLOCK / 2, PACKED_Q4_BYTES},
	[PACKED_W8] = {"W8", 0, PACKED_BLOCK, PACKED_Q8_BYTES},
	[PACKED_Q4_K] = {"Q4_K", 0, 144, PACKED_Q4_K_BYTES},
	[PACKED_Q6_K] = {"Q6_K", 0, 210, PACKED_Q6_K_BYTES},
};

const char *packed_type_name(enum packed_type type)
{
	return types[type].name;
}

bool packed_is_quantized(enum packed_type type)
{
	return types[type].element == 0;
}

bool packed_is_k(enum packed_type type)
{
	return type == PACKED_Q4_K || type == PACKED_Q6_K;
}

size_t packed_row_bytes(enum packed_type type, size_t columns)
{
	if (packed_is_k(type))
		return columns / PACKED_K_COLUMNS * types[type].block;

	return packed_is_quantized(type) ? columns / PACKED_BLOCK * types[type].block
					 : columns * types[type].element;
}

/* Of a panel of W8, without its scales. */
static size_t w8_bytes(size_t columns)
{
	size_t two = 2 * PACKED_BLOCK;

	return (columns + two - 1) / two * two * PACKED_PANEL;
}

/* Do two panels share their lines? */
static bool is_in_pairs(enum packed_type type)
{
	return types[type].element == sizeof(uint16_t);
}

size_t packed_panel_bytes(enum packed_type type, size_t columns)
{
	size_t bytes = packed_row_bytes(type, columns) * PACKED_PANEL;

	if (type == PACKED_W8)
		return w8_bytes(columns) + PACKED_PANEL * sizeof(float);
	if (packed_is_k(type))
		return columns / PACKED_K_COLUMNS * types[type].panel;
	if (is_in_pairs(type))
		return bytes;
	return (bytes + PACKED_LINE - 1) / PACKED_LINE * PACKED_LINE;
}

static size_t panels_of(size_t rows)
{
	return (rows + PACKED_PANEL - 1) / PACKED_PANEL;
}

size_t packed_bytes(enum packed_type type, size_t rows, size_t columns)
{
	size_t panels = panels_of(rows);

	return (is_in_pairs(type) ? panels + panels % 2 : panels) *
	       packed_panel_bytes(type, columns);
}

size_t packed_panels(const struct packed *p)
{
	return panels_of(p->rows);
}

static size_t panel_at(const struct packed *p, size_t i)
{
	size_t bytes = packed_panel_bytes(p->type, p->columns);

	return is_in_pairs(p->type) ? i / 2 * 2 * bytes + i % 2 * PACKED_LINE / 2 : i * bytes;
}

const uint8_t *packed_panel(const struct packed *p, size_t i)
{
	return p->data + panel_at(p, i);
}

static uint8_t *panel_of_row(const struct packed *p, size_t row)
{
	return p->data + panel_at(p, row / PACKED_PANEL);
}

/* Four bytes at a time; those of Q8_0 become unsigned. */
static void put_group(uint8_t *to, const uint8_t *from, uint32_t flip)
{
	uint32_t group;

	memcpy(&group, from, sizeof group);
	group ^= flip;
	memcpy(to, &group, sizeof group);
}

static void put_block(struct packed *p, size_t row, size_t block, const uint8_t *elements)
{
	size_t lane = row % PACKED_PANEL, bytes = types[p->type].panel;
	uint8_t *panel = panel_of_row(p, row);
	uint8_t *to = panel + packed_block_at(p->type, block) + lane * GROUP;
	uint8_t *scale = panel + packed_scales_at(p->type, block) + lane * 2;
	uint32_t flip = p->type == PACKED_Q8_0 ? 0x80808080U : 0;

	memcpy(scale, elements, 2);
	for (size_t i = 0; i < bytes / PACKED_PANEL; i += GROUP)
		put_group(to + i * PACKED_PANEL, elements + 2 + i, flip);
}

/* Superblock i of a row, in its panel. */
static uint8_t *superblock_of(const struct packed *p, size_t row, size_t i)
{
	return panel_of_row(p, row) + i * types[p->type].panel;
}

static void put_superblocks(struct packed *p, size_t row, size_t first, size_t count,
			    const uint8_t *elements)
{
	for (size_t i = 0; i < count; i++)
		packed_k_put(p->type, superblock_of(p, row, first + i), row % PACKED_PANEL,
			     elements + i * types[p->type].block);
}

void packed_put(struct packed *p, size_t row, size_t column, size_t count, const uint8_t *elements)
{
	size_t size = types[p->type].element, block = types[p->type].block;
	uint8_t *to = panel_of_row(p, row) + column * PACKED_LINE + row % PACKED_PANEL * size;

	assert(row < p->rows && column <= p->columns && count <= p->columns - column);
	if (packed_is_k(p->type)) {
		put_superblocks(p, row, column / PACKED_K_COLUMNS, count / PACKED_K_COLUMNS,
				elements);
		return;
	}
	for (size_t i = 0; block && i < count / PACKED_BLOCK; i++)
		put_block(p, row, column / PACKED_BLOCK + i, elements + i * block);
	if (size == sizeof(uint16_t))
		for (size_t i = 0; i < count; i++)
			memcpy(to + i * PACKED_LINE, elements + i * 2, 2);
	if (size == sizeof(float))
		for (size_t i = 0; i < count; i++)
			memcpy(to + i * PACKED_LINE, elements + i * 4, 4);
}

void packed_put_column(struct packed *p, size_t column, const uint8_t *elements)
{
	size_t size = types[p->type].element;

	assert(size && column < p->columns);
	for (size_t row = 0; row < p->rows; row += PACKED_PANEL) {
		size_t count = p->rows - row < PACKED_PANEL ? p->rows - row : PACKED_PANEL;

		memcpy(panel_of_row(p, row) + column * PACKED_LINE, elements + row * size,
		       count * size);
	}
}

static float *w8_scales(const struct packed *p, size_t panel)
{
	return (float *)(void *)(p->data + panel * packed_panel_bytes(p->type, p->columns) +
				 w8_bytes(p->columns));
}

const float *packed_row_scales(const struct packed *p, size_t i)
{
	return w8_scales(p, i);
}

void packed_set_largest(struct packed *p, size_t row, float largest)
{
	w8_scales(p, row / PACKED_PANEL)[row % PACKED_PANEL] = largest / 127;
}

void packed_put_floats(struct packed *p, size_t row, size_t column, size_t count,
		       const float *values)
{
	uint8_t *to = panel_of_row(p, row) + row % PACKED_PANEL * GROUP;
	float scale = w8_scales(p, row / PACKED_PANEL)[row % PACKED_PANEL];
	float inverse = scale > 0 ? 1 / scale : 0;

	assert(p->type == PACKED_W8 && column % GROUP == 0 && count <= p->columns - column);
	for (size_t i = 0; i < count; i++) {
		size_t at = column + i;
		int value = (int)nearbyintf(values[i] * inverse);

		value = value > 127 ? 127 : value < -127 ? -127 : value;
		to[at / GROUP * GROUP * PACKED_PANEL + at % GROUP] = (uint8_t)(value +
									       PACKED_Q8_ZERO);
	}
}

/* The largest magnitude, with its sign. */
static float largest(const float *values)
{
	float most = 0;

	for (size_t i = 0; i < PACKED_BLOCK; i++)
		most = fabsf(values[i]) > fabsf(most) ? values[i] : most;
	return most;
}

static void quantize_q8_0(const float *values, uint8_t *block)
{
	float scale = fabsf(largest(values)) / 127;
	float inverse = scale != 0 ? 1 / scale : 0;
	uint16_t half = narrow_f16(scale);

	memcpy(block, &half, sizeof half);
	for (size_t i = 0; i < PACKED_BLOCK; i++)
		block[2 + i] = (uint8_t)(int8_t)roundf(values[i] * inverse);
}

static unsigned nibble_of(float value, float inverse)
{
	int q = (int8_t)(value * inverse + 8.5f);

	return q < 15 ? (unsigned)q : 15;
}

static void quantize_q4_0(const float *values, uint8_t *block)
{
	float scale = largest(values) / -8;
	float inverse = scale != 0 ? 1 / scale : 0;
	uint16_t half = narrow_f16(scale);

	memcpy(block, &half, sizeof half);
	for (size_t i = 0; i < PACKED_BLOCK / 2; i++)
		block[2 + i] = (uint8_t)(nibble_of(values[i], inverse) |
					 nibble_of(values[i + PACKED_BLOCK / 2], inverse) << 4);
}

void packed_quantize(enum packed_type type, const float *values, uint8_t *block)
{
	assert(type == PACKED_Q8_0 || type == PACKED_Q4_0);
	if (type == PACKED_Q8_0)
		quantize_q8_0(values, block);
	else
		quantize_q4_0(values, block);
}

static float scale_at(const struct packed *p, size_t row, size_t block)
{
	uint16_t scale;

	memcpy(&scale,
	       panel_of_row(p, row) + packed_scales_at(p->type, block) + row % PACKED_PANEL * 2,
	       sizeof scale);
	return widen_f16(scale);
}

/* Of one row of a panel, the byte with column `column` of a block. */
static uint8_t byte_at(const uint8_t *block, size_t lane, size_t column)
{
	return block[column / GROUP * GROUP * PACKED_PANEL + lane * GROUP + column % GROUP];
}

static void row_of_q8_0(const struct packed *p, size_t row, float *out)
{
	const uint8_t *panel = panel_of_row(p, row);

	for (size_t i = 0; i < p->columns; i++) {
		const uint8_t *block = panel + packed_block_at(p->type, i / PACKED_BLOCK);
		int q = byte_at(block, row % PACKED_PANEL, i % PACKED_BLOCK) - PACKED_Q8_ZERO;

		out[i] = scale_at(p, row, i / PACKED_BLOCK) * (float)q;
	}
}

static void row_of_q4_0(const struct packed *p, size_t row, float *out)
{
	const uint8_t *panel = panel_of_row(p, row);

	for (size_t i = 0; i < p->columns; i++) {
		const uint8_t *block = panel + packed_block_at(p->type, i / PACKED_BLOCK);
		size_t within = i % PACKED_BLOCK;
		int both = byte_at(block, row % PACKED_PANEL, within % (PACKED_BLOCK / 2));
		int q = (within < PACKED_BLOCK / 2 ? both & 15 : both >> 4) - PACKED_Q4_ZERO;

		out[i] = scale_at(p, row, i / PACKED_BLOCK) * (float)q;
	}
}

static void row_of_w8(const struct packed *p, size_t row, float *out)
{
	const uint8_t *panel = panel_of_row(p, row);
	float scale = w8_scales(p, row / PACKED_PANEL)[row % PACKED_PANEL];

	for (size_t i = 0; i < p->columns; i++)
		out[i] = scale * (float)(byte_at(panel, row % PACKED_PANEL, i) - PACKED_Q8_ZERO);
}

static uint16_t half_at(const uint8_t *panel, size_t lane, size_t column)
{
	uint16_t bits;

	memcpy(&bits, panel + column * PACKED_LINE + lane * sizeof bits, sizeof bits);
	return bits;
}

void packed_row(const struct packed *p, size_t row, float *out)
{
	const uint8_t *panel = panel_of_row(p, row);
	size_t lane = row % PACKED_PANEL;

	assert(row < p->rows);
	switch (p->type) {
	case PACKED_F32:
		for (size_t i = 0; i < p->columns; i++)
			memcpy(out + i, panel + i * PACKED_LINE + lane * sizeof *out, sizeof *out);
		return;
	case PACKED_BF16:
		for (size_t i = 0; i < p->columns; i++)
			out[i] = widen_bf16(half_at(panel, lane, i));
		return;
	case PACKED_F16:
		for (size_t i = 0; i < p->columns; i++)
			out[i] = widen_f16(half_at(panel, lane, i));
		return;
	case PACKED_Q8_0:
		row_of_q8_0(p, row, out);
		return;
	case PACKED_Q4_0:
		row_of_q4_0(p, row, out);
		return;
	case PACKED_W8:
		row_of_w8(p, row, out);
		return;
	case PACKED_Q4_K:
	case PACKED_Q6_K:
		for (size_t i = 0; i < p->columns / PACKED_K_COLUMNS; i++)
			packed_k_row(p->type, superblock_of(p, row, i), lane,
				     out + i * PACKED_K_COLUMNS);
		return;
	}
}
