/* SPDX-License-Identifier: Apache-2.0 */
/* test_visa.c - visas as issuers make them, and as attackers do. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/jose_sign.h"
#include "crypto/passport.h"

enum { NOW = 1800000000 };

#define ISS S("https://issuer.example/")
#define JKU S("https://issuer.example/jwks")

struct fixture {
	struct jose_key *keys[2]; /* ES256, RS256 */
	struct jwk_set *sets[2];
	struct buf jwks[2];
};

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	assert_ok(jose_key_new(&f.keys[0], JOSE_ES256, S("ec-1")));
	assert_ok(jose_key_new(&f.keys[1], JOSE_RS256, S("rsa-1")));
	for (int i = 0; i < 2; i++) {
		f.jwks[i] = buf_new(JWKS_MAX);
		assert_ok(jose_key_write_public(&f.jwks[i], f.keys[i]));
		assert_ok(jwks_parse(&f.sets[i], buf_slice(&f.jwks[i])));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		jose_key_free(f.keys[i]);
		jwk_set_free(f.sets[i]);
		buf_free(&f.jwks[i]);
	}
	return 0;
}

static struct visa example(void)
{
	return (struct visa){.iss = ISS,
			     .sub = S("researcher-7"),
			     .jti = S("visa-1"),
			     .issued_seconds = NOW - 10,
			     .expires_seconds = NOW + 3600,
			     .type = S("ResearcherStatus"),
			     .value = S("https://doi.org/10.1038/s41431-018-0219-y"),
			     .source = S("https://uni.example"),
			     .by = S("so"),
			     .asserted_seconds = NOW - 86400};
}

static enum err verify(struct visa *out, struct arena *a, struct slice jwt, int key)
{
	struct visa_issuer issuer = {.iss = ISS, .jku = JKU, .keys = f.sets[key]};
	const struct visa_trust trust = {&issuer, 1, S("https://gate.example"), NOW};

	return visa_verify(out, a, jwt, &trust);
}

static void visas_of_both_algorithms_say_what_was_minted(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
		AUTO(arena_free) struct arena a = {0};
		struct visa in = example(), out;

		assert_ok(visa_mint(&jwt, f.keys[i], JKU, &in));
		assert_ok(verify(&out, &a, buf_slice(&jwt), i));
		assert_slice(out.sub, "researcher-7");
		assert_slice(out.type, "ResearcherStatus");
		assert_slice(out.by, "so");
		assert_int_equal(out.asserted_seconds, NOW - 86400);
		assert_err(verify(&out, &a, buf_slice(&jwt), 1 - i), ERR_NOT_FOUND);
	}
}

static void claims_decide_with_a_text_of_their_own(void **state)
{
	struct visa bad[6];
	static const struct {
		enum err kind;
		const char *text;
	} expected[] = {
		{ERR_DENIED, "is not trusted here"}, {ERR_EXPIRED, "has expired"},
		{ERR_DENIED, "in the future"},       {ERR_FORMAT, "\"sub\""},
		{ERR_FORMAT, "\"value\""},           {ERR_DENIED, "asserted in the future"},
	};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		bad[i] = example();
	bad[0].iss = S("https://issuer.example");
	bad[1].expires_seconds = NOW;
	bad[2].issued_seconds = NOW + 61;
	bad[3].sub = S("");
	bad[4].value = S("");
	bad[5].asserted_seconds = NOW + 61;
	for (size_t i = 0; i < 6; i++) {
		AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
		AUTO(arena_free) struct arena a = {0};
		struct visa out;

		assert_ok(visa_mint(&jwt, f.keys[0], JKU, &bad[i]));
		assert_err(verify(&out, &a, buf_slice(&jwt), 0), expected[i].kind);
		if (!strstr(failure_text(), expected[i].text))
			fail_msg("the text of refusal %zu is: %s", i, failure_text());
	}
}

static void key_address_must_be_the_listed_one(void **state)
{
	AUTO(buf_free) struct buf other = buf_new(VISA_MAX);
	AUTO(buf_free) struct buf none = buf_new(VISA_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct visa in = example(), out;

	(void)state;
	assert_ok(visa_mint(&other, f.keys[0], S("https://evil.example/jwks"), &in));
	assert_err(verify(&out, &a, buf_slice(&other), 0), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "jku"));
	assert_ok(visa_mint(&none, f.keys[0], S(""), &in));
	assert_ok(verify(&out, &a, buf_slice(&none), 0));
}

static void sign_payload(struct buf *out, const char *conditions)
{
	AUTO(buf_free) struct buf payload = buf_new(VISA_MAX);

	buf_printf(
		&payload,
		"{\"iss\":\"https://issuer.example/\",\"sub\":\"s\",\"iat\":%d.5,\"exp\":%d,"
		"\"ga4gh_visa_v1\":{\"type\":\"ControlledAccessGrants\",\"asserted\":1,\"value\":"
		"\"https://v\",\"source\":\"s\"%s}}",
		NOW - 1, NOW + 9, conditions);
	assert_ok(jose_sign(out, f.keys[0], S("JWT"), JKU, buf_slice(&payload)));
}

static void conditions_that_are_not_understood_are_refused(void **state)
{
	static const struct {
		const char *conditions;
		enum err kind;
	} rows[] = {
		{"", OK},
		{",\"conditions\":[]", OK},
		{",\"conditions\":null", OK},
		{",\"conditions\":[[{\"type\":\"AffiliationAndRole\",\"value\":\"const:x\"}]]", OK},
		{",\"conditions\":{}", ERR_UNSUPPORTED},
		{",\"conditions\":\"x\"", ERR_UNSUPPORTED},
		{",\"conditions\":[{}]", ERR_UNSUPPORTED},
		{",\"conditions\":[[]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\"}]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"value\":\"const:x\"}]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\",\"value\":\"x\"}]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\",\"value\":1}]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\",\"value\":\"regex:x\"}]]", ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\",\"value\":\"const:x\",\"asserted\":1}]]",
		 ERR_UNSUPPORTED},
		{",\"conditions\":[[{\"type\":\"A\",\"by\":\"const:so\"}],[{\"type\":\"A\"}]]",
		 ERR_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
		AUTO(arena_free) struct arena a = {0};
		struct visa out;

		sign_payload(&jwt, rows[i].conditions);
		assert_err(verify(&out, &a, buf_slice(&jwt), 0), rows[i].kind);
	}
}

/* header.payload of a good visa under another header, with its signature. */
static void with_header(struct buf *out, const char *header, struct slice jwt)
{
	text_write_base64(out, slice_of_string(header), TEXT_BASE64_URL_RAW);
	buf_write(out, slice_part(jwt, slice_find(jwt, '.'), jwt.size));
}

static void headers_of_attackers_are_refused(void **state)
{
	static const struct {
		const char *header;
		enum err kind;
	} rows[] = {
		{"{\"alg\":\"none\"}", ERR_UNSUPPORTED},
		{"{\"alg\":\"None\",\"kid\":\"ec-1\"}", ERR_UNSUPPORTED},
		{"{\"alg\":\"HS256\",\"kid\":\"ec-1\"}", ERR_UNSUPPORTED},
		{"{\"alg\":\"PS256\",\"kid\":\"ec-1\"}", ERR_UNSUPPORTED},
		{"{\"alg\":\"RS256\",\"kid\":\"ec-1\"}", ERR_DENIED}, /* pinned to ES256 */
		{"{\"alg\":\"ES256\",\"kid\":\"ec-2\"}", ERR_NOT_FOUND},
		{"{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"crit\":[\"x\"]}", ERR_UNSUPPORTED},
		{"{\"alg\":\"ES256\",\"kid\":\"ec-1\",\"typ\":\"at+jwt\"}", ERR_FORMAT},
		{"{\"alg\":\"ES256\",\"kid\":\"ec-1\"}", ERR_FORGED}, /* not what was signed */
		{"{\"kid\":\"ec-1\"}", ERR_FORMAT},
		{"{\"alg\":[\"ES256\"],\"kid\":\"ec-1\"}", ERR_FORMAT},
	};
	AUTO(buf_free) struct buf good = buf_new(VISA_MAX);
	struct visa in = example(), out;

	(void)state;
	assert_ok(visa_mint(&good, f.keys[0], JKU, &in));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
		AUTO(arena_free) struct arena a = {0};

		with_header(&jwt, rows[i].header, buf_slice(&good));
		assert_err(verify(&out, &a, buf_slice(&jwt), 0), rows[i].kind);
	}
}

static void visa_with_a_changed_or_missing_signature_is_refused(void **state)
{
	AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct visa in = example(), out;
	size_t last;

	(void)state;
	assert_ok(visa_mint(&jwt, f.keys[0], JKU, &in));
	last = jwt.size - 40;
	jwt.data[last] = jwt.data[last] == 'A' ? 'B' : 'A';
	assert_err(verify(&out, &a, buf_slice(&jwt), 0), ERR_FORGED);
	jwt.size -= 86; /* 64 bytes of signature */
	assert_err(verify(&out, &a, buf_slice(&jwt), 0), ERR_FORGED);
	jwt.size -= 1; /* the dot */
	assert_err(verify(&out, &a, buf_slice(&jwt), 0), ERR_FORMAT);
	assert_err(verify(&out, &a, S(""), 0), ERR_FORMAT);
	assert_err(verify(&out, &a, S("a.b.c.d"), 0), ERR_FORMAT);
}

static void visa_past_the_ceiling_is_refused_unread(void **state)
{
	AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX + 1);
	AUTO(arena_free) struct arena a = {0};
	struct visa out;

	(void)state;
	while (jwt.size <= VISA_MAX)
		buf_write_u8(&jwt, 'A');
	assert_err(verify(&out, &a, buf_slice(&jwt), 0), ERR_LIMIT);
}

static void weak_or_foreign_keys_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum err kind;
		const char *why;
	} rows[] = {
		{"{\"keys\":[]}", ERR_UNSUPPORTED, "no key"},
		{"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", ERR_UNSUPPORTED, "a secret"},
		{"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}", ERR_UNSUPPORTED,
		 "another curve"},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}", ERR_FORMAT,
		 "short coordinates"},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
		 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		 ERR_FORMAT, "a point that is not on the curve"},
		{"{\"kty\":\"RSA\",\"n\":\"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1"
		 "WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZm"
		 "dTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4\",\"e\":\"AQAB\"}",
		 ERR_FORMAT, "RSA of 1024 bits"},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"x\":\"AA\",\"y\":\"AA\"}",
		 ERR_UNSUPPORTED, "not for signing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(jwk_set_auto) struct jwk_set *set = NULL;

		if (jwks_parse(&set, slice_of_string(rows[i].text)) != rows[i].kind)
			fail_msg("%s: %s", rows[i].why, failure_text());
	}
}

static void private_key_reads_back_and_signs_for_the_same_public_key(void **state)
{
	AUTO(secret_auto) struct secret *text = NULL;
	AUTO(jose_key_auto) struct jose_key *again = NULL;
	AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct visa in = example(), out;

	(void)state;
	assert_ok(jose_key_private(&text, f.keys[0]));
	assert_ok(jose_key_parse(&again, secret_slice(text)));
	assert_ok(visa_mint(&jwt, again, JKU, &in));
	assert_ok(verify(&out, &a, buf_slice(&jwt), 0));
	secret_free(text);
	text = NULL;
	assert_err(jose_key_private(&text, f.keys[1]), ERR_UNSUPPORTED);
}

static void a_visa_for_somebody_else_is_refused(void **state)
{
	static const struct {
		const char *aud;
		enum err kind;
	} rows[] = {
		{"\"https://gate.example\"", OK},
		{"[\"x\",\"https://gate.example\"]", OK},
		{"\"https://other.example\"", ERR_DENIED},
		{"[]", ERR_DENIED},
		{"7", ERR_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(buf_free) struct buf payload = buf_new(VISA_MAX);
		AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
		AUTO(arena_free) struct arena a = {0};
		struct visa out;

		buf_printf(
			&payload,
			"{\"aud\":%s,\"iss\":\"https://issuer.example/\",\"sub\":\"s\",\"iat\":%d,"
			"\"exp\":%d,\"ga4gh_visa_v1\":{\"type\":\"ControlledAccessGrants\","
			"\"asserted\":1,\"value\":\"https://v\",\"source\":\"s\"}}",
			rows[i].aud, NOW - 1, NOW + 9);
		assert_ok(jose_sign(&jwt, f.keys[0], S("JWT"), JKU, buf_slice(&payload)));
		assert_err(verify(&out, &a, buf_slice(&jwt), 0), rows[i].kind);
	}
}

static void a_revoked_key_has_signed_nothing(void **state)
{
	AUTO(buf_free) struct buf jwt = buf_new(VISA_MAX);
	AUTO(arena_free) struct arena a = {0};
	AUTO(jwk_set_auto) struct jwk_set *set = NULL;
	struct visa_issuer issuer = {.iss = ISS, .jku = JKU};
	const struct visa_trust trust = {&issuer, 1, S(""), NOW};
	struct visa in = example(), out;

	(void)state;
	assert_ok(visa_mint(&jwt, f.keys[0], JKU, &in));
	assert_err(visa_verify(&out, &a, buf_slice(&jwt), &trust), ERR_NOT_FOUND); /* no keys yet */
	assert_ok(jwks_parse(&set, buf_slice(&f.jwks[0])));
	issuer.keys = set;
	jwk_set_remove(set, S("ec-2"));
	assert_ok(visa_verify(&out, &a, buf_slice(&jwt), &trust));
	jwk_set_remove(set, S("ec-1"));
	assert_int_equal(jwk_set_count(set), 0);
	assert_err(visa_verify(&out, &a, buf_slice(&jwt), &trust), ERR_NOT_FOUND);
}

static enum err read_passport(struct passport *out, struct arena *a, struct slice type,
			      const char *visas, int expires)
{
	AUTO(buf_free) struct buf payload = buf_new(VISA_MAX);
	AUTO(buf_free) struct buf jwt = buf_new(2 * VISA_MAX);
	struct visa_issuer broker = {.iss = ISS, .jku = JKU, .keys = f.sets[0]};
	const struct visa_trust trust = {&broker, 1, S("https://gate.example"), NOW};

	buf_printf(&payload,
		   "{\"iss\":\"https://issuer.example/\",\"sub\":\"b\",\"iat\":%d,\"exp\":%d%s}",
		   NOW - 1, expires, visas);
	assert_ok(jose_sign(&jwt, f.keys[0], type, JKU, buf_slice(&payload)));
	assert_int_equal(passport_is_one(buf_slice(&jwt)),
			 slice_equal(type, S("vnd.ga4gh.passport+jwt")));
	return passport_verify(out, a, buf_slice(&jwt), &trust);
}

static void a_passport_is_a_signed_list_of_visas(void **state)
{
	AUTO(arena_free) struct arena a = {0};
	const struct slice type = S("vnd.ga4gh.passport+jwt");
	AUTO(buf_free) struct buf many = buf_new(VISA_MAX);
	struct passport p;

	(void)state;
	assert_ok(read_passport(&p, &a, type, ",\"ga4gh_passport_v1\":[\"a.b.c\",\"d\"]", NOW + 9));
	assert_int_equal(p.visa_count, 2);
	assert_slice(p.visas[0], "a.b.c");
	assert_slice(p.sub, "b");
	assert_err(read_passport(&p, &a, type, "", NOW + 9), ERR_FORMAT);
	assert_err(read_passport(&p, &a, type, ",\"ga4gh_passport_v1\":[1]", NOW + 9), ERR_FORMAT);
	assert_err(read_passport(&p, &a, type, ",\"ga4gh_passport_v1\":[]", NOW), ERR_EXPIRED);
	assert_err(read_passport(&p, &a, S("JWT"), ",\"ga4gh_passport_v1\":[]", NOW + 9),
		   ERR_FORMAT);
	buf_write_string(&many, ",\"ga4gh_passport_v1\":[\"x\"");
	for (int i = 0; i < PASSPORT_VISAS_MAX; i++)
		buf_write_string(&many, ",\"x\"");
	buf_write_string(&many, "]");
	assert_err(read_passport(&p, &a, type, buf_string(&many), NOW + 9), ERR_LIMIT);
}

/* The private number of a zero seed, by another implementation (Python: hmac, integers). */
static void a_derived_key_is_always_the_same(void **state)
{
	static const uint8_t seed[32], other_seed[32] = {1};
	AUTO(jose_key_auto) struct jose_key *key = NULL;
	AUTO(jose_key_auto) struct jose_key *other = NULL;
	AUTO(secret_auto) struct secret *text = NULL;
	AUTO(secret_auto) struct secret *other_text = NULL;
	AUTO(json_auto) json_t *jwk = NULL;
	struct slice d, kid;

	(void)state;
	assert_ok(jose_key_derive(&key, slice_of(seed, sizeof seed)));
	assert_ok(jose_key_derive(&other, slice_of(other_seed, sizeof other_seed)));
	assert_ok(jose_key_private(&text, key));
	assert_ok(jose_key_private(&other_text, other));
	assert_false(slice_equal(secret_slice(text), secret_slice(other_text)));
	assert_ok(json_read(&jwk, secret_slice(text), 2048));
	assert_ok(json_get_text(&d, jwk, "d"));
	assert_ok(json_get_text(&kid, jwk, "kid"));
	assert_slice(d, "DZJ59FDrIPSN2eYM5LtHPCIpVE1tjQHpB8HKNb3_rxY");
	assert_slice(kid, "nj5Qz84fXZtX4wSiTOqeMjOcB13bk2yMlw5ikHlDdYU");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visas_of_both_algorithms_say_what_was_minted),
		cmocka_unit_test(claims_decide_with_a_text_of_their_own),
		cmocka_unit_test(key_address_must_be_the_listed_one),
		cmocka_unit_test(conditions_that_are_not_understood_are_refused),
		cmocka_unit_test(a_visa_for_somebody_else_is_refused),
		cmocka_unit_test(a_revoked_key_has_signed_nothing),
		cmocka_unit_test(a_passport_is_a_signed_list_of_visas),
		cmocka_unit_test(headers_of_attackers_are_refused),
		cmocka_unit_test(visa_with_a_changed_or_missing_signature_is_refused),
		cmocka_unit_test(visa_past_the_ceiling_is_refused_unread),
		cmocka_unit_test(weak_or_foreign_keys_are_refused),
		cmocka_unit_test(a_derived_key_is_always_the_same),
		cmocka_unit_test(private_key_reads_back_and_signs_for_the_same_public_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
