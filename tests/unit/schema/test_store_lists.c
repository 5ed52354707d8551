/* SPDX-License-Identifier: Apache-2.0 */
/* Lists a page at a time: models, a revision's line of parents, who changed a file last. */
#include <string.h>

#include "crypto/base/buf.h"
#include "schema/store/history.h"
#include "schema/store/store.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define ID "00000000-0000-7000-8000-00000000000"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define OTHER "dddddddddddddddddddddddddddddddddddddddd"

static struct postgres postgres;
static struct store *edge;
static struct arena arena;

static const uint8_t model[16] = {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, [15] = 1};
static const uint8_t alice[16] = {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, [15] = 8};
static const uint8_t bob[16] = {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, [15] = 9};

/* main: A <- B <- C, and OTHER beside C. x.txt is of A, y.txt changed in B, z.txt came with C. */
static const char rows[] =
	"INSERT INTO person (id, name, created_at) VALUES ('" ID "8', 'alice', now()), "
	"('" ID "9', 'bob', now());"
	"INSERT INTO model (id, name, hidden, created_at) VALUES ('" ID
	"1', 'org/one', false, now()), "
	"('" ID "2', 'org/Two', false, now()), ('" ID "3', 'other/three', true, now());"
	"INSERT INTO blob (id, model, state, size, sha256, git_sha1, header, created_at) "
	"SELECT ('" ID "' || i)::uuid, '" ID "1', 'committed', i, sha256(('x' || i)::bytea), "
	"substring(sha256('g'), 1, 20), 'h', now() FROM generate_series(1, 4) i;"
	"INSERT INTO revision (model, id, state, parent, title, manifest_sha256, created_at) "
	"SELECT '" ID "1', id, 'ready', parent, title, sha256('m'), now() FROM (VALUES "
	"('" A "', NULL, 'first'), ('" B "', '" A "', 'second'), ('" C "', '" B "', 'third'), "
	"('" OTHER "', '" B "', 'beside')) v (id, parent, title);"
	"INSERT INTO revision_file (model, revision, path, blob, size, sha256, git_sha1, is_large) "
	"SELECT b.model, v.revision, v.path, b.id, b.size, b.sha256, b.git_sha1, false FROM "
	"(VALUES "
	"('" A "', 'x.txt', 1), ('" A "', 'y.txt', 2), ('" B "', 'x.txt', 1), ('" B
	"', 'y.txt', 3), "
	"('" C "', 'x.txt', 1), ('" C "', 'y.txt', 3), ('" C "', 'z.txt', 4)) "
	"v (revision, path, n) JOIN blob b ON b.size = v.n;"
	"INSERT INTO branch (model, name, revision, moved_at) VALUES "
	"('" ID "1', 'main', '" C "', now());"
	"INSERT INTO revision (model, id, state, title, manifest_sha256, created_at) SELECT m.id, "
	"'" A "', 'ready', 't', sha256('m'), now() FROM model m WHERE m.id <> '" ID "1';"
	"INSERT INTO branch (model, name, revision, moved_at) SELECT m.id, 'main', '" A
	"', now() FROM model m WHERE m.id <> '" ID "1';"
	"INSERT INTO access_request (id, model, person, intended_use, rights, created_at, "
	"changed_at) "
	"VALUES ('" ID "5', '" ID "3', '" ID "9', 'use', '{weights:read}', now(), now());";

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_store_lists");
	assert_true(postgres_run(&postgres, rows, NULL));
	edge = postgres_connect(&postgres, "sallyport_edge");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

/* The titles of a page, as "third second". */
static void expect_line(struct slice head, struct slice after, size_t limit, uint64_t all,
			const char *titles)
{
	AUTO(buf_free) struct buf text = buf_new(1000);
	struct store_history_question q = {.head = head, .after = after, .limit = limit};
	struct store_commit *commits;
	size_t count;
	uint64_t total;

	memcpy(q.model, model, 16);
	assert_ok(store_history(edge, &arena, &commits, &count, &total, &q));
	for (size_t i = 0; i < count; i++) {
		buf_write_string(&text, i ? " " : "");
		buf_write(&text, commits[i].title);
	}
	assert_string_equal(buf_string(&text), titles);
	assert_int_equal(total, all);
}

static void a_history_is_the_line_of_parents(void **state)
{
	(void)state;
	expect_line(S(C), S(""), 10, 3, "third second first");
	expect_line(S(OTHER), S(""), 10, 3, "beside second first");
	expect_line(S(B), S(""), 10, 2, "second first");
	expect_line(S(C), S(""), 2, 3, "third second");
	expect_line(S(C), S(B), 2, 3, "first");
	expect_line(S(C), S(A), 2, 3, "");
	expect_line(S(C), S("no such revision"), 2, 3, "");
}

static void expect_change(const struct store_commit *c, const char *path, const char *title)
{
	assert_slice(c->path, path);
	assert_slice(c->title, title);
}

static void a_file_names_the_revision_that_gave_it_its_content(void **state)
{
	struct store_commit *commits;
	size_t count;

	(void)state;
	assert_ok(store_last_changes(edge, &arena, &commits, &count, model, S(C), S("a"), S("zz")));
	assert_int_equal(count, 3);
	expect_change(&commits[0], "x.txt", "first");
	expect_change(&commits[1], "y.txt", "second");
	expect_change(&commits[2], "z.txt", "third");
	assert_ok(store_last_changes(edge, &arena, &commits, &count, model, S(A), S("y"), S("z")));
	assert_int_equal(count, 1);
	expect_change(&commits[0], "y.txt", "first");
}

static void expect_models(const struct store_models_question *q, const char *names)
{
	AUTO(buf_free) struct buf text = buf_new(1000);
	struct store_model *models;
	size_t count;

	assert_ok(store_model_page(edge, &arena, &models, &count, q));
	for (size_t i = 0; i < count; i++) {
		buf_write_string(&text, i ? " " : "");
		buf_write(&text, models[i].name);
	}
	assert_string_equal(buf_string(&text), names);
}

static void models_come_by_name_a_page_at_a_time(void **state)
{
	(void)state;
	expect_models(&(struct store_models_question){.limit = 9}, "org/Two org/one");
	expect_models(&(struct store_models_question){.limit = 1}, "org/Two");
	expect_models(&(struct store_models_question){.limit = 1, .after = S("org/Two")},
		      "org/one");
	expect_models(&(struct store_models_question){.limit = 9, .search = S("TWO")}, "org/Two");
	expect_models(&(struct store_models_question){.limit = 9, .search = S("%")}, "");
	expect_models(&(struct store_models_question){.limit = 9, .author = S("org")},
		      "org/Two org/one");
	expect_models(&(struct store_models_question){.limit = 9, .author = S("or")}, "");
}

static void a_hidden_model_is_listed_for_those_it_concerns(void **state)
{
	struct store_models_question q = {.limit = 9, .author = S("other")};
	struct store_model hidden;
	bool concerns;

	(void)state;
	assert_ok(store_model_get(edge, &arena, &hidden, S("other/three")));
	memcpy(q.person, alice, 16);
	expect_models(&q, "");
	assert_ok(store_model_concerns(edge, &concerns, hidden.id, alice));
	assert_false(concerns);
	memcpy(q.person, bob, 16); /* has asked for access */
	expect_models(&q, "other/three");
	assert_ok(store_model_concerns(edge, &concerns, hidden.id, bob));
	assert_true(concerns);
	memset(q.person, 0, 16);
	q.sees_hidden = true;
	expect_models(&q, "other/three");
}

static void settings_change_only_what_is_named(void **state)
{
	struct store_model_change paths = {.has_open_paths = true,
					   .open_paths = S("README.md\nLICENSE")};
	struct store_model_change gate = {.has_gate = true, .gate = S("auto")};
	struct store_model_change closed = {.has_open_paths = true, .has_hidden = true};
	struct store_model m;

	(void)state;
	assert_ok(store_model_get(edge, &arena, &m, S("org/one")));
	assert_slice(m.open_paths, ""); /* a row of before opens nothing */
	memcpy(paths.id, m.id, 16);
	memcpy(gate.id, m.id, 16);
	memcpy(closed.id, m.id, 16);
	assert_ok(store_model_set(edge, &paths));
	assert_ok(store_model_set(edge, &gate));
	assert_ok(store_model_get(edge, &arena, &m, S("org/one")));
	assert_slice(m.open_paths, "README.md\nLICENSE");
	assert_slice(m.gate, "auto");
	assert_false(m.has_terms || m.hidden);
	assert_ok(store_model_set(edge, &closed));
	assert_ok(store_model_get(edge, &arena, &m, S("org/one")));
	assert_slice(m.open_paths, "");
	assert_slice(m.gate, "auto");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_history_is_the_line_of_parents),
		cmocka_unit_test(a_file_names_the_revision_that_gave_it_its_content),
		cmocka_unit_test(models_come_by_name_a_page_at_a_time),
		cmocka_unit_test(a_hidden_model_is_listed_for_those_it_concerns),
		cmocka_unit_test(settings_change_only_what_is_named),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
