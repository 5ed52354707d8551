/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/tokenizer.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/parts.h"

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

static const struct vocabulary_entry *entry_of(const struct tokenizer *t, uint32_t id)
{
	static const struct vocabulary_entry none;

	return id < t->entry_count ? &t->entries[id] : &none;
}

bool tokenizer_is_special(const struct tokenizer *t, uint32_t id)
{
	return entry_of(t, id)->special;
}

static void replace_all(struct buf *out, struct slice text, struct slice from, struct slice to)
{
	size_t kept = 0; /* text before this is written */

	for (size_t at = 0; at + from.size <= text.size;) {
		if (memcmp(text.data + at, from.data, from.size) != 0) {
			at++;
			continue;
		}
		buf_write(out, slice_part(text, kept, at - kept));
		buf_write(out, to);
		at += from.size;
		kept = at;
	}
	buf_write(out, slice_part(text, kept, text.size - kept));
}

enum err normal_run(const struct normal_step *steps, size_t count, struct buf *out,
		    struct slice text)
{
	AUTO(buf_free) struct buf next = buf_new(out->limit);

	buf_write(out, text);
	for (size_t i = 0; i < count && out->size > 0; i++) {
		struct buf last = *out;

		buf_reset(&next);
		if (steps[i].kind == NORMAL_PREPEND) {
			buf_write(&next, steps[i].to);
			buf_write(&next, buf_slice(&last));
		} else {
			replace_all(&next, buf_slice(&last), steps[i].from, steps[i].to);
		}
		*out = next;
		next = last;
		TRY(buf_done(out));
	}
	return buf_done(out);
}

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

/* One text on its way to ids. */
struct encoding {
	const struct tokenizer *tokenizer;
	struct token_list *out;
	bool reads_special; /* special tokens written out in the text count as such */
};

/* The longest added token at the beginning of `text`, or NULL. */
static const struct added_token *added_at(const struct encoding *e, const struct added_set *set,
					  struct slice text)
{
	if (!set->begins[text.data[0]])
		return NULL;
	for (size_t i = 0; i < set->size_count; i++) {
		const struct string_row *row;

		if (set->sizes[i] > text.size)
			continue;
		row = string_table_row(&set->table, slice_part(text, 0, set->sizes[i]));
		if (row->key.data &&
		    (e->reads_special ||
		     !tokenizer_is_special(e->tokenizer, set->tokens[row->value].id)))
			return &set->tokens[row->value];
	}
	return NULL;
}

/* Unicode's White_Space (what \s means to the reference) at the beginning: its size, or 0. */
static size_t space_size(struct slice text)
{
	static const char wide[][4] = {
		"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	if (text.size > 0 && (text.data[0] == ' ' || (text.data[0] >= 9 && text.data[0] <= 13)))
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (slice_starts_with(text, slice_of_string(wide[i])))
			return strlen(wide[i]);
	return 0;
}

static size_t spaces_at_start(struct slice text)
{
	size_t total = 0;
	size_t size;

	while ((size = space_size(slice_of(text.data + total, text.size - total))) > 0)
		total += size;
	return total;
}

static size_t spaces_at_end(struct slice text)
{
	size_t end = text.size;

	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && (text.data[start] & 0xc0) == 0x80)
			start--;
		if (space_size(slice_part(text, start, end - start)) != end - start)
			break;
		end = start;
	}
	return text.size - end;
}

typedef enum err segment_fn(const struct encoding *e, struct slice text);

/* Added tokens become their ids; what stands between them goes to `between`. */
static enum err split_added(const struct encoding *e, const struct added_set *set,
			    struct slice text, segment_fn *between)
{
	size_t kept = 0;

	for (size_t at = 0; at < text.size;) {
		const struct added_token *found = added_at(
			e, set, slice_of(text.data + at, text.size - at));
		struct slice before;

		if (!found) {
			at++;
			continue;
		}
		before = slice_part(text, kept, at > kept ? at - kept : 0);
		if (found->strips_left)
			before.size -= spaces_at_end(before);
		TRY(between(e, before));
		token_list_push(e->out, found->id);
		at += found->content.size;
		if (found->strips_right)
			at += spaces_at_start(slice_of(text.data + at, text.size - at));
		kept = at;
	}
	return between(e, slice_part(text, kept, text.size - kept));
}

static enum err encode_normalized(const struct encoding *e, struct slice text)
{
	bpe_encode(e->tokenizer, e->out, text);
	return OK;
}

static enum err encode_raw(const struct encoding *e, struct slice text)
{
	/* A replacement may make a text longer; four times is more than any real one does. */
	AUTO(buf_free) struct buf normal = buf_new(4 * (size_t)TOKENIZER_MAX_TEXT);
	const struct tokenizer *t = e->tokenizer;

	TRY(normal_run(t->normal_steps, t->normal_count, &normal, text));
	return split_added(e, &t->normalized, buf_slice(&normal), encode_normalized);
}

static enum err encode(const struct encoding *e, struct slice text)
{
	if (text.size > TOKENIZER_MAX_TEXT)
		return failure(ERR_LIMIT, "prompt: %zu bytes, at most %d", text.size,
			       TOKENIZER_MAX_TEXT);
	if (!slice_is_utf8(text))
		return failure(ERR_FORMAT, "prompt: not UTF-8");
	return split_added(e, &e->tokenizer->raw, text, encode_raw);
}

static enum err encode_whole(const struct encoding *e, struct slice text)
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
	return encode_whole(&(struct encoding){t, out, true}, text);
}

enum err tokenizer_encode_plain(const struct tokenizer *t, struct token_list *out,
				struct slice text)
{
	return encode_whole(&(struct encoding){t, out, false}, text);
}

enum err tokenizer_encode_bare(const struct tokenizer *t, struct token_list *out, struct slice text)
{
	return encode(&(struct encoding){t, out, true}, text);
}

void tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return;
	string_table_clear(&t->ids);
	pair_table_clear(&t->merges);
	added_set_clear(&t->raw);
	added_set_clear(&t->normalized);
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

void tokenizer_write_piece(const struct tokenizer *t, uint32_t id, bool is_first, struct buf *out)
{
	const struct vocabulary_entry *e = entry_of(t, id);
	/* Replacements in a token: within what normal_run allows, or the piece is left out. */
	AUTO(buf_free) struct buf piece = buf_new(4 * TOKENIZER_MAX_TOKEN);
	struct slice text;

	if (e->special)
		return;
	if (e->is_byte)
		buf_write_u8(&piece, e->byte);
	else if (normal_run(t->decode_steps, t->decode_count, &piece, e->text) != OK)
		return;
	text = buf_slice(&piece);
	for (size_t i = 0; is_first && i < t->strip_count; i++)
		if (slice_starts_with(text, t->strip))
			text = slice_of(text.data + t->strip.size, text.size - t->strip.size);
	buf_write(out, text);
}

/* A run of byte tokens is text only as a whole: else each of its bytes is a U+FFFD, as the
 * reference has it. (A stream cannot wait for the run's end: see textstream.h.) */
static void write_run(struct buf *out, struct buf *run)
{
	if (slice_is_utf8(buf_slice(run)))
		buf_write(out, buf_slice(run));
	else
		for (size_t i = 0; i < run->size; i++)
			buf_write(out, S("\xef\xbf\xbd"));
	buf_reset(run);
}

enum err tokenizer_decode(const struct tokenizer *t, struct buf *out, const uint32_t *ids,
			  size_t count)
{
	AUTO(buf_free) struct buf run = buf_new(out->limit);
	bool is_first = true;

	for (size_t i = 0; i < count; i++) {
		bool is_byte = entry_of(t, ids[i])->is_byte;

		if (tokenizer_is_special(t, ids[i]))
			continue;
		if (!is_byte)
			write_run(out, &run);
		tokenizer_write_piece(t, ids[i], is_first, is_byte ? &run : out);
		is_first = false;
	}
	write_run(out, &run);
	TRY(buf_done(&run));
	return buf_done(out);
}
