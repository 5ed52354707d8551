/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/reader.h"
#include "crypto/base/text.h"

static void buf_refuses_what_passes_its_ceiling(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(4);

	(void)state;
	buf_write(&b, S("abcd"));
	assert_ok(buf_done(&b));
	buf_write(&b, S("e"));
	assert_err(buf_done(&b), ERR_LIMIT);
	assert_slice(buf_slice(&b), "abcd");
}

static void reader_reads_back_what_buf_wrote(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(1000);
	struct reader r;

	(void)state;
	buf_write_u8(&b, 7);
	buf_write_u16(&b, 0x1234);
	buf_write_u32(&b, 0xdeadbeef);
	buf_write_u64(&b, 0x0123456789abcdef);
	buf_write_block(&b, S("block"));
	r = reader_of(buf_slice(&b));
	assert_int_equal(read_u8(&r), 7);
	assert_int_equal(read_u16(&r), 0x1234);
	assert_int_equal(read_u32(&r), 0xdeadbeef);
	assert_true(read_u64(&r) == 0x0123456789abcdef);
	assert_slice(read_block(&r, 5), "block");
	assert_ok(reader_done(&r));
}

static void reader_insists_on_every_byte_and_no_more(void **state)
{
	struct reader spare = reader_of(S("ab"));
	struct reader brief = reader_of(S("a"));
	struct reader large = reader_of(S("\0\0\0\6abcdef"));

	(void)state;
	read_u8(&spare);
	assert_err(reader_done(&spare), ERR_FORMAT);
	read_u16(&brief);
	assert_err(reader_done(&brief), ERR_FORMAT);
	read_block(&large, 5);
	assert_err(reader_done(&large), ERR_FORMAT);
}

static void slice_knows_utf8(void **state)
{
	static const struct {
		const char *text;
		bool good;
		const char *why;
	} rows[] = {
		{"plain", true, "ASCII"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", true, "2, 3 and 4 bytes"},
		{"\xc0\x80", false, "overlong NUL"},
		{"\xe0\x80\x80", false, "overlong"},
		{"\xed\xa0\x80", false, "surrogate"},
		{"\xf4\x90\x80\x80", false, "past U+10FFFF"},
		{"\xe2\x82", false, "cut"},
		{"\x80", false, "continuation alone"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (slice_is_utf8(slice_of_string(rows[i].text)) != rows[i].good)
			fail_msg("%s", rows[i].why);
}

static void numbers_are_strict(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(slice_to_u64(S("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX);
	assert_false(slice_to_u64(S("18446744073709551616"), UINT64_MAX, &n));
	assert_false(slice_to_u64(S("+5"), 10, &n));
	assert_false(slice_to_u64(S("05"), 10, &n));
	assert_false(slice_to_u64(S(""), 10, &n));
	assert_false(slice_to_u64(S("11"), 10, &n));
}

static void base64_round_trips_and_is_canonical(void **state)
{
	static const enum text_base64 kinds[] = {TEXT_BASE64, TEXT_BASE64_RAW, TEXT_BASE64_URL_RAW};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		for (size_t size = 0; size < 40; size++) {
			AUTO(buf_free) struct buf text = buf_new(100);
			AUTO(buf_free) struct buf back = buf_new(100);
			uint8_t bytes[40];

			for (size_t i = 0; i < size; i++)
				bytes[i] = (uint8_t)(i * 37 + size);
			text_write_base64(&text, slice_of(bytes, size), kinds[k]);
			assert_ok(text_read_base64(&back, buf_slice(&text), kinds[k]));
			assert_true(slice_equal(buf_slice(&back), slice_of(bytes, size)));
		}
	}
	AUTO(buf_free) struct buf out = buf_new(100);
	assert_err(text_read_base64(&out, S("QQ"), TEXT_BASE64), ERR_FORMAT);
	assert_err(text_read_base64(&out, S("QR=="), TEXT_BASE64), ERR_FORMAT);
	assert_err(text_read_base64(&out, S("QQ=="), TEXT_BASE64_RAW), ERR_FORMAT);
	assert_err(text_read_base64(&out, S("Q"), TEXT_BASE64_RAW), ERR_FORMAT);
	assert_err(text_read_base64(&out, S("a+b/"), TEXT_BASE64_URL_RAW), ERR_FORMAT);
}

static void time_reads_back_what_it_wrote(void **state)
{
	char text[CLOCK_TEXT];
	int64_t ms;

	(void)state;
	clock_text(text, 1767322845678);
	assert_string_equal(text, "2026-01-02T03:00:45.678Z");
	assert_ok(clock_parse(&ms, slice_of_string(text)));
	assert_true(ms == 1767322845678);
	assert_err(clock_parse(&ms, S("2026-01-02 03:00:45Z")), ERR_FORMAT);
	assert_err(clock_parse(&ms, S("2026-13-02T03:00:45Z")), ERR_FORMAT);
	assert_err(clock_parse(&ms, S("2026-01-02T03:00:45+01:00")), ERR_FORMAT);
}

static void file_reads_back_what_it_wrote_and_holds_the_ceiling(void **state)
{
	char path[] = "/tmp/sallyport-base-XXXXXX";
	AUTO(buf_free) struct buf all = buf_new(5);
	AUTO(buf_free) struct buf little = buf_new(4);
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_ok(file_open_directory(&dir, AT_FDCWD, path));
	assert_ok(file_make_directory(dir, "a/b", 0700));
	assert_ok(file_write_atomic(dir, "a/b/c", S("12345"), 0600));
	assert_ok(file_read(&all, dir, "a/b/c"));
	assert_slice(buf_slice(&all), "12345");
	assert_err(file_read(&little, dir, "a/b/c"), ERR_LIMIT);
	assert_err(file_read(&little, dir, "a/b/d"), ERR_NOT_FOUND);
	unlinkat(dir, "a/b/c", 0);
	unlinkat(dir, "a/b", AT_REMOVEDIR);
	unlinkat(dir, "a", AT_REMOVEDIR);
	close(dir);
	rmdir(path);
}

static void uuid_is_strict(void **state)
{
	uint8_t bytes[16];
	char text[TEXT_UUID];

	(void)state;
	assert_ok(text_read_uuid(bytes, S("00112233-4455-6677-8899-aabbccddeeff")));
	text_uuid(text, bytes);
	assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
	assert_err(text_read_uuid(bytes, S("00112233445566778899aabbccddeeff")), ERR_FORMAT);
	assert_err(text_read_uuid(bytes, S("00112233-4455-6677-8899-AABBCCDDEEFF")), ERR_FORMAT);
}

static void arena_gives_zeroed_memory_of_any_size(void **state)
{
	AUTO(arena_free) struct arena a = {0};
	uint8_t *large = arena_alloc(&a, 100000);

	(void)state;
	assert_int_equal(large[99999], 0);
	assert_string_equal(arena_string(&a, S("text")), "text");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
}

static void arena_begun_with_a_size_holds_just_that(void **state)
{
	AUTO(arena_free) struct arena a = {0};

	(void)state;
	arena_begin(&a, 48);
	arena_alloc(&a, 16);
	arena_alloc(&a, 17);
	assert_int_equal(arena_used(&a), 48);
	arena_alloc(&a, 1);
	assert_int_equal(arena_used(&a), 64);
}

static void arena_reset_gives_zeroed_memory_again(void **state)
{
	AUTO(arena_free) struct arena a = {0};
	uint8_t *small, *again;

	(void)state;
	small = arena_alloc(&a, 64);
	memset(small, 0xff, 64);
	memset(arena_alloc(&a, 100000), 0xff, 100000);
	arena_reset(&a);
	assert_int_equal(arena_used(&a), 0);
	again = arena_alloc(&a, 64);
	for (int i = 0; i < 64; i++)
		assert_int_equal(again[i], 0);
}

static void buf_prints_what_fits_and_what_makes_it_grow(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(200);

	(void)state;
	buf_printf(&b, "%s", "");
	buf_printf(&b, "%d,", 7);
	buf_printf(&b, "%060d,", 8); /* ends at the edge of the first block */
	buf_printf(&b, "%0*d", 100, 9);
	assert_ok(buf_done(&b));
	assert_int_equal(b.size, 2 + 61 + 100);
	assert_true(b.data[61] == '8' && b.data[62] == ',' && b.data[162] == '9');
	buf_printf(&b, "%0*d", 38, 1);
	assert_err(buf_done(&b), ERR_LIMIT);
	assert_int_equal(b.size, 163);
}

static void buf_writes_numbers_as_text(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(100);

	(void)state;
	buf_write_decimal(&b, 0);
	buf_write_u8(&b, ' ');
	buf_write_decimal(&b, UINT64_MAX);
	assert_string_equal(buf_string(&b), "0 18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_refuses_what_passes_its_ceiling),
		cmocka_unit_test(reader_reads_back_what_buf_wrote),
		cmocka_unit_test(reader_insists_on_every_byte_and_no_more),
		cmocka_unit_test(slice_knows_utf8),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(base64_round_trips_and_is_canonical),
		cmocka_unit_test(time_reads_back_what_it_wrote),
		cmocka_unit_test(file_reads_back_what_it_wrote_and_holds_the_ceiling),
		cmocka_unit_test(uuid_is_strict),
		cmocka_unit_test(arena_gives_zeroed_memory_of_any_size),
		cmocka_unit_test(arena_begun_with_a_size_holds_just_that),
		cmocka_unit_test(arena_reset_gives_zeroed_memory_again),
		cmocka_unit_test(buf_prints_what_fits_and_what_makes_it_grow),
		cmocka_unit_test(buf_writes_numbers_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
