/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: only the right one is right. The hash of another program verifies here. */
#include "crypto/password.h"
#include "tests/unit/test.h"

#define RIGHT "correct horse battery staple"

static void a_password_verifies_by_its_hash_alone(void **state)
{
	char hash[PASSWORD_HASH], other[PASSWORD_HASH];

	(void)state;
	assert_ok(password_hash(hash, S(RIGHT)));
	assert_true(password_verify(slice_of_string(hash), S(RIGHT)));
	assert_false(password_verify(slice_of_string(hash), S(RIGHT "!")));
	assert_false(password_verify(slice_of_string(hash), S("")));
	assert_ok(password_hash(other, S(RIGHT)));
	assert_string_not_equal(hash, other); /* a salt of its own */
}

static void what_is_no_hash_verifies_nothing(void **state)
{
	(void)state;
	assert_false(password_verify(S(""), S(RIGHT)));
	assert_false(password_verify(S("$argon2id$"), S(RIGHT)));
	assert_false(password_verify(S("plaintext"), S("plaintext")));
}

/* argon2 "password", salt "somesalt", the reference program's own test (id, v=19, t=2, m=64 MiB) */
static void a_hash_of_the_reference_program_verifies(void **state)
{
	struct slice hash = S("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
			      "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");

	(void)state;
	assert_true(password_verify(hash, S("password")));
	assert_false(password_verify(hash, S("passwore")));
}

static void a_password_is_neither_short_nor_endless_nor_bytes(void **state)
{
	static const uint8_t bytes[] = "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4";
	static uint8_t endless[PASSWORD_MOST + 1];

	(void)state;
	memset(endless, 'a', sizeof endless);
	assert_err(password_check(S("elevenbytes")), ERR_FORMAT);
	assert_ok(password_check(S("twelve bytes")));
	assert_err(password_check(slice_of(bytes, sizeof bytes - 1)), ERR_FORMAT);
	assert_ok(password_check(slice_of(endless, PASSWORD_MOST)));
	assert_err(password_check(slice_of(endless, sizeof endless)), ERR_FORMAT);
	assert_false(password_verify(S(""), slice_of(endless, sizeof endless)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_verifies_by_its_hash_alone),
		cmocka_unit_test(what_is_no_hash_verifies_nothing),
		cmocka_unit_test(a_hash_of_the_reference_program_verifies),
		cmocka_unit_test(a_password_is_neither_short_nor_endless_nor_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
