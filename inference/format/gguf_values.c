/* SPDX-License-Identifier: Apache-2.0 */
/* What a GGUF file's metadata says, and its tensors by name. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/gguf_parts.h"

enum { SHOWN = 80 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are read as they lie");

uint64_t gguf_little(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size);
	return value;
}

size_t gguf_type_size(enum gguf_type type)
{
	switch (type) {
	case GGUF_U8:
	case GGUF_I8:
	case GGUF_BOOL:
		return 1;
	case GGUF_U16:
	case GGUF_I16:
		return 2;
	case GGUF_U32:
	case GGUF_I32:
	case GGUF_F32:
		return 4;
	case GGUF_U64:
	case GGUF_I64:
	case GGUF_F64:
		return 8;
	case GGUF_TEXT:
	case GGUF_ARRAY:
		return 0;
	}
	return 0;
}

int gguf_compare_keys(const void *a, const void *b)
{
	const struct gguf_pair *x = a;
	const struct gguf_pair *y = b;

	return strcmp(x->key, y->key);
}

const char *gguf_name(const struct gguf *g)
{
	return g->file;
}

static const struct gguf_pair *find(const struct gguf *g, const char *key)
{
	struct gguf_pair wanted = {.key = key};

	return bsearch(&wanted, g->pairs, g->pair_count, sizeof *g->pairs, gguf_compare_keys);
}

static enum err look_up(const struct gguf *g, const char *key, const struct gguf_pair **out)
{
	*out = find(g, key);
	if (!*out)
		return failure(ERR_NOT_FOUND, "%s: key \"%s\" is missing", g->file, key);
	return OK;
}

static enum err refuse(const struct gguf *g, const struct gguf_pair *pair, const char *wanted)
{
	return failure(ERR_FORMAT, "%s: at byte %zu: key \"%s\" is not %s", g->file, pair->at,
		       pair->key, wanted);
}

static bool is_integer(enum gguf_type type)
{
	return type != GGUF_F32 && type != GGUF_F64 && type != GGUF_TEXT && type != GGUF_ARRAY;
}

static int64_t integer_of(const uint8_t *at, enum gguf_type type)
{
	size_t size = gguf_type_size(type);
	uint64_t bits = gguf_little(at, size);

	switch (type) {
	case GGUF_I8:
		return (int8_t)bits;
	case GGUF_I16:
		return (int16_t)bits;
	case GGUF_I32:
		return (int32_t)bits;
	case GGUF_U64:
		return bits > INT64_MAX ? 0 : (int64_t)bits;
	case GGUF_U8:
	case GGUF_U16:
	case GGUF_U32:
	case GGUF_BOOL:
	case GGUF_I64:
		return (int64_t)bits;
	case GGUF_F32:
	case GGUF_F64:
	case GGUF_TEXT:
	case GGUF_ARRAY:
		return 0;
	}
	return 0;
}

static double real_of(const uint8_t *at, enum gguf_type type)
{
	double real;
	float single;

	if (type == GGUF_F64) {
		memcpy(&real, at, sizeof real);
		return real;
	}
	if (type == GGUF_F32) {
		memcpy(&single, at, sizeof single);
		return single;
	}
	return (double)integer_of(at, type);
}

bool gguf_has(const struct gguf *g, const char *key)
{
	return find(g, key) != NULL;
}

enum err gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out)
{
	const struct gguf_pair *pair;
	int64_t value;

	TRY(look_up(g, key, &pair));
	if (pair->is_array || !is_integer(pair->type) || pair->type == GGUF_BOOL)
		return refuse(g, pair, "an integer");
	value = integer_of(g->header.data + pair->at, pair->type);
	if (value < 0 || value > UINT32_MAX)
		return refuse(g, pair, "within 0 to 4294967295");
	*out = (uint32_t)value;
	return OK;
}

enum err gguf_get_f32(const struct gguf *g, const char *key, float *out)
{
	const struct gguf_pair *pair;
	double value;

	TRY(look_up(g, key, &pair));
	if (pair->is_array || (pair->type != GGUF_F32 && pair->type != GGUF_F64))
		return refuse(g, pair, "a real number");
	value = real_of(g->header.data + pair->at, pair->type);
	if (!isfinite(value) || fabs(value) > 3.4e38)
		return refuse(g, pair, "a finite number");
	*out = (float)value;
	return OK;
}

enum err gguf_get_bool(const struct gguf *g, const char *key, bool *out)
{
	const struct gguf_pair *pair;

	TRY(look_up(g, key, &pair));
	if (pair->is_array || pair->type != GGUF_BOOL)
		return refuse(g, pair, "true or false");
	*out = g->header.data[pair->at] == 1;
	return OK;
}

enum err gguf_get_text(const struct gguf *g, const char *key, struct slice *out)
{
	const struct gguf_pair *pair;

	TRY(look_up(g, key, &pair));
	if (pair->is_array || pair->type != GGUF_TEXT)
		return refuse(g, pair, "a text");
	*out = slice_of(g->header.data + pair->at, pair->size);
	return OK;
}

static struct gguf_array array_of(const struct gguf *g, const struct gguf_pair *pair)
{
	return (struct gguf_array){pair->type, pair->count,
				   slice_of(g->header.data + pair->at, pair->size)};
}

enum err gguf_get_array(const struct gguf *g, const char *key, struct gguf_array *out)
{
	const struct gguf_pair *pair;

	TRY(look_up(g, key, &pair));
	if (!pair->is_array || pair->type == GGUF_TEXT)
		return refuse(g, pair, "a list of numbers");
	*out = array_of(g, pair);
	return OK;
}

enum err gguf_get_texts(const struct gguf *g, const char *key, struct gguf_array *out)
{
	const struct gguf_pair *pair;

	TRY(look_up(g, key, &pair));
	if (!pair->is_array || pair->type != GGUF_TEXT)
		return refuse(g, pair, "a list of texts");
	*out = array_of(g, pair);
	return OK;
}

int64_t gguf_integer_at(const struct gguf_array *array, uint64_t i)
{
	assert(i < array->count && array->type != GGUF_TEXT);
	return integer_of(array->rest.data + i * gguf_type_size(array->type), array->type);
}

double gguf_real_at(const struct gguf_array *array, uint64_t i)
{
	assert(i < array->count && array->type != GGUF_TEXT);
	return real_of(array->rest.data + i * gguf_type_size(array->type), array->type);
}

bool gguf_next_text(struct gguf_array *array, struct slice *out)
{
	size_t size;

	assert(array->type == GGUF_TEXT);
	if (array->rest.size == 0)
		return false;
	size = (size_t)gguf_little(array->rest.data, 8); /* checked when it was read */
	*out = slice_of(array->rest.data + 8, size);
	array->rest = slice_part(array->rest, 8 + size, SIZE_MAX);
	return true;
}

size_t gguf_key_count(const struct gguf *g)
{
	return g->pair_count;
}

const char *gguf_key_at(const struct gguf *g, size_t i)
{
	assert(i < g->pair_count);
	return g->pairs[i].key;
}

bool gguf_is_empty_at(const struct gguf *g, size_t i)
{
	const struct gguf_pair *pair = &g->pairs[i];

	if (pair->is_array)
		return pair->count == 0;
	if (pair->type == GGUF_TEXT)
		return pair->size == 0;
	for (size_t j = 0; j < pair->size; j++)
		if (g->header.data[pair->at + j] != 0)
			return false;
	return true;
}

void gguf_show_at(const struct gguf *g, size_t i, char out[84])
{
	const struct gguf_pair *pair = &g->pairs[i];
	const uint8_t *at = g->header.data + pair->at;
	size_t size = pair->size < SHOWN - 2 ? pair->size : SHOWN - 2;

	if (pair->is_array) {
		snprintf(out, 84, "a list of %" PRIu64, pair->count);
		return;
	}
	if (pair->type != GGUF_TEXT) {
		if (pair->type == GGUF_BOOL)
			snprintf(out, 84, "%s", *at ? "true" : "false");
		else
			snprintf(out, 84, "%.9g", real_of(at, pair->type));
		return;
	}
	for (size_t j = 0; j < size; j++)
		out[1 + j] = (char)(at[j] < ' ' || at[j] > '~' ? '?' : at[j]);
	out[0] = '"';
	out[1 + size] = '"';
	out[2 + size] = '\0';
}

size_t gguf_tensor_count(const struct gguf *g)
{
	return g->tensor_count;
}

const struct tensor *gguf_tensor_at(const struct gguf *g, size_t i)
{
	assert(i < g->tensor_count);
	return &g->tensors[i];
}

static int by_name(const void *a, const void *b)
{
	const struct tensor *const *x = a;
	const struct tensor *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

const struct tensor *gguf_find_tensor(const struct gguf *g, const char *name)
{
	struct tensor key = {.name = name};
	const struct tensor *wanted = &key;
	const struct tensor **found = bsearch(&wanted, g->by_name, g->tensor_count,
					      sizeof *g->by_name, by_name);

	return found ? *found : NULL;
}
