/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what stands beside a vocabulary that is no tokenizer.json: tokenizer_config.json,
 * special_tokens_map.json, added_tokens.json and config.json, each where it is there. They say what
 * class of tokenizer it is (transformers' name for it) and which tokens are special.
 */
#ifndef INFERENCE_TOKENIZER_SETTINGS_H
#define INFERENCE_TOKENIZER_SETTINGS_H

#include "inference/tokenizer/load.h"

enum {
	SETTINGS_MAX_FILE = 8 << 20, /* bytes */
	SETTINGS_MAX_NAME = 255,     /* bytes of a special token's name */
	SETTINGS_MAX_MORE = 1000,    /* tokens of settings_add */
};

/* The ways of the classes that are known here. */
enum words { WORDS_GPT2, WORDS_QWEN2, WORDS_ROBERTA, WORDS_BERT, WORDS_LLAMA, WORDS_T5 };

struct settings {
	json_t *tokenizer;           /* tokenizer_config.json, or {} */
	json_t *specials;            /* special_tokens_map.json, or {} */
	json_t *numbers;             /* added_tokens.json, or {} */
	json_t *config;              /* config.json, or {} */
	const char *class;           /* as a file says it, or what goes with its model_type */
	enum words words;            /* of that class */
	json_t *added;               /* what was said of each added token */
	struct string_table by_text; /* content -> index in `added` */
};

/* ERR_UNSUPPORTED: a class, or a setting, that is not known here. `fallback`: the class where no
 * file says one; NULL: then it is refused. */
RESULT settings_open(struct settings *out, struct model_files *files, const char *fallback);
void settings_init(struct settings *s);  /* no files at all; `class` and `words` mean nothing */
void settings_clear(struct settings *s); /* fit for AUTO */

RESULT settings_flag(bool *out, const struct settings *s, const char *key, bool missing);

/* The vocabulary itself says which token that is: so it is, unless a file says another. */
void settings_default(struct settings *s, const char *key, struct slice name, uint32_t id);
/* One more special token, at most SETTINGS_MAX_MORE. */
void settings_add(struct settings *s, const char *name, uint32_t id);

/* The vocabulary has this token: an added one of that text has its id. */
void settings_see(struct settings *s, struct slice text, uint32_t id);
/* All of it was seen: what has no id yet gets the next ones, from `next` on; but a default of the
 * class that the vocabulary has not is none. */
void settings_number(struct settings *s, uint32_t next);
/* The added tokens in tokenizer.json's words. The caller drops it. */
json_t *settings_list(const struct settings *s);

/* The name of a special token ("bos_token"), or NULL; and its entry in `added`. Borrowed. */
const char *settings_name(const struct settings *s, const char *key);
/* ERR_FORMAT if the vocabulary has no such token. */
RESULT settings_special(const json_t **out, const struct settings *s, const char *key);

/* A TemplateProcessing of the special tokens before and behind a text; NULL: none. */
RESULT settings_template(json_t **out, const struct settings *s, const char *before,
			 const char *after);

/* The whole file into an empty buffer. ERR_NOT_FOUND, ERR_LIMIT. */
RESULT settings_read_file(struct buf *out, struct model_files *files, const char *name);

#endif
