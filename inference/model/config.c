/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/config.h"

#include <math.h>

#include "inference/format/json.h"

#define FILE_NAME "config.json"
#define GENERATION_NAME "generation_config.json"

/*
 * What a key means here. A key that is in no row is understood only where its value says nothing
 * (null, false, 0, "", [] or {}): anything else may change what the model computes.
 */
enum key_kind {
	KEY_SIZE,    /* an integer, 1..max */
	KEY_REAL,    /* a finite number above 0 */
	KEY_BOOL,    /* true or false */
	KEY_TEXT,    /* must be exactly `text` */
	KEY_SPECIAL, /* read by a function of its own */
	KEY_IGNORED, /* about training, other programs, or defaults of sampling */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset; /* of the member in struct config */
	uint32_t max;
	const char *text;
};

#define MEMBER(name) offsetof(struct config, name)

/* clang-format off */
static const struct key keys[] = {
	{"model_type",              KEY_TEXT,    0, 0, "llama"},
	{"hidden_act",              KEY_TEXT,    0, 0, "silu"},
	{"hidden_size",             KEY_SIZE,    MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"intermediate_size",       KEY_SIZE,    MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL},
	{"num_hidden_layers",       KEY_SIZE,    MEMBER(layers), CONFIG_MAX_LAYERS, NULL},
	{"num_attention_heads",     KEY_SIZE,    MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"num_key_value_heads",     KEY_SIZE,    MEMBER(kv_heads), CONFIG_MAX_HEADS, NULL},
	{"head_dim",                KEY_SIZE,    MEMBER(head_size), CONFIG_MAX_WIDTH, NULL},
	{"vocab_size",              KEY_SIZE,    MEMBER(vocabulary), CONFIG_MAX_VOCABULARY, NULL},
	{"max_position_embeddings", KEY_SIZE,    MEMBER(context), CONFIG_MAX_CONTEXT, NULL},
	{"rms_norm_eps",            KEY_REAL,    MEMBER(norm_epsilon), 0, NULL},
	{"tie_word_embeddings",     KEY_BOOL,    MEMBER(tied), 0, NULL},
	{"attention_bias",          KEY_BOOL,    MEMBER(attention_bias), 0, NULL},
	{"mlp_bias",                KEY_BOOL,    MEMBER(mlp_bias), 0, NULL},
	{"pretraining_tp",          KEY_IGNORED, 0, 0, NULL}, /* the order of sums only */
	{"rope_theta",              KEY_SPECIAL, 0, 0, NULL},
	{"rope_scaling",            KEY_SPECIAL, 0, 0, NULL},
	{"rope_parameters",         KEY_SPECIAL, 0, 0, NULL},
	{"bos_token_id",            KEY_SPECIAL, 0, 0, NULL},
	{"eos_token_id",            KEY_SPECIAL, 0, 0, NULL},
	{"architectures",           KEY_IGNORED, 0, 0, NULL},
	{"_name_or_path",           KEY_IGNORED, 0, 0, NULL},
	{"_attn_implementation_autoset", KEY_IGNORED, 0, 0, NULL},
	{"attention_dropout",       KEY_IGNORED, 0, 0, NULL},
	{"hidden_dropout_prob",     KEY_IGNORED, 0, 0, NULL},
	{"initializer_range",       KEY_IGNORED, 0, 0, NULL},
	{"pad_token_id",            KEY_IGNORED, 0, 0, NULL},
	{"unk_token_id",            KEY_IGNORED, 0, 0, NULL},
	{"torch_dtype",             KEY_IGNORED, 0, 0, NULL},
	{"dtype",                   KEY_IGNORED, 0, 0, NULL},
	{"transformers_version",    KEY_IGNORED, 0, 0, NULL},
	{"unsloth_version",         KEY_IGNORED, 0, 0, NULL},
	{"unsloth_fixed",           KEY_IGNORED, 0, 0, NULL},
	{"use_cache",               KEY_IGNORED, 0, 0, NULL},
	{"gradient_checkpointing",  KEY_IGNORED, 0, 0, NULL},
	{"max_sequence_length",     KEY_IGNORED, 0, 0, NULL},
	{"max_length",              KEY_IGNORED, 0, 0, NULL},
	{"return_dict",             KEY_IGNORED, 0, 0, NULL},
	{"chunk_size_feed_forward", KEY_IGNORED, 0, 0, NULL},
	{"id2label",                KEY_IGNORED, 0, 0, NULL},
	{"label2id",                KEY_IGNORED, 0, 0, NULL},
	{"is_llama_config",         KEY_IGNORED, 0, 0, NULL},
	{"num_return_sequences",    KEY_IGNORED, 0, 0, NULL},
	{"num_beams",               KEY_IGNORED, 0, 0, NULL},
	{"num_beam_groups",         KEY_IGNORED, 0, 0, NULL},
	{"temperature",             KEY_IGNORED, 0, 0, NULL},
	{"top_k",                   KEY_IGNORED, 0, 0, NULL},
	{"top_p",                   KEY_IGNORED, 0, 0, NULL},
	{"typical_p",               KEY_IGNORED, 0, 0, NULL},
	{"do_sample",               KEY_IGNORED, 0, 0, NULL},
	{"repetition_penalty",      KEY_IGNORED, 0, 0, NULL},
	{"length_penalty",          KEY_IGNORED, 0, 0, NULL},
};
/* clang-format on */

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

static bool says_nothing(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_TRUE:
		return false;
	case JSON_INTEGER:
	case JSON_REAL:
		return json_number_value(value) == 0.0;
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	}
	return false;
}

static enum err read_key(struct config *c, const struct key *key, const json_t *value)
{
	void *member = (char *)c + key->offset;
	double real = 0;

	switch (key->kind) {
	case KEY_SIZE:
		if (json_is_null(value)) /* "as if it were not there": head_dim, kv heads */
			return OK;
		return read_size(member, value, key->max, key->name);
	case KEY_REAL:
		TRY(read_real(&real, value, key->name));
		*(float *)member = (float)real;
		return OK;
	case KEY_BOOL:
		if (!json_is_boolean(value))
			return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not true or false",
				       key->name);
		*(bool *)member = json_is_true(value);
		return OK;
	case KEY_TEXT:
		if (!json_is_string(value) || strcmp(json_string_value(value), key->text) != 0)
			return not_run(FILE_NAME, key->name, value);
		return OK;
	case KEY_SPECIAL:
	case KEY_IGNORED:
		return OK;
	}
	return OK;
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static enum err read_keys(struct config *c, json_t *root)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
	{
		const struct key *key = find_key(name);

		if (key)
			TRY(read_key(c, key, value));
		else if (!says_nothing(value))
			return not_run(FILE_NAME, name, value);
	}
	return OK;
}

static const struct {
	const char *name;
	enum config_rope rope;
	size_t keys; /* that it may have, type and theta not counted */
} rope_types[] = {
	{"default", CONFIG_ROPE_PLAIN, 0},
	{"linear", CONFIG_ROPE_LINEAR, 1},
	{"llama3", CONFIG_ROPE_LLAMA3, 4},
};

static enum err read_rope_numbers(struct config *c, const json_t *rope)
{
	static const struct {
		const char *name;
		size_t offset;
	} numbers[] = {
		{"factor", MEMBER(rope_factor)},
		{"low_freq_factor", MEMBER(rope_low_frequency)},
		{"high_freq_factor", MEMBER(rope_high_frequency)},
		{"original_max_position_embeddings", MEMBER(rope_original_context)},
	};

	for (size_t i = 0; i < rope_types[c->rope].keys; i++)
		TRY(read_real((double *)(void *)((char *)c + numbers[i].offset),
			      json_object_get(rope, numbers[i].name), numbers[i].name));
	if (c->rope == CONFIG_ROPE_LLAMA3 && c->rope_high_frequency <= c->rope_low_frequency)
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"high_freq_factor\" is not above \"low_freq_factor\"");
	return OK;
}

/* `rope_scaling` (with "type" or "rope_type") of older files, `rope_parameters` of newer ones,
 * where it holds rope_theta as well. */
static enum err read_rope(struct config *c, const json_t *rope, const char *key)
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
	for (size_t i = 0; i < sizeof rope_types / sizeof *rope_types; i++) {
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

static enum err read_bos(struct config *c, const json_t *value)
{
	uint64_t id;

	if (!value || json_is_null(value))
		return OK;
	TRY(json_read_integer(&id, value, c->vocabulary - 1, FILE_NAME, "bos_token_id"));
	c->bos = (uint32_t)id;
	c->has_bos = true;
	return OK;
}

static enum err read_special(struct config *c, json_t *root)
{
	const json_t *theta = json_object_get(root, "rope_theta");

	if (theta)
		TRY(read_real(&c->rope_theta, theta, "rope_theta"));
	TRY(read_rope(c, json_object_get(root, "rope_scaling"), "rope_scaling"));
	TRY(read_rope(c, json_object_get(root, "rope_parameters"), "rope_parameters"));
	TRY(read_bos(c, json_object_get(root, "bos_token_id")));
	return read_eos(c, json_object_get(root, "eos_token_id"), FILE_NAME);
}

/* What must be there, and must fit together. */
static enum err check_sizes(struct config *c)
{
	const struct {
		const char *name;
		uint32_t value;
	} needed[] = {
		{"hidden_size", c->hidden_size},  {"intermediate_size", c->intermediate_size},
		{"num_hidden_layers", c->layers}, {"num_attention_heads", c->heads},
		{"vocab_size", c->vocabulary},    {"max_position_embeddings", c->context},
	};

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (needed[i].value == 0)
			return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is missing", needed[i].name);
	if (c->kv_heads == 0)
		c->kv_heads = c->heads;
	if (c->heads % c->kv_heads != 0)
		return failure(ERR_FORMAT,
			       FILE_NAME ": %u attention heads do not share %u key-value heads",
			       c->heads, c->kv_heads);
	if (c->head_size == 0 && c->hidden_size % c->heads != 0)
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"hidden_size\" %u does not divide into %u heads",
			       c->hidden_size, c->heads);
	if (c->head_size == 0)
		c->head_size = c->hidden_size / c->heads;
	if (c->head_size % 2 != 0 || (uint64_t)c->head_size * c->heads > CONFIG_MAX_WIDTH)
		return failure(ERR_FORMAT, FILE_NAME ": %u heads of %u values cannot be run",
			       c->heads, c->head_size);
	return OK;
}

enum err config_parse(struct config *out, struct slice text)
{
	AUTO(json_auto) json_t *root = NULL;
	/* The defaults are those of Hugging Face's LlamaConfig. */
	struct config c = {.norm_epsilon = 1e-6f, .rope_theta = 10000.0};

	if (text.size > CONFIG_MAX_TEXT)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d bytes", CONFIG_MAX_TEXT);
	TRY(json_read_object(&root, text, FILE_NAME));
	if (!json_object_get(root, "model_type"))
		return failure(ERR_UNSUPPORTED, FILE_NAME ": \"model_type\" is missing");
	TRY(read_key(&c, find_key("model_type"), json_object_get(root, "model_type")));
	TRY(read_keys(&c, root));
	TRY(check_sizes(&c));
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
