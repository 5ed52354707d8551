/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/adapter/adapter.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference/format/json.h"
#include "inference/format/weights.h"
#include "inference/model/model.h"
#include "inference/model/region.h"

#define CONFIG_NAME "adapter_config.json"
#define WEIGHTS_NAME "adapter_model.safetensors"
#define PICKLE_NAME "adapter_model.bin"
#define MODULE_PREFIX "base_model.model."
#define A_SUFFIX ".lora_A.weight"
#define B_SUFFIX ".lora_B.weight"

enum { MODULE_SHOWN = 160 };

struct adapter_memory {
	struct region region;
};

/* The two tensors of one matrix of the base, which may be three products in one. */
struct wanted {
	const struct tensor *a, *b;
	const struct family_slot *slot;
	struct slice module;
	uint32_t layer;
	uint32_t rank;
	double scale;
};

struct loading {
	const struct config *config;
	struct adapter_config *adapter;
	struct weights *weights;
	struct wanted *list; /* one for each matrix of each layer */
	size_t count;
	struct region *region;
	float *turning;
};

struct adapter_shape adapter_site_shape(const struct config *c, enum adapter_site site)
{
	size_t heads = (size_t)c->heads * c->head_size;
	size_t kv = (size_t)c->kv_heads * c->head_size;
	const struct adapter_shape shapes[ADAPTER_SITES] = {
		[ADAPTER_Q] = {heads, c->hidden_size},
		[ADAPTER_K] = {kv, c->hidden_size},
		[ADAPTER_V] = {kv, c->hidden_size},
		[ADAPTER_O] = {c->hidden_size, heads},
		[ADAPTER_GATE] = {c->intermediate_size, c->hidden_size},
		[ADAPTER_UP] = {c->intermediate_size, c->hidden_size},
		[ADAPTER_DOWN] = {c->hidden_size, c->intermediate_size},
	};

	return shapes[site];
}

/* The first product of the matrix that a slot holds; ADAPTER_SITES: it holds none. */
static enum adapter_site site_of(const struct family_slot *slot)
{
	static const size_t offsets[ADAPTER_SITES] = {
		[ADAPTER_Q] = offsetof(struct model_layer, q.weight),
		[ADAPTER_K] = offsetof(struct model_layer, k.weight),
		[ADAPTER_V] = offsetof(struct model_layer, v.weight),
		[ADAPTER_O] = offsetof(struct model_layer, o.weight),
		[ADAPTER_GATE] = offsetof(struct model_layer, gate.weight),
		[ADAPTER_UP] = offsetof(struct model_layer, up.weight),
		[ADAPTER_DOWN] = offsetof(struct model_layer, down.weight),
	};
	enum adapter_site site = ADAPTER_Q;

	while (site < ADAPTER_SITES && offsets[site] != slot->offset)
		site++;
	return site;
}

/* q, k and v in one, or one. */
static enum adapter_site last_site_of(const struct family_slot *slot)
{
	return slot->rows == FAMILY_QKV ? ADAPTER_V : site_of(slot);
}

static struct adapter_shape shape_of(const struct config *c, const struct family_slot *slot)
{
	struct adapter_shape whole = adapter_site_shape(c, site_of(slot));

	for (enum adapter_site s = site_of(slot) + 1; s <= last_site_of(slot); s++)
		whole.outputs += adapter_site_shape(c, s).outputs;
	return whole;
}

/* "model.layers.12.self_attn.q_proj" by "model.layers.%u.": the layer, and what is behind it. */
static bool read_layer(struct slice *rest, uint32_t *layer, struct slice module, const char *path)
{
	const char *mark = strstr(path, "%u");
	struct slice before = slice_of(path, (size_t)(mark - path));
	struct slice number;
	uint64_t value;
	size_t end;

	if (!slice_starts_with(module, before))
		return false;
	*rest = slice_part(module, before.size, module.size);
	end = slice_find(*rest, '.');
	number = slice_part(*rest, 0, end);
	if (end == rest->size || !slice_to_u64(number, CONFIG_MAX_LAYERS, &value) ||
	    (number.size > 1 && number.data[0] == '0'))
		return false;
	*layer = (uint32_t)value;
	*rest = slice_part(*rest, end + 1, rest->size);
	return true;
}

/* Adapters of a bare model (GPT2Model) leave out its base ("transformer."). */
static bool find_layer(struct slice *rest, uint32_t *layer, struct slice module,
		       const struct family *f)
{
	if (read_layer(rest, layer, module, f->decoder.path))
		return true;
	return f->base[0] && read_layer(rest, layer, module, f->decoder.path + strlen(f->base));
}

/* The place in the list of a module, or NULL. */
static struct wanted *find_wanted(struct loading *l, struct slice module)
{
	const struct family *f = l->config->family;
	struct slice rest;
	uint32_t layer;

	if (!find_layer(&rest, &layer, module, f) || layer >= l->config->layers)
		return NULL;
	for (size_t i = 0; i < f->decoder.count; i++) {
		const struct family_slot *slot = &f->decoder.slots[i];
		struct slice name = slice_of_string(slot->name);
		struct wanted *w = &l->list[layer * f->decoder.count + i];

		if (!slice_ends_with(name, S(".weight")) || site_of(slot) == ADAPTER_SITES ||
		    !slice_equal(slice_part(name, 0, name.size - 7), rest))
			continue;
		w->slot = slot;
		w->layer = layer;
		return w;
	}
	return NULL;
}

static enum err take_tensor(struct loading *l, const struct tensor *t)
{
	struct slice name = slice_of_string(t->name);
	bool is_b = slice_ends_with(name, S(B_SUFFIX));
	size_t ends = strlen(MODULE_PREFIX) + strlen(A_SUFFIX);
	struct wanted *w = NULL;

	if (name.size > ends && slice_starts_with(name, S(MODULE_PREFIX)) &&
	    (is_b || slice_ends_with(name, S(A_SUFFIX)))) {
		struct slice module = slice_part(name, strlen(MODULE_PREFIX), name.size - ends);

		w = find_wanted(l, module);
		if (w)
			w->module = module;
	}
	if (!w || (is_b ? w->b : w->a))
		return failure(ERR_UNSUPPORTED,
			       WEIGHTS_NAME ": tensor \"%.*s\" is not A or B of a product in a "
					    "layer of this %s model",
			       MODULE_SHOWN, t->name, l->config->family->name);
	*(is_b ? &w->b : &w->a) = t;
	return OK;
}

static enum err check_shape(const struct tensor *t, size_t rows, size_t columns)
{
	if (t->rank == 2 && t->shape[0] == rows && t->shape[1] == columns)
		return OK;
	return failure(ERR_FORMAT,
		       WEIGHTS_NAME ": tensor \"%.*s\" must be %zu x %zu for this base and the "
				    "rank that " CONFIG_NAME " says",
		       MODULE_SHOWN, t->name, rows, columns);
}

static enum err check_wanted(struct loading *l, struct wanted *w)
{
	struct adapter_shape shape = shape_of(l->config, w->slot);

	if (!w->a || !w->b)
		return failure(ERR_FORMAT, WEIGHTS_NAME ": %.*s has only one of A and B",
			       SLICE_PRINT(slice_part(w->module, 0, MODULE_SHOWN)));
	TRY(adapter_config_module(l->adapter, w->module, w->layer, &w->rank, &w->scale));
	TRY(check_shape(w->a, w->rank, shape.inputs));
	return check_shape(w->b, shape.outputs, w->rank);
}

/* Every tensor has its place, every place both its tensors; what is in none stays out. */
static enum err list_wanted(struct loading *l)
{
	size_t all = (size_t)l->config->layers * l->config->family->decoder.count;

	l->list = calloc(all + 1, sizeof *l->list);
	assert(l->list);
	for (size_t i = 0; i < weights_count(l->weights); i++)
		TRY(take_tensor(l, weights_at(l->weights, i)));
	for (size_t i = 0; i < all; i++) {
		if (!l->list[i].a && !l->list[i].b)
			continue;
		TRY(check_wanted(l, &l->list[i]));
		l->list[l->count++] = l->list[i];
	}
	if (l->count == 0)
		return failure(ERR_FORMAT, WEIGHTS_NAME ": it has no tensors");
	return OK;
}

/* What stays, and what is needed besides while B is turned round. */
static size_t bytes_needed(const struct loading *l, size_t *turning)
{
	size_t total = 0;

	*turning = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct wanted *w = &l->list[i];
		size_t b = region_round((size_t)w->b->count * sizeof(float));

		total += region_round((size_t)w->a->count * sizeof(float));
		for (enum adapter_site s = site_of(w->slot); s <= last_site_of(w->slot); s++)
			total += region_round(adapter_site_shape(l->config, s).outputs * w->rank *
					      sizeof(float));
		*turning = b > *turning ? b : *turning;
	}
	return total;
}

static enum err read_numbers(const struct loading *l, const struct tensor *t, float *out)
{
	TRY(weights_read(l->weights, t, out));
	for (uint64_t i = 0; i < t->count; i++)
		if (!isfinite(out[i]))
			return failure(ERR_FORMAT,
				       WEIGHTS_NAME ": tensor \"%.*s\" has values that are no "
						    "numbers",
				       MODULE_SHOWN, t->name);
	return OK;
}

/* In which row of B output `j` of a part (q, k or v) of the matrix stands. */
static size_t row_of_output(const struct config *c, const struct family_slot *slot, size_t part,
			    size_t before, size_t j)
{
	if (slot->layout == FAMILY_INTERLEAVED)
		return (j / c->head_size * 3 + part) * c->head_size + j % c->head_size;
	return before + j;
}

/* B of one product out of the matrix's, which lies in l->turning. */
static const float *turn_round(const struct loading *l, const struct wanted *w, size_t part,
			       size_t before, size_t outputs)
{
	float *b = region_take(l->region, outputs * w->rank * sizeof *b);

	for (size_t j = 0; j < outputs; j++) {
		size_t row = row_of_output(l->config, w->slot, part, before, j);

		for (size_t r = 0; r < w->rank; r++)
			b[r * outputs + j] = (float)(w->scale *
						     (double)l->turning[row * w->rank + r]);
	}
	return b;
}

static enum err load_wanted(const struct loading *l, const struct wanted *w, struct adapter *out)
{
	float *a = region_take(l->region, (size_t)w->a->count * sizeof *a);
	enum adapter_site first = site_of(w->slot);
	size_t before = 0;

	TRY(read_numbers(l, w->a, a));
	TRY(read_numbers(l, w->b, l->turning));
	for (enum adapter_site s = first; s <= last_site_of(w->slot); s++) {
		size_t outputs = adapter_site_shape(l->config, s).outputs;

		out->layers[w->layer].sites[s] = (struct adapter_pair){
			a, turn_round(l, w, s - first, before, outputs), w->rank};
		before += outputs;
		out->products++;
	}
	out->rank = w->rank > out->rank ? w->rank : out->rank;
	return OK;
}

/* weights.h looks for a model's file; an adapter's has another name. */
static enum err find_alias(struct model_files *files, const char *name, struct weight_source **out)
{
	struct model_files *own = files->context;
	struct weight_source *pickle;
	enum err found;

	if (strcmp(name, "model.safetensors") != 0)
		return failure(ERR_NOT_FOUND, "%s: adapters have no such file", name);
	found = own->find(own, WEIGHTS_NAME, out);
	if (found != ERR_NOT_FOUND)
		return found;
	if (own->find(own, PICKLE_NAME, &pickle) == OK)
		return failure(ERR_UNSUPPORTED,
			       PICKLE_NAME " is a pickle, which is a program: it is never run; "
					   "save the adapter with safe_serialization=True");
	return failure(ERR_NOT_FOUND, "the adapter has no " WEIGHTS_NAME);
}

static enum err read_config(struct adapter_config **out, struct model_files *files)
{
	AUTO(buf_free) struct buf text = buf_new(ADAPTER_MAX_CONFIG);
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, CONFIG_NAME, &source));
	if (source->size > ADAPTER_MAX_CONFIG)
		return failure(ERR_LIMIT, CONFIG_NAME ": more than %d bytes", ADAPTER_MAX_CONFIG);
	room = buf_reserve(&text, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(&text, (size_t)source->size);
	return adapter_config_parse(out, buf_slice(&text));
}

static enum err load_all(struct adapter *a, struct loading *l, size_t budget_bytes, bool strict)
{
	AUTO(region_close) struct region turning = {0};
	size_t turning_bytes, needed = bytes_needed(l, &turning_bytes);

	if (needed + turning_bytes > budget_bytes)
		return failure(ERR_LIMIT, "memory: the adapter needs %zu bytes, %zu are left",
			       needed + turning_bytes, budget_bytes);
	TRY(region_open(&a->memory->region, needed, strict));
	TRY(region_open(&turning, turning_bytes, strict));
	l->region = &a->memory->region;
	l->turning = region_take(&turning, turning_bytes);
	for (size_t i = 0; i < l->count; i++)
		TRY(load_wanted(l, &l->list[i], a));
	a->memory_bytes = needed;
	a->locked = a->memory->region.locked;
	return OK;
}

static void loading_clear(struct loading *l)
{
	adapter_config_free(l->adapter);
	weights_free(l->weights);
	free(l->list);
}

/* One decoder, whose rows are those of one sequence each. */
static enum err check_base(const struct config *c)
{
	if (c->layers > 0 && c->encoder_layers == 0)
		return OK;
	return failure(ERR_UNSUPPORTED, "adapters for a %s model are not run by this engine",
		       c->family->name);
}

enum err adapter_open(struct adapter **out, struct model_files *files, const struct config *config,
		      size_t budget_bytes, bool strict)
{
	AUTO(adapter_auto) struct adapter *a = calloc(1, sizeof *a);
	AUTO(loading_clear) struct loading l = {.config = config};
	struct model_files alias = {.find = find_alias, .context = files};

	assert(a);
	TRY(check_base(config));
	TRY(read_config(&l.adapter, files));
	TRY(weights_open(&l.weights, &alias));
	TRY(list_wanted(&l));
	a->memory = calloc(1, sizeof *a->memory);
	a->layers = calloc(config->layers, sizeof *a->layers);
	assert(a->memory && a->layers);
	TRY(load_all(a, &l, budget_bytes, strict));
	*out = a;
	a = NULL; /* given away */
	return OK;
}

void adapter_free(struct adapter *a)
{
	if (!a)
		return;
	if (a->memory)
		region_close(&a->memory->region);
	free(a->memory);
	free(a->layers);
	free(a);
}
