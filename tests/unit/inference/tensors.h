/* SPDX-License-Identifier: Apache-2.0 */
/* tensors.h - models of a folder with other tensors, another head or another name of a token. */
#ifndef TESTS_UNIT_INFERENCE_TENSORS_H
#define TESTS_UNIT_INFERENCE_TENSORS_H

#include "inference/format/json.h"
#include "tests/unit/inference/files.h"

#define TINY_TOKENIZER "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}"

struct tensor {
	const char *name;
	const float *values;
	size_t shape[2]; /* one dimension: the second is 0 */
};

static inline struct slice folder_bytes(struct folder *f, const char *name)
{
	struct weight_source *source;

	assert_ok(f->files.find(&f->files, name, &source));
	return slice_of(source->context, (size_t)source->size);
}

/* What follows is found in place of the folder's file. */
static inline void folder_replace(struct folder *f, const char *name, struct slice text)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->open[i].name, name) == 0) {
			buf_reset(&f->open[i].text);
			buf_write(&f->open[i].text, text);
			return;
		}
	folder_set(f, name, text);
}

static inline void folder_replace_json(struct folder *f, const char *name, const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT);

	folder_replace(f, name, slice_of_string(text));
	free(text);
}

static inline json_t *folder_json(struct folder *f, const char *name)
{
	json_t *root;

	assert_ok(json_read_object(&root, folder_bytes(f, name), name));
	return root;
}

static inline uint64_t header_size(struct slice file)
{
	uint64_t size;

	memcpy(&size, file.data, sizeof size); /* little endian, as we are */
	return size;
}

static inline json_t *header_of(struct slice file)
{
	json_t *root;

	assert_ok(json_read_object(&root, slice_part(file, 8, header_size(file)), "header"));
	return root;
}

static inline void read_tensor(float *out, size_t room, struct folder *f, const char *name)
{
	struct slice file = folder_bytes(f, "model.safetensors");
	AUTO(json_auto) json_t *header = header_of(file);
	const json_t *offsets = json_object_get(json_object_get(header, name), "data_offsets");
	size_t from = (size_t)json_integer_value(json_array_get(offsets, 0));
	size_t to = (size_t)json_integer_value(json_array_get(offsets, 1));

	assert_true(to > from && to - from <= room * sizeof *out);
	memcpy(out, file.data + 8 + header_size(file) + from, to - from);
}

/* The file's tensors but those whose names begin so, and `more` behind them. */
static inline void set_tensors(struct folder *f, const char *without, const struct tensor *more,
			       size_t count)
{
	struct slice file = folder_bytes(f, "model.safetensors");
	AUTO(buf_free) struct buf data = buf_new(8 << 20);
	AUTO(buf_free) struct buf whole = buf_new(8 << 20);
	AUTO(json_auto) json_t *header = header_of(file);
	AUTO(json_auto) json_t *written = json_object();
	const char *name;
	json_t *one;
	uint64_t size;
	char *text;

	json_object_foreach(header, name, one)
	{
		const json_t *offsets = json_object_get(one, "data_offsets");
		size_t from = (size_t)json_integer_value(json_array_get(offsets, 0));
		size_t to = (size_t)json_integer_value(json_array_get(offsets, 1));

		if (!offsets || strncmp(name, without, strlen(without)) == 0)
			continue;
		json_object_set_new(written, name,
				    json_pack("{s:s,s:O,s:[I,I]}", "dtype", "F32", "shape",
					      json_object_get(one, "shape"), "data_offsets",
					      (json_int_t)data.size,
					      (json_int_t)(data.size + to - from)));
		buf_write(&data, slice_part(file, 8 + header_size(file) + from, to - from));
	}
	for (size_t i = 0; i < count; i++) {
		size_t n = more[i].shape[0] * (more[i].shape[1] ? more[i].shape[1] : 1);
		json_t *shape = json_pack("[I]", (json_int_t)more[i].shape[0]);

		if (more[i].shape[1])
			json_array_append_new(shape, json_integer((json_int_t)more[i].shape[1]));
		json_object_set_new(written, more[i].name,
				    json_pack("{s:s,s:o,s:[I,I]}", "dtype", "F32", "shape", shape,
					      "data_offsets", (json_int_t)data.size,
					      (json_int_t)(data.size + n * sizeof(float))));
		buf_write(&data, slice_of(more[i].values, n * sizeof(float)));
	}
	text = json_dumps(written, JSON_COMPACT);
	size = strlen(text);
	buf_write(&whole, slice_of(&size, sizeof size));
	buf_write_string(&whole, text);
	buf_write(&whole, buf_slice(&data));
	free(text);
	assert_ok(buf_done(&whole));
	folder_replace(f, "model.safetensors", buf_slice(&whole));
}

static inline void set_config(struct folder *f, const char *architecture, const char *labels)
{
	AUTO(json_auto) json_t *root = folder_json(f, "config.json");

	json_object_set_new(root, "architectures", json_pack("[s]", architecture));
	json_object_set_new(root, "id2label", json_loads(labels, 0, NULL));
	folder_replace_json(f, "config.json", root);
}

/* The token of that id is called `name` from now on, and who was called so is not any more. */
static inline void rename_token(struct folder *f, const char *name, uint32_t id)
{
	AUTO(json_auto) json_t *root = folder_json(f, "tokenizer.json");
	json_t *vocabulary = json_object_get(json_object_get(root, "model"), "vocab");
	AUTO(json_auto) json_t *renamed = json_object();
	const char *word;
	json_t *value;
	size_t i;

	json_object_foreach(vocabulary, word, value)
	{
		bool is_it = json_integer_value(value) == id;

		json_object_set(renamed,
				is_it                     ? name
				: strcmp(word, name) == 0 ? "[NOBODY]"
							  : word,
				value);
	}
	json_object_set(json_object_get(root, "model"), "vocab", renamed);
	json_array_foreach(json_object_get(root, "added_tokens"), i, value)
	{
		if (strcmp(json_string_value(json_object_get(value, "content")), name) == 0)
			json_object_set_new(value, "content", json_string("[NOBODY]"));
	}
	folder_replace_json(f, "tokenizer.json", root);
}

#endif
