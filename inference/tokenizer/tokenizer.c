/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/tokenizer.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/pieces.h"

void token_list_free(struct token_list *l)
{
	free(l->ids);
	*l = (struct token_list){0};
}

void token_list_push(struct token_list *l, uint32_t id)
{
	if (l->count == l->capacity) {
		l->capacity = l->capacity ? 2 * l->capacity : 64;
		l->ids = realloc(l->ids, l->capacity * sizeof *l->ids);
		assert(l->ids); /* at most a few ids a byte of a text within its ceiling */
	}
	l->ids[l->count++] = id;
}

uint32_t tokenizer_find(const struct tokenizer *t, struct slice token)
{
	const struct string_row *row = string_table_row(&t->ids, token);

	return row->key.data ? row->value : TOKENIZER_NO_ID;
}

uint32_t tokenizer_find_text(const struct tokenizer *t, struct slice token)
{
	uint32_t id = tokenizer_find(t, token);

	return id != TOKENIZER_NO_ID && t->entries[id].special ? TOKENIZER_NO_ID : id;
}

bool tokenizer_push_bytes(const struct tokenizer *t, struct token_list *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (t->byte_ids[text.data[i]] == TOKENIZER_NO_ID)
			return false;
	for (size_t i = 0; i < text.size; i++)
		token_list_push(out, t->byte_ids[text.data[i]]);
	return true;
}

static const struct vocabulary_entry *entry_of(const struct tokenizer *t, uint32_t id)
{
	static const struct vocabulary_entry none;

	return id < t->entry_count ? &t->entries[id] : &none;
}

bool tokenizer_is_special(const struct tokenizer *t, uint32_t id)
{
	return entry_of(t, id)->special;
}

/* One text on its way to ids. */
struct encoding {
	const struct tokenizer *tokenizer;
	struct token_list *out;
	bool reads_special; /* special tokens written out in the text count as such */
	const uint8_t *own; /* of tokenizer_encode_marked, or NULL */
	bool is_first;      /* this part of it is where the whole text begins */
	bool begins;        /* this part gets what the normalizer puts in front */
};

enum { NORMAL_LIMIT = 4 * TOKENIZER_MAX_TEXT /* more than any real replacement makes of a text */ };

static void push_found(void *context, uint32_t id)
{
	const struct encoding *e = context;

	token_list_push(e->out, id);
}

static void encode_piece(const struct encoding *e, struct slice piece)
{
	switch (e->tokenizer->model) {
	case MODEL_BPE:
		bpe_encode(e->tokenizer, e->out, piece);
		break;
	case MODEL_WORDPIECE:
		wordpiece_encode(e->tokenizer, e->out, piece);
		break;
	case MODEL_UNIGRAM:
		unigram_encode(e->tokenizer, e->out, piece);
		break;
	}
}

static enum err encode_normalized(void *context, struct slice text, size_t at)
{
	AUTO(pieces_free) struct pieces pieces = {0};
	const struct encoding *e = context;
	const struct tokenizer *t = e->tokenizer;
	size_t start = 0;

	TRY(pre_run(t->pre_steps, t->pre_count, &pieces, text, e->is_first && at == 0,
		    NORMAL_LIMIT));
	for (size_t i = 0; i < pieces.count; i++) {
		encode_piece(
			e, slice_part(buf_slice(&pieces.text), start, pieces.list[i].end - start));
		start = pieces.list[i].end;
	}
	return OK;
}

static size_t prepends(const struct tokenizer *t)
{
	size_t count = 0;

	while (count < t->normal_count && t->normal_steps[count].kind == NORMAL_PREPEND)
		count++;
	return count;
}

/* `begins`: what stands in front of a text goes in front of this one. */
static enum err normalize(const struct tokenizer *t, struct buf *out, struct slice text,
			  bool begins)
{
	size_t skip = begins ? 0 : prepends(t);

	if (t->pieces)
		return piece_normalize(t->pieces, out, text, begins);
	return normal_run(t->normal_steps + skip, t->normal_count - skip, out, text);
}

static size_t same_author(const uint8_t *own, size_t size)
{
	size_t end = 0;

	while (end < size && own[end] == own[0])
		end++;
	return end;
}

/* Whose the bytes of a normalized text are: each author's part normalized by itself. Where that
 * is not the same as the whole, normalization went across a border, and nothing is the
 * template's. */
static enum err mark_normal(const struct encoding *e, struct buf *marks, struct slice text,
			    const uint8_t *own, struct slice normal)
{
	AUTO(buf_free) struct buf part = buf_new(NORMAL_LIMIT);
	size_t done = 0;

	for (size_t at = 0, size; at < text.size; at += size) {
		size = same_author(own + at, text.size - at);
		buf_reset(&part);
		TRY(normalize(e->tokenizer, &part, slice_part(text, at, size),
			      at == 0 && e->begins));
		if (!slice_equal(buf_slice(&part), slice_part(normal, done, part.size)))
			break;
		done += part.size;
		while (marks->size < done)
			buf_write_u8(marks, own[at]);
	}
	if (done != normal.size)
		buf_reset(marks);
	while (marks->size < normal.size)
		buf_write_u8(marks, 0);
	return buf_done(marks);
}

static enum err encode_raw(void *context, struct slice text, size_t at)
{
	AUTO(buf_free) struct buf normal = buf_new(NORMAL_LIMIT), marks = buf_new(NORMAL_LIMIT);
	struct encoding *e = context;
	const struct tokenizer *t = e->tokenizer;
	struct added_walk walk = {.tokenizer = t,
				  .set = &t->normalized,
				  .reads_special = e->reads_special,
				  .context = e,
				  .found = push_found,
				  .between = encode_normalized};

	if (text.size == 0)
		return OK;
	e->is_first = at == 0;
	e->begins = at == 0 || !t->pieces || t->prefixes_each;
	TRY(normalize(t, &normal, text, e->begins));
	if (e->own && t->normalized.count && normal.size) {
		TRY(mark_normal(e, &marks, text, e->own + at, buf_slice(&normal)));
		walk.own = marks.data;
	}
	return added_split(&walk, buf_slice(&normal));
}

static enum err encode(struct encoding *e, struct slice text)
{
	struct added_walk walk = {.tokenizer = e->tokenizer,
				  .set = &e->tokenizer->raw,
				  .reads_special = e->reads_special,
				  .own = e->own,
				  .context = e,
				  .found = push_found,
				  .between = encode_raw};

	if (text.size > TOKENIZER_MAX_TEXT)
		return failure(ERR_LIMIT, "prompt: %zu bytes, at most %d", text.size,
			       TOKENIZER_MAX_TEXT);
	if (!slice_is_utf8(text))
		return failure(ERR_FORMAT, "prompt: not UTF-8");
	return added_split(&walk, text);
}

static enum err encode_whole(struct encoding *e, struct slice text)
{
	const struct tokenizer *t = e->tokenizer;

	for (size_t i = 0; i < t->before_count; i++)
		token_list_push(e->out, t->before[i]);
	TRY(encode(e, text));
	for (size_t i = 0; i < t->after_count; i++)
		token_list_push(e->out, t->after[i]);
	return OK;
}

enum err tokenizer_encode(const struct tokenizer *t, struct token_list *out, struct slice text)
{
	return encode_whole(&(struct encoding){.tokenizer = t, .out = out, .reads_special = true},
			    text);
}

enum err tokenizer_encode_plain(const struct tokenizer *t, struct token_list *out,
				struct slice text)
{
	return encode_whole(&(struct encoding){.tokenizer = t, .out = out}, text);
}

enum err tokenizer_encode_marked(const struct tokenizer *t, struct token_list *out,
				 struct slice text, const uint8_t *own)
{
	return encode(&(struct encoding){.tokenizer = t, .out = out, .own = own}, text);
}

enum err tokenizer_encode_plain_bare(const struct tokenizer *t, struct token_list *out,
				     struct slice text)
{
	return encode(&(struct encoding){.tokenizer = t, .out = out}, text);
}

size_t tokenizer_added_behind(const struct tokenizer *t)
{
	return t->after_count;
}

enum err tokenizer_encode_bare(const struct tokenizer *t, struct token_list *out, struct slice text)
{
	return encode(&(struct encoding){.tokenizer = t, .out = out, .reads_special = true}, text);
}

void tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return;
	string_table_clear(&t->ids);
	pair_table_clear(&t->merges);
	added_set_clear(&t->raw);
	added_set_clear(&t->normalized);
	for (size_t i = 0; i < TOKENIZER_MAX_STEPS; i++) {
		normal_step_clear(&t->normal_steps[i]);
		normal_step_clear(&t->decode_steps[i]);
		regex_free(t->pre_steps[i].regex);
	}
	piece_normalizer_free(t->pieces);
	free(t->scores);
	free(t->sorted);
	free(t->entries);
	arena_free(&t->arena);
	free(t);
}

size_t tokenizer_vocabulary(const struct tokenizer *t)
{
	return t->entry_count;
}

struct slice tokenizer_token(const struct tokenizer *t, uint32_t id)
{
	return entry_of(t, id)->text;
}
