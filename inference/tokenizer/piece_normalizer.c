/* SPDX-License-Identifier: Apache-2.0 */
/*
 * piece_normalizer.c - what SentencePiece does to a text before it looks for pieces: the longest
 * replacement that the table knows at each place, spaces as U+2581 and one in front, and, if asked,
 * no space at the ends nor two in a row. User-defined pieces pass as they are. Unlike the
 * "Precompiled" of tokenizer.json, which takes the shortest within grapheme clusters.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/pieces.h"

#define SPACE S("\xe2\x96\x81")

struct piece_normalizer {
	struct charsmap *charsmap; /* or NULL */
	struct added_set kept;     /* user-defined pieces */
	bool adds_prefix, strips_spaces, escapes_spaces;
};

enum err piece_normalizer_new(struct piece_normalizer **out, const struct tokenizer *t,
			      const struct piece_list *p)
{
	struct piece_normalizer *n = calloc(1, sizeof *n);
	size_t count = 0;

	assert(n);
	*out = n; /* the caller frees it, whatever comes */
	n->adds_prefix = p->adds_prefix;
	n->strips_spaces = p->strips_spaces;
	n->escapes_spaces = p->escapes_spaces;
	for (size_t i = 0; i < p->count; i++)
		count += p->list[i].kind == PIECE_USER_DEFINED;
	if (count > TOKENIZER_MAX_ADDED)
		return failure(ERR_LIMIT, "%s: more than %d user-defined pieces", t->file,
			       TOKENIZER_MAX_ADDED);
	n->kept.tokens = calloc(count + 1, sizeof *n->kept.tokens);
	assert(n->kept.tokens);
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].kind == PIECE_USER_DEFINED)
			n->kept.tokens[n->kept.count++].content = t->entries[i].text;
	added_set_index(&n->kept);
	return p->charsmap.size > 0 ? charsmap_new_bytes(&n->charsmap, p->charsmap) : OK;
}

void piece_normalizer_free(struct piece_normalizer *n)
{
	if (!n)
		return;
	charsmap_free(n->charsmap);
	added_set_clear(&n->kept);
	free(n);
}

/* What the beginning of `text` becomes; `*size` bytes of it are that beginning. */
static struct slice next_part(const struct piece_normalizer *n, struct slice text, size_t *size)
{
	struct slice replaced;

	*size = added_set_longest(&n->kept, text);
	if (*size > 0)
		return slice_part(text, 0, *size);
	if (n->charsmap && charsmap_longest(n->charsmap, text, size, &replaced))
		return replaced;
	*size = unicode_size(text.data[0]);
	return slice_part(text, 0, *size);
}

static void write_part(const struct piece_normalizer *n, struct buf *out, struct slice part)
{
	for (size_t at = 0; at < part.size;) {
		struct slice text = slice_of(part.data + at, part.size - at);
		size_t plain = slice_find(text, ' ');

		buf_write(out, slice_part(text, 0, plain));
		at += plain;
		if (at < part.size)
			buf_write(out, n->escapes_spaces ? SPACE : S(" "));
		at += at < part.size;
	}
}

static struct slice behind(struct slice text, size_t size)
{
	return slice_of(text.data + size, text.size - size);
}

static struct slice without_first_spaces(const struct piece_normalizer *n, struct slice text)
{
	size_t size;

	while (n->strips_spaces && text.size > 0 && slice_equal(next_part(n, text, &size), S(" ")))
		text = behind(text, size);
	return text;
}

enum err piece_normalize(const struct piece_normalizer *n, struct buf *out, struct slice text,
			 bool is_first)
{
	struct slice space = n->escapes_spaces ? SPACE : S(" ");
	struct slice rest = without_first_spaces(n, text);
	bool after_space = n->strips_spaces;
	size_t size;

	if (rest.size == 0)
		return OK;
	if (n->adds_prefix && is_first)
		buf_write(out, space);
	for (; rest.size > 0; rest = behind(rest, size)) {
		struct slice part = next_part(n, rest, &size);

		while (after_space && slice_starts_with(part, S(" ")))
			part = behind(part, 1);
		write_part(n, out, part);
		if (part.size > 0)
			after_space = n->strips_spaces && slice_ends_with(part, S(" "));
	}
	while (n->strips_spaces && slice_ends_with(buf_slice(out), space))
		out->size -= space.size;
	if (!slice_is_utf8(buf_slice(out)))
		return failure(ERR_FORMAT, "the vocabulary's \"precompiled_charsmap\" has a text "
					   "that is not UTF-8");
	return buf_done(out);
}
