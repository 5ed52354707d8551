/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "schema/audit/event.h"
#include "schema/audit/leaf.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000123)

static const uint8_t actor[16] = {1, 2, 3, 4};

static void begin(struct audit_event *e)
{
	static const uint8_t license[16] = {9};

	audit_event_begin(e, AUDIT_LICENSE_REVOKE, actor, S("alice"));
	audit_event_uuid(e, "license", license);
	audit_event_text(e, "model", S("demo/tiny"));
	audit_event_text(e, "reason", S("a \"quoted\" reason"));
	audit_event_number(e, "count", -3);
	audit_event_hex(e, "sha256", S("\x01\xff"));
}

static void a_payload_is_canonical_and_has_its_actors_id_but_not_the_name(void **state)
{
	AUTO(audit_event_clear) struct audit_event e;

	(void)state;
	begin(&e);
	assert_ok(audit_event_end(&e, NOW));
	assert_slice(buf_slice(&e.payload),
		     "{\"actor\":{\"id\":\"01020304-0000-0000-0000-000000000000\"},\"count\":-3,"
		     "\"license\":\"09000000-0000-0000-0000-000000000000\","
		     "\"model\":\"demo/tiny\",\"reason\":\"a \\\"quoted\\\" reason\","
		     "\"sha256\":\"01ff\"}");
	assert_string_equal(e.model, "demo/tiny");
	assert_int_equal(e.license[0], 9);
}

/* As the scribe writes it. */
static void write_leaf(struct buf *out, const struct audit_event *e)
{
	struct audit_leaf leaf = {.at_ms = e->at_ms,
				  .kind = slice_of_string(audit_kind_name(e->kind)),
				  .payload = buf_slice(&e->payload)};

	memcpy(leaf.id, e->id, sizeof leaf.id);
	memcpy(leaf.nonce, e->nonce, sizeof leaf.nonce);
	audit_leaf_write(out, &leaf);
}

static void a_leaf_holds_the_commitment_and_nothing_personal(void **state)
{
	AUTO(audit_event_clear) struct audit_event e;
	AUTO(json_auto) json_t *leaf = NULL;
	AUTO(buf_free) struct buf commitment = buf_new(64);
	AUTO(buf_free) struct buf text = buf_new(AUDIT_MAX_LEAF);
	struct digest expected;
	struct slice c, kind, time;

	(void)state;
	begin(&e);
	assert_ok(audit_event_end(&e, NOW));
	write_leaf(&text, &e);
	assert_ok(json_read(&leaf, buf_slice(&text), 4096));
	assert_int_equal(json_object_size(leaf), 5);
	assert_ok(json_get_text(&c, leaf, "c"));
	assert_ok(json_get_text(&kind, leaf, "ev"));
	assert_ok(json_get_text(&time, leaf, "t"));
	assert_slice(kind, "license.revoke");
	assert_slice(time, "2026-09-21T14:13:20.123Z");
	expected = audit_commitment(e.nonce, buf_slice(&e.payload));
	assert_ok(text_read_base64(&commitment, c, TEXT_BASE64_URL_RAW));
	assert_int_equal(commitment.size, DIGEST_SIZE);
	assert_memory_equal(commitment.data, expected.bytes, DIGEST_SIZE);
}

static void equal_events_have_unlike_leaves(void **state)
{
	AUTO(audit_event_clear) struct audit_event a;
	AUTO(audit_event_clear) struct audit_event b;

	(void)state;
	begin(&a);
	begin(&b);
	assert_ok(audit_event_end(&a, NOW));
	assert_ok(audit_event_end(&b, NOW));
	assert_true(slice_equal(buf_slice(&a.payload), buf_slice(&b.payload)));
	assert_memory_not_equal(a.nonce, b.nonce, sizeof a.nonce);
	assert_memory_not_equal(a.id, b.id, sizeof a.id);
}

static void what_is_not_text_or_too_long_is_refused(void **state)
{
	static uint8_t large[100 * 1024];
	AUTO(audit_event_clear) struct audit_event a;
	AUTO(audit_event_clear) struct audit_event b;

	(void)state;
	begin(&a);
	audit_event_text(&a, "bad", S("\xff"));
	assert_err(audit_event_end(&a, NOW), ERR_FORMAT);
	memset(large, 'x', sizeof large);
	begin(&b);
	audit_event_text(&b, "large", slice_of(large, sizeof large));
	assert_err(audit_event_end(&b, NOW), ERR_LIMIT);
}

static void kinds_have_names_and_classes(void **state)
{
	enum audit_kind kind;

	(void)state;
	assert_ok(audit_kind_parse(&kind, S("decision.deny")));
	assert_int_equal(kind, AUDIT_DECISION_DENY);
	assert_false(audit_kind_is_class_a(kind));
	assert_true(audit_kind_is_class_a(AUDIT_KEY_RELEASE));
	assert_err(audit_kind_parse(&kind, S("decision")), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payload_is_canonical_and_has_its_actors_id_but_not_the_name),
		cmocka_unit_test(a_leaf_holds_the_commitment_and_nothing_personal),
		cmocka_unit_test(equal_events_have_unlike_leaves),
		cmocka_unit_test(what_is_not_text_or_too_long_is_refused),
		cmocka_unit_test(kinds_have_names_and_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
