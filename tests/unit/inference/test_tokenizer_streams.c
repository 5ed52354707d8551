/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text shown token by token is the text of the whole list, and never half a character: for every
 * vocabulary, with random ids. Only bytes that make no text may come out differently, where a
 * tokenizer.json has byte tokens: by its reference a run of them that is no text as a whole is
 * U+FFFD for each byte, and a stream, which cannot wait for the run's end, shows the characters in
 * it.
 */
#include "tests/unit/test.h"

#include "inference/textstream.h"
#include "inference/tokenizer/unicode.h"
#include "tests/unit/inference/vocabularies.h"

enum { LISTS = 300, LIST_MAX = 40 };

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* What a stream shows; each part is checked as it comes. */
static void write_stream(const struct tokenizer *t, struct buf *out, struct buf *bytes,
			 const uint32_t *ids, size_t count)
{
	AUTO(textstream_auto) struct textstream *stream = NULL;
	AUTO(buf_free) struct buf piece = buf_new(1 << 16);
	bool is_first = true;
	struct slice part;

	assert_ok(textstream_new(&stream, NULL, 0));
	for (size_t i = 0; i < count; i++) {
		buf_reset(&piece);
		tokenizer_write_piece(t, ids[i], is_first, &piece);
		is_first = is_first && tokenizer_is_special(t, ids[i]);
		buf_write(bytes, buf_slice(&piece));
		textstream_write(stream, buf_slice(&piece));
		part = textstream_take(stream);
		assert_true(slice_is_utf8(part));
		buf_write(out, part);
	}
	textstream_finish(stream);
	part = textstream_take(stream);
	assert_true(slice_is_utf8(part));
	buf_write(out, part);
}

static bool has_bytes(const struct tokenizer *t)
{
	for (uint32_t id = 0; id < 300 && id < tokenizer_vocabulary(t); id++)
		if (slice_equal(tokenizer_token(t, id), S("<0xC3>")))
			return true;
	return false;
}

static void check_list(const char *name, const struct tokenizer *t, const uint32_t *ids,
		       size_t count)
{
	AUTO(buf_free) struct buf shown = buf_new(1 << 20);
	AUTO(buf_free) struct buf bytes = buf_new(1 << 20);
	AUTO(buf_free) struct buf whole = buf_new(1 << 20);
	AUTO(buf_free) struct buf lossy = buf_new(1 << 20);

	write_stream(t, &shown, &bytes, ids, count);
	assert_ok(tokenizer_decode(t, &whole, ids, count));
	assert_true(slice_is_utf8(buf_slice(&whole)));
	unicode_write_lossy(&lossy, buf_slice(&bytes));
	if (!slice_equal(buf_slice(&shown), buf_slice(&lossy)))
		fail_msg("%s: a stream is not its own bytes", name);
	if (strstr(name, "json") && has_bytes(t) && !slice_is_utf8(buf_slice(&bytes)))
		return;
	if (!slice_equal(buf_slice(&shown), buf_slice(&whole)))
		fail_msg("%s: \"%s\" is shown as \"%s\"", name, buf_string(&whole),
			 buf_string(&shown));
}

static void check_random(const char *name, const struct tokenizer *t)
{
	uint64_t random = 88172645463325252u;
	uint32_t ids[LIST_MAX];

	for (size_t i = 0; i < LISTS; i++) {
		size_t count = next_random(&random) % LIST_MAX;
		uint64_t most = i % 2 ? tokenizer_vocabulary(t) : 300; /* bytes are at the front */

		for (size_t j = 0; j < count; j++)
			ids[j] = (uint32_t)(next_random(&random) % most);
		check_list(name, t, ids, count);
	}
}

static void a_stream_shows_what_the_whole_list_says(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < VOCABULARY_COUNT; i++) {
		const struct tokenizer *t = vocabulary_open(i);

		if (t)
			check_random(vocabulary_rows[i].name, t);
		checked += t != NULL;
	}
	if (checked == 0)
		skip();
	assert_int_equal(checked, VOCABULARY_COUNT);
}

/* Random characters of all planes: every one is cut into tokens, bytes among them. */
static void a_stream_shows_every_character_whole(void **state)
{
	uint64_t random = 1181783497276652981u;
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < VOCABULARY_COUNT; i++) {
		const struct tokenizer *t = vocabulary_open(i);
		AUTO(buf_free) struct buf text = buf_new(1 << 16);
		AUTO(token_list_free) struct token_list list = {0};

		if (!t)
			continue;
		for (size_t j = 0; j < 2000; j++) {
			uint32_t c = (uint32_t)(next_random(&random) % (j % 2 ? 0x3000 : 0x110000));

			if (c < 0xd800 || c > 0xdfff)
				unicode_write(&text, c);
		}
		assert_ok(tokenizer_encode_plain(t, &list, buf_slice(&text)));
		check_list(vocabulary_rows[i].name, t, list.ids, list.count);
		checked++;
	}
	if (checked == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_shows_what_the_whole_list_says),
		cmocka_unit_test(a_stream_shows_every_character_whole),
	};

	return cmocka_run_group_tests(tests, NULL, vocabularies_close);
}
