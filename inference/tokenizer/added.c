/* SPDX-License-Identifier: Apache-2.0 */
/*
 * added.c - added tokens in a text: the longest at each place, from the left. Each place is looked
 * up once for each different size, and only where some token begins with the byte that is there.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/parts.h"

static int larger_first(const void *a, const void *b)
{
	const size_t *x = a;
	const size_t *y = b;

	return (*x < *y) - (*x > *y);
}

void added_set_index(struct added_set *set)
{
	size_t different = 0;

	string_table_init(&set->table, set->count);
	set->sizes = calloc(set->count + 1, sizeof *set->sizes);
	assert(set->sizes);
	for (size_t i = 0; i < set->count; i++) {
		struct slice content = set->tokens[i].content;
		struct string_row *row = string_table_row(&set->table, content);

		*row = (struct string_row){content, (uint32_t)i};
		set->sizes[i] = content.size;
		set->begins[content.data[0]] = true;
	}
	qsort(set->sizes, set->count, sizeof *set->sizes, larger_first);
	for (size_t i = 0; i < set->count; i++)
		if (i == 0 || set->sizes[i] != set->sizes[i - 1])
			set->sizes[different++] = set->sizes[i];
	set->size_count = different;
}

void added_set_clear(struct added_set *set)
{
	string_table_clear(&set->table);
	free(set->tokens);
	free(set->sizes);
}

size_t added_set_longest(const struct added_set *set, struct slice text)
{
	if (set->count == 0 || !set->begins[text.data[0]])
		return 0;
	for (size_t i = 0; i < set->size_count; i++)
		if (set->sizes[i] <= text.size &&
		    string_table_row(&set->table, slice_part(text, 0, set->sizes[i]))->key.data)
			return set->sizes[i];
	return 0;
}

static bool is_blank(struct slice text)
{
	for (size_t at = 0; at < text.size;) {
		uint32_t c = unicode_next(text, &at);

		if (!unicode_is_space(c) && c != 0x2581)
			return false;
	}
	return true;
}

/* May this token, which stands there, count as one? */
static bool may_be(const struct added_walk *w, const struct added_token *token, size_t at)
{
	if (!w->own)
		return w->reads_special || !tokenizer_is_special(w->tokenizer, token->id);
	return memchr(w->own + at, 0, token->content.size) == NULL ||
	       (!tokenizer_is_special(w->tokenizer, token->id) && is_blank(token->content));
}

/* The longest added token at the beginning of what is left of a text from `at` on, or NULL. */
static const struct added_token *added_at(const struct added_walk *w, struct slice text, size_t at)
{
	const struct added_set *set = w->set;

	if (!set->begins[text.data[0]])
		return NULL;
	for (size_t i = 0; i < set->size_count; i++) {
		const struct string_row *row;

		if (set->sizes[i] > text.size)
			continue;
		row = string_table_row(&set->table, slice_part(text, 0, set->sizes[i]));
		if (row->key.data && may_be(w, &set->tokens[row->value], at))
			return &set->tokens[row->value];
	}
	return NULL;
}

static bool ends_in_word(struct slice text)
{
	size_t start = text.size;

	while (start > 0 && (text.data[start - 1] & 0xc0) == 0x80)
		start--;
	start -= start > 0;
	return text.size > 0 && unicode_is_word(unicode_next(text, &start));
}

static bool begins_word(struct slice text)
{
	size_t at = 0;

	return text.size > 0 && unicode_is_word(unicode_next(text, &at));
}

static struct slice rest_at(struct slice text, size_t at)
{
	return at == 0 ? text : slice_of(text.data + at, text.size - at);
}

static bool is_within_word(struct slice text, size_t start, size_t end)
{
	return ends_in_word(slice_part(text, 0, start)) || begins_word(rest_at(text, end));
}

enum err added_split(const struct added_walk *w, struct slice text)
{
	size_t kept = 0;

	for (size_t at = 0; at < text.size;) {
		const struct added_token *found = added_at(w, rest_at(text, at), at);
		struct slice before;
		size_t end;

		if (!found) {
			at++;
			continue;
		}
		end = at + found->content.size;
		before = slice_part(text, kept, at > kept ? at - kept : 0);
		at = end;
		if (found->single_word && is_within_word(text, end - found->content.size, end))
			continue;
		if (found->strips_left)
			before.size -= unicode_spaces_at_end(before);
		TRY(w->between(w->context, before, kept));
		w->found(w->context, found->id);
		if (found->strips_right)
			at += unicode_spaces_at_start(rest_at(text, at));
		kept = at;
	}
	return w->between(w->context, rest_at(text, kept), kept);
}
