/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A license, said again as a GA4GH visa (ControlledAccessGrants, ES256) that other gateways take.
 * The keeper writes the visa itself, from the license: an edge chooses its end, and which of its
 * addresses it was asked at, and both stand in the entry.
 */
#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/visa_values.h"
#include "gateway/keeper/keeper_state.h"

#define JWKS_PATH "/.well-known/jwks.json"

enum err keeper_visa_keys(const struct keeper *k, struct buf *out)
{
	return jose_key_write_public(out, k->visa_key);
}

/* The model's address here is what was granted; who granted it is this gateway. */
static enum err write_visa(const struct keeper *k, const struct wire_visa_sign *ask,
			   const struct license *license, int64_t now_seconds, struct buf *out)
{
	char sub[TEXT_UUID], jti[TEXT_UUID], value[WIRE_MAX_URL], jku[WIRE_MAX_URL];
	struct visa visa = {
		.iss = ask->iss,
		.issued_seconds = now_seconds,
		.expires_seconds = (int64_t)ask->expires_seconds,
		.type = S(VISA_GRANT),
		.source = ask->iss,
		.by = S("dac"),
		.asserted_seconds = license->issued_ms / 1000,
	};

	text_uuid(sub, license->person);
	text_uuid(jti, ask->event);
	snprintf(value, sizeof value, "%.*s/%.*s", SLICE_PRINT(ask->iss),
		 SLICE_PRINT(license->model));
	snprintf(jku, sizeof jku, "%.*s" JWKS_PATH, SLICE_PRINT(ask->iss));
	visa.sub = slice_of_string(sub);
	visa.jti = slice_of_string(jti);
	visa.value = slice_of_string(value);
	return visa_mint(out, k->visa_key, slice_of_string(jku), &visa);
}

enum err keeper_visa_sign(struct keeper *k, const struct wire_visa_sign *ask, struct rules_time now,
			  struct buf *out)
{
	AUTO(arena_free) struct arena a = {0};
	struct rules rules = keeper_rules_of(k, now);
	struct license license;
	enum err allowed = rules_visa_sign(&rules, ask, &license, &a);

	k->code = rules.code;
	TRY(allowed);
	return write_visa(k, ask, &license, now.wall_ms / 1000, out);
}
