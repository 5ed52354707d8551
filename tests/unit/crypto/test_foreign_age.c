/* SPDX-License-Identifier: Apache-2.0 */
/* test_foreign_age.c - the C2SP age test kit, and the stock age tool on what we seal. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/age_header.h"
#include "crypto/age_stream.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "tests/unit/crypto/foreign.h"

enum { FILE_MAX = 20000000 };

static char folder[] = "/tmp/age.XXXXXX";
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_ok(file_open_directory(&dir, AT_FDCWD, folder));
	return 0;
}

static int teardown(void **state)
{
	const char *remove[] = {"rm", "-r", folder, NULL};

	(void)state;
	file_close(&dir);
	return foreign_run(remove);
}

/* The head of a vector: "key: value" lines up to an empty one. */
struct vector {
	struct slice expect;
	struct slice payload;
	struct slice identity;
	bool is_other; /* armor, compression or a passphrase, which we do not read */
	struct slice file;
};

static void read_vector(struct vector *out, struct slice text)
{
	struct slice line, key, value, rest = text;

	*out = (struct vector){0};
	while (slice_cut(rest, '\n', &line, &rest) && line.size) {
		if (!slice_cut(line, ':', &key, &value))
			continue;
		value = slice_trim(value);
		if (slice_equal(key, S("expect")))
			out->expect = value;
		else if (slice_equal(key, S("payload")))
			out->payload = value;
		else if (slice_equal(key, S("identity")) && !out->identity.size)
			out->identity = value;
		else if (!slice_equal(key, S("comment")) && !slice_equal(key, S("file key")))
			out->is_other = true;
	}
	out->file = rest;
}

static enum err from_slice(void *context, void *out, size_t size, uint64_t offset)
{
	const struct slice *s = context;

	if (offset > s->size || size > s->size - offset)
		return failure(ERR_FORMAT, "the payload ends too soon");
	memcpy(out, s->data + offset, size);
	return OK;
}

static enum err to_buf(void *context, struct slice bytes)
{
	buf_write(context, bytes);
	return buf_done(context);
}

static enum err open_payload(struct buf *out, const struct secret *file_key, struct slice payload)
{
	AUTO(age_opener_auto) struct age_opener *o = NULL;

	TRY(age_opener_new(&o, file_key, from_slice, &payload, payload.size));
	return age_opener_range(o, 0, age_opener_size(o), to_buf, out);
}

static enum err open_header(struct secret **key, struct age_header *h, struct arena *a,
			    const struct vector *v)
{
	AUTO(secret_auto) struct secret *identity = NULL;

	TRY(age_identity_parse(&identity, v->identity));
	TRY(age_header_parse(h, a, v->file));
	return age_header_open_x25519(key, h, identity);
}

static void check_success(const char *name, const struct vector *v, const struct secret *key,
			  size_t header_size)
{
	AUTO(buf_free) struct buf plain = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf hex = buf_new(100);
	struct digest digest;

	assert_ok(open_payload(&plain, key, slice_part(v->file, header_size, v->file.size)));
	digest = digest_of(buf_slice(&plain));
	text_write_hex(&hex, digest_slice(&digest));
	if (!slice_equal(buf_slice(&hex), v->payload))
		fail_msg("%s: another plaintext", name);
}

static void check_vector(const char *name, const struct vector *v)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(secret_auto) struct secret *key = NULL;
	AUTO(buf_free) struct buf plain = buf_new(FILE_MAX);
	struct age_header h;
	enum err result = open_header(&key, &h, &a, v);
	/* The kit counts the nonce as header, we as payload. */
	bool is_stream = slice_starts_with(slice_of_string(name), S("stream_"));
	bool header_is_good = is_stream || slice_equal(v->expect, S("success")) ||
			      slice_equal(v->expect, S("payload failure"));

	if ((result == OK) != header_is_good)
		fail_msg("%s: %s: %s", name, err_name(result), failure_text());
	if (slice_equal(v->expect, S("no match")))
		assert_err(result, ERR_NOT_FOUND);
	if (slice_equal(v->expect, S("HMAC failure")))
		assert_err(result, ERR_FORGED);
	if (slice_equal(v->expect, S("success")))
		check_success(name, v, key, h.size);
	else if (header_is_good)
		assert_int_not_equal(
			open_payload(&plain, key, slice_part(v->file, h.size, v->file.size)), OK);
}

static bool is_for_us(const char *name)
{
	struct slice s = slice_of_string(name);

	return name[0] != '.' && !slice_starts_with(s, S("scrypt")) &&
	       !slice_starts_with(s, S("hybrid")) && !slice_starts_with(s, S("armor"));
}

static size_t check_kit(int kit)
{
	DIR *list = fdopendir(dup(kit));
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(list);
	while ((entry = readdir(list))) {
		AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
		struct vector v;

		if (!is_for_us(entry->d_name))
			continue;
		foreign_read(&text, kit, entry->d_name);
		read_vector(&v, buf_slice(&text));
		if (v.is_other || !v.identity.size)
			continue;
		check_vector(entry->d_name, &v);
		count++;
	}
	closedir(list);
	return count;
}

static void age_kit_gets_its_published_verdicts(void **state)
{
	AUTO(file_close) int data = foreign_open("crypto");
	AUTO(file_close) int kit = -1;
	char archive[64];
	const char *unpack[] = {"tar", "xzf", archive, "-C", folder, NULL};

	(void)state;
	if (data < 0)
		skip();
	snprintf(archive, sizeof archive, "/proc/%d/fd/%d/cctv_age_testdata.tar.gz", getpid(),
		 data);
	assert_int_equal(foreign_run(unpack), 0);
	assert_ok(file_open_directory(&kit, dir, "age/testdata"));
	assert_true(check_kit(kit) >= 40);
}

static void write_identity(const struct secret *identity)
{
	AUTO(secret_auto) struct secret *text = NULL;

	assert_ok(age_identity_text(&text, identity));
	assert_ok(file_write_atomic(dir, "escrow.key", secret_slice(text), 0600));
}

/* Header and payload as one file, as `sallyport model sealed` writes it. */
static void seal_file(const struct secret *identity, struct slice plain)
{
	AUTO(secret_auto) struct secret *file_key = NULL;
	AUTO(secret_auto) struct secret *kek = NULL;
	AUTO(age_sealer_auto) struct age_sealer *sealer = NULL;
	AUTO(buf_free) struct buf out = buf_new(FILE_MAX);
	struct age_context context = {.model = S("lab/model"),
				      .revision = S("0123"),
				      .path = S("model.safetensors"),
				      .sha256 = digest_of(plain)};
	uint8_t recipient[AGE_KEY];

	assert_ok(secret_random(&file_key, AGE_FILE_KEY));
	assert_ok(secret_random(&kek, AGE_KEK));
	age_identity_recipient(identity, recipient);
	age_header_begin(&out);
	assert_ok(age_header_add_kek(&out, S("k1"), kek, file_key));
	assert_ok(age_header_add_x25519(&out, recipient, file_key));
	assert_ok(age_header_add_context(&out, &context));
	assert_ok(age_header_finish(&out, file_key));
	assert_ok(age_sealer_new(&sealer, file_key, to_buf, &out));
	assert_ok(age_sealer_push(sealer, plain));
	assert_ok(age_sealer_finish(sealer));
	assert_ok(file_write_atomic(dir, "sealed.age", buf_slice(&out), 0600));
}

static void stock_age_opens_what_we_seal(void **state)
{
	static const size_t sizes[] = {0, 5, AGE_CHUNK, 3 * AGE_CHUNK + 7};
	static uint8_t plain[3 * AGE_CHUNK + 7];
	AUTO(secret_auto) struct secret *identity = NULL;
	char key[PATH_MAX], in[PATH_MAX], out[PATH_MAX];
	const char *open_it[] = {"age", "-d", "-i", key, "-o", out, in, NULL};

	(void)state;
	snprintf(key, sizeof key, "%s/escrow.key", folder);
	snprintf(in, sizeof in, "%s/sealed.age", folder);
	snprintf(out, sizeof out, "%s/plain", folder);
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i ^ i >> 8);
	assert_ok(age_identity_new(&identity));
	write_identity(identity);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		AUTO(buf_free) struct buf opened = buf_new(FILE_MAX);
		int status;

		seal_file(identity, slice_of(plain, sizes[i]));
		assert_ok(file_write_atomic(dir, "plain", S(""),
					    0600)); /* age writes none if empty */
		status = foreign_run(open_it);
		if (status == 127)
			skip(); /* age is not installed */
		assert_int_equal(status, 0);
		foreign_read(&opened, dir, "plain");
		assert_true(slice_equal(buf_slice(&opened), slice_of(plain, sizes[i])));
	}
}

static void we_open_what_stock_age_seals(void **state)
{
	AUTO(secret_auto) struct secret *identity = NULL;
	AUTO(secret_auto) struct secret *key = NULL;
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf recipient_text = buf_new(100);
	AUTO(buf_free) struct buf sealed = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf plain = buf_new(FILE_MAX);
	struct age_header h;
	uint8_t recipient[AGE_KEY];
	char in[PATH_MAX], out[PATH_MAX];
	const char *seal_it[] = {"age", "-r", NULL, "-o", out, in, NULL};

	(void)state;
	snprintf(in, sizeof in, "%s/plain", folder);
	snprintf(out, sizeof out, "%s/theirs.age", folder);
	assert_ok(file_write_atomic(dir, "plain", S("from the stock tool"), 0600));
	assert_ok(age_identity_new(&identity));
	age_identity_recipient(identity, recipient);
	age_recipient_write(&recipient_text, recipient);
	buf_write_u8(&recipient_text, '\0');
	seal_it[2] = (const char *)recipient_text.data;
	if (foreign_run(seal_it) == 127)
		skip();
	foreign_read(&sealed, dir, "theirs.age");
	assert_ok(age_header_parse(&h, &a, buf_slice(&sealed)));
	assert_ok(age_header_open_x25519(&key, &h, identity));
	assert_ok(open_payload(&plain, key, slice_part(buf_slice(&sealed), h.size, sealed.size)));
	assert_slice(buf_slice(&plain), "from the stock tool");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(age_kit_gets_its_published_verdicts),
		cmocka_unit_test(stock_age_opens_what_we_seal),
		cmocka_unit_test(we_open_what_stock_age_seals),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
