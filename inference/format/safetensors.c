/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/safetensors.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/format/json.h"

enum { LENGTH_SIZE = 8, NAME_SHOWN = 120 };

struct safetensors {
	json_t *header; /* owns the names */
	struct tensor *tensors;
	const struct tensor **by_name;
	size_t count;
};

static enum err refuse(const char *name, const char *why)
{
	return failure(ERR_FORMAT, "safetensors: tensor \"%.*s\": %s", NAME_SHOWN, name, why);
}

static enum err refuse_at(const struct tensor *t, const char *why, uint64_t offset)
{
	return failure(ERR_FORMAT, "safetensors: tensor \"%.*s\": %s, at byte %llu", NAME_SHOWN,
		       t->name, why, (unsigned long long)offset);
}

static enum err parse_type(struct tensor *t, const json_t *value)
{
	const char *name = json_string_value(value);

	if (!name)
		return refuse(t->name, "\"dtype\" is missing or not a string");
	if (tensor_type_of_name(&t->type, name) && tensor_type_elements(t->type) == 1)
		return OK;
	return failure(ERR_FORMAT, "safetensors: tensor \"%.*s\": \"dtype\" is \"%.*s\", unknown",
		       NAME_SHOWN, t->name, NAME_SHOWN, name);
}

/* Sets shape, count and size; the product of the shape must stay within what a file can have. */
static enum err parse_shape(struct tensor *t, const json_t *value)
{
	if (!json_is_array(value))
		return refuse(t->name, "\"shape\" is missing or not a list");
	if (json_array_size(value) > TENSOR_MAX_RANK)
		return refuse(t->name, "more dimensions than 8");
	t->rank = (unsigned)json_array_size(value);
	t->count = 1;
	for (unsigned i = 0; i < t->rank; i++) {
		TRY(json_read_integer(&t->shape[i], json_array_get(value, i), INT64_MAX,
				      "safetensors", "shape"));
		if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
			return refuse(t->name, "the product of its shape overflows");
	}
	if (__builtin_mul_overflow(t->count, tensor_type_size(t->type), &t->size))
		return refuse(t->name, "its size overflows");
	return OK;
}

static enum err parse_offsets(struct tensor *t, const json_t *value, uint64_t data_start,
			      uint64_t data_size)
{
	uint64_t begin;
	uint64_t end;

	if (!json_is_array(value) || json_array_size(value) != 2)
		return refuse(t->name, "\"data_offsets\" is missing or not a pair");
	TRY(json_read_integer(&begin, json_array_get(value, 0), INT64_MAX, "safetensors",
			      "data_offsets"));
	TRY(json_read_integer(&end, json_array_get(value, 1), INT64_MAX, "safetensors",
			      "data_offsets"));
	if (begin > end)
		return refuse_at(t, "it ends before it begins", data_start + begin);
	if (end > data_size)
		return refuse_at(t, "it goes beyond the end of the file", data_start + begin);
	if (end - begin != t->size)
		return refuse_at(t, "its offsets do not match its shape and type",
				 data_start + begin);
	t->offset = data_start + begin;
	return OK;
}

static enum err parse_tensor(struct tensor *t, const json_t *value, uint64_t data_start,
			     uint64_t data_size)
{
	if (!json_is_object(value) || json_object_size(value) != 3)
		return refuse(t->name, "not an object of dtype, shape and data_offsets");
	TRY(parse_type(t, json_object_get(value, "dtype")));
	TRY(parse_shape(t, json_object_get(value, "shape")));
	return parse_offsets(t, json_object_get(value, "data_offsets"), data_start, data_size);
}

static enum err check_metadata(const json_t *value)
{
	const char *key;
	json_t *text;

	if (!json_is_object(value))
		return failure(ERR_FORMAT, "safetensors: \"__metadata__\" is not an object");
	json_object_foreach((json_t *)(uintptr_t)value, key, text)
	{
		if (!json_is_string(text))
			return failure(ERR_FORMAT, "safetensors: metadata \"%.*s\" is not a text",
				       NAME_SHOWN, key);
	}
	return OK;
}

static int by_offset(const void *a, const void *b)
{
	const struct tensor *x = a;
	const struct tensor *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size); /* empty ones first */
}

static int by_name(const void *a, const void *b)
{
	const struct tensor *const *x = a;
	const struct tensor *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Sorted by offset, each tensor must begin where the one before it ended. */
static enum err check_coverage(const struct safetensors *s, uint64_t data_start, uint64_t file_size)
{
	uint64_t expected = data_start;

	for (size_t i = 0; i < s->count; i++) {
		const struct tensor *t = &s->tensors[i];

		if (t->offset < expected)
			return refuse_at(t, "it overlaps another tensor", t->offset);
		if (t->offset > expected)
			return refuse_at(t, "bytes before it belong to no tensor", t->offset);
		expected = t->offset + t->size;
	}
	if (expected != file_size)
		return failure(ERR_FORMAT,
			       "safetensors: %llu bytes at the end, from byte %llu on, belong to "
			       "no tensor",
			       (unsigned long long)(file_size - expected),
			       (unsigned long long)expected);
	return OK;
}

static enum err parse_tensors(struct safetensors *s, uint64_t data_start, uint64_t file_size)
{
	size_t entries = json_object_size(s->header);
	const char *key;
	json_t *value;

	if (entries > SAFETENSORS_MAX_TENSORS)
		return failure(ERR_LIMIT, "safetensors: more than %d tensors",
			       SAFETENSORS_MAX_TENSORS);
	s->tensors = calloc(entries + 1, sizeof *s->tensors);
	s->by_name = calloc(entries + 1, sizeof *s->by_name);
	assert(s->tensors && s->by_name);
	json_object_foreach(s->header, key, value)
	{
		struct tensor *t = &s->tensors[s->count];

		if (strcmp(key, "__metadata__") == 0) {
			TRY(check_metadata(value));
			continue;
		}
		t->name = key;
		TRY(parse_tensor(t, value, data_start, file_size - data_start));
		s->count++;
	}
	qsort(s->tensors, s->count, sizeof *s->tensors, by_offset);
	for (size_t i = 0; i < s->count; i++)
		s->by_name[i] = &s->tensors[i];
	qsort(s->by_name, s->count, sizeof *s->by_name, by_name);
	return check_coverage(s, data_start, file_size);
}

static enum err read_header(json_t **out, uint64_t *data_start, struct weight_source *source)
{
	AUTO(buf_free) struct buf text = buf_new(SAFETENSORS_MAX_HEADER);
	uint8_t length[LENGTH_SIZE];
	uint64_t size = 0;
	uint8_t *room;

	if (source->size < LENGTH_SIZE)
		return failure(ERR_FORMAT, "safetensors: shorter than the length of its header");
	TRY(source->read(source, length, sizeof length, 0));
	for (int i = LENGTH_SIZE - 1; i >= 0; i--)
		size = size << 8 | length[i];
	if (size > SAFETENSORS_MAX_HEADER)
		return failure(ERR_LIMIT, "safetensors: a header of %llu bytes, at most %d read",
			       (unsigned long long)size, SAFETENSORS_MAX_HEADER);
	if (size > source->size - LENGTH_SIZE)
		return failure(ERR_FORMAT, "safetensors: the header is longer than the file");
	room = buf_reserve(&text, (size_t)size);
	TRY(source->read(source, room, (size_t)size, LENGTH_SIZE));
	buf_commit(&text, (size_t)size);
	if (size == 0 || room[0] != '{')
		return failure(ERR_FORMAT, "safetensors: the header does not begin with {");
	*data_start = LENGTH_SIZE + size;
	return json_read_object(out, buf_slice(&text), "safetensors header");
}

enum err safetensors_open(struct safetensors **out, struct weight_source *source)
{
	AUTO(safetensors_auto) struct safetensors *s = calloc(1, sizeof *s);
	uint64_t data_start = 0;

	assert(s);
	TRY(read_header(&s->header, &data_start, source));
	TRY(parse_tensors(s, data_start, source->size));
	*out = s;
	s = NULL; /* given away */
	return OK;
}

void safetensors_free(struct safetensors *s)
{
	if (!s)
		return;
	json_decref(s->header);
	free(s->tensors);
	free(s->by_name);
	free(s);
}

size_t safetensors_count(const struct safetensors *s)
{
	return s->count;
}

const struct tensor *safetensors_at(const struct safetensors *s, size_t i)
{
	assert(i < s->count);
	return &s->tensors[i];
}

const struct tensor *safetensors_find(const struct safetensors *s, const char *name)
{
	struct tensor key = {.name = name};
	const struct tensor *wanted = &key;
	const struct tensor **found = bsearch(&wanted, s->by_name, s->count, sizeof *s->by_name,
					      by_name);

	return found ? *found : NULL;
}
