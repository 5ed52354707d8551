/* SPDX-License-Identifier: Apache-2.0 */
/* test_p256.c - keys and signatures of browsers: the vector of RFC 6979 A.2.5, and near misses. */
#include "tests/unit/test.h"

#include "crypto/base/text.h"
#include "crypto/p256.h"

/* n, the order of the group (FIPS 186-4 D.1.2.3). */
static const char order_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char point_hex[] = "04"
				"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
				"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char r_and_s_hex[] =
	"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
	"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

static void bytes_of(uint8_t *out, size_t size, const char *hex)
{
	assert_ok(text_read_hex(out, size, slice_of_string(hex)));
}

static void the_published_signature_verifies(void **state)
{
	uint8_t point[P256_PUBLIC], signature[P256_SIGNATURE];

	(void)state;
	bytes_of(point, sizeof point, point_hex);
	bytes_of(signature, sizeof signature, r_and_s_hex);
	assert_ok(p256_check_public(slice_of(point, sizeof point)));
	assert_true(p256_is_valid(point, S("sample"), signature));
	assert_false(p256_is_valid(point, S("samples"), signature));
	for (size_t i = 0; i < sizeof signature; i += 7) {
		signature[i] ^= 0x80;
		assert_false(p256_is_valid(point, S("sample"), signature));
		signature[i] ^= 0x80;
	}
	for (size_t half = 0; half < P256_SIGNATURE; half += 32) {
		uint8_t zero[P256_SIGNATURE];

		memcpy(zero, signature, sizeof zero);
		memset(zero + half, 0, 32);
		assert_false(p256_is_valid(point, S("sample"), zero));
	}
}

static void of_two_signatures_that_are_as_good_one_is_kept(void **state)
{
	uint8_t point[P256_PUBLIC], high[P256_SIGNATURE], low[P256_SIGNATURE];

	(void)state;
	bytes_of(point, sizeof point, point_hex);
	bytes_of(high, sizeof high, r_and_s_hex);
	memcpy(low, high, sizeof low);
	p256_normalize(low);
	assert_true(p256_is_valid(point, S("sample"), low));
	assert_memory_equal(low, high, 32);
	assert_true(memcmp(low + 32, high + 32, 32) < 0);
	memcpy(high, low, sizeof high);
	p256_normalize(high); /* the lower one stays */
	assert_memory_equal(low, high, sizeof low);
	bytes_of(high + 32, 32, order_hex);
	high[32 + 31]++; /* n + 1: out of range, and left as it is */
	memcpy(low, high, sizeof low);
	p256_normalize(low);
	assert_memory_equal(low, high, sizeof low);
}

static void what_is_no_point_is_no_key(void **state)
{
	static const struct {
		const char *why, *hex;
	} rows[] = {
		{"an x beyond the field's prime: p + 5, which is on the curve as 5",
		 "04ffffffff00000001000000000000000000000001000000000000000000000004"
		 "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"},
		{"of high bits only",
		 "04ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{"not on the curve",
		 "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462298"},
		{"zero", "040000000000000000000000000000000000000000000000000000000000000000"
			 "0000000000000000000000000000000000000000000000000000000000000000"},
		{"the hybrid form",
		 "0760fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"},
	};
	uint8_t point[P256_PUBLIC];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bytes_of(point, sizeof point, rows[i].hex);
		if (p256_check_public(slice_of(point, sizeof point)) != ERR_FORMAT)
			fail_msg("%s: was taken", rows[i].why);
	}
	bytes_of(point, sizeof point, point_hex);
	for (size_t size = 0; size < sizeof point; size++)
		assert_err(p256_check_public(slice_of(point, size)), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_signature_verifies),
		cmocka_unit_test(of_two_signatures_that_are_as_good_one_is_kept),
		cmocka_unit_test(what_is_no_point_is_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
