/* SPDX-License-Identifier: Apache-2.0 */
/* test_witness.c - a real witness in a real directory, and a log that is honest or is not. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/add_checkpoint.h"
#include "crypto/base/file.h"
#include "gateway/witness/witness.h"
#include "gateway/witness/witness_files.h"

#define ORIGIN "log.example/log"

enum { LEAVES = 40, NOW = 1700000000 };

/* A log in memory: leaf i of history h is "h/i", but both histories begin with the same `shared`
 * leaves. */
struct scene {
	char directory[64];
	struct witness *witness;
	struct sign_key *log, *stranger;
	struct note_key id;
	struct witness_answer answer;
};

static struct digest leaf(int history, uint64_t i)
{
	char text[32];

	snprintf(text, sizeof text, "%d/%d", i < 10 ? 0 : history, (int)i);
	return merkle_leaf(slice_of_string(text));
}

static struct digest root_of(int history, uint64_t from, uint64_t to)
{
	struct merkle_frontier f = {.size = 0};

	for (uint64_t i = from; i < to; i++) {
		struct digest one = leaf(history, i);

		merkle_append(&f, &one);
	}
	return merkle_root(&f);
}

/* RFC 6962 section 2.1.2, as it stands there: SUBPROOF(m, D[from:to], whole). */
static void prove(struct merkle_proof *out, int history, uint64_t m, uint64_t from, uint64_t to,
		  bool whole)
{
	uint64_t n = to - from, k = 1;

	if (m == n) {
		if (!whole)
			out->nodes[out->count++] = root_of(history, from, to);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	if (m <= k) {
		prove(out, history, m, from, from + k, whole);
		out->nodes[out->count++] = root_of(history, from + k, to);
	} else {
		prove(out, history, m - k, from + k, to, false);
		out->nodes[out->count++] = root_of(history, from, from + k);
	}
}

static void sign_checkpoint(struct buf *note, const char *origin, int history, uint64_t size,
			    const struct sign_key *key)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	struct checkpoint c = {slice_of_string(origin), size, root_of(history, 0, size)};

	checkpoint_write(&text, &c);
	assert_ok(note_sign(note, buf_slice(&text), c.origin, key));
}

struct ask {
	const char *origin;
	int history;
	uint64_t old, size;
	bool by_stranger;
	bool without_proof;
};

static unsigned post(struct scene *s, struct slice body)
{
	witness_add_checkpoint(s->witness, &s->answer, body, NOW);
	return s->answer.status;
}

static void write_ask(struct buf *body, const struct scene *s, struct ask a)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct merkle_proof proof = {.count = 0};

	sign_checkpoint(&note, a.origin ? a.origin : ORIGIN, a.history, a.size,
			a.by_stranger ? s->stranger : s->log);
	if (a.old > 0 && a.old < a.size && !a.without_proof)
		prove(&proof, a.history, a.old, 0, a.size, true);
	add_checkpoint_write(body, a.old, &proof, buf_slice(&note));
}

static unsigned add(struct scene *s, struct ask a)
{
	AUTO(buf_free) struct buf body = buf_new(ADD_CHECKPOINT_MAX);

	write_ask(&body, s, a);
	return post(s, buf_slice(&body));
}

static void vkey_of(struct buf *out, const struct sign_key *key)
{
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key id;

	sign_key_public(key, public_key);
	assert_ok(note_key_make(&id, S(ORIGIN), NOTE_ED25519, public_key));
	note_key_write(out, &id);
}

static int begin(void **state)
{
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX), log = buf_new(NOTE_VKEY_MAX);
	struct scene *s = calloc(1, sizeof *s);

	snprintf(s->directory, sizeof s->directory, "/tmp/test_witness.XXXXXX");
	assert_non_null(mkdtemp(s->directory));
	assert_ok(sign_key_random(&s->log));
	assert_ok(sign_key_random(&s->stranger));
	assert_ok(witness_init(&vkey, s->directory, S("w.example/one")));
	assert_ok(note_key_parse(&s->id, buf_slice(&vkey)));
	vkey_of(&log, s->log);
	assert_ok(witness_log_add(s->directory, buf_slice(&log), S("https://log.example/log")));
	assert_ok(witness_open(&s->witness, s->directory));
	s->answer.body = buf_new(WITNESS_MAX_ANSWER);
	*state = s;
	return 0;
}

static void remove_file(const struct scene *s, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", s->directory, name);
	(void)unlink(path);
	(void)rmdir(path);
}

static void state_path(char out[256], const char *suffix)
{
	char name[WITNESS_STATE_NAME];

	witness_state_name(name, S(ORIGIN));
	snprintf(out, 256, "state/%s%s", name, suffix);
}

static int end(void **state)
{
	struct scene *s = *state;
	char path[256];

	witness_free(s->witness);
	sign_key_free(s->log);
	sign_key_free(s->stranger);
	buf_free(&s->answer.body);
	state_path(path, "");
	remove_file(s, path);
	state_path(path, ".size");
	remove_file(s, path);
	for (size_t i = 0; i < 5; i++)
		remove_file(s, (const char *[]){"state", "key", "vkey", "logs", ""}[i]);
	free(s);
	return 0;
}

/* The answer is a cosignature line of our witness under this checkpoint. */
static void assert_cosigned(const struct scene *s, int history, uint64_t size)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct slice text;

	sign_checkpoint(&note, ORIGIN, history, size, s->log);
	buf_write(&note, buf_slice(&s->answer.body));
	assert_ok(note_verify(&text, buf_slice(&note), &s->id, 1));
}

static void a_log_that_grows_is_cosigned(void **state)
{
	struct scene *s = *state;

	for (uint64_t old = 0, size = 1; size < LEAVES; old = size, size += 3) {
		assert_int_equal(add(s, (struct ask){.old = old, .size = size}), 200);
		assert_cosigned(s, 0, size);
		/* and again, as after an answer that was lost */
		assert_int_equal(add(s, (struct ask){.old = size, .size = size}), 200);
	}
}

static void each_fault_has_its_status(void **state)
{
	static const struct {
		const char *why;
		struct ask ask;
		unsigned status;
		const char *body; /* NULL: whatever */
	} rows[] = {
		{"unknown log", {.origin = "other.example/log", .old = 20, .size = 30}, 404, NULL},
		{"wrong key", {.old = 20, .size = 30, .by_stranger = true}, 403, NULL},
		{"old is larger", {.old = 30, .size = 25}, 400, NULL},
		{"old is not ours", {.old = 10, .size = 30}, 409, "20\n"},
		{"as if new", {.old = 0, .size = 30}, 409, "20\n"},
		{"shorter log", {.old = 15, .size = 15}, 409, "20\n"},
		{"same size, other root", {.history = 1, .old = 20, .size = 20}, 409, "20\n"},
		{"a fork", {.history = 1, .old = 20, .size = 30}, 422, NULL},
		{"no proof", {.old = 20, .size = 30, .without_proof = true}, 422, NULL},
		{"good", {.old = 20, .size = 30}, 200, NULL},
	};
	struct scene *s = *state;

	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (add(s, rows[i].ask) != rows[i].status)
			fail_msg("%s: %u: %s", rows[i].why, s->answer.status,
				 buf_string(&s->answer.body));
		if (!rows[i].body)
			continue;
		assert_string_equal(s->answer.content_type, "text/x.tlog.size");
		assert_slice(buf_slice(&s->answer.body), rows[i].body);
	}
}

static void a_fork_made_of_true_proofs_is_refused(void **state)
{
	AUTO(buf_free) struct buf body = buf_new(ADD_CHECKPOINT_MAX), note = buf_new(NOTE_MAX);
	struct merkle_proof proof = {.count = 0};
	struct scene *s = *state;

	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	prove(&proof, 0, 20, 0, 30, true); /* of the honest history */
	sign_checkpoint(&note, ORIGIN, 1, 30, s->log);
	add_checkpoint_write(&body, 20, &proof, buf_slice(&note));
	assert_int_equal(post(s, buf_slice(&body)), 422);
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const bodies[] = {
		"",
		"old",
		"old 0",
		"old 0\n",
		"old 0\n\n",
		"old -1\n\n",
		"old 01\n\nx\n",
		"old 0\nAAAA\n\nlog.example/log\n1\nAAAA\n\n",
		"size 0\n\n",
		"\n",
	};
	AUTO(buf_free) struct buf many = buf_new(ADD_CHECKPOINT_MAX), note = buf_new(NOTE_MAX);
	struct merkle_proof proof = {.count = 64};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		assert_int_equal(post(s, slice_of_string(bodies[i])), 400);
	sign_checkpoint(&note, ORIGIN, 0, 5, s->log);
	add_checkpoint_write(&many, 0, &proof, buf_slice(&note));
	assert_int_equal(post(s, buf_slice(&many)), 400); /* 64 lines; 63 are the most */
}

static void reopen(struct scene *s, enum err expected)
{
	witness_free(s->witness);
	s->witness = NULL;
	assert_int_equal(witness_open(&s->witness, s->directory), expected);
}

static void it_remembers_over_a_restart(void **state)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	char name[WITNESS_STATE_NAME];
	struct scene *s = *state;
	struct slice text;

	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	reopen(s, OK);
	assert_int_equal(add(s, (struct ask){.history = 1, .old = 0, .size = 30}), 409);
	witness_state_name(name, S(ORIGIN));
	assert_ok(witness_read(s->witness, &note, slice_of_string(name)));
	assert_ok(note_verify(&text, buf_slice(&note), &s->id, 1));
	assert_int_equal(witness_read(s->witness, &note, S("../key")), ERR_NOT_FOUND);
	assert_int_equal(witness_read(s->witness, &note, S("00")), ERR_NOT_FOUND);
}

static void a_state_put_back_is_noticed(void **state)
{
	AUTO(buf_free) struct buf before = buf_new(NOTE_MAX);
	AUTO(file_close) int directory = -1;
	struct scene *s = *state;
	char path[256];

	state_path(path, "");
	assert_ok(file_open_directory(&directory, AT_FDCWD, s->directory));
	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	assert_ok(file_read(&before, directory, path));
	assert_int_equal(add(s, (struct ask){.old = 20, .size = 30}), 200);
	assert_ok(file_write_atomic(directory, path, buf_slice(&before), 0644));
	assert_int_equal(add(s, (struct ask){.history = 1, .old = 20, .size = 33}), 500);
	reopen(s, ERR_FORGED);
}

static void a_state_not_of_its_own_is_refused(void **state)
{
	AUTO(buf_free) struct buf forged = buf_new(NOTE_MAX);
	AUTO(file_close) int directory = -1;
	struct scene *s = *state;
	char path[256];

	state_path(path, "");
	assert_ok(file_open_directory(&directory, AT_FDCWD, s->directory));
	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	sign_checkpoint(&forged, ORIGIN, 1, 20, s->log); /* without the witness's line */
	assert_ok(file_write_atomic(directory, path, buf_slice(&forged), 0644));
	reopen(s, ERR_NOT_FOUND);
}

static void two_processes_do_not_share_a_directory(void **state)
{
	struct scene *s = *state;
	struct witness *second = NULL;

	assert_int_equal(witness_open(&second, s->directory), ERR_CONFLICT);
}

static void lines_in_its_own_name_are_not_kept(void **state)
{
	AUTO(buf_free) struct buf body = buf_new(ADD_CHECKPOINT_MAX);
	struct scene *s = *state;

	assert_int_equal(add(s, (struct ask){.size = 20}), 200);
	write_ask(&body, s, (struct ask){.old = 20, .size = 20});
	buf_write(&body, buf_slice(&s->answer.body)); /* as the log publishes it */
	assert_int_equal(post(s, buf_slice(&body)), 200);
	buf_write_string(&body, "\xe2\x80\x94 w.example/one AAAAAAAA\n");
	assert_int_equal(post(s, buf_slice(&body)), 200);
	reopen(s, OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_that_grows_is_cosigned),
		TEST(each_fault_has_its_status),
		TEST(a_fork_made_of_true_proofs_is_refused),
		TEST(what_is_no_request_is_refused),
		TEST(it_remembers_over_a_restart),
		TEST(a_state_put_back_is_noticed),
		TEST(a_state_not_of_its_own_is_refused),
		TEST(two_processes_do_not_share_a_directory),
		TEST(lines_in_its_own_name_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
