/* SPDX-License-Identifier: Apache-2.0 */
/* No entry, no key: each way to ask for what was not entered, and the one way that works. */
#include "tests/unit/gateway/keeper/scene.h"

#include "crypto/note.h"

static void keeper_releases_once_for_an_entry(void **state)
{
	struct scene *s = *state;
	uint8_t created[AGE_FILE_KEY];
	struct wire_key_release ask = ask_release(s);

	memcpy(created, s->key, sizeof created);
	memset(s->key, 0, sizeof s->key);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	assert_memory_equal(s->key, created, sizeof created);
	expect_refusal(s, &ask, ERR_CONFLICT, "");
}

static void keeper_refuses_an_event_that_was_never_appended(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	random_bytes(ask.event, WIRE_ID);
	expect_refusal(s, &ask, ERR_NOT_FOUND, "AUDIT_UNAVAILABLE");
}

static void keeper_signs_its_tree_again_for_an_append_of_nothing(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf checkpoint = buf_new(WIRE_MAX_CHECKPOINT);
	struct wire_log_state_is before, after;
	struct wire_log_append batch = {.count = 0};

	keeper_log_state(s->keeper, &before);
	batch.first = before.size;
	assert_ok(keeper_log_append(s->keeper, &batch, s->now, &checkpoint));
	assert_true(checkpoint.size > 0);
	keeper_log_state(s->keeper, &after);
	assert_int_equal(after.size, before.size);
	batch.first = before.size - 1;
	assert_err(keeper_log_append(s->keeper, &batch, s->now, &checkpoint), ERR_CONFLICT);
}

static void keeper_refuses_what_comes_late(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	s->now.monotonic_ms += RULES_FRESH_MS + 1;
	expect_refusal(s, &ask, ERR_EXPIRED, "AUDIT_UNAVAILABLE");
}

static void keeper_refuses_a_replay_after_its_restart(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	keeper_free(s->keeper);
	open_keeper(s);
	expect_refusal(s, &ask, ERR_NOT_FOUND, "AUDIT_UNAVAILABLE");
	assert_err(offer(s, &s->entry), OK); /* a second entry is an entry of its own */
}

static void keeper_refuses_another_process_path_or_handle(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	ask.index = 0;
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask.index = 1;
	ask.role = ROLE_ENGINE;
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask.role = ROLE_PORTER;
	ask.handle++;
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask.handle--;
	ask.path = S("other");
	expect_refusal(s, &ask, ERR_DENIED, "");
}

static void keeper_refuses_another_revision(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	*strstr(s->entry.payload, REVISION) = 'f';
	entry_make(&s->entry, "key.release");
	assert_ok(offer(s, &s->entry));
	memcpy(ask.event, s->entry.id, WIRE_ID);
	expect_refusal(s, &ask, ERR_DENIED, "");
}

static void keeper_refuses_after_a_revocation_for_good(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.revoke");
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.reinstate");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_REVOKED");
	keeper_free(s->keeper);
	open_keeper(s);
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_REVOKED");
}

/* "ABC…" instead of "abc…" would look right to a reader and close nothing. */
static void keeper_takes_no_revocation_of_an_id_spelled_otherwise(void **state)
{
	struct scene *s = *state;

	PAYLOAD(s, "{\"license\":\"0199AAAA-BBBB-7CCC-8DDD-EEEEFFFF0000\"}");
	entry_make(&s->entry, "license.revoke");
	assert_err(offer(s, &s->entry), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "entry 3: ")); /* which one to look at */
}

static void keeper_refuses_while_a_license_is_suspended(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.suspend");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_SUSPENDED");
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.reinstate");
	ask = ask_release(s);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
}

static void keeper_refuses_a_forged_license(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	ask.signature[10] ^= 1;
	expect_refusal(s, &ask, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE");
}

static void keeper_refuses_outside_the_dates_of_a_license(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	s->now.wall_ms = WALL_MS - 1;
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_NOT_YET_VALID");
	s->now.wall_ms = WALL_MS + 3600 * 1000;
	expect_refusal(s, &ask, ERR_EXPIRED, "LICENSE_EXPIRED");
}

static void keeper_refuses_a_license_for_another_model(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	issue_license(s, "org/other", S("weights:read"));
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "NO_LICENSE");
}

static void keeper_refuses_a_license_without_the_right(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	issue_license(s, "org/model", S("infer:generate"));
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "RIGHT_NOT_GRANTED");
}

static void keeper_refuses_a_disabled_model(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.disable");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "MODEL_DISABLED");
}

static void keeper_refuses_a_recalled_revision_and_no_other(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	PAYLOAD(s, "{\"model\":\"org/model\",\"revision\":\"%s\"}",
		"ffffffffffffffffffffffffffffffffffffffff");
	append(s, "model.recall");
	ask = ask_release(s);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	PAYLOAD(s, "{\"model\":\"org/model\",\"revision\":\"" REVISION "\"}");
	append(s, "model.recall");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "MODEL_DISABLED");
}

static void keeper_refuses_a_license_that_its_holder_has_closed(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.close");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_REVOKED");
}

static void keeper_cannot_open_a_shredded_model(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.shred");
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "MODEL_DISABLED");
}

static void keeper_refuses_a_header_that_was_changed(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);
	uint8_t *digit = &s->header.data[s->header.size - 10]; /* of the MAC */

	*digit = *digit == 'A' ? 'B' : 'A';
	expect_refusal(s, &ask, ERR_FORGED, "");
}

static void keeper_releases_an_open_model_without_a_license(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;
	static const struct {
		const char *gate;
		enum err result;
	} rows[] = {{"manual", ERR_DENIED}, {"public", OK}, {"auto", ERR_DENIED}, {"no", OK}};

	for (size_t i = 0; i < 4; i++) {
		PAYLOAD(s, "{\"gate\":\"%s\",\"model\":\"org/model\"}", rows[i].gate);
		append(s, "model.settings");
		ask = ask_release(s);
		PAYLOAD(s,
			"{\"basis\":\"open\",\"handle\":%d,\"index\":1,\"license\":null,"
			"\"model\":\"org/model\",\"path\":\"" PATH "\",\"revision\":\"" REVISION
			"\",\"role\":\"porter\"}",
			HANDLE);
		append(s, "key.release");
		memcpy(ask.event, s->entry.id, WIRE_ID);
		ask.license = S("");
		assert_err(keeper_key_release(s->keeper, &ask, s->now), rows[i].result);
	}
}

static void keeper_gives_an_engine_each_file_once(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);

	PAYLOAD(s, "{\"index\":1,\"model\":\"org/model\",\"revision\":\"" REVISION
		   "\",\"role\":\"engine\"}");
	append(s, "model.serve");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.role = ROLE_ENGINE;
	ask.license = S("");
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	expect_refusal(s, &ask, ERR_CONFLICT, "");
	ask.index = 0;
	expect_refusal(s, &ask, ERR_DENIED, "");
}

static void keeper_binds_a_file_to_one_model_only(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	AUTO(buf_free) struct buf bound = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind ask;

	make_fresh_header(s, &fresh);
	ask = commit(s, "org/mine", buf_slice(&fresh));
	assert_ok(keeper_key_bind(s->keeper, &ask, s->now, &bound));
	ask = commit(s, "org/other", buf_slice(&fresh)); /* the header before it was bound */
	buf_reset(&bound);
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask = commit(s, "org/other", buf_slice(&s->header)); /* one bound to org/model */
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask = commit(s, "org/model", buf_slice(&s->header)); /* carried into a new revision */
	assert_ok(keeper_key_bind(s->keeper, &ask, s->now, &bound));
}

static void keeper_binds_only_what_the_commit_names(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf bound = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind ask = commit(s, "org/model", buf_slice(&s->header));

	ask.path = S("other");
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask.path = S(PATH);
	ask.sha256[0] = 1;
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask.sha256[0] = 0;
	s->now.monotonic_ms += RULES_BIND_MS + 1;
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_EXPIRED);
}

static void keeper_refuses_entries_that_are_not_right(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf checkpoint = buf_new(WIRE_MAX_CHECKPOINT);
	struct wire_log_append batch;
	struct wire_log_state_is before;
	struct wire_log_state_is after;
	struct entry e;

	PAYLOAD(s, "{}");
	entry_make(&s->entry, "audit.query");
	keeper_log_state(s->keeper, &before);
	e = s->entry;
	e.payload[1] = ' ';
	assert_err(offer(s, &e), ERR_FORGED);
	e = s->entry;
	e.nonce[0] ^= 1;
	assert_err(offer(s, &e), ERR_FORGED);
	e = s->entry;
	memcpy(e.leaf + strlen(e.leaf), " ", 2);
	assert_err(offer(s, &e), ERR_FORMAT);
	entry_batch(&batch, before.size - 1, &s->entry);
	assert_err(keeper_log_append(s->keeper, &batch, s->now, &checkpoint), ERR_CONFLICT);
	entry_batch(&batch, before.size + 1, &s->entry);
	assert_err(keeper_log_append(s->keeper, &batch, s->now, &checkpoint), ERR_CONFLICT);
	keeper_log_state(s->keeper, &after);
	assert_memory_equal(&before, &after, sizeof after);
}

static void keeper_signs_the_tree_it_has(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf note = buf_new(WIRE_MAX_CHECKPOINT);
	AUTO(buf_free) struct buf vkey = buf_new(WIRE_MAX_VKEY);
	struct wire_log_append batch;
	struct wire_log_state_is log;
	struct checkpoint checkpoint;
	struct note_key key;
	struct slice text;

	PAYLOAD(s, "{}");
	entry_make(&s->entry, "audit.query");
	keeper_log_state(s->keeper, &log);
	entry_batch(&batch, log.size, &s->entry);
	assert_ok(keeper_log_append(s->keeper, &batch, s->now, &note));
	keeper_log_state(s->keeper, &log);
	assert_ok(keeper_write_vkey(s->keeper, &vkey));
	assert_ok(note_key_parse(&key, buf_slice(&vkey)));
	assert_ok(note_verify(&text, buf_slice(&note), &key, 1));
	assert_ok(checkpoint_parse(&checkpoint, text));
	assert_true(checkpoint.size == log.size);
	assert_memory_equal(checkpoint.root.bytes, log.root, DIGEST_SIZE);
}

static void keeper_signs_a_token_for_its_entry(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf token = buf_new(WIRE_MAX_TOKEN);
	struct wire_token_sign ask = {.expires_seconds = 2000000};
	struct keeper_facts facts;
	struct token read;

	PAYLOAD(s, "{\"credential\":\"00000000-0000-0000-0000-000000000000\",\"expires\":2000000}");
	append(s, "token.create");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.expires_seconds++;
	assert_err(keeper_token_sign(s->keeper, &ask, s->now, &token), ERR_DENIED);
	ask.expires_seconds--;
	assert_ok(keeper_token_sign(s->keeper, &ask, s->now, &token));
	keeper_facts(s->keeper, &facts);
	assert_ok(token_verify(&read, buf_slice(&token), &facts.token_key, 1, 1000000));
	assert_err(keeper_token_sign(s->keeper, &ask, s->now, &token), ERR_CONFLICT);
	assert_err(keeper_first_token(s->keeper, ask.credential, 2000000, &token), ERR_DENIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(keeper_releases_once_for_an_entry),
		TEST(keeper_refuses_an_event_that_was_never_appended),
		TEST(keeper_signs_its_tree_again_for_an_append_of_nothing),
		TEST(keeper_refuses_what_comes_late),
		TEST(keeper_refuses_a_replay_after_its_restart),
		TEST(keeper_refuses_another_process_path_or_handle),
		TEST(keeper_refuses_another_revision),
		TEST(keeper_refuses_after_a_revocation_for_good),
		TEST(keeper_takes_no_revocation_of_an_id_spelled_otherwise),
		TEST(keeper_refuses_while_a_license_is_suspended),
		TEST(keeper_refuses_a_forged_license),
		TEST(keeper_refuses_outside_the_dates_of_a_license),
		TEST(keeper_refuses_a_license_for_another_model),
		TEST(keeper_refuses_a_license_without_the_right),
		TEST(keeper_refuses_a_disabled_model),
		TEST(keeper_refuses_a_recalled_revision_and_no_other),
		TEST(keeper_refuses_a_license_that_its_holder_has_closed),
		TEST(keeper_cannot_open_a_shredded_model),
		TEST(keeper_refuses_a_header_that_was_changed),
		TEST(keeper_releases_an_open_model_without_a_license),
		TEST(keeper_gives_an_engine_each_file_once),
		TEST(keeper_binds_a_file_to_one_model_only),
		TEST(keeper_binds_only_what_the_commit_names),
		TEST(keeper_refuses_entries_that_are_not_right),
		TEST(keeper_signs_the_tree_it_has),
		TEST(keeper_signs_a_token_for_its_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
