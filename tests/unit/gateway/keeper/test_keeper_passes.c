/* SPDX-License-Identifier: Apache-2.0 */
/* No entry, no pass: an engine is used only by who may, and never without a trace. */
#include "tests/unit/gateway/keeper/scene.h"

enum { NUMBER = 4242 };

/* An infer.pass as an honest edge writes it, and the question that goes with it. */
static struct wire_pass_issue ask_pass(struct scene *s, const char *basis)
{
	struct wire_pass_issue ask = {.right = S("infer:generate"), .index = 1, .pass = NUMBER};
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s,
		"{\"basis\":\"%s\",\"index\":1,\"license\":\"%s\",\"model\":\"org/model\","
		"\"pass\":%d,\"right\":\"infer:generate\",\"role\":\"engine\"}",
		basis, id, NUMBER);
	append(s, "infer.pass");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	memcpy(ask.signature, s->signature, SIGN_SIGNATURE);
	ask.license = buf_slice(&s->document);
	ask.model = S("org/model");
	return ask;
}

static void expect_no_pass(struct scene *s, const struct wire_pass_issue *ask, enum err kind,
			   const char *code)
{
	unsigned before = s->notes_sent;

	assert_err(keeper_pass_issue(s->keeper, ask, s->now), kind);
	assert_string_equal(keeper_code(s->keeper), code);
	assert_int_equal(s->notes_sent, before);
}

static void keeper_gives_a_pass_once_for_an_entry(void **state)
{
	struct scene *s = *state;
	struct wire_engine_pass pass;
	struct wire_pass_issue ask;

	issue_license(s, "org/model", S("infer:generate"));
	ask = ask_pass(s, "license");
	assert_ok(keeper_pass_issue(s->keeper, &ask, s->now));
	assert_int_equal(s->last_note, WIRE_ENGINE_PASS);
	assert_ok(wire_read_engine_pass(&pass, buf_slice(&s->note)));
	assert_int_equal(pass.pass, NUMBER);
	assert_true(slice_equal(pass.model, S("org/model")));
	assert_true(slice_equal(pass.right, S("infer:generate")));
	assert_memory_equal(pass.payer, s->license.id, WIRE_ID);
	assert_true(pass.lasts_seconds > 0);
	expect_no_pass(s, &ask, ERR_CONFLICT, "");
}

static void keeper_gives_no_pass_for_what_the_entry_does_not_say(void **state)
{
	struct scene *s = *state;
	struct wire_pass_issue honest, ask;

	issue_license(s, "org/model", S("infer:generate"));
	honest = ask_pass(s, "license");
	ask = honest;
	random_bytes(ask.event, WIRE_ID);
	expect_no_pass(s, &ask, ERR_NOT_FOUND, "AUDIT_UNAVAILABLE");
	ask = honest;
	ask.index = 0;
	expect_no_pass(s, &ask, ERR_DENIED, "");
	ask = honest;
	ask.pass++;
	expect_no_pass(s, &ask, ERR_DENIED, "");
	ask = honest;
	ask.model = S("org/other");
	expect_no_pass(s, &ask, ERR_DENIED, "");
	ask = honest;
	ask.right = S("infer:embed");
	expect_no_pass(s, &ask, ERR_DENIED, "");
	ask = honest;
	ask.signature[0] ^= 1;
	expect_no_pass(s, &ask, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE");
	s->now.monotonic_ms += RULES_FRESH_MS + 1;
	expect_no_pass(s, &honest, ERR_EXPIRED, "AUDIT_UNAVAILABLE");
}

/* The right to read weights is not the right to use the engine. */
static void keeper_gives_no_pass_for_a_license_without_the_right(void **state)
{
	struct scene *s = *state;
	struct wire_pass_issue ask = ask_pass(s, "license");

	expect_no_pass(s, &ask, ERR_DENIED, "RIGHT_NOT_GRANTED");
}

static void keeper_gives_no_pass_after_a_revocation_or_a_stop(void **state)
{
	struct scene *s = *state;
	struct wire_pass_issue ask;
	char id[TEXT_UUID];

	issue_license(s, "org/model", S("infer:generate"));
	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.disable");
	ask = ask_pass(s, "license");
	expect_no_pass(s, &ask, ERR_DENIED, "MODEL_DISABLED");
	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.revoke");
	ask = ask_pass(s, "license");
	expect_no_pass(s, &ask, ERR_DENIED, "LICENSE_REVOKED");
}

static void keeper_tells_all_engines_which_license_has_ended(void **state)
{
	static const char *const kinds[] = {"license.suspend", "license.revoke"};
	struct scene *s = *state;
	struct wire_engine_forget forget;
	char id[TEXT_UUID];

	issue_license(s, "org/model", S("infer:generate"));
	text_uuid(id, s->license.id);
	for (size_t i = 0; i < 2; i++) {
		unsigned before = s->notes_sent;

		PAYLOAD(s, "{\"license\":\"%s\"}", id);
		append(s, kinds[i]);
		assert_int_equal(s->notes_sent, before + ROLE_MAX_INDEX);
		assert_int_equal(s->last_note, WIRE_ENGINE_FORGET);
		assert_ok(wire_read_engine_forget(&forget, buf_slice(&s->note)));
		assert_memory_equal(forget.payer, s->license.id, WIRE_ID);
		PAYLOAD(s, "{\"license\":\"%s\"}", id);
		append(s, "license.reinstate");
		assert_int_equal(s->notes_sent, before + ROLE_MAX_INDEX);
	}
}

static void keeper_gives_a_pass_without_a_license_for_an_open_model_only(void **state)
{
	struct scene *s = *state;
	struct wire_pass_issue ask = ask_pass(s, "open");

	ask.license = S("");
	expect_no_pass(s, &ask, ERR_DENIED, "NO_LICENSE");
	PAYLOAD(s, "{\"gate\":\"no\",\"model\":\"org/model\"}");
	append(s, "model.settings");
	ask = ask_pass(s, "open");
	ask.license = S("");
	assert_ok(keeper_pass_issue(s->keeper, &ask, s->now));
}

/* The engine learns what it serves from here: an edge could call one model by another's name. */
static void keeper_tells_an_engine_what_its_keys_are_for(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask = ask_release(s);
	struct wire_engine_serves served;

	PAYLOAD(s, "{\"index\":1,\"model\":\"org/model\",\"revision\":\"" REVISION
		   "\",\"role\":\"engine\"}");
	append(s, "model.serve");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.role = ROLE_ENGINE;
	ask.license = S("");
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	assert_int_equal(s->last_note, WIRE_ENGINE_SERVES);
	assert_ok(wire_read_engine_serves(&served, buf_slice(&s->note)));
	assert_true(slice_equal(served.model, S("org/model")));
	assert_true(slice_equal(served.revision, S(REVISION)));
}

/* From the license it has signed, and nowhere else: an edge has no say in it. */
static void keeper_names_the_plan_of_the_license_in_a_pass(void **state)
{
	struct scene *s = *state;

	for (unsigned plan = 0; plan < LICENSE_PLAN_COUNT; plan++) {
		struct wire_engine_pass pass;
		struct wire_pass_issue ask;

		s->plan = (enum license_plan)plan;
		issue_license(s, "org/model", S("infer:generate"));
		ask = ask_pass(s, "license");
		assert_ok(keeper_pass_issue(s->keeper, &ask, s->now));
		assert_ok(wire_read_engine_pass(&pass, buf_slice(&s->note)));
		assert_int_equal(pass.plan, plan);
	}
}

/* The document says batch; who writes interactive into it has no license at all. */
static void keeper_gives_no_pass_for_a_license_whose_plan_was_changed(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf other = buf_new(LICENSE_MAX);
	struct wire_pass_issue ask;
	struct license changed;

	s->plan = LICENSE_BATCH;
	issue_license(s, "org/model", S("infer:generate"));
	changed = s->license;
	changed.plan = LICENSE_INTERACTIVE;
	assert_ok(license_write(&other, &changed));
	ask = ask_pass(s, "license");
	ask.license = buf_slice(&other);
	expect_no_pass(s, &ask, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(keeper_gives_a_pass_once_for_an_entry),
		TEST(keeper_gives_no_pass_for_what_the_entry_does_not_say),
		TEST(keeper_gives_no_pass_for_a_license_without_the_right),
		TEST(keeper_gives_no_pass_after_a_revocation_or_a_stop),
		TEST(keeper_names_the_plan_of_the_license_in_a_pass),
		TEST(keeper_gives_no_pass_for_a_license_whose_plan_was_changed),
		TEST(keeper_gives_a_pass_without_a_license_for_an_open_model_only),
		TEST(keeper_tells_all_engines_which_license_has_ended),
		TEST(keeper_tells_an_engine_what_its_keys_are_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
