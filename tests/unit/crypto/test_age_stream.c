/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/age_stream.h"
#include "crypto/base/buf.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/bulk.h"

enum { PLAIN_MAX = 5 * AGE_CHUNK };

static uint8_t plain[PLAIN_MAX];
static struct secret *file_key;

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i * 31 + i / 251);
	assert_ok(secret_random(&file_key, 16));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	secret_free(file_key);
	return 0;
}

static enum err to_buf(void *context, struct slice bytes)
{
	buf_write(context, bytes);
	return buf_done(context);
}

static enum err from_buf(void *context, void *out, size_t size, uint64_t offset)
{
	const struct buf *b = context;

	if (offset > b->size || size > b->size - offset)
		return failure(ERR_FORMAT, "the payload ends too soon");
	memcpy(out, b->data + offset, size);
	return OK;
}

static void seal(struct buf *out, size_t size, size_t step)
{
	AUTO(age_sealer_auto) struct age_sealer *s = NULL;

	assert_ok(age_sealer_new(&s, file_key, to_buf, out));
	for (size_t at = 0; at < size; at += step)
		assert_ok(age_sealer_push(
			s, slice_of(plain + at, size - at < step ? size - at : step)));
	assert_ok(age_sealer_finish(s));
}

static enum err open_range(struct buf *out, struct buf *sealed, uint64_t offset, uint64_t length)
{
	AUTO(age_opener_auto) struct age_opener *o = NULL;

	TRY(age_opener_new(&o, file_key, from_buf, sealed, sealed->size));
	return age_opener_range(o, offset, length, to_buf, out);
}

static void any_size_pushed_in_any_steps_opens_to_the_same_bytes(void **state)
{
	static const size_t sizes[] = {
		0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK, PLAIN_MAX,
	};
	static const size_t steps[] = {1000, AGE_CHUNK, PLAIN_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
			AUTO(buf_free) struct buf sealed = buf_new(2 * PLAIN_MAX);
			AUTO(buf_free) struct buf opened = buf_new(2 * PLAIN_MAX);
			uint64_t size;

			seal(&sealed, sizes[i], steps[k]);
			assert_int_equal(sealed.size, age_sealed_size(sizes[i]));
			assert_ok(age_plain_size(&size, sealed.size));
			assert_int_equal(size, sizes[i]);
			assert_ok(open_range(&opened, &sealed, 0, sizes[i]));
			assert_true(slice_equal(buf_slice(&opened), slice_of(plain, sizes[i])));
		}
	}
}

static void any_range_opens_without_the_rest(void **state)
{
	AUTO(buf_free) struct buf sealed = buf_new(2 * PLAIN_MAX);
	static const struct {
		size_t offset;
		size_t length;
	} rows[] = {{0, 1},           {AGE_CHUNK - 1, 2}, {AGE_CHUNK, AGE_CHUNK},
		    {200000, 100000}, {PLAIN_MAX - 9, 1}, {PLAIN_MAX - 8, 0}};

	(void)state;
	seal(&sealed, PLAIN_MAX - 8, PLAIN_MAX);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(buf_free) struct buf opened = buf_new(2 * PLAIN_MAX);

		assert_ok(open_range(&opened, &sealed, rows[i].offset, rows[i].length));
		assert_true(slice_equal(buf_slice(&opened),
					slice_of(plain + rows[i].offset, rows[i].length)));
	}
}

static void range_behind_the_end_is_refused(void **state)
{
	AUTO(buf_free) struct buf sealed = buf_new(PLAIN_MAX);
	AUTO(buf_free) struct buf opened = buf_new(PLAIN_MAX);

	(void)state;
	seal(&sealed, 100, 100);
	assert_err(open_range(&opened, &sealed, 0, 101), ERR_LIMIT);
	assert_err(open_range(&opened, &sealed, 101, 0), ERR_LIMIT);
	assert_err(open_range(&opened, &sealed, UINT64_MAX, 2), ERR_LIMIT);
	assert_int_equal(opened.size, 0);
}

static uint8_t *chunk_at(struct buf *sealed, size_t chunk)
{
	return sealed->data + AGE_NONCE + chunk * AGE_SEALED_CHUNK;
}

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t other = a[i];

		a[i] = b[i];
		b[i] = other;
	}
}

/* What an attacker with the disk may do to chunks; each is found, and no byte of a chunk that
 * does not verify comes out. */
static void changed_payloads_are_forged(void **state)
{
	enum { SWAPPED, DROPPED, DUPLICATED, TRUNCATED, APPENDED, FLIPPED, NONCE, CHANGES };

	(void)state;
	for (int change = 0; change < CHANGES; change++) {
		AUTO(buf_free) struct buf sealed = buf_new(2 * PLAIN_MAX);
		AUTO(buf_free) struct buf opened = buf_new(2 * PLAIN_MAX);
		uint64_t size;

		seal(&sealed, 4 * AGE_CHUNK, AGE_CHUNK);
		if (change == SWAPPED)
			swap(chunk_at(&sealed, 0), chunk_at(&sealed, 1), AGE_SEALED_CHUNK);
		if (change == DROPPED)
			memmove(chunk_at(&sealed, 1), chunk_at(&sealed, 2), 2 * AGE_SEALED_CHUNK);
		if (change == DUPLICATED)
			memcpy(chunk_at(&sealed, 2), chunk_at(&sealed, 1), AGE_SEALED_CHUNK);
		if (change == DROPPED || change == TRUNCATED)
			sealed.size -= AGE_SEALED_CHUNK;
		if (change == APPENDED)
			buf_write(&sealed, slice_of(chunk_at(&sealed, 3), AGE_SEALED_CHUNK));
		if (change == FLIPPED)
			chunk_at(&sealed, 2)[77] ^= 0x40;
		if (change == NONCE)
			sealed.data[0] ^= 1;
		assert_ok(age_plain_size(&size, sealed.size));
		assert_err(open_range(&opened, &sealed, 0, size), ERR_FORGED);
		assert_int_equal(opened.size % AGE_CHUNK, 0);
		assert_memory_equal(opened.data ? opened.data : plain, plain, opened.size);
	}
}

static void sizes_that_no_payload_has_are_refused(void **state)
{
	static const uint64_t sizes[] = {
		0, 16, 31, 16 + AGE_SEALED_CHUNK + 1, 16 + AGE_SEALED_CHUNK + 16, UINT64_MAX};
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		assert_err(age_plain_size(&size, sizes[i]), ERR_FORMAT);
	assert_ok(age_plain_size(&size, 32));
	assert_int_equal(size, 0);
}

/* `printf hello | git hash-object --stdin`, `printf hello | sha256sum`. */
/* A file that nobody else sees, with these bytes. */
static int file_of(struct slice bytes)
{
	char name[] = "/tmp/sallyport-payload-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_ok(file_write_all(fd, bytes));
	return fd;
}

static void a_payload_gives_any_range_to_any_reader(void **state)
{
	enum { SIZE = 3 * AGE_CHUNK + 500 };
	static const struct {
		uint64_t offset;
		size_t size;
	} rows[] = {{0, SIZE},
		    {0, AGE_CHUNK},
		    {AGE_CHUNK, 2 * AGE_CHUNK},
		    {AGE_CHUNK - 1, 2},
		    {5, AGE_CHUNK},
		    {3 * AGE_CHUNK, 500},
		    {3 * AGE_CHUNK + 499, 1},
		    {SIZE, 0}};
	AUTO(buf_free) struct buf sealed = buf_new(2 * PLAIN_MAX);
	AUTO(age_payload_auto) struct age_payload *p = NULL;
	AUTO(age_reader_auto) struct age_reader *one = NULL;
	AUTO(age_reader_auto) struct age_reader *other = NULL;
	static uint8_t out[SIZE + 1];

	(void)state;
	seal(&sealed, SIZE, 1000);
	AUTO(file_close) int fd = file_of(buf_slice(&sealed));

	assert_ok(age_payload_open(&p, file_key, fd, sealed.size));
	assert_int_equal(age_payload_size(p), SIZE);
	assert_ok(age_reader_new(&one));
	assert_ok(age_reader_new(&other));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		out[rows[i].size] = 0xee;
		assert_ok(age_payload_read(p, i % 2 ? one : other, out, rows[i].offset,
					   rows[i].size));
		assert_memory_equal(out, plain + rows[i].offset, rows[i].size);
		assert_int_equal(out[rows[i].size], 0xee); /* not a byte behind it */
	}
	assert_err(age_payload_read(p, one, out, SIZE, 1), ERR_LIMIT);
	assert_err(age_payload_read(p, one, out, UINT64_MAX, 2), ERR_LIMIT);
}

static void a_payload_that_changed_leaves_nothing_behind(void **state)
{
	enum { SIZE = 2 * AGE_CHUNK };
	AUTO(buf_free) struct buf sealed = buf_new(2 * PLAIN_MAX);
	AUTO(age_payload_auto) struct age_payload *p = NULL;
	AUTO(age_reader_auto) struct age_reader *r = NULL;
	static uint8_t out[SIZE], zeros[SIZE];

	(void)state;
	seal(&sealed, SIZE, SIZE);
	sealed.data[AGE_NONCE + AGE_SEALED_CHUNK + 7] ^= 1; /* the last chunk */
	AUTO(file_close) int fd = file_of(buf_slice(&sealed));

	assert_err(age_payload_open(&p, file_key, fd, sealed.size), ERR_FORGED);
	sealed.data[AGE_NONCE + AGE_SEALED_CHUNK + 7] ^= 1;
	AUTO(file_close) int good = file_of(buf_slice(&sealed));

	assert_ok(age_payload_open(&p, file_key, good, sealed.size));
	assert_ok(age_reader_new(&r));
	assert_int_equal(pwrite(good, "\0\0\0\0", 4, AGE_NONCE + AGE_SEALED_CHUNK), 4);
	assert_err(age_payload_read(p, r, out, 0, SIZE), ERR_FORGED); /* the first was good */
	assert_memory_equal(out, zeros, SIZE);
	assert_ok(age_payload_read(p, r, out, 0, AGE_CHUNK));
	assert_int_equal(ftruncate(good, AGE_NONCE + 100), 0);
	assert_err(age_payload_read(p, r, out, 0, AGE_CHUNK), ERR_FORMAT);
	assert_memory_equal(out, zeros, AGE_CHUNK);
}

static void bulk_gives_the_digests_of_git_and_sha256sum(void **state)
{
	AUTO(bulk_auto) struct bulk *b = NULL;
	AUTO(buf_free) struct buf text = buf_new(200);
	uint8_t sha256[BULK_SHA256], git[BULK_GIT];

	(void)state;
	assert_ok(bulk_new(&b, 5));
	assert_ok(bulk_add(b, S("hel")));
	assert_ok(bulk_add(b, S("lo")));
	assert_err(bulk_add(b, S("!")), ERR_FORMAT);
	assert_ok(bulk_end(b, sha256, git));
	text_write_hex(&text, slice_of(git, sizeof git));
	buf_write_u8(&text, ' ');
	text_write_hex(&text, slice_of(sha256, sizeof sha256));
	assert_string_equal(buf_string(&text),
			    "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0 "
			    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

static void bulk_refuses_fewer_bytes_than_announced(void **state)
{
	AUTO(bulk_auto) struct bulk *b = NULL;
	uint8_t sha256[BULK_SHA256], git[BULK_GIT];

	(void)state;
	assert_ok(bulk_new(&b, 5));
	assert_ok(bulk_add(b, S("hell")));
	assert_err(bulk_end(b, sha256, git), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size_pushed_in_any_steps_opens_to_the_same_bytes),
		cmocka_unit_test(any_range_opens_without_the_rest),
		cmocka_unit_test(range_behind_the_end_is_refused),
		cmocka_unit_test(changed_payloads_are_forged),
		cmocka_unit_test(sizes_that_no_payload_has_are_refused),
		cmocka_unit_test(a_payload_gives_any_range_to_any_reader),
		cmocka_unit_test(a_payload_that_changed_leaves_nothing_behind),
		cmocka_unit_test(bulk_gives_the_digests_of_git_and_sha256sum),
		cmocka_unit_test(bulk_refuses_fewer_bytes_than_announced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
