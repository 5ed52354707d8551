/* SPDX-License-Identifier: Apache-2.0 */
/* An upload that goes on gets its key again, to seal with, while it belongs to no model. */
#include "tests/unit/gateway/keeper/scene.h"

/* An entry that says what the edge asks for. */
static struct wire_key_resume resume(struct scene *s, struct slice header)
{
	struct wire_key_resume ask = {.header = header, .porter = 1, .handle = 9};
	struct digest digest = digest_of(header);
	AUTO(buf_free) struct buf hex = buf_new(100);

	text_write_hex(&hex, digest_slice(&digest));
	PAYLOAD(s,
		"{\"blob\":\"00000000000000000000000000000000\",\"handle\":9,"
		"\"header_sha256\":\"%s\",\"index\":1}",
		buf_string(&hex));
	append(s, "key.resume");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	return ask;
}

static void keeper_hands_an_upload_its_key_again_to_seal_with(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	uint8_t made[AGE_FILE_KEY];
	struct wire_key_resume ask;
	unsigned sent;

	make_fresh_header(s, &header);
	assert_int_equal(s->target.message, WIRE_SEAL_KEY);
	memcpy(made, s->key, sizeof made);
	ask = resume(s, buf_slice(&header));
	sent = s->keys_sent;
	assert_ok(keeper_key_resume(s->keeper, &ask, s->now));
	assert_int_equal(s->keys_sent, sent + 1);
	assert_memory_equal(s->key, made, sizeof made);
	assert_int_equal(s->target.message, WIRE_SEAL_KEY);
	assert_int_equal(s->target.role, ROLE_PORTER);
	assert_int_equal(s->target.index, 1);
	assert_true(s->target.handle == 9);
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_CONFLICT);
}

static void keeper_resumes_only_what_the_entry_names(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	AUTO(buf_free) struct buf other = buf_new(WIRE_MAX_HEADER);
	struct wire_key_resume good, ask;
	unsigned sent;

	make_fresh_header(s, &header);
	make_fresh_header(s, &other);
	good = resume(s, buf_slice(&header));
	sent = s->keys_sent;
	ask = good;
	ask.header = buf_slice(&other);
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	ask = good;
	ask.porter = 0;
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	ask = good;
	ask.handle++;
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	ask = good;
	ask.blob[0] = 1;
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	assert_int_equal(s->keys_sent, sent);
	assert_ok(keeper_key_resume(s->keeper, &good, s->now));
}

static void keeper_resumes_no_file_that_belongs_to_a_model(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	AUTO(buf_free) struct buf bound = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind bind;
	struct wire_key_resume ask;
	unsigned sent;

	make_fresh_header(s, &fresh);
	bind = commit(s, "org/model", buf_slice(&fresh));
	assert_ok(keeper_key_bind(s->keeper, &bind, s->now, &bound));
	sent = s->keys_sent;
	ask = resume(s, buf_slice(&fresh));
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	ask = resume(s, buf_slice(&bound));
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_DENIED);
	assert_int_equal(s->keys_sent, sent);
}

static void keeper_resumes_nothing_that_was_begun_long_ago(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	struct wire_key_resume ask;

	make_fresh_header(s, &header);
	s->now.wall_ms += (RULES_RESUME_SECONDS + 1) * INT64_C(1000);
	ask = resume(s, buf_slice(&header));
	assert_err(keeper_key_resume(s->keeper, &ask, s->now), ERR_EXPIRED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(keeper_hands_an_upload_its_key_again_to_seal_with),
		TEST(keeper_resumes_only_what_the_entry_names),
		TEST(keeper_resumes_no_file_that_belongs_to_a_model),
		TEST(keeper_resumes_nothing_that_was_begun_long_ago),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
