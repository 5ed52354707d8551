/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_policy.c - whose cosignatures count, and how many. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/log_policy.h"

enum { PARTIES = 4 }; /* 0: the log, 1..3: witnesses */

static struct sign_key *keys[PARTIES];
static char *vkeys[PARTIES];
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	for (int i = 0; i < PARTIES; i++) {
		AUTO(buf_free) struct buf text = buf_new(NOTE_VKEY_MAX);
		uint8_t seed[SIGN_SEED] = {(uint8_t)(i + 1)}, public_key[SIGN_PUBLIC];
		struct note_key key;

		assert_ok(sign_key_from_seed(&keys[i], slice_of(seed, sizeof seed)));
		sign_key_public(keys[i], public_key);
		assert_ok(note_key_make(&key,
					i ? slice_of_string(arena_printf(&arena, "w.example/%d", i))
					  : S("log.example/log"),
					i ? NOTE_COSIGNATURE : NOTE_ED25519, public_key));
		note_key_write(&text, &key);
		vkeys[i] = arena_string(&arena, buf_slice(&text));
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int i = 0; i < PARTIES; i++)
		sign_key_free(keys[i]);
	arena_free(&arena);
	return 0;
}

/* A checkpoint with the cosignatures of these witnesses (bit 1: witness 1 ...). */
static struct slice cosigned(unsigned witnesses)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX), note = buf_new(NOTE_MAX);
	struct checkpoint c = {S("log.example/log"), 700, digest_of(S("root"))};

	checkpoint_write(&text, &c);
	assert_ok(note_sign(&note, buf_slice(&text), c.origin, keys[0]));
	for (int i = 1; i < PARTIES; i++)
		if (witnesses >> i & 1)
			assert_ok(note_cosign(
				&note, buf_slice(&text),
				slice_of_string(arena_printf(&arena, "w.example/%d", i)),
				1700000000, keys[i]));
	return arena_copy(&arena, buf_slice(&note));
}

static struct slice policy_text(const char *tail)
{
	return slice_of_string(
		arena_printf(&arena,
			     "# ours\n\nlog %s https://log.example/log\nwitness A %s https://a\n"
			     "witness B\t%s\nwitness C %s\n%s",
			     vkeys[0], vkeys[1], vkeys[2], vkeys[3], tail));
}

static void a_quorum_counts_witnesses_and_groups(void **state)
{
	static const struct {
		const char *tail;
		unsigned witnesses; /* bits as for cosigned() */
		enum err result;
	} rows[] = {
		{"quorum none\n", 0, OK},
		{"quorum A\n", 2, OK},
		{"quorum A\n", 4, ERR_DENIED},
		{"group g any A B C\nquorum g", 8, OK},
		{"group g any A B C\nquorum g\n", 0, ERR_DENIED},
		{"group g all A B\nquorum g\n", 2 | 4, OK},
		{"group g all A B\nquorum g\n", 2 | 8, ERR_DENIED},
		{"group g 2 A B C\nquorum g\n", 4 | 8, OK},
		{"group g 2 A B C\nquorum g\n", 8, ERR_DENIED},
		{"group in any A B\ngroup out all in C\nquorum out\n", 4 | 8, OK},
		{"group in any A B\ngroup out all in C\nquorum out\n", 2 | 4, ERR_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct log_policy policy;
		struct checkpoint c;
		uint64_t seen;

		assert_ok(log_policy_parse(&policy, &arena, policy_text(rows[i].tail)));
		assert_int_equal(log_policy_check(&c, &seen, &policy, cosigned(rows[i].witnesses)),
				 rows[i].result);
		assert_int_equal(c.size, 700);
		assert_int_equal(seen, rows[i].witnesses >> 1);
	}
}

static void a_wrong_cosignature_of_a_known_witness_is_told(void **state)
{
	struct slice note = cosigned(2), forged = cosigned(0);
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	struct log_policy policy;
	struct checkpoint c;
	struct checkpoint other = {S("log.example/log"), 701, digest_of(S("root"))};

	(void)state;
	assert_ok(log_policy_parse(&policy, &arena, policy_text("quorum none\n")));
	buf_write(&text, forged);
	{ /* the line of another checkpoint */
		AUTO(buf_free) struct buf there = buf_new(NOTE_MAX);

		checkpoint_write(&there, &other);
		assert_ok(note_cosign(&text, buf_slice(&there), S("w.example/1"), 1700000000,
				      keys[1]));
	}
	assert_int_equal(log_policy_check(&c, NULL, &policy, buf_slice(&text)), ERR_FORGED);
	assert_ok(log_policy_check(&c, NULL, &policy, note));
}

static void a_checkpoint_of_another_log_is_not_found(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX), note = buf_new(NOTE_MAX);
	struct checkpoint c = {S("other.example/log"), 7, digest_of(S("root"))}, out;
	struct log_policy policy;

	(void)state;
	checkpoint_write(&text, &c);
	assert_ok(note_sign(&note, buf_slice(&text), c.origin, keys[0]));
	assert_ok(log_policy_parse(&policy, &arena, policy_text("quorum none\n")));
	assert_int_equal(log_policy_check(&out, NULL, &policy, buf_slice(&note)), ERR_NOT_FOUND);
}

static void a_faulty_policy_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *tail, *why;
	} rows[] = {
		{"", "quorum"},
		{"quorum none\nquorum A\n", "line 8"},
		{"quorum D\n", "line 7"},
		{"group g 0 A\nquorum g\n", "line 7"},
		{"group g 3 A B\nquorum g\n", "line 7"},
		{"group g any A A\nquorum g\n", "line 7"},
		{"group g any h\ngroup h any A\nquorum g\n", "line 7"},
		{"group g any g\nquorum g\n", "line 7"},
		{"group A any B\nquorum A\n", "line 7"},
		{"group none any B\nquorum none\n", "line 7"},
		{"group g any\nquorum g\n", "line 7"},
		{"witness D x+00000000+AA\nquorum D\n", "line 7: note key"},
		{"wittness D\nquorum none\n", "line 7"},
	};
	struct log_policy policy;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(log_policy_parse(&policy, &arena, policy_text(rows[i].tail)),
				 ERR_FORMAT);
		assert_non_null(strstr(failure_text(), rows[i].why));
	}
}

static void one_key_is_not_two_witnesses(void **state)
{
	const char *twice = arena_printf(&arena, "witness D %s\nquorum none\n", vkeys[1]);
	const char *log_as_witness = arena_printf(&arena, "witness D %s\nquorum none\n", vkeys[0]);
	struct log_policy policy;

	(void)state;
	assert_int_equal(log_policy_parse(&policy, &arena, policy_text(twice)), ERR_FORMAT);
	assert_int_equal(log_policy_parse(&policy, &arena, policy_text(log_as_witness)),
			 ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quorum_counts_witnesses_and_groups),
		cmocka_unit_test(a_wrong_cosignature_of_a_known_witness_is_told),
		cmocka_unit_test(a_checkpoint_of_another_log_is_not_found),
		cmocka_unit_test(a_faulty_policy_is_refused_with_its_line),
		cmocka_unit_test(one_key_is_not_two_witnesses),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
