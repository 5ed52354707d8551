/* SPDX-License-Identifier: Apache-2.0 */
/* One statement for several persons: a license for each of them, and for nobody else. */
#include "tests/unit/gateway/keeper/license_scene.h"

#define DAVE "00000000-0000-0000-0000-0000000000da"
#define ERIN "00000000-0000-0000-0000-0000000000e1"
#define BOTH "[\"" CAROL "\",\"" DAVE "\"]"

/* The statement of a request with others beside carol: "persons" in place of "person". */
static json_t *subject_of_several(const struct license *l, const char *persons)
{
	AUTO(json_auto) json_t *list = json_of("{\"persons\":%s}", persons);
	json_t *subject = subject_of(l);

	json_object_del(subject, "person");
	assert_int_equal(json_object_update(subject, list), 0);
	return subject;
}

static enum err sign_for(struct scene *s, struct license l, const struct approved *a,
			 const char *person)
{
	AUTO(wish_clear) struct wish w;

	assert_ok(text_read_uuid(l.person, slice_of_string(person)));
	wish_make(&w, s, &l);
	wish_with(&w, a);
	return try_sign(s, &w);
}

static void a_statement_for_several_is_one_license_for_each_even_after_a_restart(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(json_auto) json_t *subject = subject_of_several(&l, BOTH);
	AUTO(approved_clear) struct approved a;

	approve_as(&a, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
	assert_ok(sign_for(s, l, &a, CAROL));
	assert_err(sign_for(s, l, &a, CAROL), ERR_DENIED);
	s->now.wall_ms += 6LL * DAY_MS;
	keeper_free(s->keeper);
	open_keeper(s);
	assert_err(sign_for(s, l, &a, CAROL), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "used already"));
	assert_err(sign_for(s, l, &a, ERIN), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "none of those"));
	assert_ok(sign_for(s, l, &a, DAVE));
	assert_err(sign_for(s, l, &a, DAVE), ERR_DENIED);
}

static void a_statement_for_several_is_as_strict_and_as_short_as_any(void **state)
{
	struct scene *s = *state;
	void (*const changes[])(struct license *) = {move_model, move_request, move_terms,
						     add_right,  last_longer,  begin_earlier};
	struct license l = plain_license(s);
	AUTO(json_auto) json_t *subject = subject_of_several(&l, BOTH);
	AUTO(approved_clear) struct approved a;

	approve_as(&a, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct license wider = l;

		changes[i](&wider);
		if (sign_for(s, wider, &a, DAVE) != ERR_DENIED)
			fail_msg("change %zu was signed", i);
	}
	assert_ok(sign_for(s, l, &a, CAROL));
	s->now.wall_ms += APPROVAL_SECONDS * 1000LL + 1;
	assert_err(sign_for(s, l, &a, DAVE), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "days ago"));
}

/* Named twice is licensed once; no list at all, an odd one, or one beside a person is nobody. */
static void a_list_of_persons_cannot_be_bent(void **state)
{
	struct scene *s = *state;
	static const char *const odd[] = {"[]",      "\"" CAROL "\"",        "{}", "null", "[1]",
					  "[\"*\"]", "[\"" CAROL "\",\"*\"]"};
	struct license l = plain_license(s);
	AUTO(json_auto) json_t *twice = subject_of_several(&l, "[\"" CAROL "\",\"" CAROL "\"]");
	AUTO(json_auto) json_t *beside = subject_of(&l);
	AUTO(approved_clear) struct approved a, b;

	approve_as(&a, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, twice);
	assert_ok(sign_for(s, l, &a, CAROL));
	assert_err(sign_for(s, l, &a, CAROL), ERR_DENIED);
	json_put(beside, "persons", json_of(BOTH));
	approve_as(&b, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, beside);
	assert_err(sign_for(s, l, &b, CAROL), ERR_DENIED);
	assert_err(sign_for(s, l, &b, DAVE), ERR_DENIED);
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		AUTO(json_auto) json_t *subject = subject_of_several(&l, odd[i]);
		AUTO(approved_clear) struct approved c;

		approve_as(&c, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
		if (sign_for(s, l, &c, CAROL) != ERR_DENIED)
			fail_msg("list %zu was signed for", i);
	}
}

static void nobody_signs_for_others_beside_themselves(void **state)
{
	struct scene *s = *state;
	struct license l = plain_license(s);
	AUTO(json_auto)
	json_t *subject = subject_of_several(&l, "[\"" CAROL "\",\"" ALICE "\"]");
	AUTO(approved_clear) struct approved by_alice, by_bob;

	enroll_by_hand(s, &bob);
	approve_as(&by_alice, &alice, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
	approve_as(&by_bob, &bob, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
	assert_err(sign_for(s, l, &by_alice, CAROL), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "themselves"));
	assert_ok(sign_for(s, l, &by_bob, CAROL));
	assert_ok(sign_for(s, l, &by_bob, ALICE));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, signed_scene_new, signed_scene_free)
	const struct CMUnitTest tests[] = {
		TEST(a_statement_for_several_is_one_license_for_each_even_after_a_restart),
		TEST(a_statement_for_several_is_as_strict_and_as_short_as_any),
		TEST(a_list_of_persons_cannot_be_bent),
		TEST(nobody_signs_for_others_beside_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
