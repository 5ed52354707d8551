/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/base62.h"
#include "crypto/token.h"

enum { NOW = 1800000000 };

struct fixture {
	struct sign_key *key;
	struct token_key known;
	struct buf text;
};

static int setup(void **state)
{
	static struct fixture f;
	struct token token = {.flags = 5, .expires_seconds = NOW + 100};
	uint8_t public_key[SIGN_PUBLIC];

	memset(token.credential, 0xab, sizeof token.credential);
	f.text = buf_new(200);
	assert_ok(sign_key_random(&f.key));
	sign_key_public(f.key, public_key);
	f.known = token_key_of(public_key);
	assert_ok(token_mint(&f.text, f.key, &token));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sign_key_free(f->key);
	buf_free(&f->text);
	return 0;
}

static void token_says_what_was_minted(void **state)
{
	const struct fixture *f = *state;
	struct token token;

	assert_int_equal(f->text.size, TOKEN_TEXT);
	assert_ok(token_verify(&token, buf_slice(&f->text), &f->known, 1, NOW));
	assert_int_equal(token.flags, 5);
	assert_int_equal(token.credential[15], 0xab);
	assert_int_equal(token.expires_seconds, NOW + 100);
	assert_memory_equal(token.key_id, f->known.id, TOKEN_KEY_ID);
}

/* Any other character in any place: another token, a number too large, or no token at all. */
static void token_with_any_character_changed_is_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < TOKEN_TEXT; i++) {
		uint8_t was = f->text.data[i];
		struct token token;

		f->text.data[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(token_verify(&token, buf_slice(&f->text), &f->known, 1, NOW),
				     OK);
		f->text.data[i] = was;
	}
}

static void token_refusals_have_their_kinds(void **state)
{
	struct fixture *f = *state;
	struct slice text = buf_slice(&f->text);
	struct token_key other = f->known;
	struct token token;

	assert_err(token_verify(&token, slice_part(text, 0, TOKEN_TEXT - 1), &f->known, 1, NOW),
		   ERR_FORMAT);
	assert_err(token_verify(&token, S(""), &f->known, 1, NOW), ERR_FORMAT);
	assert_err(token_verify(&token, text, NULL, 0, NOW), ERR_NOT_FOUND);
	assert_err(token_verify(&token, text, &f->known, 1, NOW + 100), ERR_EXPIRED);
	other.public_key[0] ^= 1; /* the id is right, the key is not */
	assert_err(token_verify(&token, text, &other, 1, NOW), ERR_FORGED);
	f->text.data[TOKEN_TEXT - 1] = '_';
	assert_err(token_verify(&token, text, &f->known, 1, NOW), ERR_FORMAT);
}

static void base62_has_one_text_for_a_number(void **state)
{
	uint8_t bytes[2] = {0xff, 0xff}, back[2];
	AUTO(buf_free) struct buf text = buf_new(10);

	(void)state;
	base62_write(&text, slice_of(bytes, 2), 3);
	assert_slice(buf_slice(&text), "H31");
	assert_ok(base62_read(back, 2, S("H31")));
	assert_memory_equal(bytes, back, 2);
	assert_err(base62_read(back, 2, S("H32")), ERR_FORMAT); /* 65536 */
	assert_err(base62_read(back, 2, S("H3-")), ERR_FORMAT);
}

static void expiry_past_2106_is_not_minted(void **state)
{
	const struct fixture *f = *state;
	AUTO(buf_free) struct buf text = buf_new(200);
	struct token token = {.expires_seconds = INT64_C(1) << 32};

	assert_err(token_mint(&text, f->key, &token), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(token_says_what_was_minted, setup, teardown),
		cmocka_unit_test_setup_teardown(token_with_any_character_changed_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(token_refusals_have_their_kinds, setup, teardown),
		cmocka_unit_test(base62_has_one_text_for_a_number),
		cmocka_unit_test_setup_teardown(expiry_past_2106_is_not_minted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
