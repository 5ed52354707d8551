/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

static void assert_hex(struct slice bytes, const char *hex)
{
	AUTO(buf_free) struct buf text = buf_new(1000);

	text_write_hex(&text, bytes);
	assert_string_equal(buf_string(&text), hex);
}

static void digest_gives_the_published_sha256(void **state)
{
	struct digest empty = digest_of(S(""));
	struct digest abc = digest_of(S("abc"));
	struct digest_state parts;

	(void)state;
	assert_hex(digest_slice(&empty),
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hex(digest_slice(&abc),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_begin(&parts);
	digest_update(&parts, S("a"));
	digest_update(&parts, slice_of(NULL, 0));
	digest_update(&parts, S("bc"));
	empty = digest_end(&parts);
	assert_true(digest_equal(&empty, &abc));
}

/* RFC 4231, test case 2, in two pieces. */
static void hmac_gives_the_published_tag(void **state)
{
	struct digest tag = digest_hmac(S("Jefe"), S("what do ya want "), S("for nothing?"));

	(void)state;
	assert_hex(digest_slice(&tag),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 5869, test case 1. */
static void hkdf_gives_the_published_key(void **state)
{
	uint8_t ikm[22], salt[13], info[10], out[42];

	(void)state;
	memset(ikm, 0x0b, sizeof ikm);
	for (uint8_t i = 0; i < 13; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < 10; i++)
		info[i] = (uint8_t)(0xf0 + i);
	digest_hkdf(out, sizeof out, slice_of(ikm, sizeof ikm), slice_of(salt, sizeof salt),
		    slice_of(info, sizeof info));
	assert_hex(slice_of(out, sizeof out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db0"
					      "2d56ecc4c5bf34007208d5b887185865");
}

static void digests_that_differ_in_a_bit_are_not_equal(void **state)
{
	struct digest a = digest_of(S("x"));
	struct digest b = a;

	(void)state;
	assert_true(digest_equal(&a, &b));
	b.bytes[31] ^= 1;
	assert_false(digest_equal(&a, &b));
	assert_false(digest_equal_bytes(S("abc"), S("abcd")));
	assert_true(digest_equal_bytes(S("abc"), S("abc")));
}

static void uuid_carries_its_time_and_version(void **state)
{
	uint8_t a[RANDOM_UUID], b[RANDOM_UUID];

	(void)state;
	random_uuid(a, 0x0123456789abLL);
	random_uuid(b, 0x0123456789abLL);
	assert_hex(slice_of(a, 6), "0123456789ab");
	assert_int_equal(a[6] >> 4, 7);
	assert_int_equal(a[8] >> 6, 2);
	assert_memory_not_equal(a, b, sizeof a);
}

static void commitment_binds_nonce_and_payload(void **state)
{
	uint8_t nonce[COMMIT_NONCE] = {1};
	struct digest whole = digest_hmac(slice_of(nonce, sizeof nonce), S("audit/v1\n{}"), S(""));
	struct digest here = audit_commitment(nonce, S("{}"));
	struct digest other = audit_commitment(nonce, S("{ }"));

	(void)state;
	assert_true(digest_equal(&whole, &here));
	assert_false(digest_equal(&here, &other));
	nonce[31] = 1;
	other = audit_commitment(nonce, S("{}"));
	assert_false(digest_equal(&here, &other));
}

static void secret_takes_over_and_wipes_what_it_was_made_from(void **state)
{
	uint8_t bytes[4] = {1, 2, 3, 4}, zeros[4] = {0};
	AUTO(secret_auto) struct secret *s = NULL;
	AUTO(secret_auto) struct secret *none = NULL;

	(void)state;
	assert_ok(secret_from(&s, bytes, sizeof bytes));
	assert_memory_equal(bytes, zeros, sizeof bytes);
	assert_int_equal(secret_bytes(s)[3], 4);
	assert_err(secret_new(&none, (size_t)SECRET_MAX + 1), ERR_LIMIT);
	assert_err(secret_new(&none, 0), ERR_LIMIT);
}

/* RFC 8032 section 7.1, test 2. */
static void signing_gives_the_published_signature(void **state)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	uint8_t seed[SIGN_SEED], public_key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];

	(void)state;
	assert_ok(text_read_hex(
		seed, sizeof seed,
		S("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
	assert_ok(sign_key_from_seed(&key, slice_of(seed, sizeof seed)));
	sign_key_public(key, public_key);
	assert_hex(slice_of(public_key, sizeof public_key),
		   "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
	sign_make(key, S("\x72"), signature);
	assert_hex(slice_of(signature, sizeof signature),
		   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	assert_true(sign_is_valid(public_key, S("\x72"), signature));
	signature[0] ^= 1;
	assert_false(sign_is_valid(public_key, S("\x72"), signature));
}

static void signature_of_one_domain_is_not_good_in_another(void **state)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	uint8_t public_key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];

	(void)state;
	assert_ok(sign_key_random(&key));
	sign_key_public(key, public_key);
	sign_make_in(S("a/v1\n"), key, S("text"), signature);
	assert_true(sign_is_valid_in(S("a/v1\n"), public_key, S("text"), signature));
	assert_false(sign_is_valid_in(S("b/v1\n"), public_key, S("text"), signature));
	assert_false(sign_is_valid(public_key, S("text"), signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_gives_the_published_sha256),
		cmocka_unit_test(hmac_gives_the_published_tag),
		cmocka_unit_test(hkdf_gives_the_published_key),
		cmocka_unit_test(digests_that_differ_in_a_bit_are_not_equal),
		cmocka_unit_test(uuid_carries_its_time_and_version),
		cmocka_unit_test(commitment_binds_nonce_and_payload),
		cmocka_unit_test(secret_takes_over_and_wipes_what_it_was_made_from),
		cmocka_unit_test(signing_gives_the_published_signature),
		cmocka_unit_test(signature_of_one_domain_is_not_good_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
