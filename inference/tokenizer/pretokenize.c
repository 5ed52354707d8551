/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/pretokenize.h"

#include <assert.h>
#include <stdlib.h>

void pieces_free(struct pieces *p)
{
	buf_free(&p->text);
	free(p->list);
	*p = (struct pieces){0};
}

/* What has been written since the last piece is one; none is empty. */
static void end_piece(struct pieces *p, bool is_first)
{
	if (p->text.size == (p->count ? p->list[p->count - 1].end : 0))
		return;
	if (p->count == p->capacity) {
		p->capacity = p->capacity ? 2 * p->capacity : 64;
		p->list = realloc(p->list, p->capacity * sizeof *p->list);
		assert(p->list); /* at most one a byte of a text within its ceiling */
	}
	p->list[p->count++] = (struct piece){(uint32_t)p->text.size, is_first};
}

/* A split in progress: spans come from the left, those that may still grow are held back. */
struct split {
	const struct pre_step *step;
	struct pieces *out;
	struct slice text;
	bool is_first;
	bool holds, last_matched;
	size_t start, end; /* what is held */
};

static void emit(struct split *s, size_t start, size_t end)
{
	buf_write(&s->out->text, slice_part(s->text, start, end - start));
	end_piece(s->out, s->is_first && start == 0);
}

static void flush(struct split *s)
{
	if (s->holds)
		emit(s, s->start, s->end);
	s->holds = false;
}

static void hold_or_join(struct split *s, size_t start, size_t end, bool joins)
{
	if (!s->holds || !joins) {
		flush(s);
		s->start = start;
	}
	s->end = end;
	s->holds = true;
}

static void span(struct split *s, size_t start, size_t end, bool matched)
{
	matched ^= s->step->inverts;
	switch (s->step->behavior) {
	case SPLIT_REMOVED:
		if (!matched)
			emit(s, start, end);
		break;
	case SPLIT_ISOLATED:
		emit(s, start, end);
		break;
	case SPLIT_CONTIGUOUS:
		hold_or_join(s, start, end, matched == s->last_matched);
		break;
	case SPLIT_MERGED_WITH_PREVIOUS:
		hold_or_join(s, start, end, matched && !s->last_matched);
		break;
	case SPLIT_MERGED_WITH_NEXT:
		hold_or_join(s, start, end, !matched && s->last_matched);
		break;
	}
	s->last_matched = matched;
}

static enum err find_regex(struct split *s)
{
	struct regex_walk walk = regex_begin(s->step->regex, s->text);
	size_t kept = 0;

	for (;;) {
		TRY(regex_next(&walk));
		if (!walk.found)
			break;
		if (walk.start > kept)
			span(s, kept, walk.start, false);
		span(s, walk.start, walk.end, true);
		kept = walk.end;
	}
	if (kept < s->text.size)
		span(s, kept, s->text.size, false);
	return OK;
}

static void find_text(struct split *s)
{
	struct slice from = s->step->text;
	size_t kept = 0;

	for (size_t at = 0; at + from.size <= s->text.size;) {
		if (memcmp(s->text.data + at, from.data, from.size) != 0) {
			at++;
			continue;
		}
		if (at > kept)
			span(s, kept, at, false);
		at += from.size;
		span(s, at - from.size, at, true);
		kept = at;
	}
	if (kept < s->text.size)
		span(s, kept, s->text.size, false);
}

static void find_class(struct split *s)
{
	size_t kept = 0;

	for (size_t at = 0; at < s->text.size;) {
		size_t start = at;

		if (!s->step->is_one(unicode_next(s->text, &at)))
			continue;
		if (start > kept)
			span(s, kept, start, false);
		span(s, start, at, true);
		kept = at;
	}
	if (kept < s->text.size)
		span(s, kept, s->text.size, false);
}

/* \w+|[^\w\s]+ : runs of word characters and runs of signs match, white space does not. */
static void find_words(struct split *s)
{
	enum { SPACE, WORD, SIGN } kind = SPACE, last = SPACE;
	size_t start = 0;

	for (size_t at = 0, from = 0; at < s->text.size; from = at) {
		uint32_t c = unicode_next(s->text, &at);

		kind = unicode_is_word(c) ? WORD : unicode_is_space(c) ? SPACE : SIGN;
		if (from > start && kind != last) {
			span(s, start, from, last != SPACE);
			start = from;
		}
		last = kind;
	}
	if (start < s->text.size)
		span(s, start, s->text.size, last != SPACE);
}

static enum err run_split(const struct pre_step *step, struct pieces *out, struct slice text,
			  bool is_first)
{
	struct split s = {.step = step, .out = out, .text = text, .is_first = is_first};
	enum err result = OK;

	if (step->find == FIND_REGEX)
		result = find_regex(&s);
	else if (step->find == FIND_TEXT)
		find_text(&s);
	else if (step->find == FIND_CLASS)
		find_class(&s);
	else
		find_words(&s);
	flush(&s);
	return result;
}

static void run_metaspace(const struct pre_step *step, struct pieces *out, struct slice text,
			  bool is_first)
{
	bool wants = step->scheme == SCHEME_ALWAYS || (step->scheme == SCHEME_FIRST && is_first);
	size_t kept = 0;

	if (wants && text.data[0] != ' ' && !slice_starts_with(text, step->text))
		buf_write(&out->text, step->text);
	for (size_t at = 0; at < text.size; at++) {
		if (text.data[at] != ' ')
			continue;
		buf_write(&out->text, slice_part(text, kept, at - kept));
		buf_write(&out->text, step->text);
		kept = at + 1;
	}
	buf_write(&out->text, slice_part(text, kept, text.size - kept));
	end_piece(out, is_first);
}

/*
 * GPT-2's table: printable bytes stand for themselves; the others, in their order, are U+0100 and
 * on: 0x00-0x20, 0x7f-0xa0 and 0xad.
 */
uint32_t character_of_byte(uint8_t byte)
{
	if (byte <= 0x20)
		return 0x100u + byte;
	if (byte >= 0x7f && byte <= 0xa0)
		return 0x121u + (byte - 0x7fu);
	return byte == 0xad ? 0x143 : byte;
}

int byte_of_character(uint32_t character)
{
	if (character >= 0x100 && character <= 0x120)
		return (int)character - 0x100;
	if (character >= 0x121 && character <= 0x142)
		return (int)character - 0x121 + 0x7f;
	if (character == 0x143)
		return 0xad;
	return character < 0x100 && character_of_byte((uint8_t)character) == character
		       ? (int)character
		       : -1;
}

static void run_bytes(struct pieces *out, struct slice text, bool is_first)
{
	for (size_t i = 0; i < text.size; i++)
		unicode_write(&out->text, character_of_byte(text.data[i]));
	end_piece(out, is_first);
}

static enum err run_step(const struct pre_step *step, struct pieces *out, struct slice text,
			 bool is_first)
{
	switch (step->kind) {
	case PRE_SPLIT:
		return run_split(step, out, text, is_first);
	case PRE_SPACE:
		if (text.data[0] != ' ')
			buf_write_u8(&out->text, ' ');
		buf_write(&out->text, text);
		end_piece(out, is_first);
		return OK;
	case PRE_METASPACE:
		run_metaspace(step, out, text, is_first);
		return OK;
	case PRE_BYTES:
		run_bytes(out, text, is_first);
		return OK;
	}
	return failure(ERR_INTERNAL, "tokenizer: no such step");
}

static enum err run_all(const struct pre_step *step, struct pieces *out, const struct pieces *in)
{
	size_t start = 0;

	for (size_t i = 0; i < in->count; i++) {
		struct slice piece = slice_part(buf_slice(&in->text), start,
						in->list[i].end - start);

		TRY(run_step(step, out, piece, in->list[i].is_first));
		start = in->list[i].end;
	}
	return buf_done(&out->text);
}

enum err pre_run(const struct pre_step *steps, size_t count, struct pieces *out, struct slice text,
		 bool is_first, size_t limit)
{
	AUTO(pieces_free) struct pieces next = {.text = buf_new(limit)};

	out->text = buf_new(limit);
	buf_write(&out->text, text);
	TRY(buf_done(&out->text));
	end_piece(out, is_first);
	for (size_t i = 0; i < count; i++) {
		struct pieces last = *out;

		buf_reset(&next.text);
		next.count = 0;
		TRY(run_all(&steps[i], &next, &last));
		*out = next;
		next = last;
	}
	return OK;
}
