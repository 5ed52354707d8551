/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wordpiece.c - BERT's model: the longest token that a word begins with, then the longest with the
 * prefix ("##") that its rest begins with, and so on. A word that cannot be covered so, or is too
 * long, is unknown as a whole. A token is at most token_max bytes, so a word of n bytes takes
 * O(n * token_max) look-ups.
 */
#include "inference/tokenizer/parts.h"

static size_t count_characters(struct slice word)
{
	size_t count = 0;

	for (size_t i = 0; i < word.size; i++)
		count += (word.data[i] & 0xc0) != 0x80;
	return count;
}

/* The longest token at `start`; its size in the word, or 0. */
static size_t longest(const struct tokenizer *t, struct slice word, size_t start, uint32_t *id)
{
	uint8_t key[2 * TOKENIZER_MAX_TOKEN];
	size_t prefix = start > 0 ? t->prefix.size : 0;
	size_t size = word.size - start;

	if (t->token_max < prefix)
		return 0;
	if (size > t->token_max - prefix)
		size = t->token_max - prefix;
	if (prefix > 0)
		memcpy(key, t->prefix.data, prefix);
	memcpy(key + prefix, word.data + start, size);
	for (; size > 0; size--) {
		bool splits = start + size < word.size && (word.data[start + size] & 0xc0) == 0x80;

		*id = splits ? TOKENIZER_NO_ID
			     : tokenizer_find_text(t, slice_of(key, prefix + size));
		if (*id != TOKENIZER_NO_ID)
			break;
	}
	return size;
}

void wordpiece_encode(const struct tokenizer *t, struct token_list *out, struct slice word)
{
	size_t before = out->count;
	bool is_known = count_characters(word) <= t->word_max;

	for (size_t at = 0; at < word.size && is_known;) {
		uint32_t id;
		size_t size = longest(t, word, at, &id);

		is_known = size > 0;
		if (is_known)
			token_list_push(out, id);
		at += size;
	}
	if (is_known)
		return;
	out->count = before;
	token_list_push(out, t->unknown);
}
