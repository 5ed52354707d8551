/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/tlog_proof.h"
#include "gateway/cli/receipt.h"

#define EVENT "01a20178-78ed-757b-b5e0-3d91c1c04039"
#define PAYLOAD "{\"actor\":{\"id\":\"x\",\"name\":\"y\"}}"

/* A log of one entry, its key, and the receipt of that entry. */
struct log {
	struct arena arena;
	struct slice vkey;
	json_t *receipt;
};

static void put_bytes(struct buf *out, struct slice bytes, enum text_base64 kind)
{
	buf_reset(out);
	text_write_base64(out, bytes, kind);
}

static struct slice make_proof(struct log *log, struct slice entry, const struct sign_key *key)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint checkpoint = {.origin = S("test/log"), .size = 1};
	struct tlog_proof proof = {.index = 0};

	checkpoint.root = merkle_leaf(entry);
	checkpoint_write(&text, &checkpoint);
	assert_ok(note_sign(&note, buf_slice(&text), S("test/log"), key));
	proof.checkpoint = buf_slice(&note);
	buf_reset(&text);
	tlog_proof_write(&text, &proof);
	return arena_copy(&log->arena, buf_slice(&text));
}

static struct log log_new(void)
{
	struct log log = {.receipt = json_object_new()};
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf text = buf_new(4096);
	uint8_t nonce[COMMIT_NONCE] = {1}, public_key[SIGN_PUBLIC];
	struct digest commitment = audit_commitment(nonce, S(PAYLOAD));
	struct note_key verifier;
	struct slice entry;

	assert_ok(sign_key_random(&key));
	sign_key_public(key, public_key);
	assert_ok(note_key_make(&verifier, S("test/log"), NOTE_ED25519, public_key));
	note_key_write(&text, &verifier);
	log.vkey = arena_copy(&log.arena, buf_slice(&text));
	put_bytes(&text, digest_slice(&commitment), TEXT_BASE64_URL_RAW);
	entry = slice_of_string(arena_printf(&log.arena,
					     "{\"c\":\"%s\",\"ev\":\"visa.add\",\"id\":\"" EVENT
					     "\",\"t\":\"2026-01-02T03:04:05.678Z\",\"v\":1}",
					     buf_string(&text)));
	json_put_text(log.receipt, "entry", entry);
	put_bytes(&text, slice_of(nonce, sizeof nonce), TEXT_BASE64);
	json_put_text(log.receipt, "nonce", buf_slice(&text));
	json_put_text(log.receipt, "payload", S(PAYLOAD));
	json_put_text(log.receipt, "proof", make_proof(&log, entry, key));
	return log;
}

static void log_clear(struct log *log)
{
	json_free(log->receipt);
	arena_free(&log->arena);
}

static void a_receipt_holds(void **state)
{
	AUTO(log_clear) struct log log = log_new();
	struct receipt r;

	(void)state;
	assert_ok(receipt_verify(&r, &log.arena, log.receipt, S(EVENT), log.vkey));
	assert_int_equal(r.index, 0);
	assert_int_equal(r.size, 1);
	assert_slice(r.kind, "visa.add");
	assert_slice(r.payload, PAYLOAD);
}

static void a_receipt_for_another_event_is_refused(void **state)
{
	AUTO(log_clear) struct log log = log_new();
	struct receipt r;

	(void)state;
	assert_err(receipt_verify(&r, &log.arena, log.receipt,
				  S("01a20178-78ed-757b-b5e0-3d91c1c04038"), log.vkey),
		   ERR_FORGED);
}

static void a_changed_payload_is_refused(void **state)
{
	AUTO(log_clear) struct log log = log_new();
	struct receipt r;

	(void)state;
	json_put_text(log.receipt, "payload", S("{\"actor\":{\"id\":\"x\",\"name\":\"z\"}}"));
	assert_err(receipt_verify(&r, &log.arena, log.receipt, S(EVENT), log.vkey), ERR_FORGED);
}

static void a_changed_entry_is_refused(void **state)
{
	AUTO(log_clear) struct log log = log_new();
	const char *entry = json_string_value(json_object_get(log.receipt, "entry"));
	char *changed = arena_string(&log.arena, slice_of_string(entry));
	struct receipt r;

	(void)state;
	memcpy(strstr(changed, "visa.add"), "visa.bad", 8);
	json_put_text(log.receipt, "entry", slice_of_string(changed));
	assert_err(receipt_verify(&r, &log.arena, log.receipt, S(EVENT), log.vkey), ERR_FORGED);
}

static void a_receipt_of_another_log_is_refused(void **state)
{
	AUTO(log_clear) struct log log = log_new();
	AUTO(log_clear) struct log other = log_new();
	struct receipt r;

	(void)state;
	assert_int_not_equal(receipt_verify(&r, &log.arena, log.receipt, S(EVENT), other.vkey), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receipt_holds),
		cmocka_unit_test(a_receipt_for_another_event_is_refused),
		cmocka_unit_test(a_changed_payload_is_refused),
		cmocka_unit_test(a_changed_entry_is_refused),
		cmocka_unit_test(a_receipt_of_another_log_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
