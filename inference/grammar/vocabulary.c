/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/vocabulary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/vocabulary_parts.h"

enum {
	MAX_TOKENS = 1 << 20,
	MAX_TOKEN = 1 << 14, /* bytes of one */
	MAX_BYTES = 1 << 28, /* of all */
	PLAIN_LENGTHS = 64,  /* longer plain tokens are walked like others */
	NOT_PLAIN = UINT16_MAX,
};

struct text {
	struct slice bytes;
	uint32_t id;
	uint16_t characters; /* or NOT_PLAIN */
};

struct texts {
	struct text *list; /* sorted by their bytes; none is empty */
	size_t count;
	uint8_t *data;
	size_t size, room;
};

static void texts_clear(struct texts *t)
{
	free(t->list);
	free(t->data);
}

static uint16_t plain_characters(struct slice bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] < ' ' || bytes.data[i] == '"' || bytes.data[i] == '\\')
			return NOT_PLAIN;
		count += (bytes.data[i] & 0xc0) != 0x80;
	}
	return slice_is_utf8(bytes) && count <= PLAIN_LENGTHS ? (uint16_t)count : NOT_PLAIN;
}

static int compare_texts(const void *x, const void *y)
{
	const struct text *a = x;
	const struct text *b = y;
	size_t common = a->bytes.size < b->bytes.size ? a->bytes.size : b->bytes.size;
	int order = memcmp(a->bytes.data, b->bytes.data, common);

	if (order == 0)
		order = (a->bytes.size > b->bytes.size) - (a->bytes.size < b->bytes.size);
	return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

static enum err add_text(struct texts *t, uint32_t id, struct slice bytes)
{
	if (bytes.size > MAX_BYTES - t->size)
		return failure(ERR_LIMIT, "the tokens have more than %d bytes", MAX_BYTES);
	while (t->size + bytes.size > t->room) {
		t->room = t->room ? 2 * t->room : 1 << 16;
		t->data = realloc(t->data, t->room);
		assert(t->data);
	}
	memcpy(t->data + t->size, bytes.data, bytes.size);
	/* Where it is, is said when nothing moves any more. */
	t->list[t->count++] = (struct text){.bytes = {NULL, bytes.size}, .id = id};
	t->size += bytes.size;
	return OK;
}

static enum err read_texts(struct texts *t, const struct grammar_tokens *tokens, bool is_first)
{
	AUTO(buf_free) struct buf piece = buf_new(MAX_TOKEN);
	const uint8_t *at;

	t->list = calloc(tokens->count + 1, sizeof *t->list);
	assert(t->list);
	for (uint32_t id = 0; id < tokens->count; id++) {
		buf_reset(&piece);
		tokens->write(tokens->context, id, is_first, &piece);
		if (piece.size > 0 && !piece.overflow)
			TRY(add_text(t, id, buf_slice(&piece)));
	}
	at = t->data;
	for (size_t i = 0; i < t->count; i++) {
		t->list[i].bytes.data = at;
		at += t->list[i].bytes.size;
		t->list[i].characters = plain_characters(t->list[i].bytes);
	}
	if (t->count > 0)
		qsort(t->list, t->count, sizeof *t->list, compare_texts);
	return OK;
}

static size_t common_size(struct slice a, struct slice b)
{
	size_t i = 0;

	while (i < a.size && i < b.size && a.data[i] == b.data[i])
		i++;
	return i;
}

/* A tree under construction: the nodes on the way to the last text. */
struct growing {
	struct token_tree *tree;
	size_t room;
	uint32_t open[MAX_TOKEN + 1];
	struct slice last;
};

static void add_node(struct growing *g, uint8_t byte, size_t depth)
{
	struct token_tree *t = g->tree;

	if (t->count == g->room) {
		g->room = g->room ? 2 * g->room : 1024;
		t->nodes = realloc(t->nodes, g->room * sizeof *t->nodes);
		assert(t->nodes);
	}
	g->open[depth] = (uint32_t)t->count;
	t->nodes[t->count++] = (struct token_node){.byte = byte, .depth = (uint16_t)depth};
	t->depth = depth > t->depth ? depth : t->depth;
}

static void close_nodes(struct growing *g, size_t depth)
{
	for (size_t i = g->last.size; i > depth; i--)
		g->tree->nodes[g->open[i]].behind = (uint32_t)g->tree->count;
}

static void grow(struct growing *g, const struct text *text, uint32_t index)
{
	size_t common = common_size(g->last, text->bytes);
	struct token_node *node;

	close_nodes(g, common);
	for (size_t i = common; i < text->bytes.size; i++)
		add_node(g, text->bytes.data[i], i + 1);
	node = &g->tree->nodes[g->open[text->bytes.size]];
	if (node->count++ == 0)
		node->tokens = index;
	g->tree->ids[index] = text->id;
	g->last = text->bytes;
}

typedef bool text_fn(const struct text *text);

static bool is_any(const struct text *text)
{
	return text->characters > 0;
}

static bool is_not_plain(const struct text *text)
{
	return text->characters == NOT_PLAIN;
}

static void make_tree(struct token_tree *out, const struct texts *t, text_fn *takes)
{
	struct growing *g = calloc(1, sizeof *g);
	uint32_t index = 0;

	assert(g);
	g->tree = out;
	out->ids = calloc(t->count + 1, sizeof *out->ids);
	assert(out->ids);
	for (size_t i = 0; i < t->count; i++)
		if (takes(&t->list[i]))
			grow(g, &t->list[i], index++);
	close_nodes(g, 0);
	free(g);
}

static uint64_t *new_mask(struct grammar_vocabulary *v)
{
	uint64_t *mask = calloc(v->words, sizeof *mask);

	assert(mask);
	v->bytes += v->words * sizeof *mask;
	return mask;
}

static void make_plain(struct grammar_vocabulary *v, const struct texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].characters != NOT_PLAIN && t->list[i].characters > v->plain_lengths)
			v->plain_lengths = t->list[i].characters;
	v->plain = calloc(v->plain_lengths + 1, sizeof *v->plain);
	assert(v->plain);
	for (size_t n = 0; n < v->plain_lengths; n++) {
		v->plain[n] = new_mask(v);
		if (n > 0)
			memcpy(v->plain[n], v->plain[n - 1], v->words * sizeof **v->plain);
		for (size_t i = 0; i < t->count; i++)
			if (t->list[i].characters == n + 1)
				v->plain[n][t->list[i].id / 64] |= 1ull << t->list[i].id % 64;
	}
}

/* Would some token be written differently as the first of its text? */
static bool differs_first(const struct grammar_tokens *tokens)
{
	AUTO(buf_free) struct buf first = buf_new(MAX_TOKEN), later = buf_new(MAX_TOKEN);
	bool same = true;

	for (uint32_t id = 0; id < tokens->count && same; id++) {
		buf_reset(&first);
		buf_reset(&later);
		tokens->write(tokens->context, id, true, &first);
		tokens->write(tokens->context, id, false, &later);
		same = slice_equal(buf_slice(&first), buf_slice(&later));
	}
	return !same;
}

static size_t tree_bytes(const struct token_tree *t)
{
	return t->count * sizeof *t->nodes;
}

static enum err build(struct grammar_vocabulary *v, const struct grammar_tokens *tokens)
{
	AUTO(texts_clear) struct texts texts = {.count = 0};
	AUTO(texts_clear) struct texts firsts = {.count = 0};

	if (tokens->count > MAX_TOKENS)
		return failure(ERR_LIMIT, "more than %d tokens", MAX_TOKENS);
	v->words = (tokens->count + 63) / 64;
	v->ends = new_mask(v);
	for (size_t i = 0; i < tokens->end_count; i++)
		if (tokens->ends[i] < tokens->count)
			v->ends[tokens->ends[i] / 64] |= 1ull << tokens->ends[i] % 64;
	TRY(read_texts(&texts, tokens, false));
	make_tree(&v->all, &texts, is_any);
	make_tree(&v->special, &texts, is_not_plain);
	make_plain(v, &texts);
	if (differs_first(tokens)) {
		TRY(read_texts(&firsts, tokens, true));
		make_tree(&v->first, &firsts, is_any);
	}
	v->bytes += tree_bytes(&v->all) + tree_bytes(&v->special) + tree_bytes(&v->first) +
		    2 * texts.count * sizeof *v->all.ids;
	return OK;
}

enum err grammar_vocabulary_new(struct grammar_vocabulary **out,
				const struct grammar_tokens *tokens)
{
	AUTO(grammar_vocabulary_auto) struct grammar_vocabulary *v = calloc(1, sizeof *v);

	assert(v);
	TRY(build(v, tokens));
	*out = v;
	v = NULL; /* given away */
	return OK;
}

static void clear_tree(struct token_tree *t)
{
	free(t->nodes);
	free(t->ids);
}

void grammar_vocabulary_free(struct grammar_vocabulary *v)
{
	if (!v)
		return;
	clear_tree(&v->all);
	clear_tree(&v->first);
	clear_tree(&v->special);
	for (size_t n = 0; v->plain && n < v->plain_lengths; n++)
		free(v->plain[n]);
	free(v->plain);
	free(v->ends);
	free(v);
}

size_t grammar_vocabulary_words(const struct grammar_vocabulary *v)
{
	return v->words;
}

size_t grammar_vocabulary_bytes(const struct grammar_vocabulary *v)
{
	return v->bytes;
}
