/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header is read into memory in pieces, as far as it turns out to go; what was read beyond its
 * end are weights, and is wiped.
 *
 *	"GGUF", version, number of tensors, number of pairs
 *	a pair:   key, type, value       a text: its length in 8 bytes, then the bytes
 *	a tensor: name, rank, dimensions, type, offset from the beginning of the data
 *	padding, then the data
 */
#include "inference/format/gguf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/gguf_parts.h"

enum {
	VERSION_OLDEST = 2,
	VERSION_NEWEST = 3,
	DEFAULT_ALIGNMENT = 32,
	PIECE = 64 << 10,
	PAIR_LEAST = 8 + 1 + 4 + 1,       /* bytes that a pair takes at least */
	TENSOR_LEAST = 8 + 1 + 4 + 4 + 8, /* and a tensor's description */
};

/* Where reading stands. `at` is an offset in the file. */
struct cursor {
	struct gguf *g;
	struct weight_source *source;
	size_t at;
};

#define REFUSE(c, kind, offset, ...) refuse((c)->g, kind, offset, __VA_ARGS__)

__attribute__((format(printf, 4, 5))) static enum err
refuse(const struct gguf *g, enum err kind, uint64_t offset, const char *format, ...)
{
	char text[FAILURE_MAX_TEXT / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return failure(kind, "%s: at byte %llu: %s", g->file, (unsigned long long)offset, text);
}

/* The bytes [at, at + size) are in memory. */
static enum err need(struct cursor *c, uint64_t size)
{
	struct buf *header = &c->g->header;
	size_t missing;
	uint8_t *room;

	if (size > c->source->size - c->at)
		return REFUSE(c, ERR_FORMAT, c->at, "the file ends within its header");
	if (size > GGUF_MAX_HEADER - c->at)
		return REFUSE(c, ERR_LIMIT, c->at, "a header of more than %d bytes",
			      GGUF_MAX_HEADER);
	if (c->at + size <= header->size)
		return OK;
	missing = c->at + (size_t)size - header->size;
	if (missing < PIECE)
		missing = PIECE;
	if (missing > c->source->size - header->size)
		missing = (size_t)(c->source->size - header->size);
	if (missing > GGUF_MAX_HEADER - header->size)
		missing = GGUF_MAX_HEADER - header->size;
	room = buf_reserve(header, missing);
	TRY(c->source->read(c->source, room, missing, header->size));
	buf_commit(header, missing);
	return OK;
}

static enum err take(struct cursor *c, size_t size, uint64_t *out)
{
	TRY(need(c, size));
	*out = gguf_little(c->g->header.data + c->at, size);
	c->at += size;
	return OK;
}

/* A text of 1..limit bytes: *at and *size say where it is. */
static enum err take_text(struct cursor *c, const char *what, uint64_t limit, size_t *at,
			  size_t *size)
{
	size_t begin = c->at;
	uint64_t length;

	TRY(take(c, 8, &length));
	if (length > limit)
		return REFUSE(c, ERR_LIMIT, begin, "%s of %llu bytes, at most %llu are read", what,
			      (unsigned long long)length, (unsigned long long)limit);
	TRY(need(c, length));
	*at = c->at;
	*size = (size_t)length;
	c->at += (size_t)length;
	return OK;
}

/* The same, and it can be shown: printable ASCII. *out lives as long as the file. */
static enum err take_name(struct cursor *c, const char *what, uint64_t limit, const char **out)
{
	size_t at;
	size_t size;

	TRY(take_text(c, what, limit, &at, &size));
	if (size == 0)
		return REFUSE(c, ERR_FORMAT, at, "%s is empty", what);
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = c->g->header.data[at + i];

		if (byte <= ' ' || byte > '~')
			return REFUSE(c, ERR_FORMAT, at, "%s is not printable ASCII", what);
	}
	*out = arena_string(&c->g->names, slice_of(c->g->header.data + at, size));
	return OK;
}

static enum err take_type(struct cursor *c, enum gguf_type *out)
{
	size_t begin = c->at;
	uint64_t number;

	TRY(take(c, 4, &number));
	if (number > GGUF_F64)
		return REFUSE(c, ERR_FORMAT, begin, "a value of type %llu, which there is not",
			      (unsigned long long)number);
	*out = (enum gguf_type)number;
	return OK;
}

static enum err check_bools(struct cursor *c, const struct gguf_pair *pair)
{
	for (size_t i = 0; i < pair->size && pair->type == GGUF_BOOL; i++)
		if (c->g->header.data[pair->at + i] > 1)
			return REFUSE(c, ERR_FORMAT, pair->at + i,
				      "a bool that is neither 0 nor 1");
	return OK;
}

static enum err take_numbers(struct cursor *c, struct gguf_pair *pair)
{
	uint64_t size;

	if (__builtin_mul_overflow(pair->count, gguf_type_size(pair->type), &size))
		return REFUSE(c, ERR_FORMAT, c->at, "the size of a list overflows");
	TRY(need(c, size));
	pair->at = c->at;
	pair->size = (size_t)size;
	c->at += (size_t)size;
	return check_bools(c, pair);
}

static enum err take_array(struct cursor *c, struct gguf_pair *pair)
{
	size_t at;
	size_t size;

	pair->is_array = true;
	TRY(take_type(c, &pair->type));
	TRY(take(c, 8, &pair->count));
	if (pair->type == GGUF_ARRAY)
		return REFUSE(c, ERR_UNSUPPORTED, c->at, "a list of lists");
	if (pair->type != GGUF_TEXT)
		return take_numbers(c, pair);
	if (pair->count > (c->source->size - c->at) / 8)
		return REFUSE(c, ERR_FORMAT, c->at, "a list of %llu texts, longer than the file",
			      (unsigned long long)pair->count);
	pair->at = c->at;
	for (uint64_t i = 0; i < pair->count; i++)
		TRY(take_text(c, "a text", GGUF_MAX_TEXT, &at, &size));
	pair->size = c->at - pair->at;
	return OK;
}

static enum err take_pair(struct cursor *c, struct gguf_pair *pair)
{
	TRY(take_name(c, "a key", GGUF_MAX_KEY, &pair->key));
	TRY(take_type(c, &pair->type));
	pair->count = 1;
	if (pair->type == GGUF_ARRAY)
		return take_array(c, pair);
	if (pair->type == GGUF_TEXT)
		return take_text(c, "a text", GGUF_MAX_TEXT, &pair->at, &pair->size);
	return take_numbers(c, pair);
}

static enum err take_pairs(struct cursor *c, uint64_t count)
{
	struct gguf *g = c->g;

	if (count > GGUF_MAX_KEYS || count > (c->source->size - c->at) / PAIR_LEAST)
		return REFUSE(c, ERR_LIMIT, 16, "%llu keys, more than %d or than fit into the file",
			      (unsigned long long)count, GGUF_MAX_KEYS);
	g->pairs = calloc((size_t)count + 1, sizeof *g->pairs);
	assert(g->pairs);
	while (g->pair_count < count) {
		TRY(take_pair(c, &g->pairs[g->pair_count]));
		g->pair_count++;
	}
	qsort(g->pairs, g->pair_count, sizeof *g->pairs, gguf_compare_keys);
	for (size_t i = 1; i < g->pair_count; i++)
		if (gguf_compare_keys(&g->pairs[i - 1], &g->pairs[i]) == 0)
			return failure(ERR_FORMAT, "%s: key \"%s\" twice", g->file,
				       g->pairs[i].key);
	return OK;
}

/* A dimension that is not there counts as 1; the file's first is the last of ours. */
static enum err take_shape(struct cursor *c, struct tensor *t)
{
	uint64_t rank;

	TRY(take(c, 4, &rank));
	if (rank > GGUF_MAX_RANK)
		return REFUSE(c, ERR_LIMIT, c->at - 4, "tensor \"%s\" has more dimensions than %d",
			      t->name, GGUF_MAX_RANK);
	t->rank = (unsigned)rank;
	t->count = 1;
	for (unsigned i = 0; i < t->rank; i++) {
		uint64_t *size = &t->shape[t->rank - 1 - i];

		TRY(take(c, 8, size));
		if (*size > INT64_MAX || __builtin_mul_overflow(t->count, *size, &t->count))
			return REFUSE(c, ERR_FORMAT, c->at - 8,
				      "tensor \"%s\": the product of its dimensions overflows",
				      t->name);
	}
	return OK;
}

static enum err take_place(struct cursor *c, struct tensor *t)
{
	uint64_t number;
	uint64_t row;

	TRY(take(c, 4, &number));
	if (!tensor_type_of_number(&t->type, (uint32_t)number))
		return REFUSE(c, ERR_UNSUPPORTED, c->at - 4,
			      "tensor \"%s\" is of type number %llu, unknown here", t->name,
			      (unsigned long long)number);
	row = t->rank ? t->shape[t->rank - 1] : 1;
	if (row % tensor_type_elements(t->type) != 0)
		return REFUSE(c, ERR_FORMAT, c->at - 4,
			      "tensor \"%s\": rows of %llu do not divide into blocks of %s",
			      t->name, (unsigned long long)row, tensor_type_name(t->type));
	if (__builtin_mul_overflow(t->count / tensor_type_elements(t->type),
				   tensor_type_size(t->type), &t->size))
		return REFUSE(c, ERR_FORMAT, c->at - 4, "tensor \"%s\": its size overflows",
			      t->name);
	return take(c, 8, &t->offset); /* from where the data begins, still */
}

static enum err take_tensor(struct cursor *c, struct tensor *t)
{
	TRY(take_name(c, "the name of a tensor", GGUF_MAX_NAME, &t->name));
	TRY(take_shape(c, t));
	return take_place(c, t);
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

static enum err take_tensors(struct cursor *c, uint64_t count)
{
	struct gguf *g = c->g;

	if (count > GGUF_MAX_TENSORS || count > (c->source->size - c->at) / TENSOR_LEAST)
		return REFUSE(c, ERR_LIMIT, 8,
			      "%llu tensors, more than %d or than fit into the file",
			      (unsigned long long)count, GGUF_MAX_TENSORS);
	g->tensors = calloc((size_t)count + 1, sizeof *g->tensors);
	g->by_name = calloc((size_t)count + 1, sizeof *g->by_name);
	assert(g->tensors && g->by_name);
	while (g->tensor_count < count)
		TRY(take_tensor(c, &g->tensors[g->tensor_count++]));
	qsort(g->tensors, g->tensor_count, sizeof *g->tensors, by_offset);
	for (size_t i = 0; i < g->tensor_count; i++)
		g->by_name[i] = &g->tensors[i];
	qsort(g->by_name, g->tensor_count, sizeof *g->by_name, by_name);
	for (size_t i = 1; i < g->tensor_count; i++)
		if (by_name(&g->by_name[i - 1], &g->by_name[i]) == 0)
			return failure(ERR_FORMAT, "%s: tensor \"%s\" twice", g->file,
				       g->by_name[i]->name);
	return OK;
}

static enum err read_alignment(struct cursor *c, uint64_t *out)
{
	uint32_t alignment = DEFAULT_ALIGNMENT;

	if (gguf_has(c->g, "general.alignment"))
		TRY(gguf_get_u32(c->g, "general.alignment", &alignment));
	if (alignment == 0 || alignment > GGUF_MAX_ALIGNMENT || (alignment & (alignment - 1)) != 0)
		return failure(ERR_FORMAT,
			       "%s: \"general.alignment\" is %u, not a power of two up to %d",
			       c->g->file, alignment, GGUF_MAX_ALIGNMENT);
	*out = alignment;
	return OK;
}

/* Each tensor begins at the next aligned place behind the one before it, and behind the last there
 * is nothing but padding. From here on offsets are those in the file. */
static enum err place_tensors(struct cursor *c)
{
	struct gguf *g = c->g;
	uint64_t alignment = DEFAULT_ALIGNMENT;
	uint64_t start;
	uint64_t end;

	TRY(read_alignment(c, &alignment));
	start = (c->at + alignment - 1) / alignment * alignment;
	end = g->tensor_count ? start : c->at;
	for (size_t i = 0; i < g->tensor_count; i++) {
		struct tensor *t = &g->tensors[i];

		end = (end + alignment - 1) / alignment * alignment;
		if (end > c->source->size || t->offset != end - start)
			return REFUSE(c, ERR_FORMAT, end,
				      "tensor \"%s\" should begin here, and begins at %llu of the "
				      "data",
				      t->name, (unsigned long long)t->offset);
		if (t->size > c->source->size - end)
			return REFUSE(c, ERR_FORMAT, end,
				      "tensor \"%s\" of %llu bytes goes beyond the end of the file",
				      t->name, (unsigned long long)t->size);
		t->offset = end;
		end += t->size;
	}
	if (c->source->size - end >= alignment)
		return REFUSE(c, ERR_FORMAT, end, "%llu bytes belong to no tensor",
			      (unsigned long long)(c->source->size - end));
	return OK;
}

static enum err check_magic(struct cursor *c)
{
	uint64_t version;

	TRY(need(c, 4));
	if (memcmp(c->g->header.data, "GGUF", 4) != 0)
		return REFUSE(c, ERR_FORMAT, 0, "it does not begin with GGUF");
	c->at = 4;
	TRY(take(c, 4, &version));
	if ((version & 0xffff) == 0 && version != 0)
		return REFUSE(c, ERR_UNSUPPORTED, 4, "it is big endian; little endian is run");
	if (version < VERSION_OLDEST || version > VERSION_NEWEST)
		return REFUSE(c, ERR_UNSUPPORTED, 4, "version %llu; 2 and 3 are run",
			      (unsigned long long)version);
	return OK;
}

static enum err read_all(struct cursor *c)
{
	uint64_t tensors;
	uint64_t pairs;

	TRY(check_magic(c));
	TRY(take(c, 8, &tensors));
	TRY(take(c, 8, &pairs));
	TRY(take_pairs(c, pairs));
	TRY(take_tensors(c, tensors));
	TRY(place_tensors(c));
	explicit_bzero(c->g->header.data + c->at, c->g->header.size - c->at);
	c->g->header.size = c->at;
	return OK;
}

enum err gguf_open(struct gguf **out, struct weight_source *source, const char *name)
{
	AUTO(gguf_auto) struct gguf *g = calloc(1, sizeof *g);
	struct cursor cursor = {g, source, 0};

	assert(g);
	g->header = buf_new(GGUF_MAX_HEADER);
	snprintf(g->file, sizeof g->file, "%s", name);
	TRY(read_all(&cursor));
	*out = g;
	g = NULL; /* given away */
	return OK;
}

enum err gguf_find(struct gguf **out, struct weight_source **source, struct model_files *files)
{
	char found[GGUF_FILE_NAME + 1] = "";
	struct weight_source *bytes;
	const char *name;

	for (size_t i = 0; files->name_at && (name = files->name_at(files, i)) != NULL; i++) {
		if (!slice_ends_with(slice_of_string(name), S(".gguf")))
			continue;
		if (found[0])
			return failure(ERR_UNSUPPORTED,
				       "%s and %s: more than one GGUF file in a revision; one is "
				       "run",
				       found, name);
		snprintf(found, sizeof found, "%s", name);
	}
	if (!found[0])
		return failure(ERR_NOT_FOUND, "the model has no GGUF file");
	TRY(files->find(files, found, &bytes));
	if (source)
		*source = bytes;
	return gguf_open(out, bytes, found);
}

void gguf_free(struct gguf *g)
{
	if (!g)
		return;
	if (g->header.data)
		explicit_bzero(g->header.data, g->header.size);
	buf_free(&g->header);
	arena_free(&g->names);
	free(g->pairs);
	free(g->tensors);
	free(g->by_name);
	free(g);
}
