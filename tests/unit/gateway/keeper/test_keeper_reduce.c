/* SPDX-License-Identifier: Apache-2.0 */
/* A keeper that was put back to a backup is brought entries whose payloads were erased meanwhile.
 */
#include "tests/unit/gateway/keeper/scene.h"

/* What there is of an entry before and after its erasure. */
struct remains {
	struct entry entry; /* whole */
	struct buf facts;
	struct digest seal;
};

static void remains_clear(struct remains *r)
{
	buf_free(&r->facts);
}

static struct wire_log_entry whole(const struct entry *e)
{
	struct wire_log_entry ask = {.leaf = slice_of_string(e->leaf),
				     .payload = slice_of_string(e->payload)};

	memcpy(ask.nonce, e->nonce, WIRE_DIGEST);
	return ask;
}

static enum err reduce(struct scene *s, struct remains *r)
{
	struct wire_log_entry ask = whole(&r->entry);

	buf_reset(&r->facts);
	return keeper_entry_reduce(s->keeper, &ask, &r->facts, &r->seal);
}

/* As the scribe brings it once it is erased. */
static enum err offer_remains(struct scene *s, const struct remains *r)
{
	struct entry e = r->entry;

	snprintf(e.payload, sizeof e.payload, "%.*s", SLICE_PRINT(buf_slice(&r->facts)));
	memcpy(e.nonce, r->seal.bytes, WIRE_DIGEST);
	return offer(s, &e);
}

/* A revocation that is appended and reduced, and the keeper as it was before it. */
static void revoke_and_restore(struct scene *s, struct remains *r)
{
	AUTO(buf_free) struct buf journal = buf_new(1 << 20);
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	assert_ok(file_read(&journal, s->fd, "journal"));
	PAYLOAD(s, "{\"actor\":{\"id\":\"x\"},\"license\":\"%s\",\"reason\":\"Jane Doe left\"}",
		id);
	append(s, "license.revoke");
	r->entry = s->entry;
	r->facts = buf_new(WIRE_MAX_PAYLOAD);
	assert_ok(reduce(s, r));
	keeper_free(s->keeper);
	assert_ok(file_write_atomic(s->fd, "journal", buf_slice(&journal), 0600));
	open_keeper(s);
}

static void what_stays_of_a_revocation_names_its_license_and_nobody(void **state)
{
	AUTO(remains_clear) struct remains r = {.facts = {0}};
	struct scene *s = *state;
	char wanted[100], id[TEXT_UUID];

	revoke_and_restore(s, &r);
	text_uuid(id, s->license.id);
	snprintf(wanted, sizeof wanted, "{\"license\":\"%s\"}", id);
	assert_string_equal(buf_string(&r.facts), wanted);
}

static void a_keeper_from_a_backup_takes_the_sealed_facts_and_obeys_them(void **state)
{
	AUTO(remains_clear) struct remains r = {.facts = {0}};
	struct scene *s = *state;
	struct wire_key_release ask;

	revoke_and_restore(s, &r);
	assert_ok(offer_remains(s, &r));
	ask = ask_release(s);
	expect_refusal(s, &ask, ERR_DENIED, "LICENSE_REVOKED");
}

static void nothing_in_the_place_of_a_revocation_is_refused(void **state)
{
	AUTO(remains_clear) struct remains r = {.facts = {0}};
	struct scene *s = *state;
	struct entry gone;

	revoke_and_restore(s, &r);
	gone = r.entry;
	gone.payload[0] = '\0';
	assert_err(offer(s, &gone), ERR_FORMAT);
	memset(gone.nonce, 0, sizeof gone.nonce);
	assert_err(offer(s, &gone), ERR_FORMAT);
}

static void facts_that_the_keeper_has_not_sealed_are_refused(void **state)
{
	AUTO(remains_clear) struct remains r = {.facts = {0}};
	struct scene *s = *state;
	struct remains other;

	revoke_and_restore(s, &r);
	other = r;
	other.seal.bytes[0] ^= 1;
	assert_err(offer_remains(s, &other), ERR_FORGED);
	other = r;
	other.facts = buf_new(WIRE_MAX_PAYLOAD);
	buf_write_string(&other.facts, "{\"license\":\"00000000-0000-7000-8000-000000000001\"}");
	assert_err(offer_remains(s, &other), ERR_FORGED);
	buf_free(&other.facts);
	other = r; /* the same facts for another entry */
	snprintf(other.entry.payload, sizeof other.entry.payload, "{\"license\":\"x\"}");
	entry_make(&other.entry, "license.revoke");
	assert_err(offer_remains(s, &other), ERR_FORGED);
}

static void only_what_the_leaf_commits_to_is_reduced(void **state)
{
	AUTO(remains_clear) struct remains r = {.facts = {0}};
	struct scene *s = *state;

	revoke_and_restore(s, &r);
	r.entry.payload[5] ^= 1;
	assert_err(reduce(s, &r), ERR_FORGED);
	snprintf(r.entry.payload, sizeof r.entry.payload, "{\"bytes\":1}");
	entry_make(&r.entry, "download.end"); /* nothing follows from it */
	assert_err(reduce(s, &r), ERR_DENIED);
}

static void what_no_fact_follows_from_is_taken_with_nothing_and_gives_nothing(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;
	struct entry gone;

	PAYLOAD(s, "{\"bytes\":1}");
	entry_make(&s->entry, "download.end");
	gone = s->entry;
	gone.payload[0] = '\0';
	assert_ok(offer(s, &gone));
	ask = ask_release(s);
	gone = s->entry; /* a release whose payload is said to be erased opens no file */
	entry_make(&gone, "key.release");
	gone.payload[0] = '\0';
	assert_ok(offer(s, &gone));
	memcpy(ask.event, gone.id, WIRE_ID);
	expect_refusal(s, &ask, ERR_NOT_FOUND, "AUDIT_UNAVAILABLE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_stays_of_a_revocation_names_its_license_and_nobody, scene_new,
			scene_free),
		cmocka_unit_test_setup_teardown(
			a_keeper_from_a_backup_takes_the_sealed_facts_and_obeys_them, scene_new,
			scene_free),
		cmocka_unit_test_setup_teardown(nothing_in_the_place_of_a_revocation_is_refused,
						scene_new, scene_free),
		cmocka_unit_test_setup_teardown(facts_that_the_keeper_has_not_sealed_are_refused,
						scene_new, scene_free),
		cmocka_unit_test_setup_teardown(only_what_the_leaf_commits_to_is_reduced, scene_new,
						scene_free),
		cmocka_unit_test_setup_teardown(
			what_no_fact_follows_from_is_taken_with_nothing_and_gives_nothing,
			scene_new, scene_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
