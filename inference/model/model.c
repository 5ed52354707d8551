/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/weights.h"
#include "inference/model/region.h"

enum { NAME_MAX_SIZE = 128, OUTER_COUNT = 3 };

struct model_memory {
	struct region region;
};

/* What a dimension of a tensor is. */
enum dimension { DIM_NONE, DIM_HIDDEN, DIM_MLP, DIM_HEADS, DIM_KV, DIM_VOCABULARY };

/* When a tensor is there. */
enum presence { ALWAYS, WITH_ATTENTION_BIAS, WITH_MLP_BIAS, UNLESS_TIED };

struct slot {
	const char *name;
	size_t offset; /* in struct model or struct model_layer */
	enum dimension rows, columns;
	enum presence presence;
};

/* clang-format off */
#define OUTER(member) offsetof(struct model, member)
static const struct slot outer_slots[OUTER_COUNT] = {
	{"model.embed_tokens.weight", OUTER(embedding), DIM_VOCABULARY, DIM_HIDDEN, ALWAYS},
	{"model.norm.weight",         OUTER(norm),      DIM_HIDDEN,     DIM_NONE,   ALWAYS},
	{"lm_head.weight",            OUTER(head),      DIM_VOCABULARY, DIM_HIDDEN, UNLESS_TIED},
};

#define LAYER(member) offsetof(struct model_layer, member)
static const struct slot layer_slots[] = {
	{"input_layernorm.weight",  LAYER(attention_norm), DIM_HIDDEN, DIM_NONE,   ALWAYS},
	{"self_attn.q_proj.weight", LAYER(q),         DIM_HEADS,  DIM_HIDDEN, ALWAYS},
	{"self_attn.q_proj.bias",   LAYER(q_bias),    DIM_HEADS,  DIM_NONE,   WITH_ATTENTION_BIAS},
	{"self_attn.k_proj.weight", LAYER(k),         DIM_KV,     DIM_HIDDEN, ALWAYS},
	{"self_attn.k_proj.bias",   LAYER(k_bias),    DIM_KV,     DIM_NONE,   WITH_ATTENTION_BIAS},
	{"self_attn.v_proj.weight", LAYER(v),         DIM_KV,     DIM_HIDDEN, ALWAYS},
	{"self_attn.v_proj.bias",   LAYER(v_bias),    DIM_KV,     DIM_NONE,   WITH_ATTENTION_BIAS},
	{"self_attn.o_proj.weight", LAYER(o),         DIM_HIDDEN, DIM_HEADS,  ALWAYS},
	{"self_attn.o_proj.bias",   LAYER(o_bias),    DIM_HIDDEN, DIM_NONE,   WITH_ATTENTION_BIAS},
	{"post_attention_layernorm.weight", LAYER(mlp_norm), DIM_HIDDEN, DIM_NONE, ALWAYS},
	{"mlp.gate_proj.weight",    LAYER(gate),      DIM_MLP,    DIM_HIDDEN, ALWAYS},
	{"mlp.gate_proj.bias",      LAYER(gate_bias), DIM_MLP,    DIM_NONE,   WITH_MLP_BIAS},
	{"mlp.up_proj.weight",      LAYER(up),        DIM_MLP,    DIM_HIDDEN, ALWAYS},
	{"mlp.up_proj.bias",        LAYER(up_bias),   DIM_MLP,    DIM_NONE,   WITH_MLP_BIAS},
	{"mlp.down_proj.weight",    LAYER(down),      DIM_HIDDEN, DIM_MLP,    ALWAYS},
	{"mlp.down_proj.bias",      LAYER(down_bias), DIM_HIDDEN, DIM_NONE,   WITH_MLP_BIAS},
};
/* clang-format on */
enum { LAYER_COUNT = sizeof layer_slots / sizeof *layer_slots };

/* Visit every tensor that a model of this config has. */
typedef enum err visit_fn(void *context, const struct slot *slot, const char *name, void *holder);

static uint64_t size_of(const struct config *c, enum dimension d)
{
	switch (d) {
	case DIM_NONE:
		return 1;
	case DIM_HIDDEN:
		return c->hidden_size;
	case DIM_MLP:
		return c->intermediate_size;
	case DIM_HEADS:
		return (uint64_t)c->heads * c->head_size;
	case DIM_KV:
		return (uint64_t)c->kv_heads * c->head_size;
	case DIM_VOCABULARY:
		return c->vocabulary;
	}
	return 0;
}

static bool is_present(const struct config *c, enum presence p)
{
	switch (p) {
	case ALWAYS:
		return true;
	case WITH_ATTENTION_BIAS:
		return c->attention_bias;
	case WITH_MLP_BIAS:
		return c->mlp_bias;
	case UNLESS_TIED:
		return !c->tied;
	}
	return false;
}

static size_t slot_bytes(const struct config *c, const struct slot *s)
{
	/* At most 2^20 * 2^17 floats: no overflow. */
	return (size_t)(size_of(c, s->rows) * size_of(c, s->columns)) * sizeof(float);
}

/* `layers` may be NULL: then holders are NULL, and only names and shapes are of interest. */
static enum err visit(const struct config *c, struct model *model, visit_fn *fn, void *context)
{
	char name[NAME_MAX_SIZE];

	for (size_t i = 0; i < OUTER_COUNT; i++)
		if (is_present(c, outer_slots[i].presence))
			TRY(fn(context, &outer_slots[i], outer_slots[i].name, model));
	for (uint32_t layer = 0; layer < c->layers; layer++) {
		for (size_t i = 0; i < LAYER_COUNT; i++) {
			if (!is_present(c, layer_slots[i].presence))
				continue;
			snprintf(name, sizeof name, "model.layers.%u.%s", layer,
				 layer_slots[i].name);
			TRY(fn(context, &layer_slots[i], name,
			       model ? &model->layers[layer] : NULL));
		}
	}
	return OK;
}

size_t model_memory_needed(const struct config *c)
{
	size_t total = 0;

	for (size_t i = 0; i < OUTER_COUNT; i++)
		if (is_present(c, outer_slots[i].presence))
			total += region_round(slot_bytes(c, &outer_slots[i]));
	for (size_t i = 0; i < LAYER_COUNT; i++)
		if (is_present(c, layer_slots[i].presence))
			total += c->layers * region_round(slot_bytes(c, &layer_slots[i]));
	return total;
}

struct loading {
	const struct config *config;
	const struct weights *weights;
	struct region *region;
	size_t found;
};

static enum err check_tensor(void *context, const struct slot *slot, const char *name, void *holder)
{
	struct loading *l = context;
	const struct tensor *t = weights_find(l->weights, name);
	uint64_t rows = size_of(l->config, slot->rows);
	uint64_t columns = size_of(l->config, slot->columns);
	unsigned rank = slot->columns == DIM_NONE ? 1 : 2;

	(void)holder;
	if (!t)
		return failure(ERR_FORMAT, "weights: tensor \"%s\" is missing", name);
	if (t->rank != rank || t->shape[0] != rows || (rank == 2 && t->shape[1] != columns))
		return failure(ERR_FORMAT,
			       "weights: tensor \"%s\" is not of the shape that config.json says "
			       "(%llu x %llu)",
			       name, (unsigned long long)rows, (unsigned long long)columns);
	if (t->type != TENSOR_F32 && t->type != TENSOR_F16 && t->type != TENSOR_BF16)
		return failure(ERR_UNSUPPORTED,
			       "weights: tensor \"%s\" is of type %s, which this engine does not "
			       "run; F32, F16 and BF16 it does",
			       name, tensor_type_name(t->type));
	l->found++;
	return OK;
}

/* Known to be left over from older conversions, and to say nothing new. */
static bool is_needless(const struct config *c, const char *name)
{
	struct slice text = slice_of_string(name);

	return slice_ends_with(text, S(".rotary_emb.inv_freq")) ||
	       (c->tied && slice_equal(text, S("lm_head.weight")));
}

static enum err check_part(void *context, const struct slot *slot, const char *name, void *holder)
{
	const char **wanted = context;

	(void)slot;
	(void)holder;
	if (*wanted && strcmp(name, *wanted) == 0)
		*wanted = NULL;
	return OK;
}

/* A tensor that no slot reads means that the model computes something we would leave out. */
static enum err check_all(struct loading *l)
{
	size_t needless = 0;

	TRY(visit(l->config, NULL, check_tensor, l));
	for (size_t i = 0; i < weights_count(l->weights); i++)
		needless += is_needless(l->config, weights_at(l->weights, i)->name);
	if (l->found + needless == weights_count(l->weights))
		return OK;
	for (size_t i = 0; i < weights_count(l->weights); i++) {
		const char *name = weights_at(l->weights, i)->name;
		const char *wanted = is_needless(l->config, name) ? NULL : name;

		TRY(visit(l->config, NULL, check_part, &wanted));
		if (wanted)
			return failure(ERR_UNSUPPORTED,
				       "weights: tensor \"%.120s\" is one that this engine does "
				       "not know in a llama model",
				       name);
	}
	return failure(ERR_INTERNAL, "weights: the count of tensors does not add up");
}

static enum err load_tensor(void *context, const struct slot *slot, const char *name, void *holder)
{
	struct loading *l = context;
	float *values = region_take(l->region, slot_bytes(l->config, slot));

	TRY(weights_read(l->weights, weights_find(l->weights, name), values));
	*(const float **)(void *)((char *)holder + slot->offset) = values;
	return OK;
}

enum err model_check(struct model_files *files, const struct config *config)
{
	AUTO(weights_auto) struct weights *weights = NULL;
	struct loading l = {.config = config};

	TRY(weights_open(&weights, files));
	l.weights = weights;
	return check_all(&l);
}

static struct model *new_model(const struct config *config)
{
	struct model *m = calloc(1, sizeof *m);

	assert(m);
	m->config = *config;
	m->layers = calloc(config->layers, sizeof *m->layers);
	m->memory = calloc(1, sizeof *m->memory);
	assert(m->layers && m->memory);
	return m;
}

enum err model_open(struct model **out, struct model_files *files, const struct config *config,
		    size_t budget_bytes, bool strict)
{
	AUTO(weights_auto) struct weights *weights = NULL;
	AUTO(model_auto) struct model *m = NULL;
	struct loading l = {.config = config};
	size_t needed = model_memory_needed(config);

	if (needed > budget_bytes)
		return failure(ERR_LIMIT,
			       "memory: the weights need %zu bytes as F32, %zu are "
			       "allowed",
			       needed, budget_bytes);
	TRY(weights_open(&weights, files));
	l.weights = weights;
	TRY(check_all(&l));
	m = new_model(config);
	l.region = &m->memory->region;
	TRY(region_open(l.region, needed, strict));
	TRY(visit(config, m, load_tensor, &l));
	if (config->tied)
		m->head = m->embedding;
	m->memory_bytes = needed;
	m->locked = l.region->locked;
	*out = m;
	m = NULL; /* given away */
	return OK;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	region_close(&m->memory->region);
	free(m->memory);
	free(m->layers);
	free(m);
}
