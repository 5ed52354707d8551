/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/facts.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/test.h"

static atomic_uint_fast64_t epoch; /* what the lease would say */

static uint64_t read_epoch(const void *context)
{
	(void)context;
	return atomic_load(&epoch);
}

static struct facts *new_facts(void)
{
	const struct facts_options options = {
		.limits = {.entries = 64, .bytes = 1 << 20, .entry_bytes = 1 << 16},
		.epoch = read_epoch,
	};

	atomic_store(&epoch, 5);
	return facts_new(&options);
}

static const uint8_t credential[STORE_ID] = {9}, person[STORE_ID] = {4};

static struct store_holder holder_named(const char *name)
{
	struct store_holder holder = {
		.person = {.name = slice_of_string(name), .state = S("active")}};

	memcpy(holder.credential.id, credential, STORE_ID);
	return holder;
}

static bool knows_holder(struct facts *f, struct facts_mark mark)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_holder found;

	if (!facts_find_holder(f, &arena, &found, mark, credential))
		return false;
	assert_true(slice_equal(found.person.name, S("ada")));
	return true;
}

static void a_fact_is_known_until_something_changes(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct store_holder ada = holder_named("ada");

	(void)state;
	facts_keep_holder(f, &ada, facts_mark(f));
	assert_true(knows_holder(f, facts_mark(f)));
	atomic_store(&epoch, 6); /* some edge has changed who may do what */
	assert_false(knows_holder(f, facts_mark(f)));
}

static void an_act_of_this_edge_is_seen_before_the_lease_knows(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct store_holder ada = holder_named("ada");

	(void)state;
	facts_keep_holder(f, &ada, facts_mark(f));
	facts_touch(f);
	assert_false(knows_holder(f, facts_mark(f)));
}

static void nothing_is_known_without_a_lease(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct store_holder ada = holder_named("ada");

	(void)state;
	facts_keep_holder(f, &ada, facts_mark(f));
	atomic_store(&epoch, 0);
	assert_false(knows_holder(f, facts_mark(f)));
	facts_keep_holder(f, &ada, facts_mark(f));
	assert_false(knows_holder(f, facts_mark(f)));
}

static void what_was_read_before_a_change_is_not_kept_after_it(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct store_holder ada = holder_named("ada");
	struct facts_mark before = facts_mark(f);

	(void)state;
	facts_touch(f);
	facts_keep_holder(f, &ada, before);
	assert_false(knows_holder(f, facts_mark(f)));
	assert_false(knows_holder(f, before));
}

static void a_request_that_was_overtaken_asks_the_database(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct store_holder ada = holder_named("ada");
	struct facts_mark mark = facts_mark(f);

	(void)state;
	facts_keep_holder(f, &ada, mark);
	atomic_store(&epoch, 6);
	assert_false(knows_holder(f, mark));
}

static struct store_access_question question_of(const char *model, const char *revision,
						const char *path)
{
	struct store_access_question q = {.model = slice_of_string(model),
					  .revision = slice_of_string(revision),
					  .path = slice_of_string(path)};

	memcpy(q.person, person, STORE_ID);
	return q;
}

static void another_question_has_another_answer(void **state)
{
	static const char *const others[][3] = {{"m", "r", "q"}, {"m", "s", "p"}, {"n", "r", "p"},
						{"m", "rp", ""}, {"mr", "", "p"}, {"m", "", "rp"}};
	AUTO(facts_auto) struct facts *f = new_facts();
	AUTO(arena_free) struct arena arena = {0};
	const struct store_access none = {0};
	struct store_access_question q = question_of("m", "r", "p");
	struct store_access found;

	(void)state;
	facts_keep_access(f, &none, facts_mark(f), &q);
	assert_true(facts_find_access(f, &arena, &found, facts_mark(f), &q));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		q = question_of(others[i][0], others[i][1], others[i][2]);
		assert_false(facts_find_access(f, &arena, &found, facts_mark(f), &q));
	}
	q = question_of("m", "r", "p");
	q.person[0]++;
	assert_false(facts_find_access(f, &arena, &found, facts_mark(f), &q));
}

/* Every text of what is kept must be a copy: the rows come from a request's arena. */
static void access_facts_outlive_the_request_that_read_them(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	AUTO(arena_free) struct arena arena = {0};
	struct store_access_question q = question_of("m", "", "");
	char text[] = "text";
	struct slice t = slice_of_string(text);
	struct store_license license = {.rights = t,
					.document = t,
					.state = t,
					.limits = t,
					.regions = t,
					.uses = t,
					.requires = t};
	struct store_access a = {.model = {.name = t, .state = t, .gate = t, .main = t},
				 .revision = {.id = t, .state = t, .title = t},
				 .file = {.path = t, .header = t},
				 .request_state = t,
				 .licenses = &license,
				 .license_count = 1};
	struct store_access found;

	(void)state;
	facts_keep_access(f, &a, facts_mark(f), &q);
	memset(text, 'x', 4);
	memset(&license, 0, sizeof license);
	assert_true(facts_find_access(f, &arena, &found, facts_mark(f), &q));
	t = S("text");
	assert_true(slice_equal(found.model.name, t) && slice_equal(found.model.state, t) &&
		    slice_equal(found.model.gate, t) && slice_equal(found.model.main, t));
	assert_true(slice_equal(found.revision.id, t) && slice_equal(found.revision.title, t));
	assert_true(slice_equal(found.file.path, t) && slice_equal(found.file.header, t));
	assert_true(slice_equal(found.request_state, t));
	assert_true(slice_equal(found.licenses[0].document, t) &&
		    slice_equal(found.licenses[0].rights, t) &&
		    slice_equal(found.licenses[0].state, t));
	assert_true(slice_equal(found.licenses[0].limits, t) &&
		    slice_equal(found.licenses[0].regions, t) &&
		    slice_equal(found.licenses[0].uses, t) &&
		    slice_equal(found.licenses[0].requires, t));
}

static void a_token_is_known_as_long_as_the_keeper_lives(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	const struct token token = {.expires_seconds = 77};
	struct token found;

	(void)state;
	facts_keep_token(f, &token, 3, S("hf_text"));
	facts_touch(f);
	atomic_store(&epoch, 0); /* its signature stays good, whatever the lease says */
	assert_true(facts_find_token(f, &found, 3, S("hf_text")));
	assert_int_equal(found.expires_seconds, 77);
	assert_false(facts_find_token(f, &found, 3, S("hf_texT")));
	assert_false(facts_find_token(f, &found, 4, S("hf_text")));
	facts_keep_token(f, &token, 0, S("hf_other"));
	assert_false(facts_find_token(f, &found, 0, S("hf_other")));
}

static void an_answer_is_for_one_topic(void **state)
{
	AUTO(facts_auto) struct facts *f = new_facts();
	AUTO(arena_free) struct arena arena = {0};
	const struct facts_answer answer = {.revision = S("abc"), .body = S("{}")};
	struct facts_topic topic = {.route = S("model"), .person = person, .model = S("m")};
	struct facts_answer found;

	(void)state;
	facts_keep_answer(f, &answer, facts_mark(f), &topic);
	assert_true(facts_find_answer(f, &arena, &found, facts_mark(f), &topic));
	assert_true(slice_equal(found.body, S("{}")) && slice_equal(found.revision, S("abc")));
	topic.person = credential;
	assert_false(facts_find_answer(f, &arena, &found, facts_mark(f), &topic));
}

/* A small world: a truth that an act changes, and whoever asks after the act was answered must not
 * be told of an older truth. */
static struct facts *world;
static atomic_uint_fast64_t truth, answered;

static void *act(void *by_lease)
{
	for (uint64_t i = 1; i <= 3000; i++) {
		atomic_store(&truth, i);
		if (by_lease)
			atomic_fetch_add(&epoch, 1);
		else
			facts_touch(world);
		atomic_store(&answered, i);
	}
	return NULL;
}

static void *ask(void *unused)
{
	while (atomic_load(&answered) < 3000) {
		AUTO(arena_free) struct arena arena = {0};
		uint64_t least = atomic_load(&answered);
		struct facts_mark mark = facts_mark(world);
		struct store_holder found = {0};

		if (!facts_find_holder(world, &arena, &found, mark, credential)) {
			found = (struct store_holder){0};
			memcpy(found.credential.id, credential, STORE_ID);
			found.person.created_ms = (int64_t)atomic_load(&truth);
			facts_keep_holder(world, &found, mark);
		}
		assert_true((uint64_t)found.person.created_ms >= least);
	}
	return unused;
}

static void play(bool by_lease)
{
	AUTO(facts_auto) struct facts *f = world = new_facts();
	pthread_t threads[4];

	atomic_store(&truth, 0);
	atomic_store(&answered, 0);
	for (int i = 1; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, act, by_lease ? f : NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void no_thread_is_told_of_an_older_truth(void **state)
{
	(void)state;
	play(false);
	play(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fact_is_known_until_something_changes),
		cmocka_unit_test(an_act_of_this_edge_is_seen_before_the_lease_knows),
		cmocka_unit_test(nothing_is_known_without_a_lease),
		cmocka_unit_test(what_was_read_before_a_change_is_not_kept_after_it),
		cmocka_unit_test(a_request_that_was_overtaken_asks_the_database),
		cmocka_unit_test(another_question_has_another_answer),
		cmocka_unit_test(access_facts_outlive_the_request_that_read_them),
		cmocka_unit_test(a_token_is_known_as_long_as_the_keeper_lives),
		cmocka_unit_test(an_answer_is_for_one_topic),
		cmocka_unit_test(no_thread_is_told_of_an_older_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
