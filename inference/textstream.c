/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/textstream.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/unicode.h"

enum { TEXTSTREAM_HELD = 1 << 20 /* bytes that one step may bring, and more */ };

/*
 * Bytes pass through three rooms: `raw` (not yet whole characters), `text` (whole characters that
 * may still be a stop string's beginning), and `safe` (what the caller takes).
 */
struct textstream {
	struct buf raw;
	struct buf text;
	struct buf safe;
	size_t taken; /* of `safe`, by the last textstream_take */
	struct slice stops[TEXTSTREAM_MAX_STOPS];
	size_t stop_count;
	bool stopped;
};

enum err textstream_new(struct textstream **out, const struct slice *stops, size_t count)
{
	AUTO(textstream_auto) struct textstream *t = NULL;

	if (count > TEXTSTREAM_MAX_STOPS)
		return failure(ERR_LIMIT, "stop: %zu strings, at most %d", count,
			       TEXTSTREAM_MAX_STOPS);
	t = calloc(1, sizeof *t);
	assert(t);
	t->raw = buf_new(TEXTSTREAM_HELD);
	t->text = buf_new(TEXTSTREAM_HELD);
	t->safe = buf_new(TEXTSTREAM_HELD);
	for (size_t i = 0; i < count; i++) {
		uint8_t *copy;

		if (stops[i].size == 0)
			return failure(ERR_FORMAT, "stop: an empty string");
		if (stops[i].size > TEXTSTREAM_MAX_STOP)
			return failure(ERR_LIMIT, "stop: a string of %zu bytes, at most %d",
				       stops[i].size, TEXTSTREAM_MAX_STOP);
		copy = malloc(stops[i].size);
		assert(copy);
		memcpy(copy, stops[i].data, stops[i].size);
		t->stops[t->stop_count++] = slice_of(copy, stops[i].size);
	}
	*out = t;
	t = NULL; /* given away */
	return OK;
}

void textstream_free(struct textstream *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->stop_count; i++)
		free((void *)(uintptr_t)t->stops[i].data);
	buf_free(&t->raw);
	buf_free(&t->text);
	buf_free(&t->safe);
	free(t);
}

/* Whole characters from raw to text; what cannot become one is a U+FFFD, as in tokenizer_decode:
 * one for the longest beginning of a character. */
static void settle_characters(struct textstream *t, bool is_end)
{
	struct slice rest = buf_slice(&t->raw);
	size_t size;

	for (; rest.size > 0; rest = slice_of(rest.data + size, rest.size - size)) {
		enum unicode_part part = unicode_part(rest, &size);

		if (part == UNICODE_BEGINNING && !is_end)
			break;
		buf_write(&t->text,
			  part == UNICODE_WHOLE ? slice_part(rest, 0, size) : UNICODE_REPLACEMENT);
	}
	buf_consume(&t->raw, t->raw.size - rest.size);
}

/* Where the first stop string begins, or, while more may come, where the longest end begins that
 * may become one. */
static size_t find_stop(const struct textstream *t, bool is_end, bool *is_whole)
{
	struct slice text = buf_slice(&t->text);

	for (size_t at = 0; at < text.size; at++) {
		bool may_be = false;

		for (size_t i = 0; i < t->stop_count; i++) {
			struct slice rest = slice_of(text.data + at, text.size - at);

			if (slice_starts_with(rest, t->stops[i])) {
				*is_whole = true;
				return at;
			}
			may_be = may_be || (!is_end && slice_starts_with(t->stops[i], rest));
		}
		if (may_be) {
			*is_whole = false;
			return at;
		}
	}
	*is_whole = false;
	return text.size;
}

static void release_text(struct textstream *t, bool is_end)
{
	bool is_whole;
	size_t size = find_stop(t, is_end, &is_whole);

	t->stopped = is_whole;
	buf_write(&t->safe, slice_part(buf_slice(&t->text), 0, size));
	buf_consume(&t->text, size);
	if (t->stopped) {
		buf_reset(&t->text);
		buf_reset(&t->raw);
	}
}

void textstream_write(struct textstream *t, struct slice bytes)
{
	if (t->stopped)
		return;
	buf_write(&t->raw, bytes);
	settle_characters(t, false);
	release_text(t, false);
}

void textstream_finish(struct textstream *t)
{
	if (t->stopped)
		return;
	settle_characters(t, true);
	release_text(t, true);
}

struct slice textstream_take(struct textstream *t)
{
	buf_consume(&t->safe, t->taken);
	t->taken = t->safe.size;
	return buf_slice(&t->safe);
}

bool textstream_is_stopped(const struct textstream *t)
{
	return t->stopped;
}
