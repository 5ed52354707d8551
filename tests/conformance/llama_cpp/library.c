/* SPDX-License-Identifier: Apache-2.0 */
/* The structs are what llama.h of that very version declares: they are passed by value, and the
 * library fills them with its defaults. */
#include "tests/conformance/llama_cpp/library.h"

#include <assert.h>
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDS = 512, GGML_F32 = 0, LOAD_MODE_NONE = 0 };

struct model_params {
	void *devices, *buffer_types;
	int32_t gpu_layers;
	int split_mode, load_mode, lazy_mode;
	int32_t main_gpu;
	const float *tensor_split;
	void *progress, *progress_data, *overrides;
	bool vocabulary_only, check_tensors, extra_buffers, no_host, no_alloc, load_mtp;
};

struct context_params {
	uint32_t context, batch, microbatch, sequences, snapshots, outputs, outputs_each;
	int32_t threads, threads_batch;
	int context_type, rope_scaling, pooling, attention, flash_attention;
	float rope_base, rope_scale, yarn[4];
	uint32_t yarn_context;
	float defrag;
	void *evaluate, *evaluate_data;
	int type_k, type_v;
	void *abort, *abort_data;
	bool embeddings, offload_kv, no_perf, offload_ops, whole_window, unified;
	void *samplers;
	size_t sampler_count;
	void *other;
};

struct quantize_params {
	int32_t threads;
	int file_type, output_type, embedding_type;
	bool again, output_too, only_copy, pure, keep_split, dry_run;
	const void *matrix, *overrides, *tensor_overrides;
	const int32_t *prune;
	size_t buffer;
};

struct batch {
	int32_t count;
	int32_t *token;
	float *embedding;
	int32_t *position, *sequence_count, **sequence;
	int8_t *wanted;
};

struct library {
	void *base;
	struct model_params (*model_defaults)(void);
	struct context_params (*context_defaults)(void);
	struct quantize_params (*quantize_defaults)(void);
	void *(*load)(const char *path, struct model_params params);
	void (*unload)(void *model);
	void *(*begin)(void *model, struct context_params params);
	void (*end)(void *context);
	struct batch (*batch_new)(int32_t tokens, int32_t embedding, int32_t sequences);
	void (*batch_free)(struct batch batch);
	int32_t (*encode)(void *context, struct batch batch);
	int32_t (*decode)(void *context, struct batch batch);
	float *(*logits)(void *context, int32_t i);
	float *(*states)(void *context, int32_t i);
	const void *(*vocabulary)(const void *model);
	int32_t (*tokens)(const void *vocabulary);
	void *(*memory)(const void *context);
	void (*forget)(void *memory, bool data);
	int32_t (*width)(const void *model);
	uint32_t (*quantize)(const char *from, const char *to,
			     const struct quantize_params *params);
};

static void say_errors(int level, const char *text, void *context)
{
	(void)context;
	if (level == 4) /* an error */
		fputs(text, stderr);
}

static enum err open_one(void **out, const char *folder, const char *name)
{
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	*out = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	return *out ? OK : failure(ERR_NOT_FOUND, "%s", dlerror());
}

static enum err find(void *out, void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);

	if (!symbol)
		return failure(ERR_NOT_FOUND, "the library has no %s", name);
	memcpy(out, &symbol, sizeof symbol);
	return OK;
}

static enum err find_all(struct library *l, void *llama)
{
	TRY(find(&l->model_defaults, llama, "llama_model_default_params"));
	TRY(find(&l->context_defaults, llama, "llama_context_default_params"));
	TRY(find(&l->quantize_defaults, llama, "llama_model_quantize_default_params"));
	TRY(find(&l->load, llama, "llama_model_load_from_file"));
	TRY(find(&l->unload, llama, "llama_model_free"));
	TRY(find(&l->begin, llama, "llama_init_from_model"));
	TRY(find(&l->end, llama, "llama_free"));
	TRY(find(&l->batch_new, llama, "llama_batch_init"));
	TRY(find(&l->batch_free, llama, "llama_batch_free"));
	TRY(find(&l->encode, llama, "llama_encode"));
	TRY(find(&l->decode, llama, "llama_decode"));
	TRY(find(&l->logits, llama, "llama_get_logits_ith"));
	TRY(find(&l->states, llama, "llama_get_embeddings_ith"));
	TRY(find(&l->vocabulary, llama, "llama_model_get_vocab"));
	TRY(find(&l->tokens, llama, "llama_vocab_n_tokens"));
	TRY(find(&l->width, llama, "llama_model_n_embd"));
	TRY(find(&l->memory, llama, "llama_get_memory"));
	TRY(find(&l->forget, llama, "llama_memory_clear"));
	return find(&l->quantize, llama, "llama_model_quantize");
}

enum err library_open(struct library **out, const char *folder)
{
	struct library *l = calloc(1, sizeof *l);
	void (*log_set)(void (*say)(int, const char *, void *), void *context) = NULL;
	void (*load_backends)(const char *folder) = NULL;
	void *ggml, *llama;

	assert(l);
	TRY(open_one(&l->base, folder, "libggml-base.so"));
	TRY(open_one(&ggml, folder, "libggml.v0.5.0.so"));
	TRY(open_one(&llama, folder, "libllama.v0.5.0.so"));
	TRY(find_all(l, llama));
	TRY(find(&log_set, llama, "llama_log_set"));
	TRY(find(&load_backends, ggml, "ggml_backend_load_all_from_path"));
	log_set(say_errors, NULL);
	load_backends(folder);
	*out = l;
	return OK;
}

/* Of llama.h's list of file types: those whose matrices are all of one type. */
static int file_type_of(enum tensor_type type)
{
	static const struct {
		enum tensor_type type;
		int number;
	} types[] = {
		{TENSOR_F32, 0},     {TENSOR_F16, 1},   {TENSOR_Q4_0, 2},  {TENSOR_Q4_1, 3},
		{TENSOR_Q8_0, 7},    {TENSOR_Q5_0, 8},  {TENSOR_Q5_1, 9},  {TENSOR_Q2_K, 10},
		{TENSOR_Q3_K, 11},   {TENSOR_Q4_K, 14}, {TENSOR_Q5_K, 16}, {TENSOR_Q6_K, 18},
		{TENSOR_IQ4_NL, 25}, {TENSOR_BF16, 32},
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return types[i].number;
	return -1;
}

enum err library_quantize(struct library *l, const char *from, const char *to,
			  enum tensor_type type)
{
	struct quantize_params params = l->quantize_defaults();

	params.threads = 1;
	params.file_type = file_type_of(type);
	params.again = true; /* from a quantized file back to F32 */
	params.pure = true;
	if (params.file_type < 0 || l->quantize(from, to, &params) != 0)
		return failure(ERR_INTERNAL, "llama.cpp does not write %s as %s", to,
			       tensor_type_name(type));
	return OK;
}

static void fill(struct batch *b, const int32_t *ids, size_t count)
{
	b->count = (int32_t)count;
	for (size_t i = 0; i < count; i++) {
		b->token[i] = ids[i];
		b->position[i] = (int32_t)i;
		b->sequence_count[i] = 1;
		b->sequence[i][0] = 0;
		b->wanted[i] = 1;
	}
}

static struct context_params params_of(const struct library *l, enum library_way way)
{
	struct context_params params = l->context_defaults();

	params.context = 0; /* the model's */
	params.batch = params.microbatch = MAX_IDS;
	params.threads = params.threads_batch = 1;
	params.type_k = params.type_v = GGML_F32;
	params.flash_attention = 0;
	if (way == LIBRARY_ENCODE) {
		params.embeddings = true;
		params.pooling = 0;
	}
	return params;
}

static enum err run(const struct library *l, void *context, enum library_way way,
		    const int32_t *ids, size_t count)
{
	struct batch b = l->batch_new(MAX_IDS, 0, 1);
	int32_t result = 0;

	fill(&b, ids, count);
	if (way != LIBRARY_DECODE)
		result = l->encode(context, b);
	if (result == 0 && way != LIBRARY_ENCODE)
		result = l->decode(context, b);
	l->batch_free(b);
	return result == 0 ? OK : failure(ERR_INTERNAL, "llama.cpp fails with %d", result);
}

static void take(const struct library *l, float *out, void *context, enum library_way way,
		 size_t width, size_t count)
{
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * width,
		       way == LIBRARY_ENCODE ? l->states(context, (int32_t)i)
					     : l->logits(context, (int32_t)i),
		       width * sizeof *out);
}

enum err library_run(struct library *l, float *out, size_t room, size_t *width, const char *model,
		     enum library_way way, const int32_t *ids, size_t count)
{
	void *m = l->load(model, l->model_defaults());
	void *context = m ? l->begin(m, params_of(l, way)) : NULL;
	enum err result;

	if (!context)
		return failure(ERR_UNSUPPORTED, "llama.cpp does not load %s", model);
	*width = (size_t)(way == LIBRARY_ENCODE ? l->width(m) : l->tokens(l->vocabulary(m)));
	assert(count <= MAX_IDS && *width * count <= room);
	result = run(l, context, way, ids, count);
	if (result == OK)
		take(l, out, context, way, *width, count);
	l->end(context);
	l->unload(m);
	return result;
}

library_widen_fn *library_widen(struct library *l, enum tensor_type type)
{
	char name[64];
	library_widen_fn *function = NULL;
	void *symbol;
	char *at;

	snprintf(name, sizeof name, "dequantize_row_%s", tensor_type_name(type));
	for (at = strchr(name, 'Q') ? name + strlen("dequantize_row_") : name; *at; at++)
		if (*at != 'K')
			*at = (char)tolower((unsigned char)*at);
	symbol = dlsym(l->base, name);
	memcpy(&function, &symbol, sizeof symbol);
	return function;
}

struct library_session {
	struct library *library;
	void *model, *context;
	struct batch batch;
};

static enum err open_session(struct library_session **out, struct library *l, const char *model,
			     struct model_params how, uint32_t sequences, uint32_t positions,
			     int32_t threads)
{
	struct library_session *s = calloc(1, sizeof *s);
	struct context_params params = l->context_defaults();

	assert(s);
	params.context = sequences * positions;
	params.batch = params.microbatch = MAX_IDS;
	params.sequences = sequences;
	params.threads = params.threads_batch = threads;
	*s = (struct library_session){l, l->load(model, how), NULL, l->batch_new(MAX_IDS, 0, 1)};
	s->context = s->model ? l->begin(s->model, params) : NULL;
	*out = s;
	return s->context ? OK : failure(ERR_UNSUPPORTED, "llama.cpp does not load %s", model);
}

enum err library_session_open(struct library_session **out, struct library *l, const char *model,
			      uint32_t sequences, uint32_t positions, int32_t threads)
{
	return open_session(out, l, model, l->model_defaults(), sequences, positions, threads);
}

enum err library_session_read(struct library_session **out, struct library *l, const char *model,
			      uint32_t sequences, uint32_t positions, int32_t threads)
{
	struct model_params how = l->model_defaults();

	how.load_mode = LOAD_MODE_NONE;
	return open_session(out, l, model, how, sequences, positions, threads);
}

enum err library_session_step(struct library_session *s, int32_t id, size_t count, int32_t position,
			      bool each)
{
	struct batch *b = &s->batch;
	int32_t result;

	assert(count <= MAX_IDS);
	b->count = (int32_t)count;
	for (size_t i = 0; i < count; i++) {
		b->token[i] = id;
		b->position[i] = each ? position : position + (int32_t)i;
		b->sequence_count[i] = 1;
		b->sequence[i][0] = each ? (int32_t)i : 0;
		b->wanted[i] = each || i + 1 == count;
	}
	result = s->library->decode(s->context, *b);
	return result == 0 ? OK : failure(ERR_INTERNAL, "llama.cpp fails with %d", result);
}

void library_session_forget(struct library_session *s, bool all)
{
	if (all)
		s->library->forget(s->library->memory(s->context), false);
}

void library_session_close(struct library_session *s)
{
	if (!s)
		return;
	if (s->context)
		s->library->end(s->context);
	if (s->model)
		s->library->unload(s->model);
	s->library->batch_free(s->batch);
	free(s);
}

library_quantize_fn *library_quantizer(struct library *l, enum tensor_type type)
{
	library_quantize_fn *function = NULL;
	void *symbol = dlsym(l->base, type == TENSOR_Q8_0 ? "quantize_row_q8_0_ref"
							  : "quantize_row_q4_0_ref");

	assert(symbol);
	memcpy(&function, &symbol, sizeof symbol);
	return function;
}
