/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/blocks.h"
#include "inference/format/weights.h"
#include "inference/model/gguf_names.h"
#include "inference/model/loader.h"
#include "inference/model/nodes.h"
#include "inference/model/region.h"

enum { NAME_MAX_SIZE = 160 };

struct model_memory {
	struct region region;
};

/* Visit every tensor that a model of this config has. */
typedef enum err visit_fn(void *context, const struct family_slot *slot, const char *name,
			  void *holder);

static uint64_t size_of(const struct config *c, enum family_dimension d)
{
	switch (d) {
	case FAMILY_NONE:
		return 1;
	case FAMILY_HIDDEN:
		return c->hidden_size;
	case FAMILY_MLP:
		return c->intermediate_size;
	case FAMILY_HEADS:
		return (uint64_t)c->heads * c->head_size;
	case FAMILY_KV:
		return (uint64_t)c->kv_heads * c->head_size;
	case FAMILY_QKV:
		return ((uint64_t)c->heads + 2 * (uint64_t)c->kv_heads) * c->head_size;
	case FAMILY_HEAD_SIZE:
		return c->head_size;
	case FAMILY_HEAD_COUNT:
		return c->heads;
	case FAMILY_VOCABULARY:
		return c->vocabulary;
	case FAMILY_CONTEXT:
		return c->context;
	case FAMILY_SEGMENTS:
		return c->segments;
	case FAMILY_BUCKETS:
		return c->buckets;
	case FAMILY_LABELS:
		return c->labels;
	case FAMILY_FREQUENCIES:
		return c->head_size / 2;
	}
	return 0;
}

static bool is_present(const struct config *c, enum family_presence p)
{
	switch (p) {
	case FAMILY_ALWAYS:
	case FAMILY_IF_THERE:
		return true;
	case FAMILY_IF_ATTENTION_BIAS:
		return c->attention_bias;
	case FAMILY_IF_MLP_BIAS:
		return c->mlp_bias;
	case FAMILY_IF_GATED:
		return c->gated;
	case FAMILY_UNLESS_GATED:
		return !c->gated;
	case FAMILY_IF_UNTIED:
		return (!c->tied || c->head_apart) &&
		       (c->head == CONFIG_HEAD_LANGUAGE || c->head == CONFIG_HEAD_MASKED);
	case FAMILY_IF_MASKED:
		return c->head == CONFIG_HEAD_MASKED;
	case FAMILY_IF_CLASSES:
		return c->head == CONFIG_HEAD_CLASSES;
	case FAMILY_IF_FACTORS:
		return c->rope_factors;
	}
	return false;
}

/* A slot of one of the family's tables, and how it lies in this model's files. */
static struct family_slot seen_slot(const struct config *c, const struct family_tensors *table,
				    size_t i)
{
	struct family_slot slot = table->slots[i];
	const struct gguf_alias *alias = c->is_gguf ? gguf_alias_of(c->family, table, &slot) : NULL;

	if (c->is_gguf)
		slot.layout = alias ? alias->layout : FAMILY_PLAIN;
	return slot;
}

static void write_name(char *out, size_t size, const struct config *c,
		       const struct family_tensors *table, const struct family_slot *slot,
		       uint32_t layer)
{
	const char *mark = strstr(table->path, "%u");

	if (c->is_gguf)
		gguf_write_name(out, size, c->family, table, slot, layer);
	else if (mark)
		snprintf(out, size, "%.*s%u%s%s", (int)(mark - table->path), table->path, layer,
			 mark + 2, slot->name);
	else
		snprintf(out, size, "%s", slot->name);
}

/* Is it multiplied with? Others are added, or looked up. */
static bool is_matrix(const struct family_slot *s)
{
	switch (s->rows) {
	case FAMILY_CONTEXT:
	case FAMILY_SEGMENTS:
	case FAMILY_BUCKETS:
		return false;
	case FAMILY_NONE:
	case FAMILY_HIDDEN:
	case FAMILY_MLP:
	case FAMILY_HEADS:
	case FAMILY_KV:
	case FAMILY_QKV:
	case FAMILY_HEAD_SIZE:
	case FAMILY_HEAD_COUNT:
	case FAMILY_VOCABULARY:
	case FAMILY_LABELS:
	case FAMILY_FREQUENCIES:
		break;
	}
	return s->columns != FAMILY_NONE;
}

/* The products that the outputs of a slot belong to: q, k and v may be in one. */
static unsigned parts_of(size_t *rows, const struct config *c, const struct family_slot *s)
{
	rows[0] = (size_t)size_of(c, s->rows);
	if (s->rows != FAMILY_QKV)
		return 1;
	rows[0] = (size_t)size_of(c, FAMILY_HEADS);
	rows[1] = rows[2] = (size_t)size_of(c, FAMILY_KV);
	return PLACE_PARTS;
}

/* In the region, if its matrices are of that type. At most 2^20 * 2^19 numbers: no overflow. */
static size_t slot_bytes(const struct config *c, const struct family_slot *s, enum packed_type type)
{
	size_t columns = (size_t)size_of(c, s->columns), rows[PLACE_PARTS], total = 0;
	unsigned count = parts_of(rows, c, s);

	if (!is_matrix(s))
		return region_round((size_t)size_of(c, s->rows) * columns * sizeof(float));
	for (unsigned i = 0; i < count; i++)
		total += region_round(packed_bytes(type, rows[i], columns));
	return total;
}

/* The slots of one table, named with the number of the layer in the place of its %u. */
static enum err visit_table(const struct config *c, const struct family_tensors *table,
			    uint32_t layer, void *holder, visit_fn *fn, void *context)
{
	char name[NAME_MAX_SIZE];

	for (size_t i = 0; i < table->count; i++) {
		struct family_slot slot = seen_slot(c, table, i);

		if (!is_present(c, slot.presence))
			continue;
		write_name(name, sizeof name, c, table, &slot, layer);
		TRY(fn(context, &slot, name, holder));
	}
	return OK;
}

/* `model` may be NULL: then holders are NULL, and only names and shapes are of interest. */
static enum err visit(const struct config *c, struct model *model, visit_fn *fn, void *context)
{
	const struct family *f = c->family;

	TRY(visit_table(c, &f->outer, 0, model, fn, context));
	for (uint32_t i = 0; i < c->encoder_layers; i++)
		TRY(visit_table(c, &f->encoder, i, model ? &model->encoder.layers[i] : NULL, fn,
				context));
	for (uint32_t i = 0; i < c->layers; i++)
		TRY(visit_table(c, &f->decoder, i, model ? &model->decoder.layers[i] : NULL, fn,
				context));
	return OK;
}

struct loading {
	const struct config *config;
	const struct weights *weights;
	enum model_quantize quantize;
	struct region *region;
	struct loader *loader;
	const struct tensor **found; /* those that some slot reads */
	size_t found_count;
	size_t bytes, room; /* of all, and for the largest piece of any */
};

/* Files of the bare model leave out its base. The first BERTs called a norm's weight and bias gamma
 * and beta. */
static const struct tensor *find_tensor(const struct loading *l, const char *name)
{
	const char *base = l->config->family->base;
	const struct tensor *t = weights_find(l->weights, name);
	struct slice text = slice_of_string(name);
	char old[NAME_MAX_SIZE];

	if (l->config->is_gguf)
		return t;
	if (!t && base[0] && slice_starts_with(text, slice_of_string(base)))
		t = weights_find(l->weights, name + strlen(base));
	if (t || !strstr(name, "LayerNorm."))
		return t;
	if (slice_ends_with(text, S(".weight")))
		snprintf(old, sizeof old, "%.*s.gamma", (int)text.size - 7, name);
	else
		snprintf(old, sizeof old, "%.*s.beta", (int)text.size - 5, name);
	return weights_find(l->weights, old);
}

static bool shape_is(const struct tensor *t, const struct config *c, const struct family_slot *slot)
{
	uint64_t rows = size_of(c, slot->rows), columns = size_of(c, slot->columns);
	bool is_turned = slot->layout == FAMILY_TRANSPOSED;

	if (slot->columns == FAMILY_NONE)
		return t->rank == 1 && t->shape[0] == rows;
	return t->rank == 2 && t->shape[0] == (is_turned ? columns : rows) &&
	       t->shape[1] == (is_turned ? rows : columns);
}

static enum err check_tensor(void *context, const struct family_slot *slot, const char *name,
			     void *holder)
{
	struct loading *l = context;
	const struct tensor *t = find_tensor(l, name);

	(void)holder;
	if (!t && (slot->presence == FAMILY_IF_THERE ||
		   (slot->presence == FAMILY_IF_UNTIED && l->config->tied)))
		return OK;
	if (!t)
		return failure(ERR_FORMAT, "weights: tensor \"%s\" is missing", name);
	if (!shape_is(t, l->config, slot))
		return failure(
			ERR_FORMAT,
			"weights: tensor \"%s\" is not of the shape that its description says "
			"(%llu x %llu)",
			name, (unsigned long long)size_of(l->config, slot->rows),
			(unsigned long long)size_of(l->config, slot->columns));
	if (!blocks_can(t->type))
		return failure(ERR_UNSUPPORTED,
			       "weights: tensor \"%s\" is of type %s, which this engine does not "
			       "run",
			       name, tensor_type_name(t->type));
	assert(l->found_count < weights_count(l->weights)); /* no two slots have one name */
	l->found[l->found_count++] = t;
	return OK;
}

/* Known to be left over from other programs, and to say nothing new. */
static bool is_needless(const struct config *c, const char *name)
{
	struct slice text = slice_of_string(name);

	if (c->is_gguf)
		return gguf_is_needless(name);
	for (const char *const *ending = c->family->needless; *ending; ending++)
		if (slice_ends_with(text, slice_of_string(*ending)))
			return true;
	return c->tied && (slice_equal(text, S("lm_head.weight")) ||
			   slice_equal(text, S("cls.predictions.decoder.weight")));
}

static int by_address(const void *a, const void *b)
{
	const struct tensor *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A tensor that no slot reads means that the model computes something we would leave out. */
static enum err find_strangers(struct loading *l)
{
	qsort(l->found, l->found_count, sizeof *l->found, by_address);
	for (size_t i = 0; i < weights_count(l->weights); i++) {
		const struct tensor *t = weights_at(l->weights, i);

		if (!bsearch(&t, l->found, l->found_count, sizeof *l->found, by_address) &&
		    !is_needless(l->config, t->name))
			return failure(ERR_UNSUPPORTED,
				       "weights: tensor \"%.120s\" is one that this engine does "
				       "not know in a %s model",
				       t->name, l->config->family->name);
	}
	return OK;
}

static enum err check_all(struct loading *l)
{
	enum err result;

	l->found_count = 0;
	l->found = calloc(weights_count(l->weights) + 1, sizeof(struct tensor *));
	assert(l->found);
	result = visit(l->config, NULL, check_tensor, l);
	if (result == OK)
		result = find_strangers(l);
	free(l->found);
	l->found = NULL;
	return result;
}

/* Is this matrix to become another type? Those of GGUF files stay what they are, but for W8. Four
 * bits, and one scale a row, are too few for what stands at both ends of a model; classes are few.
 * A matrix that lies turned in its file comes by columns, of which W8 could make no rows. */
static bool is_to_become(enum packed_type *out, const struct loading *l,
			 const struct family_slot *slot)
{
	if ((l->config->is_gguf && l->quantize != MODEL_W8A8) || slot->rows == FAMILY_LABELS ||
	    size_of(l->config, slot->columns) % PACKED_BLOCK != 0)
		return false;
	switch (l->quantize) {
	case MODEL_AS_STORED:
		return false;
	case MODEL_Q8_0:
		*out = PACKED_Q8_0;
		return true;
	case MODEL_Q4_0:
		*out = slot->rows == FAMILY_VOCABULARY ? PACKED_Q8_0 : PACKED_Q4_0;
		return true;
	case MODEL_W8A8:
		if (slot->rows == FAMILY_VOCABULARY && l->config->is_gguf)
			return false;
		*out = slot->rows == FAMILY_VOCABULARY || slot->layout == FAMILY_TRANSPOSED
			       ? PACKED_Q8_0
			       : PACKED_W8;
		return true;
	}
	return false;
}

static size_t table_bytes(const struct loading *l, const struct family_tensors *table,
			  enum packed_type stored)
{
	size_t total = 0;

	for (size_t i = 0; i < table->count; i++) {
		enum packed_type type = stored;

		(void)is_to_become(&type, l, &table->slots[i]);
		if (is_present(l->config, table->slots[i].presence))
			total += slot_bytes(l->config, &table->slots[i], type);
	}
	return total;
}

size_t model_memory_most(const struct config *c, enum packed_type stored,
			 enum model_quantize quantize)
{
	const struct loading l = {.config = c, .quantize = quantize};

	return table_bytes(&l, &c->family->outer, stored) +
	       c->encoder_layers * table_bytes(&l, &c->family->encoder, stored) +
	       c->layers * table_bytes(&l, &c->family->decoder, stored);
}

static enum packed_type type_of(const struct loading *l, const struct family_slot *slot,
				const struct tensor *t)
{
	enum packed_type type = place_type(t->type);

	(void)is_to_become(&type, l, slot);
	return type;
}

static enum err reckon_tensor(void *context, const struct family_slot *slot, const char *name,
			      void *holder)
{
	struct loading *l = context;
	const struct tensor *t = find_tensor(l, name);
	size_t room;

	(void)holder;
	if (!t)
		return OK; /* one that need not be there */
	room = place_room(t, slot->layout);
	l->bytes += slot_bytes(l->config, slot, type_of(l, slot, t));
	l->room = room > l->room ? room : l->room;
	return OK;
}

static void add_matrix(struct loading *l, const struct family_slot *slot, const struct tensor *t,
		       char *place)
{
	size_t columns = (size_t)size_of(l->config, slot->columns), rows[PLACE_PARTS];
	unsigned count = parts_of(rows, l->config, slot);
	struct place_matrix m = {.tensor = t, .layout = slot->layout, .count = count};

	/* k and v follow q, in the tensor and in struct model_layer. */
	for (unsigned i = 0; i < count; i++) {
		enum packed_type type = type_of(l, slot, t);

		m.parts[i] = (struct packed *)(void *)(place + i * sizeof(struct dense));
		*m.parts[i] = (struct packed){
			region_take(l->region, packed_bytes(type, rows[i], columns)), type, rows[i],
			columns};
	}
	loader_add_matrix(l->loader, &m);
}

static void add_floats(struct loading *l, const struct family_slot *slot, const struct tensor *t,
		       char *place)
{
	float *values = region_take(l->region, (size_t)t->count * sizeof *values);
	size_t rows[PLACE_PARTS];
	unsigned count = parts_of(rows, l->config, slot);

	for (unsigned i = 0; i < count; i++) {
		*(const float **)(void *)(place + i * sizeof(struct dense)) = values;
		values += rows[i];
	}
	values = *(float **)(void *)place;
	loader_add_floats(l->loader, t, slot->layout, values);
}

static enum err add_tensor(void *context, const struct family_slot *slot, const char *name,
			   void *holder)
{
	struct loading *l = context;
	const struct tensor *t = find_tensor(l, name);
	char *place = (char *)holder + slot->offset;

	if (t && is_matrix(slot))
		add_matrix(l, slot, t, place);
	else if (t)
		add_floats(l, slot, t, place);
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

enum err model_memory_needed(size_t *weights_bytes, size_t *beside, struct model_files *files,
			     const struct config *config, enum model_quantize quantize,
			     unsigned threads)
{
	AUTO(weights_auto) struct weights *weights = NULL;
	struct loading l = {.config = config, .quantize = quantize};

	TRY(weights_open(&weights, files));
	l.weights = weights;
	TRY(check_all(&l));
	TRY(visit(config, NULL, reckon_tensor, &l));
	*weights_bytes = l.bytes;
	*beside = loader_beside(l.room, threads);
	return OK;
}

static struct model *new_model(const struct config *config)
{
	struct model *m = calloc(1, sizeof *m);

	assert(m);
	m->config = *config;
	m->encoder.layers = calloc(config->encoder_layers + 1, sizeof *m->encoder.layers);
	m->decoder.layers = calloc(config->layers + 1, sizeof *m->decoder.layers);
	m->memory = calloc(1, sizeof *m->memory);
	assert(m->encoder.layers && m->decoder.layers && m->memory);
	return m;
}

static enum err check_budget(const struct loading *l, const struct model_options *options)
{
	unsigned threads = options->pool ? pool_threads(options->pool) : 1;
	size_t beside = loader_beside(l->room, threads);

	if (l->bytes + beside <= options->budget_bytes)
		return OK;
	return failure(ERR_LIMIT,
		       "memory: the weights need %zu bytes, and %zu while they load; %zu are "
		       "allowed",
		       l->bytes, l->bytes + beside, options->budget_bytes);
}

static enum err load_all(struct loading *l, struct model *m, const struct model_options *options)
{
	AUTO(loader_auto) struct loader *loader = loader_new();

	l->loader = loader;
	TRY(visit(l->config, m, add_tensor, l));
	return loader_run(loader, &(struct loader_options){.weights = l->weights,
							   .config = l->config,
							   .pool = options->pool,
							   .lent = options->lent,
							   .room = l->room,
							   .strict = options->strict});
}

enum err model_open(struct model **out, struct model_files *files, const struct config *config,
		    const struct model_options *options)
{
	AUTO(weights_auto) struct weights *weights = NULL;
	AUTO(model_auto) struct model *m = NULL;
	struct loading l = {.config = config, .quantize = options->quantize};

	TRY(weights_open(&weights, files));
	l.weights = weights;
	TRY(check_all(&l));
	TRY(visit(config, NULL, reckon_tensor, &l));
	TRY(check_budget(&l, options));
	m = new_model(config);
	l.region = &m->memory->region;
	TRY(region_open_as(l.region, options->is_quick ? REGION_SMALL_FIRST : REGION_BY_TOUCH,
			   l.bytes, options->strict));
	if (nodes_count() > 1) /* where the kernel will not, it is slower, and right */
		(void)nodes_spread(l.region->start, l.region->size);
	TRY(load_all(&l, m, options));
	if (!m->head.weight.data && config->tied)
		m->head.weight = m->embedding;
	m->memory_bytes = l.bytes;
	m->locked = l.region->locked;
	*out = m;
	m = NULL; /* given away */
	return OK;
}

bool model_settle(struct model *m)
{
	return region_settle(&m->memory->region);
}

void model_free(struct model *m)
{
	if (!m)
		return;
	region_close(&m->memory->region);
	free(m->memory);
	free(m->encoder.layers);
	free(m->decoder.layers);
	free(m);
}
