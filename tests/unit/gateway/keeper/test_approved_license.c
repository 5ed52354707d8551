/* SPDX-License-Identifier: Apache-2.0 */
/* What a keeper with approvers signs: what they signed for, once, and nothing beyond. */
#include "tests/unit/gateway/keeper/license_scene.h"

static void a_license_that_an_approver_signed_for_is_signed(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved a;
	AUTO(wish_clear) struct wish w;

	approve(&a, s, &alice, &l);
	wish_make(&w, s, &l);
	wish_with(&w, &a);
	assert_ok(try_sign(s, &w));
}

static void narrower_and_later_than_approved_is_within_it(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved a;
	AUTO(wish_clear) struct wish w;

	approve(&a, s, &alice, &l);
	l.right_count = 1;
	l.not_before_ms += 1000;
	l.expires_ms -= DAY_MS;
	wish_make(&w, s, &l);
	wish_with(&w, &a);
	assert_ok(try_sign(s, &w));
}

static void no_license_is_signed_on_an_entry_alone(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(wish_clear) struct wish w;

	wish_make(&w, s, &l);
	assert_err(try_sign(s, &w), ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "APPROVAL_NEEDED");
}

static void come_sooner(struct license *l)
{
	l->plan = LICENSE_INTERACTIVE;
}

static void a_license_says_nothing_beyond_what_was_approved(void **state)
{
	struct scene *s = *state;
	void (*const changes[])(struct license *) = {move_person,   move_model, move_request,
						     move_terms,    add_right,  last_longer,
						     begin_earlier, come_sooner};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct license l = plain_license(s);
		AUTO(approved_clear) struct approved a;
		AUTO(wish_clear) struct wish w;

		approve(&a, s, &alice, &l);
		changes[i](&l);
		wish_make(&w, s, &l);
		wish_with(&w, &a);
		if (try_sign(s, &w) != ERR_DENIED)
			fail_msg("change %zu was signed", i);
		assert_string_equal(keeper_code(s->keeper), "APPROVAL_NEEDED");
	}
}

/* A limit that was approved and left out would be a wider license; one added, another one. */
static void what_was_approved_and_is_left_out_is_missed(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(json_auto) json_t *subject = subject_of(&l);
	AUTO(approved_clear) struct approved a;
	AUTO(wish_clear) struct wish w;

	json_put(subject, "limits", json_of("[{\"max\":3,\"measure\":\"requests\"}]"));
	approve_as(&a, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
	wish_make(&w, s, &l);
	wish_with(&w, &a);
	assert_err(try_sign(s, &w), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "limits"));
}

static void an_approval_is_one_license_and_no_second_even_after_a_restart(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved a;
	AUTO(wish_clear) struct wish first, second, third;

	approve(&a, s, &alice, &l);
	wish_make(&first, s, &l);
	wish_with(&first, &a);
	assert_ok(try_sign(s, &first));
	wish_make(&second, s, &l);
	wish_with(&second, &a);
	assert_err(try_sign(s, &second), ERR_DENIED);
	keeper_free(s->keeper);
	open_keeper(s);
	wish_make(&third, s, &l);
	wish_with(&third, &a);
	assert_err(try_sign(s, &third), ERR_DENIED);
}

static void stale_future_foreign_and_forged_approvals_count_for_nothing(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(json_auto) json_t *subject = subject_of(&l);
	const int64_t now = s->now.wall_ms;
	const struct {
		const struct signer *by;
		const char *gateway, *kind;
		int64_t at_ms;
		bool forged;
	} rows[] = {
		{&alice, GATEWAY, APPROVAL_LICENSE, now - APPROVAL_SECONDS * 1000LL - 1, false},
		{&alice, GATEWAY, APPROVAL_LICENSE, now + APPROVAL_AHEAD_SECONDS * 1000LL + 1,
		 false},
		{&alice, "else/log", APPROVAL_LICENSE, now, false},
		{&alice, GATEWAY, APPROVAL_GATE, now, false},
		{&alice, GATEWAY, APPROVAL_LICENSE, now, true},
		{&bob, GATEWAY, APPROVAL_LICENSE, now, false}, /* no approver */
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(approved_clear) struct approved a;
		AUTO(wish_clear) struct wish w;

		approve_as(&a, rows[i].by, rows[i].gateway, rows[i].kind, rows[i].at_ms, subject);
		a.approval.signature[0] ^= rows[i].forged;
		wish_make(&w, s, &l);
		wish_with(&w, &a);
		if (try_sign(s, &w) != ERR_DENIED)
			fail_msg("row %zu was signed", i);
	}
}

static void the_same_words_in_another_spelling_are_no_second_approval(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved a;
	AUTO(wish_clear) struct wish w;

	approve(&a, s, &alice, &l);
	buf_write(&a.statement, S(" "));
	a.approval.statement = buf_slice(&a.statement);
	sign_make_in(APPROVAL_DOMAIN, alice.key, a.approval.statement, a.approval.signature);
	wish_make(&w, s, &l);
	wish_with(&w, &a);
	assert_err(try_sign(s, &w), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "canonical"));
}

static void nobody_approves_their_own_license_by_any_of_their_keys(void **state)
{
	struct scene *s = *state;
	struct signer spare = signer_new(ALICE, 0xa2);
	struct signer hers[] = {alice, spare};
	struct license l = plain_license(s);

	enroll_by_hand(s, &spare);
	signer_id(&alice, l.person);
	for (size_t i = 0; i < 2; i++) {
		AUTO(approved_clear) struct approved a;
		AUTO(wish_clear) struct wish w;

		approve(&a, s, &hers[i], &l);
		wish_make(&w, s, &l);
		wish_with(&w, &a);
		assert_err(try_sign(s, &w), ERR_DENIED);
		assert_non_null(strstr(failure_text(), "themselves"));
	}
	signer_clear(&spare);
}

static void set_rule(struct scene *s, const char *model, int needed)
{
	AUTO(json_auto)
	json_t *subject = json_of("{\"model\":\"%s\",\"needed\":%d}", model, needed);
	AUTO(approved_clear) struct approved a;

	approve_as(&a, &alice, GATEWAY, APPROVAL_RULE, s->now.wall_ms, subject);
	assert_ok(act(s, "approver.rule", subject, &a, 1));
}

static void a_model_of_two_needs_two_persons(void **state)
{
	struct scene *s = *state;
	struct signer spare = signer_new(ALICE, 0xa2);
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved by_alice, by_spare, by_bob;
	AUTO(wish_clear) struct wish one, same, two;

	enroll_by_hand(s, &spare);
	enroll_by_hand(s, &bob);
	set_rule(s, "org/model", 2);
	approve(&by_alice, s, &alice, &l);
	approve(&by_spare, s, &spare, &l);
	approve(&by_bob, s, &bob, &l);
	wish_make(&one, s, &l);
	wish_with(&one, &by_alice);
	assert_err(try_sign(s, &one), ERR_DENIED);
	wish_make(&same, s, &l);
	wish_with(&same, &by_alice);
	wish_with(&same, &by_alice);
	wish_with(&same, &by_spare);
	assert_err(try_sign(s, &same), ERR_DENIED);
	wish_make(&two, s, &l);
	wish_with(&two, &by_spare);
	wish_with(&two, &by_bob);
	assert_ok(try_sign(s, &two));
	signer_clear(&spare);
}

/* Settings of the model, signed by alice or by nobody. */
static enum err settings(struct scene *s, const json_t *subject, bool is_signed)
{
	AUTO(approved_clear) struct approved a;

	approve_as(&a, &alice, GATEWAY, APPROVAL_GATE, s->now.wall_ms++, subject);
	return act(s, "model.settings", subject, &a, is_signed);
}

static void licenses_within_a_standing_approval_need_none_each(void **state)
{
	struct scene *s = *state;
	AUTO(json_auto)
	json_t *subject = json_of(
		"{\"criteria\":{\"days\":30,\"rights\":[\"infer:generate\",\"weights:read\"],"
		"\"sha256\":\"none\",\"terms_sha256\":\"" TERMS "\"},\"gate\":\"auto\","
		"\"model\":\"org/model\"}");
	void (*const changes[])(struct license *) = {move_model, move_terms, add_right,
						     last_longer};
	struct license l = plain_license(s);
	AUTO(wish_clear) struct wish before, within;

	assert_err(settings(s, subject, false), ERR_DENIED);
	wish_make(&before, s, &l);
	assert_err(try_sign(s, &before), ERR_DENIED);
	assert_ok(settings(s, subject, true));
	l = plain_license(s);
	wish_make(&within, s, &l);
	assert_ok(try_sign(s, &within));
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct license wider = plain_license(s);
		AUTO(wish_clear) struct wish w;

		changes[i](&wider);
		wish_make(&w, s, &wider);
		if (try_sign(s, &w) != ERR_DENIED)
			fail_msg("change %zu was signed", i);
	}
}

static void a_standing_approval_ends_with_its_gate(void **state)
{
	struct scene *s = *state;
	AUTO(json_auto)
	json_t *subject = json_of(
		"{\"criteria\":{\"days\":30,\"rights\":[\"infer:generate\",\"weights:read\"],"
		"\"sha256\":\"none\",\"terms_sha256\":\"" TERMS "\"},\"gate\":\"auto\","
		"\"model\":\"org/model\"}");
	struct license l;
	AUTO(wish_clear) struct wish w;

	assert_ok(settings(s, subject, true));
	PAYLOAD(s, "{\"gate\":\"manual\",\"model\":\"org/model\"}");
	append(s, "model.settings");
	l = plain_license(s);
	wish_make(&w, s, &l);
	assert_err(try_sign(s, &w), ERR_DENIED);
}

/* An edge that prepares itself before the first approver comes has nothing of it. */
static void a_standing_approval_from_before_the_approvers_is_none(void **state)
{
	struct scene *s = *state;
	struct license l;
	AUTO(wish_clear) struct wish w;

	alice = signer_new(ALICE, 0xa1);
	PAYLOAD(s, "{\"criteria\":{\"days\":30,\"rights\":[\"infer:generate\",\"weights:read\"],"
		   "\"sha256\":\"none\",\"terms_sha256\":\"" TERMS "\"},\"gate\":\"auto\","
		   "\"model\":\"org/model\"}");
	append(s, "model.settings");
	enroll_by_hand(s, &alice);
	l = plain_license(s);
	wish_make(&w, s, &l);
	assert_err(try_sign(s, &w), ERR_DENIED);
	signer_clear(&alice);
}

/* A license signed, to be replaced for its new terms. */
static void sign_old(struct wish *old, struct scene *s, uint8_t signature[SIGN_SIGNATURE])
{
	struct license l = plain_license(s);
	AUTO(approved_clear) struct approved a;

	approve(&a, s, &alice, &l);
	wish_make(old, s, &l);
	wish_with(old, &a);
	assert_ok(try_sign(s, old));
	memcpy(signature, s->signature, SIGN_SIGNATURE);
	old->ask.approval_count = 0;
}

static void wish_replaces(struct wish *w, const struct wish *old,
			  const uint8_t signature[SIGN_SIGNATURE])
{
	w->ask.replaced = buf_slice(&old->document);
	memcpy(w->ask.replaced_signature, signature, SIGN_SIGNATURE);
}

static void new_terms_replace_a_license_once_and_end_it(void **state)
{
	struct scene *s = *state;
	uint8_t signature[SIGN_SIGNATURE];
	AUTO(wish_clear) struct wish old, new, again;
	struct license l;

	sign_old(&old, s, signature);
	l = old.license;
	move_terms(&l);
	wish_make(&new, s, &l);
	wish_replaces(&new, &old, signature);
	assert_ok(try_sign(s, &new));
	wish_make(&again, s, &l);
	wish_replaces(&again, &old, signature);
	assert_err(try_sign(s, &again), ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "LICENSE_REVOKED");
}

static void a_replacement_changes_nothing_but_the_terms(void **state)
{
	struct scene *s = *state;
	void (*const changes[])(struct license *) = {move_person, move_model,  move_request,
						     add_right,   last_longer, begin_earlier};
	uint8_t signature[SIGN_SIGNATURE];
	AUTO(wish_clear) struct wish old, forged;

	sign_old(&old, s, signature);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct license l = old.license;
		AUTO(wish_clear) struct wish w;

		move_terms(&l);
		changes[i](&l);
		wish_make(&w, s, &l);
		wish_replaces(&w, &old, signature);
		if (try_sign(s, &w) != ERR_DENIED)
			fail_msg("change %zu was signed", i);
	}
	signature[0] ^= 1;
	wish_make(&forged, s, &old.license);
	wish_replaces(&forged, &old, signature);
	assert_err(try_sign(s, &forged), ERR_FORGED);
}

/* Suspended for its terms it is lifted by accepting them; for any other cause it is not. */
static void only_a_suspension_for_terms_is_lifted_by_new_ones(void **state)
{
	struct scene *s = *state;

	for (int for_terms = 0; for_terms < 2; for_terms++) {
		uint8_t signature[SIGN_SIGNATURE];
		AUTO(wish_clear) struct wish old, new;
		struct license l;
		char id[TEXT_UUID];

		sign_old(&old, s, signature);
		s->now.wall_ms++; /* the next approval is another one */
		text_uuid(id, old.license.id);
		PAYLOAD(s, "{\"cause\":\"%s\",\"license\":\"%s\"}", for_terms ? "terms" : "misuse",
			id);
		append(s, "license.suspend");
		l = old.license;
		move_terms(&l);
		wish_make(&new, s, &l);
		wish_replaces(&new, &old, signature);
		assert_err(try_sign(s, &new), for_terms ? OK : ERR_DENIED);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, signed_scene_new, signed_scene_free)
	const struct CMUnitTest tests[] = {
		TEST(a_license_that_an_approver_signed_for_is_signed),
		TEST(narrower_and_later_than_approved_is_within_it),
		TEST(no_license_is_signed_on_an_entry_alone),
		TEST(a_license_says_nothing_beyond_what_was_approved),
		TEST(what_was_approved_and_is_left_out_is_missed),
		TEST(an_approval_is_one_license_and_no_second_even_after_a_restart),
		TEST(stale_future_foreign_and_forged_approvals_count_for_nothing),
		TEST(the_same_words_in_another_spelling_are_no_second_approval),
		TEST(nobody_approves_their_own_license_by_any_of_their_keys),
		TEST(a_model_of_two_needs_two_persons),
		TEST(licenses_within_a_standing_approval_need_none_each),
		TEST(a_standing_approval_ends_with_its_gate),
		cmocka_unit_test_setup_teardown(
			a_standing_approval_from_before_the_approvers_is_none, scene_new,
			scene_free),
		TEST(new_terms_replace_a_license_once_and_end_it),
		TEST(a_replacement_changes_nothing_but_the_terms),
		TEST(only_a_suspension_for_terms_is_lifted_by_new_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
