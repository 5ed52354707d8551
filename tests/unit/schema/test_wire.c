/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <math.h>

#include "schema/wire/control.h"
#include "schema/wire/engine.h"
#include "schema/wire/frame.h"
#include "schema/wire/keeper.h"
#include "schema/wire/porter.h"
#include "schema/wire/scribe.h"

static void the_table_knows_who_may_speak_to_whom(void **state)
{
	(void)state;
	assert_true(wire_may_speak(ROLE_EDGE, ROLE_KEEPER));
	assert_true(wire_may_speak(ROLE_PORTER, ROLE_KEEPER));
	assert_true(wire_may_speak(ROLE_KEEPER, ROLE_SCRIBE));
	assert_true(wire_may_speak(ROLE_ENGINE, ROLE_SUPERVISOR));
	assert_false(wire_may_speak(ROLE_SCRIBE, ROLE_PORTER));
	assert_false(wire_may_speak(ROLE_PORTER, ROLE_ENGINE));
	assert_false(wire_may_speak(ROLE_SCRIBE, ROLE_ENGINE));
	assert_false(wire_may_speak(ROLE_EDGE, ROLE_EDGE));
}

static void a_message_is_refused_from_the_wrong_sender_size_or_descriptors(void **state)
{
	static const struct {
		const char *why;
		enum role from;
		enum role to;
		unsigned type;
		size_t size;
		unsigned fds;
		enum err expected;
	} rows[] = {
		{"as designed", ROLE_EDGE, ROLE_KEEPER, WIRE_KEY_CREATE, 41, 0, OK},
		{"with its descriptor", ROLE_EDGE, ROLE_PORTER, WIRE_PORTER_SEAL, 32, 1, OK},
		{"the full body", ROLE_SCRIBE, ROLE_KEEPER, WIRE_LOG_APPEND, WIRE_MAX_BODY, 0, OK},
		{"a failure to a caller", ROLE_KEEPER, ROLE_SCRIBE, WIRE_FAIL, 9, 0, OK},
		{"no such type", ROLE_EDGE, ROLE_KEEPER, 0x7777, 0, 0, ERR_DENIED},
		{"a reply backwards", ROLE_EDGE, ROLE_KEEPER, WIRE_KEY_CREATED, 4, 0, ERR_DENIED},
		{"a key from the edge", ROLE_EDGE, ROLE_PORTER, WIRE_HANDLE_KEY, 24, 0, ERR_DENIED},
		{"a key to seal with, from the edge", ROLE_EDGE, ROLE_PORTER, WIRE_SEAL_KEY, 24, 0,
		 ERR_DENIED},
		{"appending from the edge", ROLE_EDGE, ROLE_KEEPER, WIRE_LOG_APPEND, 9, 0,
		 ERR_DENIED},
		{"over the ceiling", ROLE_EDGE, ROLE_KEEPER, WIRE_KEY_CREATE, 65, 0, ERR_DENIED},
		{"a stray descriptor", ROLE_EDGE, ROLE_KEEPER, WIRE_KEY_CREATE, 41, 1, ERR_DENIED},
		{"no descriptor", ROLE_EDGE, ROLE_PORTER, WIRE_PORTER_SEAL, 32, 0, ERR_DENIED},
		{"a failure to no caller", ROLE_PORTER, ROLE_SCRIBE, WIRE_FAIL, 9, 0, ERR_DENIED},
		{"a child that is a supervisor", ROLE_EDGE, ROLE_KEEPER, WIRE_PEER, 2, 1,
		 ERR_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum err result = wire_check(rows[i].from, rows[i].to, rows[i].type, rows[i].size,
					     rows[i].fds);

		if (result != rows[i].expected)
			fail_msg("%s: %s", rows[i].why, err_name(result));
	}
}

static void a_call_is_answered_by_its_own_reply_only(void **state)
{
	(void)state;
	assert_true(wire_answers(WIRE_KEY_CREATE, WIRE_KEY_CREATED));
	assert_true(wire_answers(WIRE_KEY_CREATE, WIRE_FAIL));
	assert_false(wire_answers(WIRE_KEY_CREATE, WIRE_KEY_BOUND));
	assert_true(wire_answers(WIRE_ENGINE_GENERATE, WIRE_ENGINE_DELTA));
	assert_true(wire_answers(WIRE_ENGINE_GENERATE, WIRE_ENGINE_DONE));
	assert_false(wire_answers(WIRE_ENGINE_LOAD, WIRE_ENGINE_DONE));
	assert_false(wire_answers(WIRE_SCRIBE_WAKE, WIRE_FAIL));
}

static void a_frame_needs_its_header_and_its_zero(void **state)
{
	uint8_t packet[WIRE_FRAME_HEADER + 1];
	struct frame f;

	(void)state;
	frame_write_header(packet, WIRE_KEY_CREATE, 0x01020304);
	packet[8] = 'x';
	assert_ok(frame_read(&f, slice_of(packet, sizeof packet)));
	assert_int_equal(f.type, WIRE_KEY_CREATE);
	assert_int_equal(f.call, 0x01020304);
	assert_slice(f.body, "x");
	assert_err(frame_read(&f, slice_of(packet, 7)), ERR_FORMAT);
	packet[3] = 1;
	assert_err(frame_read(&f, slice_of(packet, sizeof packet)), ERR_FORMAT);
}

static void a_key_release_comes_back_as_it_went(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	struct wire_key_release in = {.event = {1, 2, 3},
				      .license = S("{\"v\":1}"),
				      .signature = {9},
				      .header = S("age-encryption.org/v1"),
				      .path = S("model.safetensors"),
				      .role = ROLE_PORTER,
				      .index = 3,
				      .handle = 0x0102030405060708};
	struct wire_key_release out;

	(void)state;
	wire_write_key_release(&b, &in);
	assert_ok(buf_done(&b));
	assert_ok(wire_read_key_release(&out, buf_slice(&b)));
	assert_memory_equal(out.event, in.event, sizeof in.event);
	assert_slice(out.license, "{\"v\":1}");
	assert_slice(out.path, "model.safetensors");
	assert_int_equal(out.role, ROLE_PORTER);
	assert_int_equal(out.index, 3);
	assert_true(out.handle == in.handle);
}

static void a_body_that_is_too_short_or_too_long_is_refused(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	struct wire_porter_open in = {.handle = 7, .length = 5};
	struct wire_porter_open out;

	(void)state;
	wire_write_porter_open(&b, &in);
	for (size_t size = 0; size < b.size; size++)
		assert_err(wire_read_porter_open(&out, slice_of(b.data, size)), ERR_FORMAT);
	buf_write_u8(&b, 0);
	assert_err(wire_read_porter_open(&out, buf_slice(&b)), ERR_FORMAT);
	assert_err(wire_read_empty(S("x")), ERR_FORMAT);
}

static void limits_hold_in_both_directions(void **state)
{
	static uint8_t large[WIRE_MAX_PAYLOAD + 1];
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	static struct wire_log_append append;
	struct wire_peer peer;
	struct wire_engine_cancel cancel;

	(void)state;
	append.count = 1;
	append.entries[0].payload = slice_of(large, sizeof large);
	wire_write_log_append(&b, &append);
	assert_err(buf_done(&b), ERR_LIMIT);
	assert_err(wire_read_peer(&peer, S("\x07\x00")), ERR_FORMAT); /* no such role */
	assert_err(wire_read_peer(&peer, S("\x04\x10")), ERR_FORMAT); /* no such index */
	assert_ok(wire_read_peer(&peer, S("\x04\x0f")));
	assert_err(wire_read_engine_cancel(&cancel, S("\x00\x00\x01")), ERR_FORMAT);
}

static void more_entries_than_the_array_holds_are_refused(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	static struct wire_log_append append;

	(void)state;
	buf_write_u64(&b, 0);
	buf_write_u16(&b, WIRE_MAX_LOG_ENTRIES + 1);
	for (unsigned i = 0; i <= WIRE_MAX_LOG_ENTRIES; i++)
		for (unsigned n = 0; n < 4 + WIRE_DIGEST + 4; n++)
			buf_write_u8(&b, 0);
	assert_err(wire_read_log_append(&append, buf_slice(&b)), ERR_FORMAT);
}

static void numbers_that_are_none_are_refused(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	static struct wire_engine_generate in = {.temperature = 0.5F, .prompt = {0}};
	static struct wire_engine_generate out;

	(void)state;
	wire_write_engine_generate(&b, &in);
	assert_ok(buf_done(&b));
	assert_ok(wire_read_engine_generate(&out, buf_slice(&b)));
	assert_true(out.temperature == 0.5F);
	b.data[12] = 0x7f; /* temperature becomes a NaN */
	b.data[13] = 0xc0;
	assert_err(wire_read_engine_generate(&out, buf_slice(&b)), ERR_FORMAT);
	buf_reset(&b);
	in.temperature = INFINITY;
	wire_write_engine_generate(&b, &in);
	assert_err(buf_done(&b), ERR_LIMIT);
}

static void a_failure_never_says_ok(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(WIRE_MAX_BODY);
	struct wire_fail in = {ERR_FORGED, S("LICENSE_REVOKED"), S("revoked yesterday")};
	struct wire_fail out;

	(void)state;
	wire_write_fail(&b, &in);
	assert_ok(wire_read_fail(&out, buf_slice(&b)));
	assert_int_equal(out.kind, ERR_FORGED);
	assert_slice(out.code, "LICENSE_REVOKED");
	b.data[0] = 0xff;
	assert_err(wire_read_fail(&out, buf_slice(&b)), ERR_FORMAT);
	buf_reset(&b);
	in.kind = OK;
	wire_write_fail(&b, &in);
	assert_err(buf_done(&b), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_knows_who_may_speak_to_whom),
		cmocka_unit_test(a_message_is_refused_from_the_wrong_sender_size_or_descriptors),
		cmocka_unit_test(a_call_is_answered_by_its_own_reply_only),
		cmocka_unit_test(a_frame_needs_its_header_and_its_zero),
		cmocka_unit_test(a_key_release_comes_back_as_it_went),
		cmocka_unit_test(a_body_that_is_too_short_or_too_long_is_refused),
		cmocka_unit_test(limits_hold_in_both_directions),
		cmocka_unit_test(more_entries_than_the_array_holds_are_refused),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(a_failure_never_says_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
