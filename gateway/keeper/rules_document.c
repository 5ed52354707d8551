/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of licenses to those who do not ask the gateway: a license taken along, one shown
 * elsewhere, and the list of their states. The entry names the text; what is signed is made of it
 * here, so nothing else can be had under the key of licenses.
 */
#include "crypto/license_file.h"
#include "crypto/license_jwt.h"
#include "gateway/keeper/evidence.h"

enum { DOCUMENT_SKEW_MS = 60 * 1000 };

/* The license that it is about: signed here, in force, and the one of the entry. */
static enum err check_license(struct rules *r, struct license *out, struct arena *a,
			      const struct evidence *e, const struct wire_document_sign *ask)
{
	if (license_verify(out, a, ask->license, ask->signature, r->license_public) != OK)
		return rules_refuse(r, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE",
				    "the license is not one that this keeper signed");
	TRY(evidence_id(r, e->payload, "license", out->id));
	if (r->now.wall_ms >= out->expires_ms)
		return rules_refuse(r, ERR_EXPIRED, "LICENSE_EXPIRED", "the license has expired");
	return rules_check_license_state(r, out);
}

static enum err check_now(struct rules *r, int64_t made_ms)
{
	if (made_ms > r->now.wall_ms + DOCUMENT_SKEW_MS ||
	    made_ms < r->now.wall_ms - DOCUMENT_SKEW_MS)
		return rules_refuse(r, ERR_DENIED, "", "the document was not made now");
	return OK;
}

static enum err check_checkout(struct rules *r, const struct evidence *e,
			       const struct wire_document_sign *ask, struct buf *signed_text)
{
	AUTO(arena_free) struct arena a = {0};
	struct license_checkout checkout;
	struct license license;

	TRY(license_checkout_parse(&checkout, &a, ask->text));
	TRY(check_license(r, &license, &a, e, ask));
	if (!slice_equal(checkout.document, ask->license) ||
	    memcmp(checkout.signature, ask->signature, WIRE_SIGNATURE) != 0)
		return rules_refuse(r, ERR_DENIED, "", "the checkout has another license in it");
	if (memcmp(checkout.entry, ask->event, WIRE_ID) != 0)
		return rules_refuse(r, ERR_DENIED, "", "the checkout names another entry");
	TRY(check_now(r, checkout.issued_ms));
	if (checkout.expires_ms > license.expires_ms)
		return rules_refuse(r, ERR_DENIED, "", "the checkout would outlive its license");
	buf_write(signed_text, LICENSE_FILE_DOMAIN);
	buf_write(signed_text, ask->text);
	return buf_done(signed_text);
}

static enum err check_export(struct rules *r, const struct evidence *e,
			     const struct wire_document_sign *ask, struct buf *signed_text)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf payload = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf disclosures = buf_new(LICENSE_JWT_MAX);
	struct license_export export;
	struct license license;

	TRY(license_export_parse(&export, &a, ask->text));
	TRY(check_license(r, &license, &a, e, ask));
	TRY(check_now(r, export.issued_seconds * 1000));
	TRY(license_export_payload(&payload, &disclosures, &export, &license));
	return license_jws_input(signed_text, S("dc+sd-jwt"), r->license_public,
				 buf_slice(&payload));
}

static enum err check_status(struct rules *r, const struct wire_document_sign *ask,
			     struct buf *signed_text)
{
	TRY(license_status_check(ask->text, r->now.wall_ms / 1000));
	return license_jws_input(signed_text, S("statuslist+jwt"), r->license_public, ask->text);
}

enum err rules_document_sign(struct rules *r, const struct wire_document_sign *ask,
			     struct buf *signed_text)
{
	AUTO(evidence_clear) struct evidence e = {0};
	struct digest digest = digest_of(ask->text);

	r->code = "";
	TRY(evidence_find(r, &e, ask->event, RULES_FRESH_MS));
	TRY(evidence_digest(r, e.payload, "sha256", digest.bytes));
	if (e.event->kind == EVENT_LICENSE_CHECKOUT)
		TRY(check_checkout(r, &e, ask, signed_text));
	else if (e.event->kind == EVENT_LICENSE_EXPORT)
		TRY(check_export(r, &e, ask, signed_text));
	else if (e.event->kind == EVENT_STATUS_PUBLISH)
		TRY(check_status(r, ask, signed_text));
	else
		return rules_refuse(r, ERR_DENIED, "", "a %s is no ground for a document",
				    event_kind_name(e.event->kind));
	return evidence_use(r, &e, S(""));
}
