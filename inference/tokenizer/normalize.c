/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/normalize.h"

void normal_step_clear(struct normal_step *s)
{
	regex_free(s->regex);
	charsmap_free(s->charsmap);
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

static enum err replace_regex(struct buf *out, struct slice text, const struct normal_step *s)
{
	struct regex_walk walk = regex_begin(s->regex, text);
	size_t kept = 0;

	for (;;) {
		TRY(regex_next(&walk));
		if (!walk.found)
			break;
		buf_write(out, slice_part(text, kept, walk.start - kept));
		buf_write(out, s->to);
		kept = walk.end;
	}
	buf_write(out, slice_part(text, kept, text.size - kept));
	return OK;
}

static void strip(struct buf *out, struct slice text, const struct normal_step *s)
{
	size_t left = s->strips_left ? unicode_spaces_at_start(text) : 0;
	struct slice rest = slice_of(text.data + left, text.size - left);

	if (s->strips_right)
		rest.size -= unicode_spaces_at_end(rest);
	buf_write(out, rest);
}

/* BERT's: U+0085 is a control character here before it is white space. */
static void write_clean(struct buf *out, uint32_t c)
{
	if (c == '\t' || c == '\n' || c == '\r')
		buf_write_u8(out, ' ');
	else if (c != 0xfffd && !unicode_is_other(c))
		unicode_write(out, unicode_is_space(c) ? ' ' : c);
}

static void write_character(struct buf *out, uint32_t c, enum normal_kind kind)
{
	if (kind == NORMAL_LOWERCASE) {
		unicode_write_lower(out, c);
	} else if (kind == NORMAL_BERT_CLEAN) {
		write_clean(out, c);
	} else if (kind == NORMAL_BERT_HAN && unicode_is_han(c)) {
		buf_write_u8(out, ' ');
		unicode_write(out, c);
		buf_write_u8(out, ' ');
	} else if (kind == NORMAL_BERT_HAN ||
		   (kind == NORMAL_STRIP_ACCENTS && !unicode_is_mark(c)) ||
		   (kind == NORMAL_BERT_ACCENTS && !unicode_is_nonspacing_mark(c))) {
		unicode_write(out, c);
	}
}

static void each_character(struct buf *out, struct slice text, enum normal_kind kind)
{
	for (size_t at = 0; at < text.size;)
		write_character(out, unicode_next(text, &at), kind);
}

static enum err run_step(const struct normal_step *s, struct buf *out, struct slice text)
{
	switch (s->kind) {
	case NORMAL_PREPEND:
		buf_write(out, s->to);
		buf_write(out, text);
		return OK;
	case NORMAL_REPLACE:
		replace_all(out, text, s->from, s->to);
		return OK;
	case NORMAL_REPLACE_REGEX:
		return replace_regex(out, text, s);
	case NORMAL_FORM:
		return unicode_normalize(out, text, s->form);
	case NORMAL_STRIP:
		strip(out, text, s);
		return OK;
	case NORMAL_CHARSMAP:
		return charsmap_run(s->charsmap, out, text);
	case NORMAL_LOWERCASE:
	case NORMAL_STRIP_ACCENTS:
	case NORMAL_BERT_CLEAN:
	case NORMAL_BERT_HAN:
	case NORMAL_BERT_ACCENTS:
		each_character(out, text, s->kind);
		return OK;
	}
	return failure(ERR_INTERNAL, "tokenizer: no such step");
}

enum err normal_run(const struct normal_step *steps, size_t count, struct buf *out,
		    struct slice text)
{
	AUTO(buf_free) struct buf next = buf_new(out->limit);

	buf_write(out, text);
	for (size_t i = 0; i < count && out->size > 0; i++) {
		struct buf last = *out;

		buf_reset(&next);
		TRY(run_step(&steps[i], &next, buf_slice(&last)));
		*out = next;
		next = last;
		TRY(buf_done(out));
	}
	return buf_done(out);
}
