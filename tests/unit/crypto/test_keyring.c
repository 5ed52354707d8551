/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/keyring.h"

struct fixture {
	char name[32];
	int dir;
	struct secret *root;
	struct keyring *keys;
};

static int setup(void **state)
{
	static struct fixture f;

	snprintf(f.name, sizeof f.name, "/tmp/keyring.XXXXXX");
	assert_non_null(mkdtemp(f.name));
	assert_ok(file_open_directory(&f.dir, AT_FDCWD, f.name));
	assert_ok(unseal_file_create(f.dir, "root.key"));
	assert_ok(unseal_file_read(&f.root, f.dir, "root.key"));
	assert_ok(keyring_create(f.dir, "keyring", f.root, S("")));
	assert_ok(keyring_open(&f.keys, f.dir, "keyring", f.root));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keyring_free(f->keys);
	secret_free(f->root);
	unlinkat(f->dir, "root.key", 0);
	unlinkat(f->dir, "keyring", 0);
	close(f->dir);
	return rmdir(f->name);
}

static void reopen(struct fixture *f)
{
	keyring_free(f->keys);
	f->keys = NULL;
	assert_ok(keyring_open(&f->keys, f->dir, "keyring", f->root));
}

static void keys_are_the_same_after_a_restart(void **state)
{
	struct fixture *f = *state;
	AUTO(secret_auto) struct secret *kek = NULL;
	uint8_t before[3][SIGN_PUBLIC], after[3][SIGN_PUBLIC];
	struct keyring_kek made, found;
	char id[AGE_KEK_ID_MAX] = "";

	sign_key_public(keyring_token_key(f->keys), before[0]);
	sign_key_public(keyring_license_key(f->keys), before[1]);
	sign_key_public(keyring_log_key(f->keys), before[2]);
	assert_memory_not_equal(before[0], before[1], SIGN_PUBLIC);
	assert_ok(keyring_kek(&made, f->keys, S("lab/model")));
	assert_int_equal(made.epoch, 1);
	memcpy(id, made.id.data, made.id.size);
	assert_ok(secret_new(&kek, AGE_KEK));
	memcpy(secret_bytes(kek), secret_slice(made.key).data, AGE_KEK);
	reopen(f);
	sign_key_public(keyring_token_key(f->keys), after[0]);
	sign_key_public(keyring_license_key(f->keys), after[1]);
	sign_key_public(keyring_log_key(f->keys), after[2]);
	assert_memory_equal(before, after, sizeof before);
	assert_ok(keyring_kek_find(&found, f->keys, slice_of_string(id)));
	assert_true(secret_equal(found.key, kek));
	assert_ok(keyring_kek(&found, f->keys, S("lab/model")));
	assert_true(secret_equal(found.key, kek));
}

static void rotation_keeps_the_old_key_and_uses_the_new(void **state)
{
	struct fixture *f = *state;
	struct keyring_kek first, second, found;

	assert_ok(keyring_kek(&first, f->keys, S("m")));
	assert_ok(keyring_rotate(&second, f->keys, S("m")));
	assert_int_equal(second.epoch, 2);
	assert_ok(keyring_kek(&found, f->keys, S("m")));
	assert_true(slice_equal(found.id, second.id));
	assert_ok(keyring_kek_find(&found, f->keys, first.id));
	assert_false(secret_equal(first.key, second.key));
}

static void shredded_model_is_gone_after_a_restart_and_others_stay(void **state)
{
	struct fixture *f = *state;
	struct keyring_kek gone, kept, found;
	char gone_id[AGE_KEK_ID_MAX] = "", kept_id[AGE_KEK_ID_MAX] = "";
	size_t count;

	assert_ok(keyring_kek(&gone, f->keys, S("gone")));
	memcpy(gone_id, gone.id.data, gone.id.size);
	assert_ok(keyring_rotate(&gone, f->keys, S("gone")));
	assert_ok(keyring_kek(&kept, f->keys, S("kept")));
	memcpy(kept_id, kept.id.data, kept.id.size);
	assert_ok(keyring_shred(f->keys, S("gone"), &count));
	assert_int_equal(count, 2);
	assert_err(keyring_kek_find(&found, f->keys, slice_of_string(gone_id)), ERR_NOT_FOUND);
	reopen(f);
	assert_err(keyring_kek_find(&found, f->keys, slice_of_string(gone_id)), ERR_NOT_FOUND);
	assert_ok(keyring_kek_find(&found, f->keys, slice_of_string(kept_id)));
	assert_err(keyring_shred(f->keys, S("gone"), NULL), ERR_NOT_FOUND);
}

static void escrow_recipient_is_checked_and_kept(void **state)
{
	struct fixture *f = *state;
	AUTO(secret_auto) struct secret *identity = NULL;
	AUTO(buf_free) struct buf text = buf_new(100);
	uint8_t recipient[AGE_KEY];

	assert_int_equal(keyring_escrow(f->keys).size, 0);
	assert_err(keyring_set_escrow(f->keys, S("age1nonsense")), ERR_FORMAT);
	assert_ok(age_identity_new(&identity));
	age_identity_recipient(identity, recipient);
	age_recipient_write(&text, recipient);
	assert_ok(keyring_set_escrow(f->keys, buf_slice(&text)));
	reopen(f);
	assert_true(slice_equal(keyring_escrow(f->keys), buf_slice(&text)));
}

static void keyring_does_not_open_with_another_root_or_a_changed_byte(void **state)
{
	struct fixture *f = *state;
	AUTO(secret_auto) struct secret *other = NULL;
	AUTO(buf_free) struct buf file = buf_new(100000);
	struct keyring *keys = NULL;

	assert_ok(secret_random(&other, UNSEAL_ROOT));
	assert_err(keyring_open(&keys, f->dir, "keyring", other), ERR_FORGED);
	assert_ok(file_read(&file, f->dir, "keyring"));
	for (size_t i = 0; i < file.size; i += 7) {
		file.data[i] ^= 1;
		assert_ok(file_write_atomic(f->dir, "keyring", buf_slice(&file), 0600));
		assert_int_not_equal(keyring_open(&keys, f->dir, "keyring", f->root), OK);
		file.data[i] ^= 1;
	}
	assert_ok(file_write_atomic(f->dir, "keyring", slice_part(buf_slice(&file), 0, 30), 0600));
	assert_err(keyring_open(&keys, f->dir, "keyring", f->root), ERR_FORMAT);
}

static void nothing_is_made_over_what_is_there(void **state)
{
	struct fixture *f = *state;

	assert_err(unseal_file_create(f->dir, "root.key"), ERR_CONFLICT);
	assert_err(keyring_create(f->dir, "keyring", f->root, S("")), ERR_CONFLICT);
}

static void root_key_that_others_can_read_is_refused(void **state)
{
	struct fixture *f = *state;
	struct secret *root = NULL;

	assert_int_equal(fchmodat(f->dir, "root.key", 0640, 0), 0);
	assert_err(unseal_file_read(&root, f->dir, "root.key"), ERR_DENIED);
	assert_err(unseal_file_read(&root, f->dir, "absent.key"), ERR_NOT_FOUND);
}

static void root_key_is_raw_or_hex_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum err kind;
	} rows[] = {
		{"0123456789abcdef0123456789abcdef", OK}, /* 32 raw bytes */
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", OK},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", OK},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n",
		 ERR_FORMAT},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", ERR_FORMAT},
		{"0123456789abcdef", ERR_FORMAT},
		{"", ERR_FORMAT},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(secret_auto) struct secret *root = NULL;

		assert_ok(
			file_write_atomic(f->dir, "root.key", slice_of_string(rows[i].text), 0600));
		assert_err(unseal_file_read(&root, f->dir, "root.key"), rows[i].kind);
	}
}

int main(void)
{
#define KEYRING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		KEYRING_TEST(keys_are_the_same_after_a_restart),
		KEYRING_TEST(rotation_keeps_the_old_key_and_uses_the_new),
		KEYRING_TEST(shredded_model_is_gone_after_a_restart_and_others_stay),
		KEYRING_TEST(escrow_recipient_is_checked_and_kept),
		KEYRING_TEST(keyring_does_not_open_with_another_root_or_a_changed_byte),
		KEYRING_TEST(nothing_is_made_over_what_is_there),
		KEYRING_TEST(root_key_that_others_can_read_is_refused),
		KEYRING_TEST(root_key_is_raw_or_hex_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
