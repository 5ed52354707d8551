/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/porter/keys.h"
#include "schema/wire/keeper.h"

enum { HANDLE = 7, PUT_MS = 1000 };

static struct secret *secret_of(uint8_t byte)
{
	struct secret *secret;
	uint8_t bytes[WIRE_FILE_KEY] = {byte};

	assert_ok(secret_from(&secret, bytes, sizeof bytes));
	return secret;
}

static uint8_t first_byte(const struct key *key)
{
	return secret_slice(key_secret(key)).data[0];
}

static void keys_free_auto(struct keys **k)
{
	keys_free(*k);
}

static void a_key_serves_for_its_time_however_often_it_is_used(void **state)
{
	AUTO(keys_free_auto) struct keys *k = keys_new();

	(void)state;
	assert_ok(keys_put(k, HANDLE, secret_of(1), PUT_MS));
	for (int64_t now = PUT_MS; now <= PUT_MS + KEYS_LIFE_MS; now += KEYS_LIFE_MS / 10) {
		struct key *key = keys_use(k, HANDLE, now);

		assert_non_null(key);
		keys_release(k, key);
	}
	assert_null(keys_use(k, HANDLE, PUT_MS + KEYS_LIFE_MS + 1));
}

static void a_key_is_wiped_when_its_time_is_over(void **state)
{
	AUTO(keys_free_auto) struct keys *k = keys_new();

	(void)state;
	assert_ok(keys_put(k, HANDLE, secret_of(1), PUT_MS));
	assert_ok(keys_put(k, HANDLE + 1, secret_of(2), PUT_MS + 1));
	keys_drop_old(k, PUT_MS + KEYS_LIFE_MS);
	assert_int_equal(keys_count(k), 2);
	keys_drop_old(k, PUT_MS + KEYS_LIFE_MS + 1);
	assert_int_equal(keys_count(k), 1);
	assert_null(keys_use(k, HANDLE, PUT_MS));
}

static void a_transfer_under_way_keeps_its_key(void **state)
{
	AUTO(keys_free_auto) struct keys *k = keys_new();
	struct key *key;

	(void)state;
	assert_ok(keys_put(k, HANDLE, secret_of(9), PUT_MS));
	key = keys_use(k, HANDLE, PUT_MS);
	keys_drop_old(k, PUT_MS + 2 * (int64_t)KEYS_LIFE_MS);
	assert_int_equal(keys_count(k), 0);
	assert_int_equal(first_byte(key), 9);
	keys_release(k, key);
}

static void a_handle_that_comes_again_has_the_new_key(void **state)
{
	AUTO(keys_free_auto) struct keys *k = keys_new();
	struct key *key;

	(void)state;
	assert_ok(keys_put(k, HANDLE, secret_of(1), PUT_MS));
	assert_ok(keys_put(k, HANDLE, secret_of(2), PUT_MS));
	key = keys_use(k, HANDLE, PUT_MS);
	assert_int_equal(first_byte(key), 2);
	keys_release(k, key);
	assert_int_equal(keys_count(k), 1);
}

static void the_message_that_brought_a_key_is_wiped(void **state)
{
	static const uint8_t none[64];
	AUTO(keys_free_auto) struct keys *k = keys_new();
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_handle_key message = {.handle = HANDLE, .key = {1, 2, 3}};
	uint64_t handle = 0;
	struct key *key;

	(void)state;
	wire_write_handle_key(&body, &message);
	assert_ok(keys_take(k, &handle, buf_slice(&body), PUT_MS));
	assert_true(handle == HANDLE);
	assert_memory_equal(body.data, none, body.size);
	key = keys_use(k, HANDLE, PUT_MS);
	assert_int_equal(first_byte(key), 1);
	keys_release(k, key);
}

static void a_broken_message_is_wiped_too(void **state)
{
	static const uint8_t none[64];
	AUTO(keys_free_auto) struct keys *k = keys_new();
	uint8_t body[9 + WIRE_FILE_KEY];
	uint64_t handle;

	(void)state;
	memset(body, 0xaa, sizeof body);
	assert_err(keys_take(k, &handle, slice_of(body, sizeof body), PUT_MS), ERR_FORMAT);
	assert_memory_equal(body, none, sizeof body);
	assert_int_equal(keys_count(k), 0);
}

static void there_is_a_ceiling(void **state)
{
	AUTO(keys_free_auto) struct keys *k = keys_new();

	(void)state;
	for (uint64_t i = 0; i < KEYS_MAX; i++)
		assert_ok(keys_put(k, i, secret_of(1), PUT_MS));
	assert_err(keys_put(k, KEYS_MAX, secret_of(1), PUT_MS), ERR_LIMIT);
	assert_ok(keys_put(k, 0, secret_of(2), PUT_MS)); /* in the place of its own */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_serves_for_its_time_however_often_it_is_used),
		cmocka_unit_test(a_key_is_wiped_when_its_time_is_over),
		cmocka_unit_test(a_transfer_under_way_keeps_its_key),
		cmocka_unit_test(a_handle_that_comes_again_has_the_new_key),
		cmocka_unit_test(the_message_that_brought_a_key_is_wiped),
		cmocka_unit_test(a_broken_message_is_wiped_too),
		cmocka_unit_test(there_is_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
