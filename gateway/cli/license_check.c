/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/license_check.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/cli/receipt.h"

enum { CLOCK_SKEW_MS = 60 * 1000 };

/* The log says when the file was made, and of which text. */
static enum err check_receipt(struct receipt *out, struct arena *a, const struct license_file *f,
			      const struct license_checkout *checkout, const char *vkey)
{
	AUTO(json_auto) json_t *payload = NULL;
	struct digest digest = digest_of(f->checkout), logged;
	char entry[TEXT_UUID];
	struct slice hex;

	text_uuid(entry, checkout->entry);
	TRY(receipt_verify(out, a, f->receipt, slice_of_string(entry), slice_of_string(vkey)));
	if (!slice_equal(out->kind, S("license.checkout")))
		return failure(ERR_FORGED, "the entry in the log is a %.*s, no checkout",
			       SLICE_PRINT(out->kind));
	TRY(json_read(&payload, out->payload, LICENSE_FILE_MAX));
	TRY(json_get_text(&hex, payload, "sha256"));
	TRY(text_read_hex(logged.bytes, DIGEST_SIZE, hex));
	if (!digest_equal(&logged, &digest))
		return failure(ERR_FORGED, "the log has the checkout of another text");
	return OK;
}

/* A clock that is behind the entry's time was set back, or the file is not from here. */
static enum err check_dates(const struct license_checkout *checkout, const struct license *license,
			    const struct receipt *receipt, int64_t now_ms)
{
	char until[CLOCK_TEXT];
	int64_t logged_ms;

	TRY(clock_parse(&logged_ms, receipt->time));
	if (now_ms + CLOCK_SKEW_MS < logged_ms)
		return failure(ERR_EXPIRED,
			       "this computer's clock is older than the log's checkpoint: it was "
			       "set back, or is wrong");
	clock_text(until, checkout->expires_ms);
	if (now_ms >= checkout->expires_ms)
		return failure(ERR_EXPIRED, "the file counted until %s: take a new one along",
			       until);
	if (checkout->expires_ms > license->expires_ms || !license_is_current(license, now_ms))
		return failure(ERR_EXPIRED, "the license is not within its dates");
	return OK;
}

static enum err check_signatures(struct license *license, struct arena *a,
				 const struct license_file *f, struct license_checkout *checkout,
				 const uint8_t key[SIGN_PUBLIC])
{
	if (!sign_is_valid_in(LICENSE_FILE_DOMAIN, key, f->checkout, f->signature))
		return failure(ERR_FORGED, "the file's signature does not verify");
	TRY(license_checkout_parse(checkout, a, f->checkout));
	return license_verify(license, a, checkout->document, checkout->signature, key);
}

enum err license_check_file(struct license_checked *out, struct arena *a, struct slice text,
			    const struct license_trust *trust, int64_t now_ms)
{
	AUTO(license_file_clear) struct license_file file = {0};
	struct receipt receipt;

	TRY(license_file_parse(&file, a, text));
	TRY(check_signatures(&out->license, a, &file, &out->checkout, trust->license_key));
	if (trust->recipient &&
	    !slice_equal(out->checkout.recipient, slice_of_string(trust->recipient)))
		return failure(ERR_DENIED, "the file is lent to another key: %.*s",
			       SLICE_PRINT(out->checkout.recipient));
	TRY(check_receipt(&receipt, a, &file, &out->checkout, trust->vkey));
	out->log_size = receipt.size;
	return check_dates(&out->checkout, &out->license, &receipt, now_ms);
}
