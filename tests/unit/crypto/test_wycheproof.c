/* SPDX-License-Identifier: Apache-2.0 */
/* test_wycheproof.c - Google's Wycheproof vectors for what we verify and derive. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "crypto/jws.h"
#include "crypto/p256.h"
#include "crypto/verify.h"
#include "tests/unit/crypto/foreign.h"

enum { FILE_MAX = 4000000, BYTES_MAX = 70000 };

static int dir = -1;

static int setup(void **state)
{
	(void)state;
	dir = foreign_open("crypto/wycheproof");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_close(&dir);
	return 0;
}

/* Called for each test of each group; true if the vector is one for us. */
typedef bool vector_fn(const json_t *group, const json_t *test);

static void each_vector(const char *file, vector_fn *run, size_t least)
{
	AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
	AUTO(json_auto) json_t *all = NULL;
	const json_t *groups, *tests;
	size_t count = 0;

	if (dir < 0)
		skip();
	foreign_read(&text, dir, file);
	assert_ok(json_read(&all, buf_slice(&text), FILE_MAX));
	assert_ok(json_get_array(&groups, all, "testGroups"));
	for (size_t i = 0; i < json_array_size(groups); i++) {
		assert_ok(json_get_array(&tests, json_array_get(groups, i), "tests"));
		for (size_t k = 0; k < json_array_size(tests); k++)
			count += run(json_array_get(groups, i), json_array_get(tests, k));
	}
	assert_true(count >= least);
}

static struct slice hex_member(struct arena *a, const json_t *object, const char *name)
{
	uint8_t bytes[BYTES_MAX];
	struct slice text;

	assert_ok(json_get_text(&text, object, name));
	assert_ok(text_read_hex(bytes, text.size / 2, text));
	return arena_copy(a, slice_of(bytes, text.size / 2));
}

/* "acceptable" leaves it to us. */
static void assert_verdict(const json_t *test, bool accepted)
{
	struct slice result, comment;
	int64_t id;

	assert_ok(json_get_text(&result, test, "result"));
	assert_ok(json_get_text(&comment, test, "comment"));
	assert_ok(json_get_int(&id, test, "tcId"));
	if ((accepted && slice_equal(result, S("invalid"))) ||
	    (!accepted && slice_equal(result, S("valid"))))
		fail_msg("vector %d (%.*s): %s", (int)id, SLICE_PRINT(comment),
			 accepted ? "was accepted" : "was refused");
}

static bool ed25519_vector(const json_t *group, const json_t *test)
{
	AUTO(arena_free) struct arena a = {0};
	struct slice key = hex_member(&a, json_object_get(group, "publicKey"), "pk");
	struct slice message = hex_member(&a, test, "msg");
	struct slice signature = hex_member(&a, test, "sig");

	assert_verdict(test, signature.size == SIGN_SIGNATURE && key.size == SIGN_PUBLIC &&
				     sign_is_valid(key.data, message, signature.data));
	return true;
}

static bool hkdf_vector(const json_t *group, const json_t *test)
{
	AUTO(arena_free) struct arena a = {0};
	uint8_t out[DIGEST_HKDF_MAX];
	struct slice expected = hex_member(&a, test, "okm");
	int64_t size;

	(void)group;
	assert_ok(json_get_int(&size, test, "size"));
	if (size > DIGEST_HKDF_MAX) /* our own mistake, so it would stop the process */
		return false;
	digest_hkdf(out, (size_t)size, hex_member(&a, test, "ikm"), hex_member(&a, test, "salt"),
		    hex_member(&a, test, "info"));
	assert_verdict(test, slice_equal(slice_of(out, (size_t)size), expected));
	return true;
}

static void signature_vector(const json_t *jwk, const json_t *test, enum jose_algorithm algorithm)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(jwk_set_auto) struct jwk_set *set = NULL;
	AUTO(buf_free) struct buf text = buf_new(JWKS_MAX);
	struct jws jws = {.algorithm = algorithm};

	assert_ok(json_write_canonical(&text, jwk));
	assert_ok(jwks_parse(&set, buf_slice(&text)));
	jws.covered = hex_member(&a, test, "msg");
	jws.signature = hex_member(&a, test, "sig");
	assert_verdict(test, jws_verify(&jws, set) == OK);
}

static bool es256_vector(const json_t *group, const json_t *test)
{
	const json_t *jwk;

	if (json_get_object(&jwk, group, "publicKeyJwk") != OK)
		return false;
	signature_vector(jwk, test, JOSE_ES256);
	return true;
}

/* The same as browsers send it: a bare point, a bare signature, which is as good normalized. */
static bool p256_vector(const json_t *group, const json_t *test)
{
	AUTO(arena_free) struct arena a = {0};
	struct slice key = hex_member(&a, json_object_get(group, "publicKey"), "uncompressed");
	struct slice message = hex_member(&a, test, "msg");
	struct slice signature = hex_member(&a, test, "sig");
	uint8_t normal[P256_SIGNATURE];
	bool accepted = signature.size == P256_SIGNATURE && p256_check_public(key) == OK &&
			p256_is_valid(key.data, message, signature.data);

	assert_verdict(test, accepted);
	if (!accepted)
		return true;
	memcpy(normal, signature.data, sizeof normal);
	p256_normalize(normal);
	assert_true(p256_is_valid(key.data, message, normal));
	return true;
}

static bool rs256_vector(const json_t *group, const json_t *test)
{
	const json_t *jwk;

	if (json_get_object(&jwk, group, "keyJwk") != OK)
		return false;
	signature_vector(jwk, test, JOSE_RS256);
	return true;
}

/* Whole tokens. Algorithms that are not ours must be refused, valid or not. */
static bool jws_vector(const json_t *group, const json_t *test)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(jwk_set_auto) struct jwk_set *set = NULL;
	AUTO(buf_free) struct buf key = buf_new(JWKS_MAX);
	const json_t *jwk;
	struct slice text;
	struct jws jws;
	bool accepted;

	if (json_get_object(&jwk, group, "public") != OK || json_get_text(&text, test, "jws") != OK)
		return false;
	assert_ok(json_write_canonical(&key, jwk));
	accepted = jwks_parse(&set, buf_slice(&key)) == OK &&
		   jws_parse(&jws, &a, text, BYTES_MAX) == OK && jws_verify(&jws, set) == OK;
	if (!set && !accepted)
		return true;
	assert_verdict(test, accepted);
	return true;
}

static void ed25519_vectors_get_their_verdicts(void **state)
{
	(void)state;
	each_vector("ed25519_test.json", ed25519_vector, 100);
}

static void hkdf_vectors_get_their_keys(void **state)
{
	(void)state;
	each_vector("hkdf_sha256_test.json", hkdf_vector, 80);
}

static void es256_vectors_get_their_verdicts(void **state)
{
	(void)state;
	each_vector("ecdsa_secp256r1_sha256_p1363_test.json", es256_vector, 100);
}

static void p256_vectors_get_their_verdicts(void **state)
{
	(void)state;
	each_vector("ecdsa_secp256r1_sha256_p1363_test.json", p256_vector, 100);
}

static void rs256_vectors_get_their_verdicts(void **state)
{
	(void)state;
	each_vector("rsa_signature_2048_sha256_test.json", rs256_vector, 100);
}

static void web_signature_vectors_get_their_verdicts(void **state)
{
	(void)state;
	each_vector("json_web_signature_test.json", jws_vector, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_vectors_get_their_verdicts),
		cmocka_unit_test(hkdf_vectors_get_their_keys),
		cmocka_unit_test(es256_vectors_get_their_verdicts),
		cmocka_unit_test(p256_vectors_get_their_verdicts),
		cmocka_unit_test(rs256_vectors_get_their_verdicts),
		cmocka_unit_test(web_signature_vectors_get_their_verdicts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
