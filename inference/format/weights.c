/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/weights.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/blocks.h"
#include "inference/format/gguf.h"
#include "inference/format/json.h"

#define WEIGHTS_FILE "model.safetensors"
#define WEIGHTS_INDEX "model.safetensors.index.json"

enum { INDEX_MAX = 64 << 20, SHARD_MAX_NAME = 255, READ_CHUNK = 1 << 20, WIDE_CHUNK = 4096 };

struct shard {
	char name[SHARD_MAX_NAME + 1];
	struct weight_source *source;
	struct safetensors *header;
};

struct entry {
	const struct tensor *tensor;
	const struct shard *shard; /* NULL in a GGUF file */
	struct weight_source *source;
};

struct weights {
	struct shard *shards;
	size_t shard_count;
	struct gguf *gguf;     /* or NULL: then in shards */
	struct entry *entries; /* by name */
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	return strcmp(x->tensor->name, y->tensor->name);
}

static const struct entry *find(const struct weights *w, const char *name)
{
	struct tensor tensor = {.name = name};
	struct entry key = {.tensor = &tensor};

	return bsearch(&key, w->entries, w->count, sizeof *w->entries, by_name);
}

static struct shard *find_shard(struct weights *w, const char *name)
{
	for (size_t i = 0; i < w->shard_count; i++)
		if (strcmp(w->shards[i].name, name) == 0)
			return &w->shards[i];
	return NULL;
}

static enum err about_file(enum err kind, const char *name)
{
	char why[FAILURE_MAX_TEXT];

	if (kind == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(kind, "%s: %s", name, why);
}

static enum err open_shard(struct weights *w, struct model_files *files, const char *name)
{
	struct shard *shard = &w->shards[w->shard_count];

	if (w->shard_count == WEIGHTS_MAX_SHARDS)
		return failure(ERR_LIMIT, WEIGHTS_INDEX ": more than %d files", WEIGHTS_MAX_SHARDS);
	if (strlen(name) > SHARD_MAX_NAME || strchr(name, '/'))
		return failure(ERR_FORMAT, WEIGHTS_INDEX ": \"%.255s\" is not a file name", name);
	TRY(files->find(files, name, &shard->source));
	TRY(about_file(safetensors_open(&shard->header, shard->source), name));
	memcpy(shard->name, name, strlen(name) + 1);
	w->shard_count++;
	return OK;
}

/* All tensors of all shards in one list; a name must not stand in two of them. */
static enum err list_entries(struct weights *w)
{
	size_t total = 0;

	for (size_t i = 0; i < w->shard_count; i++)
		total += safetensors_count(w->shards[i].header);
	if (total > SAFETENSORS_MAX_TENSORS)
		return failure(ERR_LIMIT, "weights: more than %d tensors", SAFETENSORS_MAX_TENSORS);
	w->entries = calloc(total + 1, sizeof *w->entries);
	assert(w->entries);
	for (size_t i = 0; i < w->shard_count; i++) {
		const struct shard *shard = &w->shards[i];

		for (size_t j = 0; j < safetensors_count(shard->header); j++)
			w->entries[w->count++] = (struct entry){safetensors_at(shard->header, j),
								shard, shard->source};
	}
	qsort(w->entries, w->count, sizeof *w->entries, by_name);
	for (size_t i = 1; i < w->count; i++)
		if (by_name(&w->entries[i - 1], &w->entries[i]) == 0)
			return failure(ERR_FORMAT, "weights: tensor \"%.120s\" is in two files",
				       w->entries[i].tensor->name);
	return OK;
}

/* Every name of the index is in the shard it names, and nothing else is in any shard. */
static enum err check_index(struct weights *w, const json_t *map)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)map, name, value)
	{
		const struct entry *e = find(w, name);

		if (!e || strcmp(e->shard->name, json_string_value(value)) != 0)
			return failure(ERR_FORMAT,
				       WEIGHTS_INDEX ": tensor \"%.120s\" is not in \"%.120s\"",
				       name, json_string_value(value));
	}
	if (json_object_size(map) != w->count)
		return failure(ERR_FORMAT, WEIGHTS_INDEX ": %zu tensors listed, %zu in the files",
			       json_object_size(map), w->count);
	return OK;
}

static enum err open_sharded(struct weights *w, struct model_files *files, json_t *index)
{
	json_t *map = json_object_get(index, "weight_map");
	const char *name;
	json_t *value;

	if (!json_is_object(map))
		return failure(ERR_FORMAT, WEIGHTS_INDEX ": \"weight_map\" is not an object");
	json_object_foreach(map, name, value)
	{
		if (!json_is_string(value))
			return failure(ERR_FORMAT,
				       WEIGHTS_INDEX ": the file of \"%.120s\" is not a "
						     "text",
				       name);
		if (!find_shard(w, json_string_value(value)))
			TRY(open_shard(w, files, json_string_value(value)));
	}
	TRY(list_entries(w));
	return check_index(w, map);
}

static enum err open_gguf(struct weights *w, struct model_files *files)
{
	struct weight_source *source;

	TRY(gguf_find(&w->gguf, &source, files));
	w->entries = calloc(gguf_tensor_count(w->gguf) + 1, sizeof *w->entries);
	assert(w->entries);
	for (size_t i = 0; i < gguf_tensor_count(w->gguf); i++)
		w->entries[w->count++] = (struct entry){gguf_tensor_at(w->gguf, i), NULL, source};
	qsort(w->entries, w->count, sizeof *w->entries, by_name);
	return OK;
}

static enum err open_safetensors(struct weights *w, struct model_files *files)
{
	AUTO(json_auto) json_t *index = NULL;
	enum err found = json_read_file(&index, files, WEIGHTS_INDEX, INDEX_MAX);

	if (found == OK)
		return open_sharded(w, files, index);
	if (found != ERR_NOT_FOUND)
		return found;
	TRY(open_shard(w, files, WEIGHTS_FILE));
	return list_entries(w);
}

enum err weights_are_gguf(bool *out, struct model_files *files)
{
	static const char *const names[] = {WEIGHTS_INDEX, WEIGHTS_FILE};
	const char *name;
	struct weight_source *source;

	*out = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		enum err found = files->find(files, names[i], &source);

		if (found != ERR_NOT_FOUND)
			return found;
	}
	for (size_t i = 0; files->name_at && (name = files->name_at(files, i)) != NULL; i++)
		if (slice_ends_with(slice_of_string(name), S(".gguf")))
			*out = true;
	return OK;
}

enum err weights_open(struct weights **out, struct model_files *files)
{
	AUTO(weights_auto) struct weights *w = calloc(1, sizeof *w);
	bool is_gguf;

	assert(w);
	w->shards = calloc(WEIGHTS_MAX_SHARDS, sizeof *w->shards);
	assert(w->shards);
	TRY(weights_are_gguf(&is_gguf, files));
	if (is_gguf)
		TRY(open_gguf(w, files));
	else
		TRY(open_safetensors(w, files));
	*out = w;
	w = NULL; /* given away */
	return OK;
}

void weights_free(struct weights *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->shard_count; i++)
		safetensors_free(w->shards[i].header);
	gguf_free(w->gguf);
	free(w->shards);
	free(w->entries);
	free(w);
}

bool weights_are_shared(const struct weights *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!w->entries[i].source->is_shared)
			return false;
	return true;
}

size_t weights_count(const struct weights *w)
{
	return w->count;
}

const struct tensor *weights_at(const struct weights *w, size_t i)
{
	assert(i < w->count);
	return w->entries[i].tensor;
}

const struct tensor *weights_find(const struct weights *w, const char *name)
{
	const struct entry *e = find(w, name);

	return e ? e->tensor : NULL;
}

static enum err read_bytes_at(struct weight_source *source, uint8_t *out, uint64_t size,
			      uint64_t offset)
{
	while (size > 0) {
		size_t part = size < READ_CHUNK ? (size_t)size : READ_CHUNK;

		TRY(source->read(source, out, part, offset));
		out += part;
		offset += part;
		size -= part;
	}
	return OK;
}

enum err weights_read_bytes(const struct weights *w, const struct tensor *tensor, void *out,
			    size_t size, uint64_t offset)
{
	const struct entry *e = find(w, tensor->name);

	assert(e && e->tensor == tensor && offset <= tensor->size && size <= tensor->size - offset);
	return read_bytes_at(e->source, out, size, tensor->offset + offset);
}

/* Numbers that take more room than floats do. */
static enum err read_wide(const struct entry *e, float *out)
{
	const struct tensor *t = e->tensor;
	size_t size = tensor_type_size(t->type);
	uint8_t chunk[WIDE_CHUNK];
	enum err result = OK;

	for (uint64_t done = 0; done < t->count && result == OK;) {
		size_t part = sizeof chunk / size;

		if (part > t->count - done)
			part = (size_t)(t->count - done);
		result = e->source->read(e->source, chunk, part * size, t->offset + done * size);
		for (size_t i = 0; i < part && result == OK; i++)
			blocks_widen(t->type, chunk + i * size, out + done + i);
		done += part;
	}
	explicit_bzero(chunk, sizeof chunk);
	return result;
}

enum err weights_read(const struct weights *w, const struct tensor *tensor, float *out)
{
	const struct entry *e = find(w, tensor->name);
	uint8_t *end = (uint8_t *)(out + tensor->count);

	assert(e && e->tensor == tensor);
	if (!blocks_can(tensor->type))
		return failure(ERR_UNSUPPORTED,
			       "weights: tensor \"%.120s\" is of type %s, which this engine does "
			       "not run",
			       tensor->name, tensor_type_name(tensor->type));
	if (tensor->size > tensor->count * sizeof(float))
		return read_wide(e, out);
	TRY(read_bytes_at(e->source, end - tensor->size, tensor->size, tensor->offset));
	blocks_widen_in_place(tensor->type, out, (size_t)tensor->count);
	return OK;
}
