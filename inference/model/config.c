/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/config.h"

#include <math.h>

#include "inference/format/json.h"
#include "inference/model/family.h"

#define FILE_NAME "config.json"
#define GENERATION_NAME "generation_config.json"

#define MEMBER FAMILY_MEMBER

static enum err not_run(const char *file, const char *key, const json_t *value)
{
	char shown[JSON_SHOWN + 4];

	json_show(shown, value);
	return failure(ERR_UNSUPPORTED, "%s: \"%.80s\" is %s, which this engine does not run", file,
		       key, shown);
}

static enum err read_real(double *out, const json_t *value, const char *key)
{
	double number = json_number_value(value);

	if (!json_is_number(value) || !isfinite(number) || number <= 0)
		return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not a number above 0", key);
	*out = number;
	return OK;
}

static enum err read_size(uint32_t *out, const json_t *value, uint32_t max, const char *key)
{
	uint64_t number;

	TRY(json_read_integer(&number, value, UINT32_MAX, FILE_NAME, key));
	if (number == 0 || number > max)
		return failure(ERR_LIMIT, FILE_NAME ": \"%s\" is %llu, not within 1 to %u", key,
			       (unsigned long long)number, max);
	*out = (uint32_t)number;
	return OK;
}

/* As a size, and may be 0. */
static enum err read_count(uint32_t *out, const json_t *value, const char *key)
{
	uint64_t number;

	TRY(json_read_integer(&number, value, UINT32_MAX, FILE_NAME, key));
	*out = (uint32_t)number;
	return OK;
}

static bool says_nothing(const json_t *value)
{
	if (json_is_number(value))
		return json_number_value(value) == 0.0;
	if (json_is_string(value))
		return json_string_length(value) == 0;
	if (json_is_array(value))
		return json_array_size(value) == 0;
	if (json_is_object(value))
		return json_object_size(value) == 0;
	return !json_is_true(value);
}

static enum err read_activation(enum config_activation *out, const json_t *value, const char *key)
{
	static const struct {
		const char *name;
		enum config_activation activation;
	} names[] = {
		{"silu", CONFIG_SILU},
		{"swish", CONFIG_SILU},
		{"gelu", CONFIG_GELU},
		{"gelu_python", CONFIG_GELU},
		{"gelu_new", CONFIG_GELU_TANH},
		{"gelu_fast", CONFIG_GELU_TANH},
		{"gelu_pytorch_tanh", CONFIG_GELU_TANH},
		{"relu", CONFIG_RELU},
	};

	for (size_t i = 0; i < FAMILY_ROWS(names) && json_is_string(value); i++) {
		if (strcmp(json_string_value(value), names[i].name) != 0)
			continue;
		*out = names[i].activation;
		return OK;
	}
	return not_run(FILE_NAME, key, value);
}

static enum err read_bool(bool *out, const json_t *value, const char *key)
{
	if (!json_is_boolean(value))
		return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not true or false", key);
	*out = json_is_true(value);
	return OK;
}

static enum err read_key(struct config *c, const struct family_key *key, const json_t *value)
{
	void *member = (char *)c + key->offset;
	bool said = false;
	double real = 0;

	switch (key->kind) {
	case FAMILY_KEY_SIZE:
		if (json_is_null(value)) /* "as if it were not there": head_dim, kv heads */
			return OK;
		return read_size(member, value, key->max, key->name);
	case FAMILY_KEY_REAL:
		TRY(read_real(&real, value, key->name));
		*(float *)member = (float)real;
		return OK;
	case FAMILY_KEY_BOOL:
		return read_bool(member, value, key->name);
	case FAMILY_KEY_NOT:
		TRY(read_bool(&said, value, key->name));
		*(bool *)member = !said;
		return OK;
	case FAMILY_KEY_TEXT:
		if (!json_is_string(value) || strcmp(json_string_value(value), key->text) != 0)
			return not_run(FILE_NAME, key->name, value);
		return OK;
	case FAMILY_KEY_ACTIVATION:
		return read_activation(member, value, key->name);
	case FAMILY_KEY_SPECIAL:
	case FAMILY_KEY_IGNORED:
		return OK;
	}
	return OK;
}

static const struct family_key *find_key(const struct family *family, const char *name)
{
	for (size_t i = 0; i < family->key_count; i++)
		if (strcmp(family->keys[i].name, name) == 0)
			return &family->keys[i];
	return NULL;
}

static bool is_ignored(const char *name)
{
	for (const char *const *one = family_ignored_keys; *one; one++)
		if (strcmp(*one, name) == 0)
			return true;
	return false;
}

/* A key that nobody reads is understood only where its value says nothing: anything else may
 * change what the model computes. */
static enum err read_keys(struct config *c, json_t *root)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
	{
		const struct family_key *key = find_key(c->family, name);

		if (key)
			TRY(read_key(c, key, value));
		else if (!is_ignored(name) && !says_nothing(value))
			return not_run(FILE_NAME, name, value);
	}
	return OK;
}

static const struct {
	const char *name;
	enum config_rope rope;
	size_t keys; /* that it must have: so many of rope_keys */
} rope_types[] = {
	{"default", CONFIG_ROPE_PLAIN, 0},
	{"linear", CONFIG_ROPE_LINEAR, 1},
	{"llama3", CONFIG_ROPE_LLAMA3, 4},
};

static const struct {
	const char *name;
	size_t offset;
} rope_keys[] = {
	{"factor", MEMBER(rope_factor)},
	{"low_freq_factor", MEMBER(rope_low_frequency)},
	{"high_freq_factor", MEMBER(rope_high_frequency)},
	{"original_max_position_embeddings", MEMBER(rope_original_context)},
	{"rope_theta", MEMBER(rope_theta)},
	{"rope_type", 0},
	{"type", 0},
};

/* A number of another type is passed over, as by the reference; a key that no type here has
 * ("partial_rotary_factor") changes what is computed. */
static enum err read_rope_numbers(struct config *c, json_t *rope)
{
	const char *name;
	json_t *value;

	json_object_foreach(rope, name, value)
	{
		size_t i = 0;

		while (i < FAMILY_ROWS(rope_keys) && strcmp(rope_keys[i].name, name) != 0)
			i++;
		if (i == FAMILY_ROWS(rope_keys) && !says_nothing(value))
			return not_run(FILE_NAME, name, value);
	}
	for (size_t i = 0; i < rope_types[c->rope].keys; i++)
		TRY(read_real((double *)(void *)((char *)c + rope_keys[i].offset),
			      json_object_get(rope, rope_keys[i].name), rope_keys[i].name));
	if (c->rope == CONFIG_ROPE_LLAMA3 && c->rope_high_frequency <= c->rope_low_frequency)
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"high_freq_factor\" is not above \"low_freq_factor\"");
	return OK;
}

/* `rope_scaling` (with "type" or "rope_type") of older files, `rope_parameters` of newer ones,
 * where it holds rope_theta as well. */
static enum err read_rope(struct config *c, json_t *rope, const char *key)
{
	const json_t *theta = json_object_get(rope, "rope_theta");
	const json_t *type = json_object_get(rope, "rope_type");

	if (!rope || json_is_null(rope))
		return OK;
	if (!json_is_object(rope))
		return not_run(FILE_NAME, key, rope);
	if (theta)
		TRY(read_real(&c->rope_theta, theta, "rope_theta"));
	if (!type)
		type = json_object_get(rope, "type");
	if (!type)
		return json_object_size(rope) == (theta ? 1u : 0u) ? OK
								   : not_run(FILE_NAME, key, rope);
	for (size_t i = 0; i < FAMILY_ROWS(rope_types); i++) {
		if (!json_is_string(type) || strcmp(json_string_value(type), rope_types[i].name))
			continue;
		c->rope = rope_types[i].rope;
		return read_rope_numbers(c, rope);
	}
	return not_run(FILE_NAME, key, rope);
}

static enum err read_eos(struct config *c, const json_t *value, const char *file)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	uint64_t id;

	if (!value || json_is_null(value))
		return OK;
	if (count > CONFIG_MAX_EOS)
		return failure(ERR_LIMIT, "%s: more than %d end tokens", file, CONFIG_MAX_EOS);
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;

		TRY(json_read_integer(&id, one, c->vocabulary - 1, file, "eos_token_id"));
		c->eos[i] = (uint32_t)id;
	}
	c->eos_count = count;
	return OK;
}

static enum err read_token(uint32_t *out, const json_t *value, const struct config *c,
			   const char *key)
{
	uint64_t id;

	TRY(json_read_integer(&id, value, c->vocabulary - 1, FILE_NAME, key));
	*out = (uint32_t)id;
	return OK;
}

static enum err read_bos(struct config *c, const json_t *value)
{
	if (!value || json_is_null(value))
		return OK;
	c->has_bos = true;
	return read_token(&c->bos, value, c, "bos_token_id");
}

static bool has_slot(const struct family *f, enum family_presence presence)
{
	for (size_t i = 0; i < f->outer.count; i++)
		if (f->outer.slots[i].presence == presence)
			return true;
	return false;
}

/* Has the family the tensors of a class of that name? T5EncoderModel's files have no decoder, and
 * a "BertLMHeadModel" is no encoder; their weights would only be missed when they are read. */
static bool is_complete(const struct family *f, enum config_head head, struct slice name)
{
	if (f->encoder.count && f->decoder.count && slice_ends_with(name, S("EncoderModel")))
		return false;
	switch (head) {
	case CONFIG_HEAD_NONE:
		return true;
	case CONFIG_HEAD_LANGUAGE:
		return f->defaults.head == CONFIG_HEAD_LANGUAGE;
	case CONFIG_HEAD_MASKED:
		return has_slot(f, FAMILY_IF_MASKED);
	case CONFIG_HEAD_CLASSES:
		return has_slot(f, FAMILY_IF_CLASSES);
	}
	return false;
}

/* Which task the weights were trained for: `architectures` names the class. */
static enum err read_head(struct config *c, const json_t *root)
{
	static const struct {
		const char *ending;
		enum config_head head;
	} heads[] = {
		{"ForCausalLM", CONFIG_HEAD_LANGUAGE},
		{"LMHeadModel", CONFIG_HEAD_LANGUAGE},
		{"ForConditionalGeneration", CONFIG_HEAD_LANGUAGE},
		{"ForMaskedLM", CONFIG_HEAD_MASKED},
		{"ForPreTraining", CONFIG_HEAD_MASKED},
		{"ForSequenceClassification", CONFIG_HEAD_CLASSES},
		{"Model", CONFIG_HEAD_NONE},
	};
	const json_t *list = json_object_get(root, "architectures");
	const json_t *first = json_array_get(list, 0);

	if (!list || json_is_null(list) || (json_is_array(list) && json_array_size(list) == 0))
		return OK;
	for (size_t i = 0; i < FAMILY_ROWS(heads) && json_is_string(first); i++) {
		struct slice name = slice_of_string(json_string_value(first));

		if (!slice_ends_with(name, slice_of_string(heads[i].ending)))
			continue;
		if (!is_complete(c->family, heads[i].head, name))
			break;
		c->head = heads[i].head;
		return OK;
	}
	return not_run(FILE_NAME, "architectures", list);
}

static enum err read_labels(struct config *c, const json_t *root)
{
	const json_t *names = json_object_get(root, "id2label");
	const json_t *count = json_object_get(root, "num_labels");

	c->labels = 2; /* Hugging Face's default */
	if (json_is_object(names) && json_object_size(names) > 0 &&
	    json_object_size(names) <= CONFIG_MAX_LABELS)
		c->labels = (uint32_t)json_object_size(names);
	if (count && !json_is_null(count))
		return read_size(&c->labels, count, CONFIG_MAX_LABELS, "num_labels");
	return OK;
}

static enum err window_all(struct config *c, const char *const list[], const json_t *types)
{
	if (json_array_size(types) != c->layers)
		return not_run(FILE_NAME, "layer_types", types);
	for (uint32_t i = 0; i < c->layers; i++) {
		const json_t *type = json_array_get(types, i);

		if (!json_is_string(type) || (strcmp(json_string_value(type), list[0]) != 0 &&
					      strcmp(json_string_value(type), list[1]) != 0))
			return not_run(FILE_NAME, "layer_types", types);
		c->windowed[i] = strcmp(json_string_value(type), list[1]) == 0;
	}
	return OK;
}

/* Mistral: a window on each layer. Qwen: only if it is switched on, and from the layer
 * max_window_layers on. Newer files name the kind of each layer. A size that
 * is not told is that of Hugging Face's classes; null is none. */
static enum err read_window(struct config *c, const json_t *root)
{
	static const char *const names[] = {"full_attention", "sliding_attention"};
	const json_t *size = json_object_get(root, "sliding_window");
	const json_t *types = json_object_get(root, "layer_types");
	bool is_switched = find_key(c->family, "use_sliding_window") != NULL;
	uint32_t first = 0;

	if (find_key(c->family, "sliding_window") && !json_is_null(size) &&
	    (!is_switched || json_is_true(json_object_get(root, "use_sliding_window")))) {
		c->window = 4096;
		if (size)
			TRY(read_size(&c->window, size, CONFIG_MAX_CONTEXT, "sliding_window"));
	}
	if (is_switched) {
		first = 28; /* Qwen's default */
		if (json_object_get(root, "max_window_layers"))
			TRY(read_count(&first, json_object_get(root, "max_window_layers"),
				       "max_window_layers"));
	}
	for (uint32_t i = first; i < c->layers; i++)
		c->windowed[i] = c->window > 0;
	if (types && !json_is_null(types))
		TRY(window_all(c, names, types));
	for (uint32_t i = 0; i < c->layers; i++)
		if (c->windowed[i] && !c->window)
			return failure(ERR_FORMAT, FILE_NAME ": \"sliding_window\" is missing");
	return OK;
}

/* T5: one key tells the activation and whether it is a factor of a second product. */
static enum err read_feed_forward(struct config *c, const json_t *root)
{
	const json_t *value = json_object_get(root, "feed_forward_proj");
	const json_t *scaled = json_object_get(root, "scale_decoder_outputs");
	const char *text = json_string_value(value);

	if (!find_key(c->family, "feed_forward_proj"))
		return OK;
	c->logits_scaled = c->tied;
	if (scaled)
		TRY(read_bool(&c->logits_scaled, scaled, "scale_decoder_outputs"));
	c->head_apart = c->tied && !c->logits_scaled; /* as transformers 5 saves 1.1 and Flan */
	if (!value)
		return OK;
	c->gated = text && strncmp(text, "gated-", 6) == 0;
	/* "gated-gelu" always stood for the approximation. */
	c->activation = CONFIG_GELU_TANH;
	if (c->gated && strcmp(text, "gated-gelu") == 0)
		return OK;
	if (text && strcmp(text, "relu") == 0) {
		c->activation = CONFIG_RELU;
		return OK;
	}
	if (text && strcmp(text, "gated-silu") == 0) {
		c->activation = CONFIG_SILU;
		return OK;
	}
	return not_run(FILE_NAME, "feed_forward_proj", value);
}

static enum err read_special(struct config *c, json_t *root)
{
	const json_t *theta = json_object_get(root, "rope_theta");
	const json_t *start = json_object_get(root, "decoder_start_token_id");

	if (find_key(c->family, "rope_theta")) {
		if (theta)
			TRY(read_real(&c->rope_theta, theta, "rope_theta"));
		TRY(read_rope(c, json_object_get(root, "rope_scaling"), "rope_scaling"));
		TRY(read_rope(c, json_object_get(root, "rope_parameters"), "rope_parameters"));
	}
	TRY(read_window(c, root));
	TRY(read_feed_forward(c, root));
	TRY(read_head(c, root));
	TRY(read_labels(c, root));
	if (find_key(c->family, "decoder_start_token_id") && start && !json_is_null(start))
		TRY(read_token(&c->decoder_start, start, c, "decoder_start_token_id"));
	TRY(read_bos(c, json_object_get(root, "bos_token_id")));
	return read_eos(c, json_object_get(root, "eos_token_id"), FILE_NAME);
}

static enum err check_required(const struct config *c, const json_t *root)
{
	for (const char *const *name = c->family->required; *name; name++)
		if (!json_object_get(root, *name))
			return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is missing", *name);
	return OK;
}

enum err config_fit(struct config *c, const char *file)
{
	if (!c->hidden_size || !c->heads || !(c->layers | c->encoder_layers))
		return failure(ERR_FORMAT, "%s: a size of the model is missing", file);
	if (c->family->decoder.count && !c->layers)
		c->layers = c->encoder_layers;
	if (c->intermediate_size == 0)
		c->intermediate_size = 4 * c->hidden_size;
	if (c->kv_heads == 0)
		c->kv_heads = c->heads;
	if (c->heads % c->kv_heads != 0)
		return failure(ERR_FORMAT, "%s: %u attention heads do not share %u key-value heads",
			       file, c->heads, c->kv_heads);
	if (c->head_size == 0 && c->hidden_size % c->heads != 0)
		return failure(ERR_FORMAT, "%s: \"hidden_size\" %u does not divide into %u heads",
			       file, c->hidden_size, c->heads);
	if (c->head_size == 0)
		c->head_size = c->hidden_size / c->heads;
	if ((c->family->positions == FAMILY_POSITIONS_ROTARY && c->head_size % 2 != 0) ||
	    (uint64_t)c->head_size * c->heads > CONFIG_MAX_WIDTH ||
	    c->intermediate_size > CONFIG_MAX_WIDTH)
		return failure(ERR_FORMAT, "%s: %u heads of %u values cannot be run", file,
			       c->heads, c->head_size);
	return OK;
}

static enum err find_family(const struct family **out, const json_t *root)
{
	const json_t *type = json_object_get(root, "model_type");

	if (!type)
		return failure(ERR_UNSUPPORTED, FILE_NAME ": \"model_type\" is missing");
	*out = json_is_string(type) ? family_find(json_string_value(type)) : NULL;
	return *out ? OK : not_run(FILE_NAME, "model_type", type);
}

enum err config_parse(struct config *out, struct slice text)
{
	AUTO(json_auto) json_t *root = NULL;
	const struct family *family;
	struct config c;

	if (text.size > CONFIG_MAX_TEXT)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d bytes", CONFIG_MAX_TEXT);
	TRY(json_read_object(&root, text, FILE_NAME));
	TRY(find_family(&family, root));
	c = family->defaults;
	c.family = family;
	TRY(read_keys(&c, root));
	TRY(check_required(&c, root));
	TRY(config_fit(&c, FILE_NAME));
	TRY(read_special(&c, root));
	*out = c;
	return OK;
}

enum err config_apply_generation(struct config *config, struct slice text)
{
	AUTO(json_auto) json_t *root = NULL;

	if (text.size > CONFIG_MAX_TEXT)
		return failure(ERR_LIMIT, GENERATION_NAME ": more than %d bytes", CONFIG_MAX_TEXT);
	TRY(json_read_object(&root, text, GENERATION_NAME));
	return read_eos(config, json_object_get(root, "eos_token_id"), GENERATION_NAME);
}
