/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_words.c - vocab.json with merges.txt (GPT-2, Qwen2, RoBERTa) and vocab.txt (BERT), as
 * transformers turns them into a tokenizer.json: what goes around the vocabulary is written in that
 * file's words here, and read by its loaders.
 */
#include <assert.h>

#include "inference/tokenizer/load_files.h"

enum { BERT_WORD_MAX = 100 /* characters, transformers' default */ };

/* The expression of Qwen2. */
#define QWEN2_WORDS \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+" \
	"[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

struct bpe_files {
	json_t *vocabulary; /* {"token": id} */
	struct slice merges;
};

/* The next line of `rest`, without its end; false where there is none. */
static bool next_line(struct slice *line, struct slice *rest)
{
	if (rest->size == 0)
		return false;
	slice_cut(*rest, '\n', line, rest);
	if (slice_ends_with(*line, S("\r")))
		line->size--;
	return true;
}

static enum err load_merge_lines(struct tokenizer *t, struct slice text)
{
	struct slice rest = text;
	struct slice line;
	size_t count = 1;
	uint32_t rank = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	TRY(load_merges_begin(t, count));
	t->file = "merges.txt";
	while (next_line(&line, &rest))
		if (!slice_starts_with(line, S("#version")) && (line.size > 0 || rest.size > 0))
			TRY(load_merge_text(t, rank++, line));
	return OK;
}

static enum err load_bpe_files(struct tokenizer *t, void *source, const json_t *added)
{
	const struct bpe_files *files = source;

	t->model = MODEL_BPE;
	TRY(load_vocabulary(t, files->vocabulary, added));
	return load_merge_lines(t, files->merges);
}

/* The frame of byte-level BPE: an expression of its own, or ByteLevel's. */
static enum err byte_level_frame(json_t **out, const struct settings *s, const char *expression)
{
	json_t *pre;
	bool spaces;

	TRY(settings_flag(&spaces, s, "add_prefix_space", false));
	pre = json_pack("{s:s,s:b,s:b}", "type", "ByteLevel", "add_prefix_space", spaces,
			"use_regex", expression == NULL);
	if (expression)
		pre = json_pack("{s:s,s:[{s:s,s:{s:s},s:s},o]}", "type", "Sequence",
				"pretokenizers", "type", "Split", "pattern", "Regex", expression,
				"behavior", "Isolated", pre);
	*out = json_pack("{s:o,s:{s:s}}", "pre_tokenizer", pre, "decoder", "type", "ByteLevel");
	assert(*out);
	return OK;
}

static enum err post_bpe(json_t **out, const struct settings *s)
{
	bool begins = false;

	if (s->words == WORDS_ROBERTA)
		return settings_template(out, s, "cls_token", "sep_token");
	if (s->words == WORDS_GPT2)
		TRY(settings_flag(&begins, s, "add_bos_token", false));
	return settings_template(out, s, begins ? "bos_token" : NULL, NULL);
}

static enum err frame_bpe(json_t **out, const struct settings *s)
{
	json_t *post;

	if (s->words != WORDS_GPT2 && s->words != WORDS_QWEN2 && s->words != WORDS_ROBERTA)
		return failure(ERR_UNSUPPORTED,
			       "vocab.json: a %s is not read from this file by this engine",
			       s->class);
	TRY(byte_level_frame(out, s, s->words == WORDS_QWEN2 ? QWEN2_WORDS : NULL));
	if (s->words == WORDS_QWEN2)
		json_object_set_new(*out, "normalizer", json_pack("{s:s}", "type", "NFC"));
	TRY(post_bpe(&post, s));
	json_object_set_new(*out, "post_processor", post);
	return OK;
}

/* Tells the settings which ids their tokens have; one more than the largest id. */
static uint32_t see_vocabulary(struct settings *s, json_t *vocabulary)
{
	const char *text;
	json_t *value;
	uint32_t next = 0;

	json_object_foreach(vocabulary, text, value)
	{
		json_int_t id = json_integer_value(value);

		if (id < 0 || id >= TOKENIZER_MAX_VOCABULARY)
			continue; /* the loader says so */
		next = id >= next ? (uint32_t)id + 1 : next;
		settings_see(s, slice_of_string(text), (uint32_t)id);
	}
	return next;
}

enum err load_vocab_json(struct tokenizer **out, struct model_files *files)
{
	AUTO(settings_clear) struct settings s = {0};
	AUTO(buf_free) struct buf merges = buf_new(TOKENIZER_MAX_FILE);
	AUTO(json_auto) json_t *vocabulary = NULL;
	AUTO(json_auto) json_t *frame = NULL;
	struct bpe_files both;

	TRY(json_read_file(&vocabulary, files, "vocab.json", TOKENIZER_MAX_FILE));
	TRY(settings_read_file(&merges, files, "merges.txt"));
	TRY(settings_open(&s, files, NULL));
	settings_number(&s, see_vocabulary(&s, vocabulary));
	both = (struct bpe_files){vocabulary, buf_slice(&merges)};
	TRY(frame_bpe(&frame, &s));
	json_object_set_new(frame, "added_tokens", settings_list(&s));
	return load_frame(out, "vocab.json", frame, load_bpe_files, &both);
}

static enum err frame_bert(json_t **out, const struct settings *s)
{
	const json_t *accents = json_object_get(s->tokenizer, "strip_accents");
	bool basic, lowers, parts, strips;
	json_t *post;

	if (s->words != WORDS_BERT)
		return failure(ERR_UNSUPPORTED,
			       "vocab.txt: a %s is not read from this file by this engine",
			       s->class);
	TRY(settings_flag(&basic, s, "do_basic_tokenize", true));
	if (!basic)
		return failure(ERR_UNSUPPORTED, "tokenizer_config.json: \"do_basic_tokenize\" is "
						"false, which is not known to this engine");
	TRY(settings_flag(&lowers, s, "do_lower_case", true));
	TRY(settings_flag(&parts, s, "tokenize_chinese_chars", true));
	TRY(settings_flag(&strips, s, "strip_accents", false));
	TRY(settings_template(&post, s, "cls_token", "sep_token"));
	*out = json_pack("{s:{s:s,s:b,s:b,s:b},s:{s:s},s:{s:s,s:s,s:b},s:o}", "normalizer", "type",
			 "BertNormalizer", "handle_chinese_chars", parts, "lowercase", lowers,
			 "strip_accents", load_is_absent(accents) ? lowers : strips,
			 "pre_tokenizer", "type", "BertPreTokenizer", "decoder", "type",
			 "WordPiece", "prefix", "##", "cleanup", true, "post_processor", post);
	assert(*out);
	return OK;
}

struct bert_file {
	struct slice text;
	const char *unknown;
	uint32_t count; /* lines */
};

/* A token a line; its number is its id. An empty line is an id without a token. */
static enum err load_bert_file(struct tokenizer *t, void *source, const json_t *added)
{
	const struct bert_file *file = source;
	struct slice rest = file->text;
	struct slice line;

	t->model = MODEL_WORDPIECE;
	t->word_max = BERT_WORD_MAX;
	t->prefix = S("##");
	TRY(load_begin(t, file->count, file->count, added));
	for (uint32_t id = 0; next_line(&line, &rest); id++)
		if (line.size > 0)
			TRY(load_copied_entry(t, id, line));
	t->unknown = file->unknown ? tokenizer_find(t, slice_of_string(file->unknown))
				   : TOKENIZER_NO_ID;
	if (t->unknown == TOKENIZER_NO_ID)
		return failure(ERR_FORMAT, "vocab.txt: there is no \"unk_token\"");
	return OK;
}

enum err load_vocab_txt(struct tokenizer **out, struct model_files *files)
{
	AUTO(settings_clear) struct settings s = {0};
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);
	AUTO(json_auto) json_t *frame = NULL;
	struct bert_file file = {0};
	struct slice rest;
	struct slice line;

	TRY(settings_read_file(&text, files, "vocab.txt"));
	TRY(settings_open(&s, files, NULL));
	for (rest = buf_slice(&text); next_line(&line, &rest); file.count++)
		settings_see(&s, line, file.count);
	settings_number(&s, file.count);
	file.text = buf_slice(&text);
	file.unknown = settings_name(&s, "unk_token");
	TRY(frame_bert(&frame, &s));
	json_object_set_new(frame, "added_tokens", settings_list(&s));
	return load_frame(out, "vocab.txt", frame, load_bert_file, &file);
}
