/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.c - from ids to text, token by token: what the decoders of a tokenizer.json do to a list
 * of tokens is done to each, so that a stream writes what the whole would.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/parts.h"

/* A token with a character that stands for no byte (an added one) is its text as it is. */
static void write_bytes(struct buf *out, struct slice token)
{
	for (size_t at = 0; at < token.size;)
		if (byte_of_character(unicode_next(token, &at)) < 0) {
			buf_write(out, token);
			return;
		}
	for (size_t at = 0; at < token.size;)
		buf_write_u8(out, (uint8_t)byte_of_character(unicode_next(token, &at)));
}

/* The reference's list, in its order; each is replaced wherever it stands in a token. */
static enum err write_clean(struct buf *out, struct slice token)
{
	static const char *const rows[][2] = {
		{" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
		{" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
		{" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
	};
	struct normal_step steps[sizeof rows / sizeof *rows];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		steps[i] = (struct normal_step){.kind = NORMAL_REPLACE,
						.from = slice_of_string(rows[i][0]),
						.to = slice_of_string(rows[i][1])};
	return normal_run(steps, sizeof rows / sizeof *rows, out, token);
}

static enum err write_wordpiece(const struct tokenizer *t, struct buf *out, struct slice token,
				bool is_first)
{
	AUTO(buf_free) struct buf piece = buf_new(2 * TOKENIZER_MAX_TOKEN);

	if (!is_first && slice_starts_with(token, t->marker))
		token = slice_of(token.data + t->marker.size, token.size - t->marker.size);
	else if (!is_first)
		buf_write_u8(&piece, ' ');
	buf_write(&piece, token);
	if (!t->cleans) {
		buf_write(out, buf_slice(&piece));
		return buf_done(&piece);
	}
	return write_clean(out, buf_slice(&piece));
}

static void write_metaspace(const struct tokenizer *t, struct buf *out, struct slice token,
			    bool is_first)
{
	for (size_t at = 0; at < token.size;) {
		struct slice c = slice_part(token, at, unicode_size(token.data[at]));

		at += c.size;
		if (!slice_equal(c, t->marker))
			buf_write(out, c);
		else if (!(is_first && t->drops_first))
			buf_write_u8(out, ' ');
	}
}

/* One token, replaced as the decoder's steps say, into an empty buffer. */
static enum err write_token(const struct tokenizer *t, struct buf *out, struct slice token,
			    bool is_first)
{
	AUTO(buf_free) struct buf text = buf_new(out->limit);
	struct slice replaced;

	TRY(normal_run(t->decode_steps, t->decode_count, &text, token));
	replaced = buf_slice(&text);
	switch (t->decoder) {
	case DECODER_JOIN:
		buf_write(out, is_first ? S("") : S(" "));
		buf_write(out, replaced);
		break;
	case DECODER_PLAIN:
		buf_write(out, replaced);
		break;
	case DECODER_BYTES:
		write_bytes(out, replaced);
		break;
	case DECODER_WORDPIECE:
		TRY(write_wordpiece(t, out, replaced, is_first));
		break;
	case DECODER_METASPACE:
		write_metaspace(t, out, replaced, is_first);
		break;
	}
	return buf_done(out);
}

/* The beginning of a text without what the decoder strips of it. */
static struct slice strip(const struct tokenizer *t, struct slice text)
{
	for (size_t i = 0; i < t->strip_count; i++)
		if (slice_starts_with(text, t->strip))
			text = slice_of(text.data + t->strip.size, text.size - t->strip.size);
	return text;
}

/* Of a special token its name. */
static void write_any(const struct tokenizer *t, uint32_t id, bool is_first, struct buf *out)
{
	/* Replacements in a token: within what normal_run allows, or the piece is left out. */
	AUTO(buf_free) struct buf piece = buf_new(4 * TOKENIZER_MAX_TOKEN);

	if (id >= t->entry_count)
		return;
	if (t->entries[id].is_byte)
		buf_write_u8(&piece, t->entries[id].byte);
	else if (write_token(t, &piece, t->entries[id].text, is_first) != OK)
		return;
	buf_write(out, is_first ? strip(t, buf_slice(&piece)) : buf_slice(&piece));
}

void tokenizer_write_piece(const struct tokenizer *t, uint32_t id, bool is_first, struct buf *out)
{
	if (!tokenizer_is_special(t, id))
		write_any(t, id, is_first, out);
}

/* A run of byte tokens is text only as a whole: else each of its bytes is a U+FFFD, as the
 * reference has it. (A stream cannot wait for the run's end: see textstream.h.) SentencePiece's own
 * shows what in it is text, and so does a stream. */
static void write_run(const struct tokenizer *t, struct buf *out, struct buf *run, bool is_first)
{
	struct slice bytes = is_first ? strip(t, buf_slice(run)) : buf_slice(run);

	if (t->pieces || slice_is_utf8(buf_slice(run)))
		unicode_write_lossy(out, bytes);
	else
		for (size_t i = 0; i < run->size; i++)
			buf_write(out, UNICODE_REPLACEMENT);
	buf_reset(run);
}

/* The ids of a text on their way back. */
struct decoding {
	const struct tokenizer *tokenizer;
	const uint32_t *ids;
	size_t count;
	bool names_special; /* else special tokens are left out */
};

static void write_all(const struct decoding *d, struct buf *out, struct buf *run)
{
	const struct tokenizer *t = d->tokenizer;
	bool is_first = true;
	bool run_is_first = false;

	for (size_t i = 0; i < d->count; i++) {
		uint32_t id = d->ids[i];
		bool is_byte = id < t->entry_count && t->entries[id].is_byte;

		if (!d->names_special && tokenizer_is_special(t, id))
			continue;
		run_is_first = run_is_first || (is_byte && is_first);
		if (is_byte) {
			buf_write_u8(run, t->entries[id].byte);
		} else {
			write_run(t, out, run, run_is_first);
			run_is_first = false;
			write_any(t, id, is_first, out);
		}
		is_first = false;
	}
	write_run(t, out, run, run_is_first);
}

static enum err decode(const struct decoding *d, struct buf *out)
{
	AUTO(buf_free) struct buf run = buf_new(out->limit);
	AUTO(buf_free) struct buf bytes = buf_new(out->limit);

	if (d->tokenizer->decoder == DECODER_BYTES) {
		write_all(d, &bytes, &run);
		unicode_write_lossy(out, buf_slice(&bytes));
	} else {
		write_all(d, out, &run);
	}
	TRY(buf_done(&run));
	TRY(buf_done(&bytes));
	return buf_done(out);
}

enum err tokenizer_decode(const struct tokenizer *t, struct buf *out, const uint32_t *ids,
			  size_t count)
{
	return decode(&(struct decoding){t, ids, count, false}, out);
}

enum err tokenizer_decode_all(const struct tokenizer *t, struct buf *out, const uint32_t *ids,
			      size_t count)
{
	return decode(&(struct decoding){t, ids, count, true}, out);
}
