/* SPDX-License-Identifier: Apache-2.0 */
/* The store against a real PostgreSQL: what a call stores is what another finds. */
#include <stdio.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "crypto/random.h"
#include "schema/store/access.h"
#include "schema/store/credential.h"
#include "schema/store/decision.h"
#include "schema/store/issuer.h"
#include "schema/store/key.h"
#include "schema/store/service.h"
#include "schema/store/visa.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)
#define REVISION "0123456789abcdef0123456789abcdef01234567"

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t alice[16], bob[16], model[16], blob[16];

static void make_id(uint8_t id[16])
{
	random_uuid(id, NOW);
}

static void add_person(uint8_t id[16], const char *name, const char *offices)
{
	struct store_person person = {.name = slice_of_string(name),
				      .offices = slice_of_string(offices),
				      .created_ms = NOW};
	static const uint8_t none[16];

	make_id(id);
	memcpy(person.id, id, 16);
	assert_ok(store_person_add(edge, &person, none));
}

static void add_model(void)
{
	struct store_model m = {
		.name = slice_of_string("demo/tiny"), .gate = S("manual"), .created_ms = NOW};

	make_id(model);
	memcpy(m.id, model, 16);
	assert_ok(store_model_create(edge, &m, bob));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_store");
	edge = postgres_connect(&postgres, "sallyport_edge");
	add_person(alice, "alice", "");
	add_person(bob, "bob", "requests:decide,models:manage");
	add_model();
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static void a_person_is_found_by_id_and_name_with_offices(void **state)
{
	struct store_person person;

	(void)state;
	assert_ok(store_person_by_name(edge, &arena, &person, S("bob")));
	assert_memory_equal(person.id, bob, 16);
	assert_slice(person.offices, "models:manage,requests:decide");
	assert_int_equal(person.created_ms, NOW);
	assert_ok(store_person_by_id(edge, &arena, &person, alice));
	assert_slice(person.name, "alice");
	assert_slice(person.state, "active");
	assert_err(store_person_by_name(edge, &arena, &person, S("nobody")), ERR_NOT_FOUND);
}

static void a_name_is_taken_once(void **state)
{
	struct store_person person = {.name = S("alice"), .created_ms = NOW};
	static const uint8_t none[16];

	(void)state;
	make_id(person.id);
	assert_err(store_person_add(edge, &person, none), ERR_CONFLICT);
	person.name = S("Not A Name");
	assert_err(store_person_add(edge, &person, none), ERR_FORMAT);
	person.name = S("carol");
	person.offices = S("no:such");
	assert_err(store_person_add(edge, &person, none), ERR_FORMAT);
	/* and the person of the failed call is not there either */
	assert_err(store_person_by_name(edge, &arena, &person, S("carol")), ERR_NOT_FOUND);
}

static void a_credential_comes_with_its_person(void **state)
{
	struct store_credential c = {.name = S("laptop"),
				     .rights = S("weights:read"),
				     .created_ms = NOW,
				     .expires_ms = NOW + DAY};
	struct store_credential found;
	struct store_person person;

	(void)state;
	make_id(c.id);
	memcpy(c.person, bob, 16);
	assert_ok(store_credential_create(edge, &c));
	assert_ok(store_credential_find(edge, &arena, &found, &person, c.id));
	assert_slice(found.rights, "weights:read");
	assert_int_equal(found.expires_ms, NOW + DAY);
	assert_int_equal(found.revoked_ms, 0);
	assert_slice(person.name, "bob");
	assert_slice(person.offices, "models:manage,requests:decide");
	assert_err(store_credential_revoke(edge, c.id, alice, NOW + 5, alice, STORE_TOKENS),
		   ERR_NOT_FOUND);
	assert_err(store_credential_revoke(edge, c.id, bob, NOW + 5, bob, STORE_CAPABILITIES),
		   ERR_NOT_FOUND);
	assert_ok(store_credential_revoke(edge, c.id, bob, NOW + 5, bob, STORE_TOKENS));
	assert_err(store_credential_revoke(edge, c.id, bob, NOW + 6, bob, STORE_TOKENS),
		   ERR_NOT_FOUND);
	assert_ok(store_credential_find(edge, &arena, &found, &person, c.id));
	assert_int_equal(found.revoked_ms, NOW + 5);
	make_id(c.id);
	assert_err(store_credential_find(edge, &arena, &found, &person, c.id), ERR_NOT_FOUND);
}

static struct store_visa visa_of(const uint8_t person[16], const char *iss, const char *sub,
				 const char *jwt)
{
	struct store_visa visa = {.iss = slice_of_string(iss),
				  .sub = slice_of_string(sub),
				  .type = S("ResearcherStatus"),
				  .value = S("x"),
				  .source = S("y"),
				  .asserted_ms = NOW - DAY,
				  .expires_ms = NOW + DAY,
				  .jwt = slice_of_string(jwt),
				  .added_ms = NOW};

	make_id(visa.id);
	memcpy(visa.person, person, 16);
	return visa;
}

static void an_identity_binds_one_subject_to_one_person(void **state)
{
	struct store_issuer issuer = {
		.iss = S("https://a"), .pinned = true, .jwks = S("{}"), .added_ms = NOW};
	struct store_visa visa = visa_of(alice, "https://a", "s1", "a.b.c");
	struct store_visa *list;
	size_t count;

	(void)state;
	assert_ok(store_issuer_add(edge, &issuer));
	assert_err(store_issuer_add(edge, &issuer), ERR_CONFLICT);
	assert_ok(store_visa_add(edge, &visa));
	visa = visa_of(alice, "https://a", "s1", "a.b.d");
	assert_ok(store_visa_add(edge, &visa)); /* a second visa of the same subject */
	visa = visa_of(alice, "https://a", "s1", "a.b.d");
	assert_err(store_visa_add(edge, &visa), ERR_CONFLICT);
	assert_string_equal(failure_text(), "this visa is stored already");
	visa = visa_of(bob, "https://a", "s1", "a.b.e");
	assert_err(store_visa_add(edge, &visa), ERR_CONFLICT);
	assert_string_equal(failure_text(), "this subject of the issuer is another person");
	visa = visa_of(alice, "https://a", "s2", "a.b.f");
	assert_err(store_visa_add(edge, &visa), ERR_CONFLICT);
	assert_string_equal(failure_text(), "you are another subject of this issuer already");
	assert_ok(store_visa_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 2);
	assert_true(list[0].issuer_is_listed);
	assert_ok(store_issuer_remove(edge, S("https://a")));
	assert_ok(store_visa_list(edge, &arena, &list, &count, alice));
	assert_false(list[0].issuer_is_listed);
}

static void add_revision(void)
{
	struct store_blob b = {.header = S("age header"), .created_ms = NOW};
	struct store_revision r = {.id = S(REVISION), .title = S("first"), .created_ms = NOW + 1};
	struct store_file file = {.path = S("model.safetensors"), .is_large = true};
	struct digest digest = digest_of(S("content"));
	static const uint8_t git[20] = {1};

	make_id(blob);
	memcpy(b.id, blob, 16);
	memcpy(b.model, model, 16);
	memcpy(r.model, model, 16);
	memcpy(file.blob, blob, 16);
	assert_ok(store_blob_create(edge, &b, bob));
	assert_err(store_revision_create(edge, &r, bob, &file, 1), ERR_NOT_FOUND); /* unsealed */
	assert_ok(store_blob_sealed(edge, blob, 7, digest.bytes, git, false));
	assert_err(store_blob_sealed(edge, blob, 7, digest.bytes, git, false), ERR_CONFLICT);
	assert_ok(store_blob_by_sha256(edge, &arena, &b, model, digest.bytes));
	assert_memory_equal(b.id, blob, 16);
	assert_ok(store_revision_create(edge, &r, bob, &file, 1));
	assert_err(store_revision_ready(edge, model, r.id, S("main"), NOW), ERR_CONFLICT);
	assert_err(store_revision_get(edge, &arena, &r, model, S("main")), ERR_NOT_FOUND);
	file.header = S("bound header");
	assert_ok(store_revision_set_headers(edge, model, S(REVISION), &file, 1));
	assert_ok(store_revision_ready(edge, model, S(REVISION), S("main"), NOW + 2));
	assert_ok(store_revision_set_runnable(edge, model, S(REVISION), true, S("")));
	assert_ok(store_revision_set_tasks(edge, model, S(REVISION), S("embed,generate")));
	assert_ok(store_revision_set_chat(edge, model, S(REVISION), S("no: line 1")));
}

static void a_revision_is_visible_when_every_file_is_bound(void **state)
{
	struct store_revision r;
	struct store_unseen unseen;
	struct store_file *files;
	struct store_model m;
	size_t count;

	(void)state;
	add_revision();
	assert_ok(store_revision_get(edge, &arena, &r, model, S("main")));
	assert_slice(r.id, REVISION);
	assert_ok(store_revision_files(edge, &arena, &files, &count, model, r.id));
	assert_int_equal(count, 1);
	assert_int_equal(files[0].size, 7);
	assert_slice(files[0].header, "bound header");
	assert_ok(store_model_get(edge, &arena, &m, S("demo/tiny")));
	assert_slice(m.main, REVISION);
	assert_true(m.runnable);
	assert_slice(m.tasks, "embed,generate");
	assert_slice(r.tasks, "embed,generate");
	assert_slice(r.chat, "no: line 1");
	assert_ok(store_unseen_get(edge, &arena, &unseen));
	assert_int_equal(unseen.revision.size, 0);
	assert_ok(store_revision_set_tasks(edge, model, S(REVISION), S("")));
	assert_ok(store_unseen_get(edge, &arena, &unseen));
	assert_slice(unseen.revision, REVISION);
	assert_slice(unseen.model_name, "demo/tiny");
	assert_ok(store_revision_set_runnable(edge, model, S(REVISION), false, S("no")));
	assert_ok(store_unseen_get(edge, &arena, &unseen));
	assert_int_equal(unseen.revision.size, 0);
	assert_ok(store_revision_set_runnable(edge, model, S(REVISION), true, S("")));
	assert_ok(store_revision_set_tasks(edge, model, S(REVISION), S("embed,generate")));
	assert_int_equal(m.changed_ms, NOW + 2);
	assert_err(store_blob_delete(edge, blob), ERR_CONFLICT);
	assert_err(store_revision_drop(edge, model, r.id), ERR_NOT_FOUND);
}

/* A revision of the one file, bound; not yet ready. */
static void bind_revision(const char *id, const char *parent, int64_t at_ms)
{
	struct store_revision r = {.id = slice_of_string(id),
				   .parent = slice_of_string(parent),
				   .title = S("next"),
				   .created_ms = at_ms};
	struct store_file file = {.path = S("model.safetensors"), .header = S("bound again")};

	memcpy(r.model, model, 16);
	memcpy(file.blob, blob, 16);
	assert_ok(store_revision_create(edge, &r, bob, &file, 1));
}

static void of_two_commits_on_one_parent_one_wins(void **state)
{
	static const char *const second = "1111111111111111111111111111111111111111";
	static const char *const third = "2222222222222222222222222222222222222222";
	static const char *const orphan = "3333333333333333333333333333333333333333";
	struct store_revision r;

	(void)state;
	bind_revision(second, REVISION, NOW + 3);
	bind_revision(third, REVISION, NOW + 3);
	bind_revision(orphan, "", NOW + 3);
	assert_ok(store_revision_ready(edge, model, slice_of_string(second), S("main"), NOW + 4));
	assert_err(store_revision_ready(edge, model, slice_of_string(third), S("main"), NOW + 5),
		   ERR_CONFLICT);
	assert_err(store_revision_ready(edge, model, slice_of_string(orphan), S("main"), NOW + 5),
		   ERR_CONFLICT);
	assert_ok(store_revision_get(edge, &arena, &r, model, S("main")));
	assert_slice(r.id, "1111111111111111111111111111111111111111");
	assert_err(store_revision_get(edge, &arena, &r, model, slice_of_string(third)),
		   ERR_NOT_FOUND);
}

static void what_a_crash_left_binding_is_swept(void **state)
{
	static const char *const third = "2222222222222222222222222222222222222222";
	struct store_file *files;
	size_t count;

	(void)state;
	assert_ok(store_revision_sweep(edge, NOW + 3)); /* not older than that */
	assert_ok(
		store_revision_files(edge, &arena, &files, &count, model, slice_of_string(third)));
	assert_int_equal(count, 1);
	assert_ok(store_revision_sweep(edge, NOW + 4));
	assert_ok(
		store_revision_files(edge, &arena, &files, &count, model, slice_of_string(third)));
	assert_int_equal(count, 0);
	assert_ok(store_revision_files(edge, &arena, &files, &count, model, S(REVISION)));
	assert_int_equal(count, 1);
	assert_err(store_blob_delete(edge, blob), ERR_CONFLICT); /* others hold it still */
}

static void a_blob_that_a_revision_holds_comes_with_a_bound_header(void **state)
{
	struct digest digest = digest_of(S("content"));
	struct store_blob b;

	(void)state;
	assert_ok(store_blob_by_sha256(edge, &arena, &b, model, digest.bytes));
	assert_true(slice_starts_with(b.header, S("bound")));
}

static void what_an_import_left_behind_is_found_and_swept(void **state)
{
	struct store_blob b = {.header = S("h"), .created_ms = NOW - 2 * DAY};
	struct store_blob *list;
	size_t count;

	(void)state;
	make_id(b.id);
	memcpy(b.model, model, 16);
	assert_ok(store_blob_create(edge, &b, bob));
	assert_ok(store_blob_orphans(edge, &arena, &list, &count, NOW - DAY));
	assert_int_equal(count, 1);
	assert_memory_equal(list[0].id, b.id, 16);
	assert_ok(store_blob_delete(edge, b.id));
	assert_ok(store_blob_orphans(edge, &arena, &list, &count, NOW - DAY));
	assert_int_equal(count, 0);
}

static struct store_transition step_of(const uint8_t request[16], const char *from, const char *to,
				       const uint8_t actor[16])
{
	struct store_transition t = {.from = slice_of_string(from),
				     .to = slice_of_string(to),
				     .reason = S("because"),
				     .now_ms = NOW + 9};

	memcpy(t.request, request, 16);
	memcpy(t.actor, actor, 16);
	return t;
}

static void a_request_goes_only_where_the_list_allows(void **state)
{
	struct store_request q = {.intended_use = S("study"),
				  .rights = S("weights:read,infer:generate"),
				  .created_ms = NOW};
	struct store_request_event *history;
	struct store_transition t;
	size_t count;

	(void)state;
	make_id(q.id);
	memcpy(q.model, model, 16);
	memcpy(q.person, alice, 16);
	assert_ok(store_request_create(edge, &q, S("")));
	t = step_of(q.id, "submitted", "approved", alice);
	assert_err(store_request_transition(edge, &t), ERR_DENIED); /* their own */
	t = step_of(q.id, "submitted", "appealed", alice);
	assert_err(store_request_transition(edge, &t), ERR_CONFLICT);
	assert_string_equal(failure_text(), "a request cannot go from submitted to appealed");
	t = step_of(q.id, "appealed", "approved", bob);
	assert_err(store_request_transition(edge, &t), ERR_CONFLICT);
	assert_string_equal(failure_text(), "the request is submitted, not appealed");
	t = step_of(q.id, "submitted", "denied", bob);
	assert_ok(store_request_transition(edge, &t));
	t = step_of(q.id, "denied", "appealed", alice);
	assert_ok(store_request_transition(edge, &t));
	t = step_of(q.id, "appealed", "approved", bob);
	assert_err(store_request_transition(edge, &t), ERR_DENIED); /* who has denied it */
	t = step_of(q.id, "appealed", "withdrawn", alice);
	assert_ok(store_request_transition(edge, &t));
	assert_ok(store_request_history(edge, &arena, &history, &count, q.id));
	assert_int_equal(count, 4);
	assert_slice(history[1].actor_name, "bob");
	assert_slice(history[1].act, "deny");
	assert_slice(history[3].to, "withdrawn");
	assert_ok(store_request_get(edge, &arena, &q, q.id));
	assert_slice(q.state, "withdrawn");
	assert_slice(q.decided_by_name, "bob");
	assert_slice(q.rights, "weights:read,infer:generate");
	make_id(t.request);
	assert_err(store_request_transition(edge, &t), ERR_NOT_FOUND);
}

static void one_open_request_of_a_person_for_a_model(void **state)
{
	struct store_request q = {
		.intended_use = S("study"), .rights = S("weights:read"), .created_ms = NOW + 1};

	(void)state;
	make_id(q.id);
	memcpy(q.model, model, 16);
	memcpy(q.person, alice, 16);
	assert_ok(store_request_create(edge, &q, S("")));
	make_id(q.id);
	assert_err(store_request_create(edge, &q, S("")), ERR_CONFLICT);
	q.rights = S("everything");
	memcpy(q.person, bob, 16);
	assert_err(store_request_create(edge, &q, S("")), ERR_FORMAT);
}

static void a_license_gives_its_rights_between_its_dates(void **state)
{
	struct store_license l = {.rights = S("weights:read"),
				  .not_before_ms = NOW,
				  .expires_ms = NOW + DAY,
				  .document = S("{}"),
				  .issued_ms = NOW,
				  .limits = S("[]"),
				  .regions = S("DE,FR"),
				  .uses = S("DUO:0000042")};
	struct store_license found;

	(void)state;
	make_id(l.id);
	memcpy(l.model, model, 16);
	memcpy(l.person, alice, 16);
	assert_ok(store_license_issue(edge, &l));
	assert_ok(store_license_active(edge, &arena, &found, alice, model, S("weights:read"), NOW));
	assert_slice(found.model_name, "demo/tiny");
	assert_slice(found.limits, "[]");
	assert_slice(found.regions, "DE,FR");
	assert_slice(found.uses, "DUO:0000042");
	make_id(l.id);
	l.regions = S("Germany");
	assert_err(store_license_issue(edge, &l), ERR_FORMAT);
	memcpy(l.id, found.id, 16);
	assert_err(store_license_active(edge, &arena, &found, alice, model, S("infer:embed"), NOW),
		   ERR_NOT_FOUND);
	assert_err(store_license_active(edge, &arena, &found, alice, model, S("weights:read"),
					NOW + DAY),
		   ERR_NOT_FOUND);
	assert_err(store_license_active(edge, &arena, &found, bob, model, S("weights:read"), NOW),
		   ERR_NOT_FOUND);
	assert_ok(store_license_set_state(edge, l.id, S("active"), S("revoked"), S("left"), NOW));
	assert_err(store_license_set_state(edge, l.id, S("active"), S("suspended"), S(""), NOW),
		   ERR_CONFLICT);
	assert_err(store_license_active(edge, &arena, &found, alice, model, S("weights:read"), NOW),
		   ERR_NOT_FOUND);
}

static void everything_a_decision_needs_comes_in_one_answer(void **state)
{
	struct store_access_question question = {
		.model = S("demo/tiny"), .revision = S("main"), .path = S("model.safetensors")};
	struct store_access access;

	(void)state;
	memcpy(question.person, alice, 16);
	assert_ok(store_access_load(edge, &arena, &access, &question));
	assert_true(access.has_revision);
	assert_true(access.has_file);
	assert_memory_equal(access.file.blob, blob, 16);
	assert_int_equal(access.license_count, 1);
	assert_slice(access.licenses[0].state, "revoked");
	assert_slice(access.request_state, "submitted");
	memset(question.person, 0, 16);
	question.revision = S(REVISION);
	question.path = S("nothing");
	assert_ok(store_access_load(edge, &arena, &access, &question));
	assert_true(access.has_revision);
	assert_false(access.has_file);
	assert_int_equal(access.license_count, 0);
	assert_slice(access.request_state, "");
	question.revision = S("nowhere");
	assert_ok(store_access_load(edge, &arena, &access, &question));
	assert_false(access.has_revision);
	question.model = S("demo/none");
	assert_err(store_access_load(edge, &arena, &access, &question), ERR_NOT_FOUND);
}

static void use_is_summed_by_model_and_right(void **state)
{
	struct store_usage u = {.right = S("infer:generate"),
				.calls = 1,
				.prompt_tokens = 5,
				.completion_tokens = 7,
				.bytes = 11};
	struct store_usage *list;
	size_t count;

	(void)state;
	memcpy(u.person, alice, 16);
	memcpy(u.model, model, 16);
	assert_ok(store_usage_add(edge, &u, NOW));
	assert_ok(store_usage_add(edge, &u, NOW));
	assert_ok(store_usage_add(edge, &u, NOW + DAY));
	assert_ok(store_usage_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].calls, 3);
	assert_int_equal(list[0].completion_tokens, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_is_found_by_id_and_name_with_offices),
		cmocka_unit_test(a_name_is_taken_once),
		cmocka_unit_test(a_credential_comes_with_its_person),
		cmocka_unit_test(an_identity_binds_one_subject_to_one_person),
		cmocka_unit_test(a_revision_is_visible_when_every_file_is_bound),
		cmocka_unit_test(of_two_commits_on_one_parent_one_wins),
		cmocka_unit_test(what_a_crash_left_binding_is_swept),
		cmocka_unit_test(a_blob_that_a_revision_holds_comes_with_a_bound_header),
		cmocka_unit_test(what_an_import_left_behind_is_found_and_swept),
		cmocka_unit_test(a_request_goes_only_where_the_list_allows),
		cmocka_unit_test(one_open_request_of_a_person_for_a_model),
		cmocka_unit_test(a_license_gives_its_rights_between_its_dates),
		cmocka_unit_test(everything_a_decision_needs_comes_in_one_answer),
		cmocka_unit_test(use_is_summed_by_model_and_right),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
