/* SPDX-License-Identifier: Apache-2.0 */
/* Approvers in the keeper's journal: who comes in, who goes, and what an entry alone cannot do. */
#include "tests/unit/gateway/keeper/approval_scene.h"

static struct signer alice, bob;

static int people_new(void **state)
{
	(void)state;
	alice = signer_new(ALICE, 0xa1);
	bob = signer_new(BOB, 0xb0);
	return 0;
}

static int people_free(void **state)
{
	(void)state;
	signer_clear(&alice);
	signer_clear(&bob);
	return 0;
}

static void make_first(struct scene *s, const struct signer *who)
{
	uint8_t person[WIRE_ID];

	signer_id(who, person);
	assert_ok(keeper_first_approver(s->keeper, who->public, person));
}

static unsigned persons(const struct scene *s)
{
	struct wire_approvers_are are;

	keeper_approvers(s->keeper, S(""), &are);
	return are.persons;
}

static json_t *enrollment(const struct signer *who)
{
	return json_of("{\"key\":\"%s\",\"person\":\"%s\"}", who->text, who->person);
}

static enum err enroll(struct scene *s, const struct signer *who, const struct signer *by,
		       size_t count)
{
	AUTO(json_auto) json_t *subject = enrollment(who);
	struct approved list[4];
	enum err result;

	for (size_t i = 0; i < count; i++)
		approve_as(&list[i], &by[i], GATEWAY, APPROVAL_ENROLL, s->now.wall_ms, subject);
	result = act(s, "approver.enroll", subject, list, count);
	for (size_t i = 0; i < count; i++)
		approved_clear(&list[i]);
	return result;
}

static enum err expel(struct scene *s, const struct signer *who, const struct signer *by)
{
	AUTO(json_auto) json_t *subject = json_of("{\"key\":\"%s\"}", who->text);
	AUTO(approved_clear) struct approved a;

	approve_as(&a, by, GATEWAY, APPROVAL_REMOVE, s->now.wall_ms, subject);
	return act(s, "approver.remove", subject, &a, 1);
}

static enum err rule(struct scene *s, const char *model, int needed, const struct signer *by,
		     size_t count)
{
	AUTO(json_auto)
	json_t *subject = json_of("{\"model\":\"%s\",\"needed\":%d}", model, needed);
	struct approved list[4];
	enum err result;

	for (size_t i = 0; i < count; i++)
		approve_as(&list[i], &by[i], GATEWAY, APPROVAL_RULE, s->now.wall_ms, subject);
	result = act(s, "approver.rule", subject, list, count);
	for (size_t i = 0; i < count; i++)
		approved_clear(&list[i]);
	return result;
}

static void an_entry_makes_nobody_the_first_approver(void **state)
{
	struct scene *s = *state;

	assert_err(enroll(s, &alice, &alice, 1), ERR_DENIED);
	assert_err(enroll(s, &alice, NULL, 0), ERR_DENIED);
	assert_int_equal(persons(s), 0);
}

static void the_first_approver_is_put_there_by_hand_and_once(void **state)
{
	struct scene *s = *state;
	uint8_t person[WIRE_ID];

	make_first(s, &alice);
	assert_int_equal(persons(s), 1);
	signer_id(&bob, person);
	assert_err(keeper_first_approver(s->keeper, bob.public, person), ERR_CONFLICT);
	assert_ok(keeper_recover_approver(s->keeper, bob.public, person));
	assert_int_equal(persons(s), 2);
}

static void an_approver_enrolls_the_next_and_the_journal_remembers(void **state)
{
	struct scene *s = *state;

	make_first(s, &alice);
	assert_ok(enroll(s, &bob, &alice, 1));
	assert_int_equal(persons(s), 2);
	keeper_free(s->keeper);
	open_keeper(s);
	assert_int_equal(persons(s), 2);
	assert_ok(expel(s, &alice, &bob));
	assert_int_equal(persons(s), 1);
}

/* What an edge of its own would write: each an entry of the log, none of them an approver. */
static void an_entry_that_no_approver_signed_so_enrolls_nobody(void **state)
{
	struct scene *s = *state;
	const int64_t now = s->now.wall_ms, week = APPROVAL_SECONDS * 1000LL;
	AUTO(json_auto) json_t *bobs = enrollment(&bob);
	AUTO(json_auto) json_t *alices = enrollment(&alice);
	const struct {
		const char *why;
		const struct signer *by;
		const char *gateway, *kind;
		int64_t at_ms;
		const json_t *subject;
		enum err expected;
	} rows[] = {
		{"by no approver", &bob, GATEWAY, APPROVAL_ENROLL, now, bobs, ERR_DENIED},
		{"for another gateway", &alice, "else/log", APPROVAL_ENROLL, now, bobs, ERR_DENIED},
		{"of another kind", &alice, GATEWAY, APPROVAL_REMOVE, now, bobs, ERR_DENIED},
		{"for another key", &alice, GATEWAY, APPROVAL_ENROLL, now, alices, ERR_DENIED},
		{"too old", &alice, GATEWAY, APPROVAL_ENROLL, now - week - 1, bobs, ERR_DENIED},
		{"of tomorrow", &alice, GATEWAY, APPROVAL_ENROLL, now + 86400000, bobs, ERR_DENIED},
	};

	make_first(s, &alice);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(approved_clear) struct approved a;

		approve_as(&a, rows[i].by, rows[i].gateway, rows[i].kind, rows[i].at_ms,
			   rows[i].subject);
		assert_err(act(s, "approver.enroll", bobs, &a, 1), rows[i].expected);
		if (persons(s) != 1)
			fail_msg("enrolled: %s", rows[i].why);
	}
	assert_err(enroll(s, &bob, NULL, 0), ERR_DENIED);
	assert_int_equal(persons(s), 1);
}

static void an_altered_statement_or_signature_enrolls_nobody(void **state)
{
	struct scene *s = *state;
	AUTO(json_auto) json_t *subject = enrollment(&bob);

	make_first(s, &alice);
	for (size_t i = 0; i < 2; i++) {
		AUTO(approved_clear) struct approved a;

		approve_as(&a, &alice, GATEWAY, APPROVAL_ENROLL, s->now.wall_ms, subject);
		if (i)
			a.approval.signature[10] ^= 1;
		else
			a.statement.data[a.statement.size - 2]++; /* "v":2 */
		assert_err(act(s, "approver.enroll", subject, &a, 1), ERR_DENIED);
		assert_int_equal(persons(s), 1);
	}
}

static void a_malformed_act_has_no_effect_and_does_not_stop_the_log(void **state)
{
	struct scene *s = *state;
	static const char *const payloads[] = {
		"{}",
		"{\"key\":\"\",\"person\":\"x\"}",
		"{\"approvals\":7,\"key\":\"AA==\",\"person\":\"" BOB "\"}",
		"{\"approvals\":[{}],\"model\":\"\",\"needed\":\"2\"}",
	};

	make_first(s, &alice);
	for (size_t i = 0; i < 4; i++) {
		PAYLOAD(s, "%s", payloads[i]);
		append(s, "approver.enroll");
		PAYLOAD(s, "%s", payloads[i]);
		append(s, "approver.remove");
		PAYLOAD(s, "%s", payloads[i]);
		append(s, "approver.rule");
	}
	assert_int_equal(persons(s), 1);
}

static void a_statement_enrolls_once_even_after_removal_and_restart(void **state)
{
	struct scene *s = *state;
	AUTO(json_auto) json_t *subject = enrollment(&bob);
	AUTO(approved_clear) struct approved a;

	make_first(s, &alice);
	approve_as(&a, &alice, GATEWAY, APPROVAL_ENROLL, s->now.wall_ms, subject);
	assert_ok(act(s, "approver.enroll", subject, &a, 1));
	assert_ok(expel(s, &bob, &alice));
	assert_err(act(s, "approver.enroll", subject, &a, 1), ERR_DENIED);
	keeper_free(s->keeper);
	open_keeper(s);
	assert_err(act(s, "approver.enroll", subject, &a, 1), ERR_DENIED);
	assert_int_equal(persons(s), 1);
}

/* Forgotten statements are refused by their date, also when the clock goes back. */
static void a_forgotten_statement_stays_refused_when_the_clock_goes_back(void **state)
{
	struct scene *s = *state;
	const struct rules_time then = s->now;
	AUTO(json_auto) json_t *subject = enrollment(&bob);
	AUTO(approved_clear) struct approved a;

	make_first(s, &alice);
	approve_as(&a, &alice, GATEWAY, APPROVAL_ENROLL, s->now.wall_ms, subject);
	assert_ok(act(s, "approver.enroll", subject, &a, 1));
	assert_ok(expel(s, &bob, &alice));
	s->now.monotonic_ms += 40 * 86400000LL;
	s->now.wall_ms += 40 * 86400000LL;
	PAYLOAD(s, "{}");
	append(s, "gateway.start"); /* an hour has passed: old facts go */
	s->now.wall_ms = then.wall_ms;
	assert_err(act(s, "approver.enroll", subject, &a, 1), ERR_DENIED);
	keeper_free(s->keeper);
	open_keeper(s);
	assert_err(act(s, "approver.enroll", subject, &a, 1), ERR_DENIED);
	assert_int_equal(persons(s), 1);
}

static void the_last_approver_is_not_removed(void **state)
{
	struct scene *s = *state;

	make_first(s, &alice);
	assert_err(expel(s, &alice, &alice), ERR_CONFLICT);
	assert_int_equal(persons(s), 1);
	assert_err(expel(s, &bob, &alice), ERR_CONFLICT); /* he never was one */
}

static void a_rule_counts_persons_and_not_their_keys(void **state)
{
	struct scene *s = *state;
	struct signer spare = signer_new(ALICE, 0xa2);
	struct signer both[] = {alice, spare}, two[] = {alice, bob};

	make_first(s, &alice);
	assert_err(rule(s, "", 2, &alice, 1), ERR_CONFLICT); /* there is but one */
	assert_ok(enroll(s, &spare, &alice, 1));
	assert_int_equal(persons(s), 1);
	assert_ok(enroll(s, &bob, &alice, 1));
	assert_ok(rule(s, "", 2, &alice, 1));
	assert_err(expel(s, &bob, &alice), ERR_DENIED); /* one signature no longer suffices */
	assert_err(rule(s, "", 1, both, 2), ERR_DENIED);
	assert_ok(rule(s, "", 1, two, 2));
	assert_ok(expel(s, &bob, &alice));
	signer_clear(&spare);
}

/* Else one of them could enroll two puppets, and be three. */
static void a_models_stricter_rule_holds_for_changes_of_the_approvers(void **state)
{
	struct scene *s = *state;
	struct signer puppet = signer_new("00000000-0000-0000-0000-0000000000cc", 0xcc);
	struct signer two[] = {alice, bob};
	struct wire_approvers_are are;

	make_first(s, &alice);
	assert_ok(enroll(s, &bob, &alice, 1));
	assert_ok(rule(s, "org/model", 2, &alice, 1));
	keeper_approvers(s->keeper, S("org/model"), &are);
	assert_int_equal(are.needed, 2);
	keeper_approvers(s->keeper, S("org/other"), &are);
	assert_int_equal(are.needed, 1);
	assert_int_equal(are.floor, 2);
	assert_err(enroll(s, &puppet, &alice, 1), ERR_DENIED);
	assert_err(rule(s, "org/model", 1, &alice, 1), ERR_DENIED);
	assert_err(rule(s, "", 1, &alice, 1), ERR_DENIED);
	assert_ok(enroll(s, &puppet, two, 2));
	signer_clear(&puppet);
}

static void too_few_would_be_left_for_the_rule(void **state)
{
	struct scene *s = *state;
	struct signer two[] = {alice, bob};
	AUTO(json_auto) json_t *subject = json_of("{\"key\":\"%s\"}", bob.text);
	struct approved list[2];

	make_first(s, &alice);
	assert_ok(enroll(s, &bob, &alice, 1));
	assert_ok(rule(s, "", 2, two, 2));
	for (size_t i = 0; i < 2; i++)
		approve_as(&list[i], &two[i], GATEWAY, APPROVAL_REMOVE, s->now.wall_ms, subject);
	assert_err(act(s, "approver.remove", subject, list, 2), ERR_CONFLICT);
	assert_int_equal(persons(s), 2);
	for (size_t i = 0; i < 2; i++)
		approved_clear(&list[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_makes_nobody_the_first_approver),
		TEST(the_first_approver_is_put_there_by_hand_and_once),
		TEST(an_approver_enrolls_the_next_and_the_journal_remembers),
		TEST(an_entry_that_no_approver_signed_so_enrolls_nobody),
		TEST(an_altered_statement_or_signature_enrolls_nobody),
		TEST(a_malformed_act_has_no_effect_and_does_not_stop_the_log),
		TEST(a_statement_enrolls_once_even_after_removal_and_restart),
		TEST(a_forgotten_statement_stays_refused_when_the_clock_goes_back),
		TEST(the_last_approver_is_not_removed),
		TEST(a_rule_counts_persons_and_not_their_keys),
		TEST(a_models_stricter_rule_holds_for_changes_of_the_approvers),
		TEST(too_few_would_be_left_for_the_rule),
	};

	return cmocka_run_group_tests(tests, people_new, people_free);
}
