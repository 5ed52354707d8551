/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/adapter/config.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference/format/json.h"

#define FILE_NAME "adapter_config.json"

struct adapter_config {
	json_t *json; /* owns every text */
	uint32_t rank;
	double alpha;
	bool is_rank_stabilized;
};

/* What a key must be. What says nothing (null, false, 0, empty) is fine for every key. */
enum kind {
	KIND_IGNORED, /* about training, or about other programs */
	KIND_NOTHING, /* must say nothing */
	KIND_TEXT,    /* one of a list */
	KIND_READ,    /* read by name, below */
};

struct key {
	const char *name;
	enum kind kind;
	const char *texts[4]; /* KIND_TEXT */
	const char *why;      /* KIND_NOTHING: what it would ask for */
};

/* clang-format off */
static const struct key keys[] = {
	{"peft_type",               KIND_READ,    {0}, NULL},
	{"r",                       KIND_READ,    {0}, NULL},
	{"lora_alpha",              KIND_READ,    {0}, NULL},
	{"use_rslora",              KIND_READ,    {0}, NULL},
	{"target_modules",          KIND_READ,    {0}, NULL},
	{"rank_pattern",            KIND_READ,    {0}, NULL},
	{"alpha_pattern",           KIND_READ,    {0}, NULL},
	{"layers_to_transform",     KIND_READ,    {0}, NULL},
	{"init_lora_weights",       KIND_READ,    {0}, NULL},
	{"bias",                    KIND_TEXT,    {"none"}, NULL},
	{"task_type",               KIND_TEXT,    {"CAUSAL_LM"}, NULL},
	{"use_dora",                KIND_NOTHING, {0}, "DoRA's magnitudes"},
	{"use_qalora",              KIND_NOTHING, {0}, "QALoRA's groups"},
	{"use_bdlora",              KIND_NOTHING, {0}, "blocks of their own"},
	{"lora_bias",               KIND_NOTHING, {0}, "a bias of B"},
	{"modules_to_save",         KIND_NOTHING, {0}, "whole modules in the place of the base's"},
	{"trainable_token_indices", KIND_NOTHING, {0}, "embeddings of its own"},
	{"target_parameters",       KIND_NOTHING, {0}, "parameters that are no module"},
	{"layer_replication",       KIND_NOTHING, {0}, "layers that the base does not have"},
	{"loftq_config",            KIND_NOTHING, {0}, "a base that was changed with it"},
	{"corda_config",            KIND_NOTHING, {0}, "a base that was changed with it"},
	{"alora_invocation_tokens", KIND_NOTHING, {0}, "an adapter that sets in at a token"},
	{"arrow_config",            KIND_NOTHING, {0}, "a choice among adapters"},
	{"megatron_config",         KIND_NOTHING, {0}, "Megatron's layers"},
	/* The other side of A and B is what the tensors are, whichever way the base's matrix lies. */
	{"fan_in_fan_out",          KIND_IGNORED, {0}, NULL},
	{"layers_pattern",          KIND_IGNORED, {0}, NULL}, /* the tensors are named by layer */
	{"exclude_modules",         KIND_IGNORED, {0}, NULL}, /* they have no tensors */
	{"auto_mapping",            KIND_IGNORED, {0}, NULL},
	{"base_model_name_or_path", KIND_IGNORED, {0}, NULL},
	{"ensure_weight_tying",     KIND_IGNORED, {0}, NULL}, /* of modules_to_save */
	{"eva_config",              KIND_IGNORED, {0}, NULL}, /* how A began */
	{"inference_mode",          KIND_IGNORED, {0}, NULL},
	{"lora_dropout",            KIND_IGNORED, {0}, NULL},
	{"lora_ga_config",          KIND_NOTHING, {0}, "a base that was changed with it"},
	{"megatron_core",           KIND_IGNORED, {0}, NULL},
	{"peft_version",            KIND_IGNORED, {0}, NULL},
	{"qalora_group_size",       KIND_IGNORED, {0}, NULL}, /* of use_qalora */
	{"revision",                KIND_IGNORED, {0}, NULL},
	{"runtime_config",          KIND_IGNORED, {0}, NULL},
};
/* clang-format on */

static bool says_nothing(const json_t *value)
{
	return json_is_null(value) || json_is_false(value) ||
	       (json_is_integer(value) && json_integer_value(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

static enum err refuse(const char *name, const json_t *value, const char *why)
{
	char shown[JSON_SHOWN + 4];

	json_show(shown, value);
	return failure(ERR_UNSUPPORTED, FILE_NAME ": \"%.80s\" is %s: %s", name, shown, why);
}

static enum err check_key(const struct key *key, const char *name, const json_t *value)
{
	if (!key)
		return refuse(name, value, "a key that this engine does not know");
	if (key->kind == KIND_NOTHING)
		return refuse(name, value, key->why);
	if (key->kind != KIND_TEXT)
		return OK;
	for (size_t i = 0; i < 4 && key->texts[i]; i++)
		if (json_is_string(value) && strcmp(json_string_value(value), key->texts[i]) == 0)
			return OK;
	return refuse(name, value, "not offered");
}

static enum err check_keys(const json_t *json)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		const struct key *key = NULL;

		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (strcmp(keys[i].name, name) == 0)
				key = &keys[i];
		if (!says_nothing(value) || (key && key->kind == KIND_READ))
			TRY(check_key(key, name, value));
	}
	return OK;
}

static enum err read_rank(uint32_t *out, const json_t *value, const char *name)
{
	uint64_t number;

	TRY(json_read_integer(&number, value, ADAPTER_MAX_RANK, FILE_NAME, name));
	if (number == 0)
		return failure(ERR_FORMAT, FILE_NAME ": \"%.80s\" is 0", name);
	*out = (uint32_t)number;
	return OK;
}

static enum err read_alpha(double *out, const json_t *value, const char *name)
{
	*out = json_number_value(value);
	if (!json_is_number(value) || !(*out > 0 && *out <= ADAPTER_MAX_ALPHA))
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"%.80s\" is not a number above 0, up to %d", name,
			       ADAPTER_MAX_ALPHA);
	return OK;
}

/* Some ways to begin move what the adapter says out of the base: without that other base its
 * numbers mean nothing. */
static enum err check_beginning(const json_t *value)
{
	static const char *const known[] = {"gaussian", "eva", NULL};

	if (!value || json_is_boolean(value) || json_is_null(value))
		return OK;
	for (size_t i = 0; known[i]; i++)
		if (json_is_string(value) && strcmp(json_string_value(value), known[i]) == 0)
			return OK;
	return refuse("init_lora_weights", value,
		      "it may need a base that was changed with it; save the adapter converted to "
		      "an ordinary LoRA");
}

/* Names only: what else a pattern may be is Python's regular expressions. */
static bool is_name(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && size <= 200 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
		       size;
}

typedef enum err check_fn(const json_t *value, const char *name);

static enum err check_rank(const json_t *value, const char *name)
{
	uint32_t rank;

	return read_rank(&rank, value, name);
}

static enum err check_alpha(const json_t *value, const char *name)
{
	double alpha;

	return read_alpha(&alpha, value, name);
}

static enum err check_pattern(const json_t *json, const char *name, check_fn *check)
{
	json_t *pattern = json_object_get(json, name), *value;
	const char *key;

	if (!pattern || json_is_null(pattern))
		return OK;
	if (!json_is_object(pattern))
		return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not an object", name);
	json_object_foreach(pattern, key, value)
	{
		if (!is_name(key))
			return failure(ERR_UNSUPPORTED,
				       FILE_NAME ": \"%s\" has the key \"%.80s\": only names of "
						 "modules are read, no regular expressions",
				       name, key);
		TRY(check(value, key));
	}
	return OK;
}

static enum err check_targets(const json_t *targets)
{
	if (!targets || json_is_null(targets) || json_is_string(targets))
		return OK; /* the tensors say which; a regular expression says no more */
	if (!json_is_array(targets))
		return failure(ERR_FORMAT, FILE_NAME ": \"target_modules\" is not a list of names");
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const char *name = json_string_value(json_array_get(targets, i));

		if (!name || !is_name(name))
			return failure(ERR_FORMAT,
				       FILE_NAME ": \"target_modules\" is not a list of names");
	}
	return OK;
}

static enum err check_layers(const json_t *layers)
{
	uint64_t number;

	if (!layers || json_is_null(layers))
		return OK;
	if (!json_is_array(layers))
		return json_read_integer(&number, layers, UINT32_MAX, FILE_NAME,
					 "layers_to_transform");
	for (size_t i = 0; i < json_array_size(layers); i++)
		TRY(json_read_integer(&number, json_array_get(layers, i), UINT32_MAX, FILE_NAME,
				      "layers_to_transform"));
	return OK;
}

static enum err read_numbers(struct adapter_config *c)
{
	const json_t *rank = json_object_get(c->json, "r");
	const json_t *alpha = json_object_get(c->json, "lora_alpha");
	const json_t *stabilized = json_object_get(c->json, "use_rslora");

	c->rank = 8; /* PEFT's own defaults */
	c->alpha = 8;
	if (rank)
		TRY(read_rank(&c->rank, rank, "r"));
	if (alpha)
		TRY(read_alpha(&c->alpha, alpha, "lora_alpha"));
	if (stabilized && !json_is_boolean(stabilized) && !json_is_null(stabilized))
		return failure(ERR_FORMAT, FILE_NAME ": \"use_rslora\" is not true or false");
	c->is_rank_stabilized = json_is_true(stabilized);
	return OK;
}

static enum err check_type(const json_t *json)
{
	const json_t *type = json_object_get(json, "peft_type");

	if (!json_is_string(type))
		return failure(ERR_FORMAT, FILE_NAME ": \"peft_type\" is missing");
	if (strcmp(json_string_value(type), "LORA") != 0)
		return refuse("peft_type", type, "only LORA is computed");
	return OK;
}

enum err adapter_config_parse(struct adapter_config **out, struct slice text)
{
	AUTO(adapter_config_auto) struct adapter_config *c = calloc(1, sizeof *c);

	assert(c);
	if (text.size > ADAPTER_MAX_CONFIG)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d bytes", ADAPTER_MAX_CONFIG);
	TRY(json_read_object(&c->json, text, FILE_NAME));
	TRY(check_type(c->json));
	TRY(check_keys(c->json));
	TRY(read_numbers(c));
	TRY(check_beginning(json_object_get(c->json, "init_lora_weights")));
	TRY(check_targets(json_object_get(c->json, "target_modules")));
	TRY(check_layers(json_object_get(c->json, "layers_to_transform")));
	TRY(check_pattern(c->json, "rank_pattern", check_rank));
	TRY(check_pattern(c->json, "alpha_pattern", check_alpha));
	*out = c;
	c = NULL; /* given away */
	return OK;
}

void adapter_config_free(struct adapter_config *c)
{
	if (!c)
		return;
	json_decref(c->json);
	free(c);
}

/* PEFT's rule: the whole name, or its end behind a dot. */
static bool answers_to(struct slice module, const char *name)
{
	struct slice end = slice_of_string(name);

	if (!slice_ends_with(module, end))
		return false;
	return module.size == end.size || module.data[module.size - end.size - 1] == '.';
}

static bool is_target(const struct adapter_config *c, struct slice module)
{
	const json_t *targets = json_object_get(c->json, "target_modules");

	for (size_t i = 0; i < json_array_size(targets); i++)
		if (answers_to(module, json_string_value(json_array_get(targets, i))))
			return true;
	return !json_is_array(targets);
}

static bool is_transformed(const struct adapter_config *c, uint32_t layer)
{
	const json_t *layers = json_object_get(c->json, "layers_to_transform");

	if (json_is_integer(layers))
		return json_integer_value(layers) == layer;
	for (size_t i = 0; i < json_array_size(layers); i++)
		if (json_integer_value(json_array_get(layers, i)) == layer)
			return true;
	return json_array_size(layers) == 0;
}

/* The value of the first key that the module answers to, or NULL. */
static const json_t *find_pattern(const struct adapter_config *c, const char *which,
				  struct slice module)
{
	json_t *pattern = json_object_get(c->json, which), *value;
	const char *key;

	json_object_foreach(pattern, key, value)
	{
		if (answers_to(module, key))
			return value;
	}
	return NULL;
}

enum err adapter_config_module(const struct adapter_config *c, struct slice module, uint32_t layer,
			       uint32_t *rank, double *scale)
{
	const json_t *own_rank = find_pattern(c, "rank_pattern", module);
	const json_t *own_alpha = find_pattern(c, "alpha_pattern", module);
	double alpha = own_alpha ? json_number_value(own_alpha) : c->alpha;

	if (!is_target(c, module))
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"target_modules\" does not name %.*s, which has "
					 "tensors",
			       SLICE_PRINT(slice_part(module, 0, 160)));
	if (!is_transformed(c, layer))
		return failure(ERR_FORMAT,
			       FILE_NAME ": \"layers_to_transform\" does not name layer %u, which "
					 "has tensors",
			       layer);
	*rank = own_rank ? (uint32_t)json_integer_value(own_rank) : c->rank;
	*scale = alpha / (c->is_rank_stabilized ? sqrt(*rank) : (double)*rank);
	return OK;
}
