/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/reading/pooling.h"

#include <math.h>
#include <stdio.h>

#include "inference/format/gguf.h"
#include "inference/format/json.h"
#include "inference/format/weights.h"

#define MODULES "modules.json"
#define LIMITS "sentence_bert_config.json"
#define PROMPTS "config_sentence_transformers.json"
#define USUAL_FOLDER "1_Pooling" /* where there is no list of modules */

enum { MAX_FILE = 64 * 1024, MAX_FOLDER = 64 };

static const struct {
	const char *key;
	enum pooling_mode mode;
} modes[] = {
	{"pooling_mode_cls_token", POOLING_FIRST},
	{"pooling_mode_lasttoken", POOLING_LAST},
	{"pooling_mode_mean_tokens", POOLING_MEAN},
	{"pooling_mode_mean_sqrt_len_tokens", POOLING_MEAN_ROOT},
	{"pooling_mode_weightedmean_tokens", POOLING_WEIGHTED},
	{"pooling_mode_max_tokens", POOLING_MAX},
};

static enum err refuse(const char *file, const char *key, const json_t *value)
{
	char shown[JSON_SHOWN + 4];

	json_show(shown, value);
	return failure(ERR_UNSUPPORTED, "%s: \"%s\" is %s, which this engine does not do", file,
		       key, shown);
}

/* The file, or NULL where there is none. */
static enum err read_if_there(json_t **out, struct model_files *files, const char *name)
{
	enum err result = json_read_file(out, files, name, MAX_FILE);

	if (result != ERR_NOT_FOUND)
		return result;
	*out = NULL;
	return OK;
}

/* Older files leave out the newer modes; several at once would be put one behind the other. */
static enum err read_mode(struct pooling *p, const json_t *root, const char *file,
			  const struct config *config)
{
	const json_t *width = json_object_get(root, "word_embedding_dimension");
	size_t chosen = 0;

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (!json_is_true(json_object_get(root, modes[i].key)))
			continue;
		p->mode = modes[i].mode;
		chosen++;
	}
	if (chosen != 1)
		return failure(
			ERR_UNSUPPORTED,
			"%s: %zu modes of pooling are switched on, where this engine does one",
			file, chosen);
	if (width && json_integer_value(width) != config->hidden_size)
		return failure(ERR_FORMAT,
			       "%s: \"word_embedding_dimension\" is %lld, config.json says %u",
			       file, (long long)json_integer_value(width), config->hidden_size);
	return OK;
}

/* *found: the folder has such a file. */
static enum err read_folder(struct pooling *p, bool *found, struct model_files *files,
			    const char *folder, const struct config *config)
{
	AUTO(json_auto) json_t *root = NULL;
	char name[MAX_FOLDER + 16];

	snprintf(name, sizeof name, "%s/config.json", folder);
	TRY(read_if_there(&root, files, name));
	*found = root != NULL;
	return root ? read_mode(p, root, name, config) : OK;
}

/* "sentence_transformers.models.Pooling" */
static bool is_kind(const json_t *module, const char *kind)
{
	const char *type = json_string_value(json_object_get(module, "type"));
	const char *dot = type ? strrchr(type, '.') : NULL;

	return dot && strcmp(dot + 1, kind) == 0;
}

static enum err read_module(struct pooling *p, struct model_files *files, const json_t *module,
			    const struct config *config)
{
	const char *path = json_string_value(json_object_get(module, "path"));
	bool found = false;

	if (is_kind(module, "Transformer") && path && !*path)
		return OK;
	if (is_kind(module, "Normalize")) {
		p->normalized = true;
		return OK;
	}
	if (!is_kind(module, "Pooling") || !path || strlen(path) > MAX_FOLDER)
		return refuse(MODULES, "type", json_object_get(module, "type"));
	TRY(read_folder(p, &found, files, path, config));
	return found ? OK : failure(ERR_FORMAT, "%s/config.json is missing", path);
}

static enum err read_modules(struct pooling *p, struct model_files *files,
			     const struct config *config)
{
	AUTO(buf_free) struct buf text = buf_new(MAX_FILE);
	AUTO(json_auto) json_t *root = NULL;
	struct weight_source *source;
	bool found;
	enum err result = files->find(files, MODULES, &source);

	if (result == ERR_NOT_FOUND)
		return read_folder(p, &found, files, USUAL_FOLDER, config);
	TRY(result);
	if (source->size > MAX_FILE)
		return failure(ERR_LIMIT, MODULES ": more than %d bytes", MAX_FILE);
	TRY(source->read(source, buf_reserve(&text, (size_t)source->size), (size_t)source->size,
			 0));
	buf_commit(&text, (size_t)source->size);
	root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_array(root))
		return failure(ERR_FORMAT, MODULES ": not a list");
	for (size_t i = 0; i < json_array_size(root); i++)
		TRY(read_module(p, files, json_array_get(root, i), config));
	return OK;
}

static enum err read_limits(struct pooling *p, struct model_files *files)
{
	AUTO(json_auto) json_t *root = NULL;
	const json_t *most, *lower;
	uint64_t limit = 0;

	TRY(read_if_there(&root, files, LIMITS));
	most = json_object_get(root, "max_seq_length");
	lower = json_object_get(root, "do_lower_case");
	if (most && !json_is_null(most))
		TRY(json_read_integer(&limit, most, CONFIG_MAX_CONTEXT, LIMITS, "max_seq_length"));
	p->limit = (size_t)limit;
	return json_is_true(lower) ? refuse(LIMITS, "do_lower_case", lower) : OK;
}

/* A text that is put before each input unless another is asked for. */
static enum err read_prompts(struct model_files *files)
{
	AUTO(json_auto) json_t *root = NULL;
	const json_t *name;

	TRY(read_if_there(&root, files, PROMPTS));
	name = json_object_get(root, "default_prompt_name");
	return name && !json_is_null(name) ? refuse(PROMPTS, "default_prompt_name", name) : OK;
}

/* llama.cpp's numbers; 0 is none, which says nothing of texts. Its vectors of these models are
 * made of length 1 by its programs, not by the file. */
static enum err read_gguf(struct pooling *p, struct model_files *files)
{
	static const enum pooling_mode modes_of_gguf[] = {POOLING_MEAN, POOLING_MEAN, POOLING_FIRST,
							  POOLING_LAST};
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct slice architecture;
	uint32_t type;
	char key[96];

	TRY(gguf_find(&g, NULL, files));
	TRY(gguf_get_text(g, "general.architecture", &architecture));
	snprintf(key, sizeof key, "%.*s.pooling_type",
		 SLICE_PRINT(slice_part(architecture, 0, 64)));
	if (!gguf_has(g, key))
		return OK;
	TRY(gguf_get_u32(g, key, &type));
	if (type >= sizeof modes_of_gguf / sizeof *modes_of_gguf)
		return failure(ERR_UNSUPPORTED, "%s: \"%s\" is %u, which this engine does not do",
			       gguf_name(g), key, type);
	if (type > 0)
		p->mode = modes_of_gguf[type];
	return OK;
}

enum err pooling_read(struct pooling *out, struct model_files *files, const struct config *config)
{
	struct pooling p = {.mode = config->encoder_layers ? POOLING_MEAN : POOLING_LAST};
	bool is_gguf;

	TRY(weights_are_gguf(&is_gguf, files));
	if (is_gguf)
		TRY(read_gguf(&p, files));
	TRY(read_modules(&p, files, config));
	TRY(read_limits(&p, files));
	TRY(read_prompts(files));
	*out = p;
	return OK;
}

bool pooling_wants(enum pooling_mode mode, size_t position, size_t count)
{
	switch (mode) {
	case POOLING_FIRST:
		return position == 0;
	case POOLING_LAST:
		return position + 1 == count;
	case POOLING_MEAN:
	case POOLING_MEAN_ROOT:
	case POOLING_WEIGHTED:
	case POOLING_MAX:
		break;
	}
	return true;
}

void pooling_add(enum pooling_mode mode, float *sum, const float *state, size_t position,
		 size_t count, size_t width)
{
	float weight = mode == POOLING_WEIGHTED ? (float)(position + 1) : 1.0f;

	if (!pooling_wants(mode, position, count))
		return;
	for (size_t i = 0; i < width; i++)
		if (mode != POOLING_MAX)
			sum[i] += weight * state[i];
		else if (position == 0 || state[i] > sum[i])
			sum[i] = state[i];
}

void pooling_finish(enum pooling_mode mode, float *sum, size_t count, size_t width)
{
	double n = (double)count, parts = 1;

	if (mode == POOLING_MEAN)
		parts = n;
	if (mode == POOLING_MEAN_ROOT)
		parts = sqrt(n);
	if (mode == POOLING_WEIGHTED)
		parts = n * (n + 1) / 2;
	for (size_t i = 0; i < width; i++)
		sum[i] /= (float)parts;
}

void pooling_normalize(float *values, size_t width)
{
	double sum = 0;

	for (size_t i = 0; i < width; i++)
		sum += (double)values[i] * (double)values[i];
	for (size_t i = 0; i < width && sum > 0; i++)
		values[i] = (float)((double)values[i] / sqrt(sum));
}
