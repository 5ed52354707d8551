/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_gguf.c - the vocabulary that a GGUF file carries ("tokenizer.ggml.model": llama, t5, gpt2,
 * bert). Expressions of "tokenizer.ggml.pre" are those of the models' own tokenizer.json.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/format/gguf.h"
#include "inference/tokenizer/load_files.h"
#include "inference/tokenizer/pieces.h"

#define KEY "tokenizer.ggml."

enum { BERT_WORD_MAX = 100, SHOWN = 60, PRE_MAX = 5 };

#define SUFFIXES "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
#define SPACES "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT2_WORDS \
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define WORDS_WITH(numbers) \
	SUFFIXES "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" numbers "| " \
		 "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" SPACES

/* How texts are cut before byte-level BPE. */
static const struct pre_row {
	const char *names; /* between spaces */
	const char *expressions[PRE_MAX];
	bool ignores_merges, adds_bos, composes; /* composes: to NFC */
} pre_rows[] = {
	{.names = " gpt-2 gpt2 phi-2 mpt olmo jais trillion ", .expressions = {GPT2_WORDS}},
	{.names = " qwen2 deepseek-r1-qwen stablelm2 ",
	 .expressions = {WORDS_WITH("\\p{N}")},
	 .composes = true},
	{.names = " llama-bpe llama3 llama-v3 falcon3 ",
	 .expressions = {WORDS_WITH("\\p{N}{1,3}")},
	 .ignores_merges = true,
	 .adds_bos = true},
	{.names = " smaug-bpe dbrx glm4 chatglm-bpe ", .expressions = {WORDS_WITH("\\p{N}{1,3}")}},
	{.names = " starcoder refact command-r smollm codeshell exaone ",
	 .expressions = {"\\p{N}", GPT2_WORDS}},
	{.names = " bloom gpt3-finnish poro-chat ",
	 .expressions = {" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"}},
};

struct gguf_words {
	const struct gguf *gguf;
	struct piece_list p;
	struct settings settings; /* no files: the special tokens that the metadata names */
	const struct pre_row *pre;
	json_t *added;
};

static void gguf_words_clear(struct gguf_words *w)
{
	free(w->p.list);
	settings_clear(&w->settings);
	json_decref(w->added);
}

/* A flag that may be missing. */
static enum err flag(bool *out, const struct gguf *g, const char *key, bool missing)
{
	*out = missing;
	return gguf_has(g, key) ? gguf_get_bool(g, key, out) : OK;
}

/* A list of numbers, one for each token; none there: count 0. */
static enum err numbers(struct gguf_array *out, const struct gguf_words *w, const char *key)
{
	*out = (struct gguf_array){0};
	if (!gguf_has(w->gguf, key))
		return OK;
	TRY(gguf_get_array(w->gguf, key, out));
	if (out->type == GGUF_TEXT || out->count != w->p.count)
		return failure(ERR_FORMAT, "%s: \"%s\" is not a number for each of %zu tokens",
			       gguf_name(w->gguf), key, w->p.count);
	return OK;
}

static enum err read_tokens(struct gguf_words *w)
{
	struct gguf_array texts, kinds, scores;

	TRY(gguf_get_texts(w->gguf, KEY "tokens", &texts));
	if (texts.count > TOKENIZER_MAX_VOCABULARY)
		return failure(ERR_LIMIT, "%s: more than %d tokens", gguf_name(w->gguf),
			       TOKENIZER_MAX_VOCABULARY);
	w->p.count = (size_t)texts.count;
	TRY(numbers(&kinds, w, KEY "token_type"));
	TRY(numbers(&scores, w, KEY "scores"));
	w->p.list = calloc(w->p.count + 1, sizeof *w->p.list);
	assert(w->p.list);
	for (size_t i = 0; i < w->p.count && gguf_next_text(&texts, &w->p.list[i].text); i++) {
		int64_t kind = kinds.count ? gguf_integer_at(&kinds, i) : PIECE_NORMAL;

		if (kind < PIECE_NORMAL || kind > PIECE_BYTE)
			return failure(ERR_UNSUPPORTED,
				       "%s: \"" KEY "token_type\" of token %zu is %lld, which is "
				       "not known to this engine",
				       gguf_name(w->gguf), i, (long long)kind);
		w->p.list[i].kind = (enum piece_kind)kind;
		w->p.list[i].score = scores.count ? (float)gguf_real_at(&scores, i) : 0;
		w->p.byte_fallback = w->p.byte_fallback || kind == PIECE_BYTE;
	}
	return OK;
}

/* "bos_token_id" and its like, where they are there. */
static enum err read_special(struct gguf_words *w)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
		{KEY "bos_token_id", "bos_token"},     {KEY "eos_token_id", "eos_token"},
		{KEY "unknown_token_id", "unk_token"}, {KEY "seperator_token_id", "sep_token"},
		{KEY "padding_token_id", "pad_token"}, {KEY "cls_token_id", "cls_token"},
		{KEY "mask_token_id", "mask_token"},
	};
	uint32_t id;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!gguf_has(w->gguf, rows[i].key))
			continue;
		TRY(gguf_get_u32(w->gguf, rows[i].key, &id));
		if (id >= w->p.count || w->p.list[id].text.size == 0)
			return failure(ERR_FORMAT, "%s: \"%s\" is %u, which is no token",
				       gguf_name(w->gguf), rows[i].key, id);
		settings_default(&w->settings, rows[i].name, w->p.list[id].text, id);
	}
	return OK;
}

/* Tokens that texts are not cut into. */
static enum err list_added(struct gguf_words *w)
{
	w->added = settings_list(&w->settings);
	for (size_t id = 0; id < w->p.count; id++) {
		const struct scored_piece *piece = &w->p.list[id];
		bool special = piece->kind == PIECE_CONTROL || piece->kind == PIECE_UNKNOWN;

		if ((!special && piece->kind != PIECE_USER_DEFINED) || piece->text.size == 0 ||
		    string_table_row(&w->settings.by_text, piece->text)->key.data)
			continue;
		if (!slice_is_utf8(piece->text) || json_array_size(w->added) >= TOKENIZER_MAX_ADDED)
			return failure(ERR_FORMAT,
				       "%s: token %zu: not UTF-8, or more than %d added ones",
				       gguf_name(w->gguf), id, TOKENIZER_MAX_ADDED);
		json_array_append_new(w->added, json_pack("{s:I,s:s%,s:b}", "id", (json_int_t)id,
							  "content", (const char *)piece->text.data,
							  piece->text.size, "special", special));
	}
	return OK;
}

static enum err around(json_t **out, const struct gguf_words *w, bool begins, bool ends)
{
	TRY(flag(&begins, w->gguf, KEY "add_bos_token", begins));
	TRY(flag(&ends, w->gguf, KEY "add_eos_token", ends));
	return settings_template(out, &w->settings, begins ? "bos_token" : NULL,
				 ends ? "eos_token" : NULL);
}

static enum err read_charsmap(struct buf *out, const struct gguf *g)
{
	struct gguf_array bytes = {0};

	if (gguf_has(g, KEY "precompiled_charsmap"))
		TRY(gguf_get_array(g, KEY "precompiled_charsmap", &bytes));
	if (bytes.count > CHARSMAP_MAX ||
	    (bytes.count > 0 && bytes.type != GGUF_U8 && bytes.type != GGUF_I8))
		return failure(ERR_FORMAT,
			       "%s: \"" KEY "precompiled_charsmap\" is not a list of "
			       "bytes, or longer than %d",
			       gguf_name(g), CHARSMAP_MAX);
	for (uint64_t i = 0; i < bytes.count; i++)
		buf_write_u8(out, (uint8_t)gguf_integer_at(&bytes, i));
	return buf_done(out);
}

/* SentencePiece's, BPE or Unigram. */
static enum err open_pieces(struct tokenizer **out, struct gguf_words *w)
{
	AUTO(buf_free) struct buf charsmap = buf_new(CHARSMAP_MAX);
	AUTO(json_auto) json_t *post = NULL;
	const struct gguf *g = w->gguf;
	bool suffix;

	w->p.escapes_spaces = true;
	TRY(flag(&w->p.adds_prefix, g, KEY "add_space_prefix", !w->p.is_unigram));
	TRY(flag(&w->p.strips_spaces, g, KEY "remove_extra_whitespaces", false));
	TRY(flag(&suffix, g, KEY "treat_whitespace_as_suffix", false));
	if (suffix)
		return failure(ERR_UNSUPPORTED,
			       "%s: \"" KEY "treat_whitespace_as_suffix\" is not known to this "
			       "engine",
			       gguf_name(g));
	TRY(read_charsmap(&charsmap, g));
	w->p.charsmap = buf_slice(&charsmap);
	TRY(around(&post, w, !w->p.is_unigram, w->p.is_unigram));
	TRY(pieces_load(out, "GGUF", &w->p, &w->settings, post));
	(*out)->prefixes_each = true;
	return OK;
}

static enum err load_tokens(struct tokenizer *t, const struct gguf_words *w, const json_t *added)
{
	TRY(load_begin(t, w->p.count, w->p.count, added));
	for (uint32_t id = 0; id < w->p.count; id++)
		if (w->p.list[id].text.size > 0)
			TRY(load_copied_entry(t, id, w->p.list[id].text));
	return OK;
}

/* Some files have merges only because they must have some: two characters that make no token. They
 * never come to anything. */
static bool is_empty_merge(const struct tokenizer *t, struct slice text)
{
	struct slice left, right;
	uint8_t both[8];

	if (!slice_cut(text, ' ', &left, &right) || left.size == 0 || right.size == 0 ||
	    left.size > 4 || right.size > 4 || unicode_size(left.data[0]) != left.size ||
	    unicode_size(right.data[0]) != right.size)
		return false;
	memcpy(both, left.data, left.size);
	memcpy(both + left.size, right.data, right.size);
	return tokenizer_find(t, slice_of(both, left.size + right.size)) == TOKENIZER_NO_ID;
}

static enum err load_bpe(struct tokenizer *t, void *source, const json_t *added)
{
	const struct gguf_words *w = source;
	struct gguf_array merges;
	struct slice merge;

	t->model = MODEL_BPE;
	t->ignore_merges = w->pre->ignores_merges;
	TRY(load_tokens(t, w, added));
	TRY(gguf_get_texts(w->gguf, KEY "merges", &merges));
	TRY(load_merges_begin(t, merges.count > SIZE_MAX ? SIZE_MAX : (size_t)merges.count));
	for (uint32_t rank = 0; gguf_next_text(&merges, &merge); rank++)
		if (!slice_is_utf8(merge))
			return load_bad_merge(t, rank);
		else if (!is_empty_merge(t, merge))
			TRY(load_merge_text(t, rank, merge));
	return OK;
}

static enum err find_pre(struct gguf_words *w)
{
	struct slice name = {0};
	char key[SHOWN + 4];

	if (gguf_has(w->gguf, KEY "pre"))
		TRY(gguf_get_text(w->gguf, KEY "pre", &name));
	snprintf(key, sizeof key, " %.*s ", name.size < SHOWN ? (int)name.size : SHOWN,
		 name.size ? (const char *)name.data : "");
	for (size_t i = 0; name.size > 0 && i < sizeof pre_rows / sizeof *pre_rows; i++)
		if (strstr(pre_rows[i].names, key)) {
			w->pre = &pre_rows[i];
			return OK;
		}
	return failure(ERR_UNSUPPORTED,
		       "%s: \"" KEY "pre\" is \"%.*s\": how such a model cuts texts into words is "
		       "not known to this engine",
		       gguf_name(w->gguf), name.size < SHOWN ? (int)name.size : SHOWN,
		       name.size ? (const char *)name.data : "");
}

static json_t *pre_of(const struct pre_row *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < PRE_MAX && row->expressions[i]; i++)
		json_array_append_new(list, json_pack("{s:s,s:{s:s},s:s}", "type", "Split",
						      "pattern", "Regex", row->expressions[i],
						      "behavior", "Isolated"));
	json_array_append_new(list, json_pack("{s:s,s:b,s:b}", "type", "ByteLevel",
					      "add_prefix_space", false, "use_regex", false));
	return json_pack("{s:s,s:o}", "type", "Sequence", "pretokenizers", list);
}

static enum err open_bpe(struct tokenizer **out, struct gguf_words *w)
{
	AUTO(json_auto) json_t *frame = NULL;
	json_t *post = NULL;

	TRY(find_pre(w));
	TRY(list_added(w));
	TRY(around(&post, w, w->pre->adds_bos, false));
	frame = json_pack("{s:o,s:{s:s},s:o,s:O}", "pre_tokenizer", pre_of(w->pre), "decoder",
			  "type", "ByteLevel", "post_processor", post, "added_tokens", w->added);
	assert(frame);
	if (w->pre->composes)
		json_object_set_new(frame, "normalizer", json_pack("{s:s}", "type", "NFC"));
	return load_frame(out, "GGUF", frame, load_bpe, w);
}

/* Here a word's beginning is marked and not its rest: "the" is "\u2581the", "##s" is "s". What
 * stands in brackets is as it was. */
static enum err load_bert(struct tokenizer *t, void *source, const json_t *added)
{
	const struct gguf_words *w = source;
	const char *unknown = settings_name(&w->settings, "unk_token");

	t->model = MODEL_WORDPIECE;
	t->word_max = BERT_WORD_MAX;
	t->prefix = S("##");
	TRY(load_begin(t, w->p.count, w->p.count, added));
	for (uint32_t id = 0; id < w->p.count; id++) {
		AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_TOKEN + 2);
		struct slice token = w->p.list[id].text;
		bool stays = w->p.list[id].kind != PIECE_NORMAL ||
			     (slice_starts_with(token, S("[")) && slice_ends_with(token, S("]")));

		if (slice_starts_with(token, S("\xe2\x96\x81")) && token.size > 3)
			token = slice_of(token.data + 3, token.size - 3);
		else if (!stays)
			buf_write(&text, t->prefix);
		buf_write(&text, token);
		TRY(buf_done(&text));
		TRY(load_copied_entry(t, id, buf_slice(&text)));
	}
	t->unknown = unknown ? tokenizer_find(t, slice_of_string(unknown)) : TOKENIZER_NO_ID;
	if (t->unknown == TOKENIZER_NO_ID)
		return failure(ERR_FORMAT, "%s: there is no \"" KEY "unknown_token_id\"",
			       gguf_name(w->gguf));
	return OK;
}

static enum err open_bert(struct tokenizer **out, struct gguf_words *w)
{
	const char *first = settings_name(&w->settings, "cls_token") ? "cls_token" : "bos_token";
	AUTO(json_auto) json_t *frame = NULL;
	bool lowers, strips, begins, ends;
	json_t *post = NULL;

	TRY(flag(&lowers, w->gguf, KEY "normalizer.lowercase", true));
	TRY(flag(&strips, w->gguf, KEY "normalizer.strip_accents", lowers));
	TRY(flag(&begins, w->gguf, KEY "add_bos_token", true));
	TRY(flag(&ends, w->gguf, KEY "add_sep_token", true));
	TRY(list_added(w));
	TRY(settings_template(&post, &w->settings, begins ? first : NULL,
			      ends ? "sep_token" : NULL));
	frame = json_pack("{s:{s:s,s:b,s:b},s:{s:s},s:{s:s,s:s},s:o,s:O}", "normalizer", "type",
			  "BertNormalizer", "lowercase", lowers, "strip_accents", strips,
			  "pre_tokenizer", "type", "BertPreTokenizer", "decoder", "type",
			  "WordPiece", "prefix", "##", "post_processor", post, "added_tokens",
			  w->added);
	assert(frame);
	return load_frame(out, "GGUF", frame, load_bert, w);
}

enum err load_gguf(struct tokenizer **out, const struct gguf *gguf)
{
	AUTO(gguf_words_clear) struct gguf_words w = {.gguf = gguf};
	struct slice model;

	TRY(gguf_get_text(gguf, KEY "model", &model));
	settings_init(&w.settings);
	TRY(read_tokens(&w));
	TRY(read_special(&w));
	w.p.is_unigram = slice_equal(model, S("t5"));
	if (slice_equal(model, S("llama")) || w.p.is_unigram)
		return open_pieces(out, &w);
	if (slice_equal(model, S("gpt2")))
		return open_bpe(out, &w);
	if (slice_equal(model, S("bert")))
		return open_bert(out, &w);
	return failure(ERR_UNSUPPORTED,
		       "%s: \"" KEY "model\" is \"%.*s\", which is not known to this engine",
		       gguf_name(gguf), model.size < SHOWN ? (int)model.size : SHOWN,
		       (const char *)model.data);
}
