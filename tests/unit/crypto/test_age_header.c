/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/age_header.h"

struct fixture {
	struct secret *file_key;
	struct secret *kek;
	struct secret *escrow;
	struct buf text;
};

static const char model[] = "lab/model";
static const char revision[] = "0123456789abcdef0123456789abcdef01234567";

static int setup(void **state)
{
	static struct fixture f;
	struct age_context context = {.model = slice_of_string(model),
				      .revision = slice_of_string(revision),
				      .path = S("dir/a file.safetensors"),
				      .sha256 = digest_of(S("content"))};
	uint8_t recipient[AGE_KEY];

	f.text = buf_new(AGE_HEADER_MAX);
	assert_ok(secret_random(&f.file_key, AGE_FILE_KEY));
	assert_ok(secret_random(&f.kek, AGE_KEK));
	assert_ok(age_identity_new(&f.escrow));
	age_identity_recipient(f.escrow, recipient);
	age_header_begin(&f.text);
	assert_ok(age_header_add_kek(&f.text, S("k0123456789abcdef"), f.kek, f.file_key));
	assert_ok(age_header_add_x25519(&f.text, recipient, f.file_key));
	assert_ok(age_header_add_context(&f.text, &context));
	assert_ok(age_header_finish(&f.text, f.file_key));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(f->file_key);
	secret_free(f->kek);
	secret_free(f->escrow);
	buf_free(&f->text);
	return 0;
}

static void header_gives_back_what_was_written(void **state)
{
	struct fixture *f = *state;
	AUTO(arena_free) struct arena a = {0};
	struct age_header h;
	struct age_context context;
	struct digest content = digest_of(S("content"));
	struct slice id;

	buf_write_string(&f->text, "the payload, which is not part of it\n");
	assert_ok(age_header_parse(&h, &a, buf_slice(&f->text)));
	assert_slice(slice_part(buf_slice(&f->text), h.size, 11), "the payload");
	assert_int_equal(h.stanza_count, 3);
	assert_ok(age_header_kek_id(&id, &h));
	assert_slice(id, "k0123456789abcdef");
	assert_ok(age_header_context(&context, &a, &h));
	assert_slice(context.model, model);
	assert_slice(context.revision, revision);
	assert_slice(context.path, "dir/a file.safetensors");
	assert_true(digest_equal(&context.sha256, &content));
}

static void file_key_opens_with_kek_and_with_escrow(void **state)
{
	const struct fixture *f = *state;
	AUTO(arena_free) struct arena a = {0};
	AUTO(secret_auto) struct secret *by_kek = NULL;
	AUTO(secret_auto) struct secret *by_escrow = NULL;
	struct age_header h;

	assert_ok(age_header_parse(&h, &a, buf_slice(&f->text)));
	assert_ok(age_header_open_kek(&by_kek, &h, S("k0123456789abcdef"), f->kek));
	assert_ok(age_header_open_x25519(&by_escrow, &h, f->escrow));
	assert_true(secret_equal(by_kek, f->file_key));
	assert_true(secret_equal(by_escrow, f->file_key));
}

static void other_keys_do_not_open_it(void **state)
{
	const struct fixture *f = *state;
	AUTO(arena_free) struct arena a = {0};
	AUTO(secret_auto) struct secret *other = NULL;
	AUTO(secret_auto) struct secret *key = NULL;
	struct age_header h;

	assert_ok(secret_random(&other, AGE_KEK));
	assert_ok(age_header_parse(&h, &a, buf_slice(&f->text)));
	assert_err(age_header_open_kek(&key, &h, S("k0123456789abcdef"), other), ERR_FORGED);
	assert_err(age_header_open_kek(&key, &h, S("k0000000000000000"), f->kek), ERR_NOT_FOUND);
	assert_err(age_header_open_x25519(&key, &h, other), ERR_NOT_FOUND);
	assert_null(key);
}

/* Every byte is under the MAC, is the MAC, or makes the text another one that does not parse. */
static void header_with_any_bit_changed_does_not_open(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->text.size; i++) {
		AUTO(arena_free) struct arena a = {0};
		AUTO(secret_auto) struct secret *key = NULL;
		struct age_header h;

		f->text.data[i] ^= 1;
		if (age_header_parse(&h, &a, buf_slice(&f->text)) == OK)
			assert_int_not_equal(
				age_header_open_kek(&key, &h, S("k0123456789abcdef"), f->kek), OK);
		f->text.data[i] ^= 1;
	}
}

static void malformed_headers_are_refused(void **state)
{
	static const char mac[] = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	static const struct {
		const char *head;
		const char *why;
	} rows[] = {
		{"", "nothing"},
		{"age-encryption.org/v2\n-> X\n\n", "another version"},
		{"age-encryption.org/v1\n", "no stanza"},
		{"age-encryption.org/v1\n-> X\n", "no body"},
		{"age-encryption.org/v1\n->\n\n", "no type"},
		{"age-encryption.org/v1\n-> \n\n", "an empty type"},
		{"age-encryption.org/v1\n-> X  Y\n\n", "two spaces"},
		{"age-encryption.org/v1\n-> X \n\n", "a space at the end"},
		{"age-encryption.org/v1\n-> X\x7f\n\n", "a control character"},
		{"age-encryption.org/v1\r\n-> X\n\n", "carriage return"},
		{"age-encryption.org/v1\n-> X\nAA==\n", "padding"},
		{"age-encryption.org/v1\n-> X\nAB\n", "spare bits"},
		{"age-encryption.org/v1\n-> X\nAAAA\n\n", "a second short line"},
		{"age-encryption.org/v1\n-> a b c d e f g h i\n\n", "nine arguments"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena a = {0};
		AUTO(buf_free) struct buf text = buf_new(1000);
		struct age_header h;

		buf_printf(&text, "%s%s", rows[i].head, mac);
		if (age_header_parse(&h, &a, buf_slice(&text)) == OK)
			fail_msg("%s: was taken", rows[i].why);
	}
}

/* The keys of the age specification's example (age.md) and the tool's own test. */
static void keys_read_back_what_they_wrote(void **state)
{
	AUTO(secret_auto) struct secret *identity = NULL;
	AUTO(secret_auto) struct secret *again = NULL;
	AUTO(secret_auto) struct secret *text = NULL;
	AUTO(buf_free) struct buf recipient_text = buf_new(100);
	uint8_t recipient[AGE_KEY], back[AGE_KEY];

	(void)state;
	assert_ok(age_identity_new(&identity));
	assert_ok(age_identity_text(&text, identity));
	assert_ok(age_identity_parse(&again, secret_slice(text)));
	assert_true(secret_equal(identity, again));
	age_identity_recipient(identity, recipient);
	age_recipient_write(&recipient_text, recipient);
	assert_ok(age_recipient_parse(back, buf_slice(&recipient_text)));
	assert_memory_equal(recipient, back, AGE_KEY);
	recipient_text.data[20] = recipient_text.data[20] == 'q' ? 'p' : 'q';
	assert_err(age_recipient_parse(back, buf_slice(&recipient_text)), ERR_FORMAT);
	assert_err(age_recipient_parse(back, S("age1")), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(header_gives_back_what_was_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(file_key_opens_with_kek_and_with_escrow, setup,
						teardown),
		cmocka_unit_test_setup_teardown(other_keys_do_not_open_it, setup, teardown),
		cmocka_unit_test_setup_teardown(header_with_any_bit_changed_does_not_open, setup,
						teardown),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(keys_read_back_what_they_wrote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
