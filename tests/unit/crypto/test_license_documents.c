/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/license_file.h"
#include "crypto/license_jwt.h"

enum { NOW = 1767225600 };

static struct license_checkout example(void)
{
	return (struct license_checkout){
		.document = S("{}"),
		.entry = {4},
		.issued_ms = NOW * INT64_C(1000),
		.expires_ms = (NOW + 7 * 86400) * INT64_C(1000),
		.recipient = S("ed25519:AAAA"),
		.status_index = 7,
		.status_uri = S("https://localhost/s"),
	};
}

static void a_checkout_reads_back_and_has_one_text(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_CHECKOUT_MAX);
	AUTO(buf_free) struct buf other = buf_new(LICENSE_CHECKOUT_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license_checkout c = example(), back;

	(void)state;
	assert_ok(license_checkout_write(&text, &c));
	assert_ok(license_checkout_parse(&back, &a, buf_slice(&text)));
	assert_int_equal(back.expires_ms, c.expires_ms);
	assert_slice(back.recipient, "ed25519:AAAA");
	assert_int_equal(back.status_index, 7);
	buf_printf(&other, "{\"a\":1,%s", buf_string(&text) + 1);
	assert_err(license_checkout_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
}

static void a_checkout_is_short_and_for_somebody(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_CHECKOUT_MAX);
	struct license_checkout bad[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		bad[i] = example();
	bad[0].expires_ms = bad[0].issued_ms + 31 * INT64_C(86400000);
	bad[1].expires_ms = bad[1].issued_ms;
	bad[2].recipient = S("");
	bad[3].status_uri = S("two words");
	bad[4].document = S("");
	for (size_t i = 0; i < 5; i++)
		assert_err(license_checkout_write(&text, &bad[i]), ERR_FORMAT);
}

static void a_file_survives_mail_and_says_where_it_is_broken(void **state)
{
	AUTO(license_file_clear) struct license_file file = {.checkout = S("{\"v\":1}")};
	AUTO(license_file_clear) struct license_file back = {0};
	AUTO(buf_free) struct buf text = buf_new(LICENSE_FILE_MAX);
	AUTO(buf_free) struct buf mailed = buf_new(LICENSE_FILE_MAX);
	AUTO(arena_free) struct arena a = {0};

	(void)state;
	file.receipt = json_object_new();
	file.signature[5] = 9;
	assert_ok(license_file_write(&text, &file));
	buf_printf(&mailed, "See below.\r\n\r\n%s-- \r\nme\r\n", buf_string(&text));
	assert_ok(license_file_parse(&back, &a, buf_slice(&mailed)));
	assert_slice(back.checkout, "{\"v\":1}");
	assert_int_equal(back.signature[5], 9);
	license_file_clear(&back);
	assert_err(license_file_parse(&back, &a, slice_part(buf_slice(&text), 0, text.size - 30)),
		   ERR_FORMAT);
}

/* The vector of the draft "Token Status List", section 4.1, two bits each. */
static void a_list_of_states_is_what_the_draft_has(void **state)
{
	static const uint8_t compressed[] = {0x78, 0xda, 0x3b, 0xe9, 0xf2, 0x13,
					     0x00, 0x03, 0xdf, 0x02, 0x07};
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX);

	(void)state;
	assert_ok(license_status_write(&text, S("https://localhost/s"), NOW,
				       slice_of(compressed, sizeof compressed)));
	assert_string_equal(
		buf_string(&text),
		"{\"exp\":1767229200,\"iat\":1767225600,\"status_list\":{\"bits\":2,"
		"\"lst\":\"eNo76fITAAPfAgc\"},\"sub\":\"https://localhost/s\",\"ttl\":60}");
	assert_ok(license_status_check(buf_slice(&text), NOW));
	assert_err(license_status_check(buf_slice(&text), NOW + 3600), ERR_EXPIRED);
	assert_err(license_status_check(buf_slice(&text), NOW - 3600), ERR_EXPIRED);
	text.data[text.size - 2] = '1'; /* another "ttl" */
	assert_err(license_status_check(buf_slice(&text), NOW), ERR_FORMAT);
}

static struct license licensed(void)
{
	return (struct license){.id = {1},
				.person = {2},
				.model = S("lab/model"),
				.rights = {S("weights:read")},
				.right_count = 1,
				.uses = {S("DUO:0000042")},
				.use_count = 1,
				.not_before_ms = NOW * INT64_C(1000),
				.issued_ms = NOW * INT64_C(1000),
				.expires_ms = (NOW + 86400) * INT64_C(1000)};
}

static void an_export_hides_who_it_is_and_its_salts_hide_the_rest(void **state)
{
	AUTO(buf_free) struct buf one = buf_new(LICENSE_JWT_MAX), two = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf shown = buf_new(LICENSE_JWT_MAX), more = buf_new(LICENSE_JWT_MAX);
	struct license_export e = {.issuer = S("https://localhost"),
				   .issued_seconds = NOW,
				   .status_uri = S("https://localhost/s"),
				   .salts = {{1}, {2}, {3}, {4}, {5}, {6}, {7}}};
	struct license l = licensed();
	size_t disclosures = 0;

	(void)state;
	assert_ok(license_export_payload(&one, &shown, &e, &l));
	assert_null(strstr(buf_string(&one), "02000000-0000"));
	assert_null(strstr(buf_string(&one), "DUO"));
	assert_non_null(strstr(buf_string(&one), "lab/model"));
	for (size_t i = 0; i < shown.size; i++)
		disclosures += shown.data[i] == '~';
	assert_int_equal(disclosures, 4); /* license, person, request, uses */
	e.salts[1][0] = 9;
	assert_ok(license_export_payload(&two, &more, &e, &l));
	assert_string_not_equal(buf_string(&one), buf_string(&two));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkout_reads_back_and_has_one_text),
		cmocka_unit_test(a_checkout_is_short_and_for_somebody),
		cmocka_unit_test(a_file_survives_mail_and_says_where_it_is_broken),
		cmocka_unit_test(a_list_of_states_is_what_the_draft_has),
		cmocka_unit_test(an_export_hides_who_it_is_and_its_salts_hide_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
