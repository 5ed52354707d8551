/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/license.h"
#include "gateway/engine/passes.h"
#include "inference/batch.h"

static const struct wire_engine_serves mine = {{(const uint8_t *)"m", 1},
					       {(const uint8_t *)"r", 1}};

static void add(struct passes *p, uint64_t number, int64_t now_ms)
{
	passes_add(p,
		   &(struct wire_engine_pass){.pass = number,
					      .model = S("m"),
					      .right = S("infer:generate"),
					      .payer = {1},
					      .lasts_seconds = 100},
		   now_ms);
}

static void a_pass_ends_after_a_minute_and_is_renewed_by_a_new_one(void **state)
{
	struct passes *p = passes_new();

	(void)state;
	passes_serve(p, &mine);
	add(p, 7, 1000);
	assert_ok(passes_check(p, 7, S("infer:generate"), 60999));
	assert_err(passes_check(p, 7, S("infer:generate"), 61000), ERR_EXPIRED);
	assert_err(passes_check(p, 8, S("infer:generate"), 1000), ERR_NOT_FOUND);
	add(p, 7, 61000);
	assert_ok(passes_check(p, 7, S("infer:generate"), 61000));
	passes_free(p);
}

static void a_pass_that_comes_before_any_key_is_none(void **state)
{
	struct passes *p = passes_new();

	(void)state;
	add(p, 7, 1000);
	assert_err(passes_check(p, 7, S("infer:generate"), 1000), ERR_NOT_FOUND);
	assert_err(passes_check_load(p, S("m"), S("r")), ERR_DENIED);
	passes_free(p);
}

static void keys_for_two_revisions_spoil_the_engine(void **state)
{
	struct wire_engine_serves other = mine;
	struct passes *p = passes_new();

	(void)state;
	other.revision = S("r2");
	passes_serve(p, &mine);
	passes_serve(p, &mine);
	assert_ok(passes_check_load(p, S("m"), S("r")));
	passes_serve(p, &other);
	assert_err(passes_check_load(p, S("m"), S("r")), ERR_DENIED);
	assert_err(passes_check_load(p, S("m"), S("r2")), ERR_DENIED);
	add(p, 7, 1000);
	assert_err(passes_check(p, 7, S("infer:generate"), 1000), ERR_NOT_FOUND);
	passes_free(p);
}

static void more_passes_than_there_is_room_for_drop_the_oldest(void **state)
{
	struct passes *p = passes_new();

	(void)state;
	passes_serve(p, &mine);
	for (uint64_t i = 0; i <= PASSES_MAX; i++)
		add(p, i, (int64_t)i + 1);
	assert_err(passes_check(p, 0, S("infer:generate"), 10), ERR_NOT_FOUND);
	assert_ok(passes_check(p, 1, S("infer:generate"), 10));
	assert_ok(passes_check(p, PASSES_MAX, S("infer:generate"), 10));
	passes_free(p);
}

static void an_adapter_is_one_that_the_keeper_named_for_this_model(void **state)
{
	struct wire_engine_adapts named = {.model = S("m"), .adapter = {1}};
	struct wire_engine_adapts foreign = {.model = S("other"), .adapter = {2}};
	struct passes *p = passes_new();

	(void)state;
	passes_adapt(p, &named); /* before the engine serves anything */
	assert_err(passes_check_adapter(p, named.adapter), ERR_DENIED);
	passes_serve(p, &mine);
	passes_adapt(p, &foreign);
	assert_err(passes_check_adapter(p, foreign.adapter), ERR_DENIED);
	passes_adapt(p, &named);
	assert_ok(passes_check_adapter(p, named.adapter));
	for (uint8_t i = 0; i < PASSES_ADAPTERS; i++)
		passes_adapt(p, &(struct wire_engine_adapts){S("m"), {3, i}});
	assert_err(passes_check_adapter(p, named.adapter), ERR_DENIED); /* long ago */
	passes_free(p);
}

static void what_a_license_has_read_ends_with_it_or_some_minutes_after_its_last_pass(void **state)
{
	struct passes *p = passes_new();
	uint8_t payer[WIRE_ID];
	struct wire_engine_pass pass = {.pass = 8,
					.model = S("m"),
					.right = S("infer:generate"),
					.payer = {2},
					.lasts_seconds = 3600};

	(void)state;
	passes_serve(p, &mine);
	add(p, 7, 1000); /* a license that lasts for 100 s more */
	passes_add(p, &pass, 1000);
	assert_false(passes_ended(p, payer, 100999));
	assert_true(passes_ended(p, payer, 101000));
	assert_int_equal(payer[0], 1);
	assert_false(passes_ended(p, payer, PASSES_KEPT_MS + 999));
	passes_add(p, &pass, 500000); /* it is used again */
	assert_false(passes_ended(p, payer, PASSES_KEPT_MS + 1000));
	assert_true(passes_ended(p, payer, PASSES_KEPT_MS + 500000));
	assert_int_equal(payer[0], 2);
	assert_false(passes_ended(p, payer, INT64_MAX));
	passes_free(p);
}

static void a_sequence_is_its_passes_license(void **state)
{
	struct passes *p = passes_new();
	struct batch_owner owner;

	(void)state;
	passes_serve(p, &mine);
	add(p, 7, 1000);
	passes_owner(p, 7, &owner);
	assert_int_equal(owner.payer[0], 1);
	passes_owner(p, 8, &owner);
	assert_int_equal(owner.payer[0], 0); /* nobody's: nothing is kept */
	passes_free(p);
}

/* The keeper names the plan; what it is not known to name waits with the rest. */
static void a_sequence_has_the_priority_of_its_licenses_plan(void **state)
{
	static const struct {
		uint8_t plan;
		enum fair_priority priority;
	} rows[] = {{LICENSE_STANDARD, FAIR_NORMAL},
		    {LICENSE_BATCH, FAIR_LOW},
		    {LICENSE_INTERACTIVE, FAIR_HIGH},
		    {200, FAIR_NORMAL}};
	struct passes *p = passes_new();
	struct batch_owner owner;

	(void)state;
	passes_serve(p, &mine);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		passes_add(p,
			   &(struct wire_engine_pass){.pass = i,
						      .model = S("m"),
						      .right = S("infer:generate"),
						      .payer = {1},
						      .lasts_seconds = 100,
						      .plan = rows[i].plan},
			   1000);
		passes_owner(p, i, &owner);
		assert_int_equal(owner.priority, rows[i].priority);
	}
	passes_owner(p, 99, &owner);
	assert_int_equal(owner.priority, FAIR_NORMAL);
	passes_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_a_license_has_read_ends_with_it_or_some_minutes_after_its_last_pass),
		cmocka_unit_test(a_sequence_has_the_priority_of_its_licenses_plan),
		cmocka_unit_test(a_sequence_is_its_passes_license),
		cmocka_unit_test(a_pass_ends_after_a_minute_and_is_renewed_by_a_new_one),
		cmocka_unit_test(a_pass_that_comes_before_any_key_is_none),
		cmocka_unit_test(keys_for_two_revisions_spoil_the_engine),
		cmocka_unit_test(more_passes_than_there_is_room_for_drop_the_oldest),
		cmocka_unit_test(an_adapter_is_one_that_the_keeper_named_for_this_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
