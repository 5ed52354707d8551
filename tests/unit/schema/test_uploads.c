/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads in parts, branches and tags, against a real PostgreSQL. */
#include "crypto/digest.h"
#include "crypto/random.h"
#include "schema/store/person.h"
#include "schema/store/reference.h"
#include "schema/store/upload.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)
#define REVISION "0123456789abcdef0123456789abcdef01234567"
#define SECOND "1111111111111111111111111111111111111111"

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t bob[16], model[16];

static void make_id(uint8_t id[16])
{
	random_uuid(id, NOW);
}

static void add_revision(const char *id, const char *parent)
{
	struct store_blob b = {.header = S("age header"), .created_ms = NOW};
	struct store_revision r = {.id = slice_of_string(id), .parent = slice_of_string(parent)};
	struct store_file file = {.path = S("model.safetensors"), .header = S("bound")};
	struct digest digest = digest_of(slice_of_string(id));
	static const uint8_t git[20] = {1};

	make_id(b.id);
	memcpy(b.model, model, 16);
	memcpy(r.model, model, 16);
	memcpy(file.blob, b.id, 16);
	r.title = S("title");
	r.created_ms = NOW;
	assert_ok(store_blob_create(edge, &b, bob));
	assert_ok(store_blob_sealed(edge, b.id, 7, digest.bytes, git, false));
	assert_ok(store_revision_create(edge, &r, bob, &file, 1));
	assert_ok(store_revision_ready(edge, model, r.id, S("main"), NOW));
}

static int open_all(void **state)
{
	struct store_person person = {.name = S("bob"), .offices = S("models:manage")};
	struct store_model m = {.name = S("demo/tiny"), .gate = S("manual"), .created_ms = NOW};
	static const uint8_t none[16];

	(void)state;
	postgres_open(&postgres, "test_uploads");
	edge = postgres_connect(&postgres, "sallyport_edge");
	make_id(bob);
	memcpy(person.id, bob, 16);
	person.created_ms = NOW;
	assert_ok(store_person_add(edge, &person, none));
	make_id(model);
	memcpy(m.id, model, 16);
	assert_ok(store_model_create(edge, &m, bob));
	add_revision(REVISION, "");
	add_revision(SECOND, REVISION);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static struct store_upload upload_of(uint64_t size, int64_t at_ms)
{
	struct store_upload u = {.size = size, .header = S("fresh"), .created_ms = at_ms};

	make_id(u.id);
	memcpy(u.model, model, 16);
	u.sha256[0] = (uint8_t)size;
	u.part_size = size < 100 ? size : 100;
	return u;
}

static struct store_part part_of(const struct store_upload *u, unsigned number)
{
	struct store_part p = {.number = number, .size = 100, .sha256 = {(uint8_t)number}};

	make_id(p.id);
	memcpy(p.upload, u->id, 16);
	return p;
}

static void of_several_attempts_at_a_part_the_last_sealed_counts(void **state)
{
	struct store_upload u = upload_of(250, NOW), found;
	struct store_part first = part_of(&u, 2), second = part_of(&u, 2), other = part_of(&u, 1);
	struct store_part *list;
	size_t count;

	(void)state;
	assert_ok(store_upload_create(edge, &u, bob));
	assert_err(store_upload_create(edge, &u, bob), ERR_CONFLICT); /* one of a content */
	assert_ok(store_upload_find(edge, &arena, &found, model, u.sha256, 250));
	assert_memory_equal(found.id, u.id, 16);
	assert_slice(found.header, "fresh");
	assert_err(store_upload_find(edge, &arena, &found, model, u.sha256, 251), ERR_NOT_FOUND);
	assert_ok(store_part_begin(edge, &first, NOW));
	assert_ok(store_part_begin(edge, &second, NOW));
	assert_ok(store_part_begin(edge, &other, NOW));
	assert_ok(store_part_list(edge, &arena, &list, &count, u.id));
	assert_int_equal(count, 0);
	assert_ok(store_part_sealed(edge, &first, NOW));
	second.sha256[5] = 5;
	assert_ok(store_part_sealed(edge, &second, NOW));
	assert_ok(store_part_sealed(edge, &other, NOW));
	assert_ok(store_part_list(edge, &arena, &list, &count, u.id));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].number, 1);
	assert_memory_equal(list[1].id, second.id, 16);
	assert_int_equal(list[1].sha256[5], 5);
	assert_ok(store_part_replaced(edge, &arena, &list, &count, &second));
	assert_int_equal(count, 1);
	assert_memory_equal(list[0].id, first.id, 16);
	assert_ok(store_part_delete(edge, first.id));
	assert_err(store_part_sealed(edge, &first, NOW), ERR_CONFLICT); /* it was taken away */
	assert_ok(store_part_list(edge, &arena, &list, &count, u.id));
	assert_int_equal(count, 2);
}

static void only_an_active_model_takes_files(void **state)
{
	uint8_t unknown[16];

	(void)state;
	make_id(unknown);
	assert_ok(store_upload_may_begin(edge, model));
	assert_err(store_upload_may_begin(edge, unknown), ERR_NOT_FOUND);
	assert_ok(store_model_set_state(edge, model, S("disabled"), S("for a while")));
	assert_err(store_upload_may_begin(edge, model), ERR_DENIED);
	assert_ok(store_model_set_state(edge, model, S("active"), S("")));
}

static void an_upload_has_ceilings(void **state)
{
	struct store_upload large = upload_of((uint64_t)STORE_MAX_UPLOAD_BYTES, NOW);
	struct store_upload u = upload_of(7, NOW);

	(void)state;
	assert_err(store_upload_create(edge, &large, bob), ERR_CONFLICT); /* another is there */
	assert_ok(store_upload_create(edge, &u, bob));
	for (unsigned i = 0; i < STORE_MAX_ATTEMPTS; i++) {
		struct store_part p = part_of(&u, 1);

		assert_ok(store_part_begin(edge, &p, NOW));
	}
	struct store_part p = part_of(&u, 1);

	assert_err(store_part_begin(edge, &p, NOW), ERR_CONFLICT);
}

static void an_upload_that_nobody_touches_is_abandoned(void **state)
{
	struct store_upload old = upload_of(9, NOW - 3 * DAY), *list;
	struct store_part p = part_of(&old, 1), *parts;
	size_t count;

	(void)state;
	assert_ok(store_upload_create(edge, &old, bob));
	assert_ok(store_upload_abandoned(edge, &arena, &list, &count, NOW - DAY, NOW - 4 * DAY));
	assert_int_equal(count, 1);
	assert_memory_equal(list[0].id, old.id, 16);
	assert_ok(store_part_begin(edge, &p, NOW - DAY / 2)); /* touched */
	assert_ok(store_upload_abandoned(edge, &arena, &list, &count, NOW - DAY, NOW - 4 * DAY));
	assert_int_equal(count, 0);
	assert_ok(store_upload_abandoned(edge, &arena, &list, &count, NOW - DAY, NOW - 2 * DAY));
	assert_int_equal(count, 1);                                   /* too old, touched or not */
	assert_err(store_upload_delete(edge, old.id), ERR_NOT_FOUND); /* its part's file is there */
	assert_ok(store_part_all(edge, &arena, &parts, &count, old.id));
	assert_int_equal(count, 1);
	assert_ok(store_part_delete(edge, parts[0].id));
	assert_ok(store_upload_delete(edge, old.id));
	assert_err(store_part_begin(edge, &p, NOW), ERR_CONFLICT);
}

static void a_name_of_a_revision_is_taken_once_and_finds_it(void **state)
{
	struct store_tag tag = {.name = S("v1"), .revision = S(REVISION), .message = S("first")};
	struct store_revision r;
	struct store_tag *tags;
	struct slice at;
	size_t count;

	(void)state;
	tag.created_ms = NOW;
	assert_ok(store_tag_create(edge, model, &tag, bob));
	assert_err(store_tag_create(edge, model, &tag, bob), ERR_CONFLICT);
	assert_err(store_branch_create(edge, model, S("v1"), S(REVISION), NOW), ERR_CONFLICT);
	assert_ok(store_branch_create(edge, model, S("work/one"), S(REVISION), NOW));
	assert_err(store_branch_create(edge, model, S("work/one"), S(REVISION), NOW), ERR_CONFLICT);
	tag.name = S("work/one");
	assert_err(store_tag_create(edge, model, &tag, bob), ERR_CONFLICT);
	assert_err(store_branch_create(edge, model, S("none"), S("4444"), NOW), ERR_CONFLICT);
	assert_ok(store_revision_get(edge, &arena, &r, model, S("v1")));
	assert_slice(r.id, REVISION);
	assert_ok(store_branch_find(edge, &arena, &at, model, S("work/one")));
	assert_slice(at, REVISION);
	assert_err(store_branch_find(edge, &arena, &at, model, S("v1")), ERR_NOT_FOUND);
	assert_ok(store_tag_list(edge, &arena, &tags, &count, model));
	assert_int_equal(count, 1);
	assert_slice(tags[0].message, "first");
	assert_ok(store_revision_get(edge, &arena, &r, model, S("main")));
	assert_ok(store_branch_move(edge, model, S("work/one"), r.id, NOW));
	assert_ok(store_branch_delete(edge, &arena, &at, model, S("work/one")));
	assert_true(slice_equal(at, r.id));
	assert_err(store_branch_delete(edge, &arena, &at, model, S("work/one")), ERR_NOT_FOUND);
	assert_err(store_branch_delete(edge, &arena, &at, model, S("main")), ERR_NOT_FOUND);
	assert_ok(store_tag_delete(edge, &arena, &at, model, S("v1")));
	assert_err(store_revision_get(edge, &arena, &r, model, S("v1")), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_several_attempts_at_a_part_the_last_sealed_counts),
		cmocka_unit_test(only_an_active_model_takes_files),
		cmocka_unit_test(an_upload_has_ceilings),
		cmocka_unit_test(an_upload_that_nobody_touches_is_abandoned),
		cmocka_unit_test(a_name_of_a_revision_is_taken_once_and_finds_it),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
