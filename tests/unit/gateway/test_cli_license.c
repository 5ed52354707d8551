/* SPDX-License-Identifier: Apache-2.0 */
/* A license taken along, checked offline with a clock of our own. */
#include "tests/unit/test.h"

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "crypto/tlog_proof.h"
#include "gateway/cli/license_check.h"

#define MADE "2026-01-02T03:04:05.678Z"

enum { DAY_MS = 86400000 };
static const int64_t made_ms = 1767323045678;

/* A gateway of one entry: its keys, and a file that it made. */
struct gateway {
	struct arena arena;
	struct sign_key *license_key, *log_key;
	struct license_trust trust;
	struct buf file;
};

static struct slice make_document(struct gateway *g)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license l = {.id = {1},
			    .model = S("lab/model"),
			    .rights = {S("weights:read")},
			    .right_count = 1,
			    .not_before_ms = made_ms - DAY_MS,
			    .issued_ms = made_ms - DAY_MS,
			    .expires_ms = made_ms + 5 * (int64_t)DAY_MS};

	assert_ok(license_write(&text, &l));
	return arena_copy(&g->arena, buf_slice(&text));
}

static struct slice make_checkout(struct gateway *g)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_CHECKOUT_MAX);
	struct license_checkout c = {.document = make_document(g),
				     .entry = {7},
				     .issued_ms = made_ms,
				     .expires_ms = made_ms + 3 * (int64_t)DAY_MS,
				     .recipient = S("ed25519:AAAA"),
				     .status_uri = S("https://localhost/s")};

	sign_make_in(LICENSE_DOMAIN, g->license_key, c.document, c.signature);
	assert_ok(license_checkout_write(&text, &c));
	return arena_copy(&g->arena, buf_slice(&text));
}

static struct slice make_proof(struct gateway *g, struct slice entry)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX), note = buf_new(NOTE_MAX);
	struct checkpoint checkpoint = {.origin = S("test/log"), .size = 1};
	struct tlog_proof proof = {.index = 0};

	checkpoint.root = merkle_leaf(entry);
	checkpoint_write(&text, &checkpoint);
	assert_ok(note_sign(&note, buf_slice(&text), S("test/log"), g->log_key));
	proof.checkpoint = buf_slice(&note);
	buf_reset(&text);
	tlog_proof_write(&text, &proof);
	return arena_copy(&g->arena, buf_slice(&text));
}

static const char *base64(struct gateway *g, struct slice bytes, enum text_base64 kind)
{
	AUTO(buf_free) struct buf text = buf_new(256);

	text_write_base64(&text, bytes, kind);
	return arena_string(&g->arena, buf_slice(&text));
}

/* The receipt of an entry of this kind about this checkout. */
static json_t *make_receipt(struct gateway *g, const char *kind, struct slice checkout)
{
	AUTO(buf_free) struct buf hex = buf_new(100);
	uint8_t nonce[COMMIT_NONCE] = {1};
	struct digest digest = digest_of(checkout), commitment;
	json_t *receipt = json_object_new();
	struct slice payload, entry;

	text_write_hex(&hex, digest_slice(&digest));
	payload = slice_of_string(arena_printf(&g->arena, "{\"sha256\":\"%s\"}", buf_string(&hex)));
	commitment = audit_commitment(nonce, payload);
	entry = slice_of_string(arena_printf(
		&g->arena,
		"{\"c\":\"%s\",\"ev\":\"%s\",\"id\":\"07000000-0000-0000-0000-000000000000\","
		"\"t\":\"" MADE "\",\"v\":1}",
		base64(g, digest_slice(&commitment), TEXT_BASE64_URL_RAW), kind));
	json_put_text(receipt, "entry", entry);
	json_put_text(receipt, "nonce",
		      slice_of_string(base64(g, slice_of(nonce, sizeof nonce), TEXT_BASE64)));
	json_put_text(receipt, "payload", payload);
	json_put_text(receipt, "proof", make_proof(g, entry));
	return receipt;
}

static void make_file(struct gateway *g, const char *kind, struct slice logged)
{
	AUTO(license_file_clear) struct license_file file = {.checkout = make_checkout(g)};

	sign_make_in(LICENSE_FILE_DOMAIN, g->license_key, file.checkout, file.signature);
	file.receipt = make_receipt(g, kind, logged.size ? logged : file.checkout);
	buf_reset(&g->file);
	assert_ok(license_file_write(&g->file, &file));
}

static struct gateway gateway_new(void)
{
	struct gateway g = {.file = buf_new(LICENSE_FILE_MAX)};
	AUTO(buf_free) struct buf text = buf_new(4096);
	uint8_t log_public[SIGN_PUBLIC];
	struct note_key verifier;

	assert_ok(sign_key_random(&g.license_key));
	assert_ok(sign_key_random(&g.log_key));
	sign_key_public(g.license_key, g.trust.license_key);
	sign_key_public(g.log_key, log_public);
	assert_ok(note_key_make(&verifier, S("test/log"), NOTE_ED25519, log_public));
	note_key_write(&text, &verifier);
	g.trust.vkey = arena_string(&g.arena, buf_slice(&text));
	make_file(&g, "license.checkout", S(""));
	return g;
}

static void gateway_clear(struct gateway *g)
{
	sign_key_free(g->license_key);
	sign_key_free(g->log_key);
	arena_free(&g->arena);
	buf_free(&g->file);
}

static enum err check(struct gateway *g, int64_t now_ms)
{
	struct license_checked checked;

	return license_check_file(&checked, &g->arena, buf_slice(&g->file), &g->trust, now_ms);
}

static void a_file_is_good_from_its_making_to_its_end(void **state)
{
	AUTO(gateway_clear) struct gateway g = gateway_new();

	(void)state;
	assert_ok(check(&g, made_ms));
	assert_ok(check(&g, made_ms + 3 * (int64_t)DAY_MS - 1));
	assert_err(check(&g, made_ms + 3 * (int64_t)DAY_MS), ERR_EXPIRED);
	assert_non_null(strstr(failure_text(), "take a new one"));
}

/* An end can be put off by setting the clock back, but not to before the log's own time. */
static void a_clock_older_than_the_log_is_noticed(void **state)
{
	AUTO(gateway_clear) struct gateway g = gateway_new();

	(void)state;
	assert_ok(check(&g, made_ms - 30 * 1000));
	assert_err(check(&g, made_ms - DAY_MS / 2), ERR_EXPIRED);
	assert_non_null(strstr(failure_text(), "clock is older"));
}

static void a_file_is_good_for_its_recipient_and_under_its_keys_only(void **state)
{
	AUTO(gateway_clear) struct gateway g = gateway_new(), other = gateway_new();
	struct license_trust right = g.trust;

	(void)state;
	g.trust.recipient = "ed25519:AAAA";
	assert_ok(check(&g, made_ms));
	g.trust.recipient = "ed25519:BBBB";
	assert_err(check(&g, made_ms), ERR_DENIED);
	g.trust = right;
	g.trust.vkey = other.trust.vkey;
	assert_err(check(&g, made_ms), ERR_NOT_FOUND);
	g.trust = right;
	memcpy(g.trust.license_key, other.trust.license_key, SIGN_PUBLIC);
	assert_err(check(&g, made_ms), ERR_FORGED);
}

static void the_receipt_must_be_of_this_very_checkout(void **state)
{
	AUTO(gateway_clear) struct gateway g = gateway_new();

	(void)state;
	make_file(&g, "license.checkout", S("another text"));
	assert_err(check(&g, made_ms), ERR_FORGED);
	make_file(&g, "license.export", S(""));
	assert_err(check(&g, made_ms), ERR_FORGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_good_from_its_making_to_its_end),
		cmocka_unit_test(a_clock_older_than_the_log_is_noticed),
		cmocka_unit_test(a_file_is_good_for_its_recipient_and_under_its_keys_only),
		cmocka_unit_test(the_receipt_must_be_of_this_very_checkout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
