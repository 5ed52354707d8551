/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/settings.h"

#include <assert.h>
#include <stdio.h>

#define CONFIG_FILE "tokenizer_config.json"

static const char *const special_keys[] = {"bos_token", "eos_token", "unk_token", "sep_token",
					   "pad_token", "cls_token", "mask_token"};

/* transformers' classes, what a config.json without one means, and their special tokens. */
static const struct class_row {
	const char *class;
	enum words words;
	const char *model_types; /* between spaces */
	const char *defaults[7]; /* in the order of special_keys */
} classes[] = {
	/* clang-format off */
	{"GPT2Tokenizer", WORDS_GPT2, " gpt2 ",
	 {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL}},
	{"CodeGenTokenizer", WORDS_GPT2, " gptj codegen phi ",
	 {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL}},
	{"Qwen2Tokenizer", WORDS_QWEN2, " qwen2 qwen3 qwen2_moe qwen3_moe ",
	 {NULL, "<|endoftext|>", "<|endoftext|>", NULL, "<|endoftext|>", NULL, NULL}},
	{"RobertaTokenizer", WORDS_ROBERTA, " roberta ",
	 {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
	{"BartTokenizer", WORDS_ROBERTA, " bart ",
	 {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
	{"BertTokenizer", WORDS_BERT, " bert ",
	 {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
	{"DistilBertTokenizer", WORDS_BERT, " distilbert ",
	 {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
	{"ElectraTokenizer", WORDS_BERT, " electra ",
	 {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
	{"LlamaTokenizer", WORDS_LLAMA, " llama mistral ",
	 {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}},
	{"T5Tokenizer", WORDS_T5, " t5 mt5 umt5 ",
	 {NULL, "</s>", "<unk>", NULL, "<pad>", NULL, NULL}},
	/* clang-format on */
};

enum { CLASS_COUNT = sizeof classes / sizeof *classes, KEY_COUNT = 7 };

enum err settings_read_file(struct buf *out, struct model_files *files, const char *name)
{
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, name, &source));
	if (source->size > TOKENIZER_MAX_FILE)
		return failure(ERR_LIMIT, "%s: more than %d bytes", name, TOKENIZER_MAX_FILE);
	room = buf_reserve(out, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(out, (size_t)source->size);
	return OK;
}

static enum err read_or_nothing(json_t **out, struct model_files *files, const char *name)
{
	enum err found = json_read_file(out, files, name, SETTINGS_MAX_FILE);

	if (found == ERR_NOT_FOUND)
		*out = json_object();
	return found == ERR_NOT_FOUND ? OK : found;
}

/* By the name that the files say, with or without "Fast"; else by the model's type. */
static const struct class_row *find_class(struct settings *s, const char *fallback)
{
	const json_t *named = json_object_get(s->tokenizer, "tokenizer_class");
	const char *type = json_string_value(json_object_get(s->config, "model_type"));
	size_t size;
	char key[40];

	s->class = json_string_value(named);
	if (s->class && strcmp(s->class, "PreTrainedTokenizerFast") != 0) {
		size = strlen(s->class);
		if (size > 4 && strcmp(s->class + size - 4, "Fast") == 0)
			size -= 4;
		for (size_t i = 0; i < CLASS_COUNT; i++)
			if (strlen(classes[i].class) == size &&
			    strncmp(classes[i].class, s->class, size) == 0)
				return &classes[i];
		return NULL;
	}
	snprintf(key, sizeof key, " %.30s ", type ? type : "");
	for (size_t i = 0; i < CLASS_COUNT; i++)
		if (type ? strstr(classes[i].model_types, key) != NULL
			 : fallback && strcmp(classes[i].class, fallback) == 0)
			return &classes[i];
	return NULL;
}

static enum err class_not_known(const struct settings *s)
{
	const json_t *type = json_object_get(s->config, "model_type");
	char shown[JSON_SHOWN + 4];

	if (s->class)
		return failure(ERR_UNSUPPORTED,
			       CONFIG_FILE ": \"tokenizer_class\" is \"%.60s\", which this engine "
					   "reads from a tokenizer.json only",
			       s->class);
	if (!type)
		return failure(ERR_UNSUPPORTED,
			       "the vocabulary has no tokenizer.json, and neither "
			       "\"tokenizer_class\" of " CONFIG_FILE " nor \"model_type\" of "
			       "config.json says what it is");
	json_show(shown, type);
	return failure(ERR_UNSUPPORTED,
		       "config.json: \"model_type\" is %s, whose tokenizer this engine reads from "
		       "a tokenizer.json only",
		       shown);
}

/* Settings that change ids and that nothing here does. */
static enum err refuse_unknown(const struct settings *s)
{
	static const char *const keys[] = {"split_special_tokens", "sp_model_kwargs", "never_split",
					   "bpe_dropout"};
	char shown[JSON_SHOWN + 4];

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const json_t *value = json_object_get(s->tokenizer, keys[i]);

		if (load_is_absent(value) || json_is_false(value) ||
		    (json_is_object(value) && json_object_size(value) == 0) ||
		    (json_is_array(value) && json_array_size(value) == 0))
			continue;
		json_show(shown, value);
		return failure(ERR_UNSUPPORTED,
			       CONFIG_FILE ": \"%s\" is %s, which is not known to this engine",
			       keys[i], shown);
	}
	return OK;
}

/* The entry of `added` with that content; a new one where there is none. */
static json_t *entry_for(struct settings *s, const char *content)
{
	struct string_row *row = string_table_row(&s->by_text, slice_of_string(content));
	json_t *entry;

	if (row->key.data)
		return json_array_get(s->added, row->value);
	entry = json_pack("{s:s}", "content", content);
	assert(entry);
	*row = (struct string_row){
		slice_of_string(json_string_value(json_object_get(entry, "content"))),
		(uint32_t)json_array_size(s->added)};
	json_array_append_new(s->added, entry);
	return entry;
}

/* What a token's value says of it: its text alone, or {"content": ..., "lstrip": ...}. */
static enum err add_token(struct settings *s, const json_t *value, const char *key, json_t **out)
{
	static const char *const flags[] = {"lstrip", "rstrip", "single_word", "normalized",
					    "special"};
	const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;

	if (!json_is_string(content) || json_string_length(content) == 0 ||
	    json_array_size(s->added) >= TOKENIZER_MAX_ADDED)
		return failure(ERR_FORMAT, "\"%s\" names a token that is no text, or one too many",
			       key);
	*out = entry_for(s, json_string_value(content));
	for (size_t i = 0; json_is_object(value) && i < sizeof flags / sizeof *flags; i++)
		if (!json_object_get(*out, flags[i]) &&
		    json_is_boolean(json_object_get(value, flags[i])))
			json_object_set(*out, flags[i], json_object_get(value, flags[i]));
	return OK;
}

/* "added_tokens_decoder": {"151643": {"content": ...}} says everything; older models have
 * added_tokens.json: {"<|im_end|>": 151645}. */
static enum err add_numbered(struct settings *s)
{
	json_t *entry;
	json_t *value;
	const char *key;

	json_object_foreach(json_object_get(s->tokenizer, "added_tokens_decoder"), key, value)
	{
		uint64_t id;

		if (!slice_to_u64(slice_of_string(key), TOKENIZER_MAX_VOCABULARY - 1, &id))
			return failure(ERR_FORMAT,
				       CONFIG_FILE ": \"added_tokens_decoder\": \"%.20s\" is no id",
				       key);
		TRY(add_token(s, value, "added_tokens_decoder", &entry));
		json_object_set_new(entry, "id", json_integer((json_int_t)id));
	}
	json_object_foreach(s->numbers, key, value)
	{
		if (key[0] == '\0' || json_array_size(s->added) >= TOKENIZER_MAX_ADDED)
			return failure(ERR_FORMAT,
				       "added_tokens.json: a token without text, or one too many");
		entry = entry_for(s, key);
		if (!json_object_get(entry, "id"))
			json_object_set(entry, "id", value);
	}
	return OK;
}

static const json_t *special_value(const struct settings *s, const char *key)
{
	const json_t *value = json_object_get(s->specials, key);

	return load_is_absent(value) ? json_object_get(s->tokenizer, key) : value;
}

static enum err add_special(struct settings *s, const json_t *value, const char *key)
{
	json_t *entry;

	TRY(add_token(s, value, key, &entry));
	json_object_set_new(entry, "special", json_true());
	return OK;
}

/* A default of the class counts only if the vocabulary has it. */
static void add_default(struct settings *s, const struct class_row *class, size_t key)
{
	const char *name = class->defaults[key];
	json_t *entry = entry_for(s, name);

	json_object_set_new(s->specials, special_keys[key], json_string(name));
	json_object_set_new(entry, "special", json_true());
	json_object_set_new(entry, "default", json_true());
	if (strcmp(special_keys[key], "mask_token") == 0 && class->words == WORDS_ROBERTA &&
	    !json_object_get(entry, "lstrip")) /* transformers' own default */
		json_object_set_new(entry, "lstrip", json_true());
}

static enum err add_specials(struct settings *s, const struct class_row *class)
{
	const json_t *more = special_value(s, "additional_special_tokens");

	for (size_t i = 0; i < KEY_COUNT; i++) {
		const json_t *value = special_value(s, special_keys[i]);

		if (!value && class->defaults[i])
			add_default(s, class, i);
		else if (!load_is_absent(value))
			TRY(add_special(s, value, special_keys[i]));
	}
	for (size_t i = 0; i < json_array_size(more); i++)
		TRY(add_special(s, json_array_get(more, i), "additional_special_tokens"));
	return OK;
}

static size_t count_named(const struct settings *s)
{
	return json_object_size(json_object_get(s->tokenizer, "added_tokens_decoder")) +
	       json_object_size(s->numbers) + 2 * KEY_COUNT + SETTINGS_MAX_MORE +
	       json_array_size(special_value(s, "additional_special_tokens"));
}

void settings_init(struct settings *s)
{
	s->tokenizer = json_object();
	s->specials = json_object();
	s->numbers = json_object();
	s->config = json_object();
	s->added = json_array();
	string_table_init(&s->by_text, count_named(s));
}

enum err settings_open(struct settings *out, struct model_files *files, const char *fallback)
{
	const struct class_row *class;

	TRY(read_or_nothing(&out->tokenizer, files, CONFIG_FILE));
	TRY(read_or_nothing(&out->specials, files, "special_tokens_map.json"));
	TRY(read_or_nothing(&out->numbers, files, "added_tokens.json"));
	TRY(read_or_nothing(&out->config, files, "config.json"));
	class = find_class(out, fallback);
	if (!class)
		return class_not_known(out);
	out->class = class->class;
	out->words = class->words;
	TRY(refuse_unknown(out));
	out->added = json_array();
	string_table_init(&out->by_text, count_named(out));
	TRY(add_numbered(out));
	return add_specials(out, class);
}

void settings_clear(struct settings *s)
{
	string_table_clear(&s->by_text);
	json_decref(s->tokenizer);
	json_decref(s->specials);
	json_decref(s->numbers);
	json_decref(s->config);
	json_decref(s->added);
}

enum err settings_flag(bool *out, const struct settings *s, const char *key, bool missing)
{
	const json_t *value = json_object_get(s->tokenizer, key);

	if (!load_is_absent(value) && !json_is_boolean(value))
		return failure(ERR_FORMAT, CONFIG_FILE ": \"%s\" is not true or false", key);
	*out = load_is_absent(value) ? missing : json_is_true(value);
	return OK;
}

void settings_see(struct settings *s, struct slice text, uint32_t id)
{
	const struct string_row *row = string_table_row(&s->by_text, text);
	json_t *entry = row->key.data ? json_array_get(s->added, row->value) : NULL;

	if (entry && !json_object_get(entry, "id"))
		json_object_set_new(entry, "id", json_integer(id));
}

void settings_number(struct settings *s, uint32_t next)
{
	for (size_t i = 0; i < json_array_size(s->added); i++) {
		const json_t *id = json_object_get(json_array_get(s->added, i), "id");

		if (json_is_integer(id) && json_integer_value(id) >= (json_int_t)next &&
		    json_integer_value(id) < TOKENIZER_MAX_VOCABULARY)
			next = (uint32_t)json_integer_value(id) + 1;
	}
	for (size_t i = 0; i < json_array_size(s->added); i++) {
		json_t *entry = json_array_get(s->added, i);

		if (!json_object_get(entry, "id") && !json_object_get(entry, "default"))
			json_object_set_new(entry, "id", json_integer(next++));
	}
}

const char *settings_name(const struct settings *s, const char *key)
{
	const json_t *value = special_value(s, key);

	return json_string_value(json_is_object(value) ? json_object_get(value, "content") : value);
}

static const json_t *said(const struct settings *s, const char *key)
{
	const char *name = settings_name(s, key);
	const struct string_row *row = name ? string_table_row(&s->by_text, slice_of_string(name))
					    : NULL;
	const json_t *entry = row && row->key.data ? json_array_get(s->added, row->value) : NULL;

	return json_object_get(entry, "default") ? NULL : entry;
}

void settings_default(struct settings *s, const char *key, struct slice name, uint32_t id)
{
	char text[SETTINGS_MAX_NAME + 1];
	json_t *entry;

	if (said(s, key) || name.size > SETTINGS_MAX_NAME || !slice_is_utf8(name))
		return;
	snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
	entry = entry_for(s, text);
	json_object_set_new(s->specials, key, json_string(text));
	json_object_set_new(entry, "special", json_true());
	json_object_set_new(entry, "id", json_integer(id));
}

void settings_add(struct settings *s, const char *name, uint32_t id)
{
	json_t *entry = entry_for(s, name);

	json_object_set_new(entry, "special", json_true());
	if (!json_object_get(entry, "id"))
		json_object_set_new(entry, "id", json_integer(id));
}

json_t *settings_list(const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(s->added); i++) {
		json_t *entry = json_array_get(s->added, i);
		bool special = json_is_true(json_object_get(entry, "special"));

		if (!json_object_get(entry, "id"))
			continue;
		if (!json_object_get(entry, "normalized"))
			json_object_set_new(entry, "normalized", json_boolean(!special));
		json_array_append(list, entry);
	}
	return list;
}

enum err settings_special(const json_t **out, const struct settings *s, const char *key)
{
	const char *name = settings_name(s, key);
	const struct string_row *row = name ? string_table_row(&s->by_text, slice_of_string(name))
					    : NULL;

	if (!row || !row->key.data)
		return failure(ERR_FORMAT, CONFIG_FILE ": there is no \"%s\"", key);
	*out = json_array_get(s->added, row->value);
	if (!json_object_get(*out, "id"))
		return failure(ERR_FORMAT, "the vocabulary has no \"%s\", which is its \"%s\"",
			       name, key);
	return OK;
}

static enum err add_around(const struct settings *s, const char *key, json_t *single, json_t *ids)
{
	const json_t *entry;
	const char *name;

	if (!key)
		return OK;
	TRY(settings_special(&entry, s, key));
	name = json_string_value(json_object_get(entry, "content"));
	json_array_append_new(single, json_pack("{s:{s:s}}", "SpecialToken", "id", name));
	json_object_set_new(ids, name, json_pack("{s:[O]}", "ids", json_object_get(entry, "id")));
	return OK;
}

enum err settings_template(json_t **out, const struct settings *s, const char *before,
			   const char *after)
{
	AUTO(json_auto) json_t *single = json_array();
	AUTO(json_auto) json_t *ids = json_object();

	TRY(add_around(s, before, single, ids));
	json_array_append_new(single, json_pack("{s:{s:s}}", "Sequence", "id", "A"));
	TRY(add_around(s, after, single, ids));
	*out = json_pack("{s:s,s:O,s:O}", "type", "TemplateProcessing", "single", single,
			 "special_tokens", ids);
	assert(*out);
	return OK;
}
