/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/license.h"

static struct license example(void)
{
	struct license l = {.id = {1},
			    .person = {2},
			    .request = {3},
			    .entry = {4},
			    .model = S("lab/model"),
			    .rights = {S("weights:read"), S("infer:generate")},
			    .right_count = 2,
			    .terms = digest_of(S("")),
			    .not_before_ms = 1767225600000,
			    .expires_ms = 1798761600000,
			    .issued_ms = 1767225600123};

	return l;
}

static void license_is_written_in_its_canonical_form(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license l = example();

	(void)state;
	assert_ok(license_write(&text, &l));
	assert_string_equal(
		buf_string(&text),
		"{\"entry\":\"04000000-0000-0000-0000-000000000000\",\"expires\":"
		"\"2027-01-01T00:00:00.000Z\",\"id\":\"01000000-0000-0000-0000-000000000000\","
		"\"issued\":\"2026-01-01T00:00:00.123Z\",\"model\":\"lab/model\",\"not_before\":"
		"\"2026-01-01T00:00:00.000Z\",\"person\":\"02000000-0000-0000-0000-000000000000\","
		"\"request\":\"03000000-0000-0000-0000-000000000000\",\"rights\":"
		"[\"infer:generate\",\"weights:read\"],\"terms_sha256\":"
		"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"v\":1}");
}

static void license_reads_back_and_gives_its_rights_only(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	assert_ok(license_parse(&back, &a, buf_slice(&text)));
	assert_slice(back.model, "lab/model");
	assert_int_equal(back.issued_ms, l.issued_ms);
	assert_true(license_gives(&back, S("weights:read")));
	assert_false(license_gives(&back, S("weights:rea")));
	assert_false(license_gives(&back, S("internals:read")));
	assert_true(license_is_current(&back, back.not_before_ms));
	assert_true(license_is_current(&back, back.expires_ms - 1));
	assert_false(license_is_current(&back, back.not_before_ms - 1));
	assert_false(license_is_current(&back, back.expires_ms));
}

static void license_verifies_with_its_key_and_in_full_only(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	uint8_t public_key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];
	struct license l = example(), back;

	(void)state;
	assert_ok(sign_key_random(&key));
	sign_key_public(key, public_key);
	assert_ok(license_write(&text, &l));
	sign_make_in(LICENSE_DOMAIN, key, buf_slice(&text), signature);
	assert_ok(license_verify(&back, &a, buf_slice(&text), signature, public_key));
	text.data[text.size - 2] = '2';
	assert_err(license_verify(&back, &a, buf_slice(&text), signature, public_key), ERR_FORGED);
	text.data[text.size - 2] = '1';
	public_key[5] ^= 1;
	assert_err(license_verify(&back, &a, buf_slice(&text), signature, public_key), ERR_FORGED);
}

static void license_with_a_bad_field_is_not_written(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license bad[6];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		bad[i] = example();
	bad[0].model = S("two words");
	bad[1].model = S("");
	bad[2].right_count = 0;
	bad[3].rights[1] = S("weights:read"); /* twice */
	bad[4].expires_ms = bad[4].not_before_ms;
	bad[5].right_count = LICENSE_RIGHTS_MAX + 1;
	for (size_t i = 0; i < 6; i++)
		assert_err(license_write(&text, &bad[i]), ERR_FORMAT);
}

/* The same license in another text: a space, another order, a member more. */
static void other_texts_of_a_license_are_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(buf_free) struct buf other = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	buf_printf(&other, "%s ", buf_string(&text));
	assert_err(license_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
	buf_reset(&other);
	buf_printf(&other, "{\"a\":1,%s", buf_string(&text) + 1);
	assert_err(license_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
	assert_err(license_parse(&back, &a, S("{}")), ERR_FORMAT);
	assert_err(license_parse(&back, &a, S("{\"v\":2}")), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(license_is_written_in_its_canonical_form),
		cmocka_unit_test(license_reads_back_and_gives_its_rights_only),
		cmocka_unit_test(license_verifies_with_its_key_and_in_full_only),
		cmocka_unit_test(license_with_a_bad_field_is_not_written),
		cmocka_unit_test(other_texts_of_a_license_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
