/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/evidence.h"

/* Short, since nobody can take it back: whoever has it is believed until its end. */
static enum err check_times(struct rules *r, const struct wire_visa_sign *ask,
			    const struct license *license)
{
	int64_t expires_ms = (int64_t)ask->expires_seconds * 1000;

	if (r->now.wall_ms < license->not_before_ms)
		return rules_refuse(r, ERR_DENIED, "LICENSE_NOT_YET_VALID",
				    "the license is not valid yet");
	if (r->now.wall_ms >= license->expires_ms)
		return rules_refuse(r, ERR_EXPIRED, "LICENSE_EXPIRED", "the license has expired");
	if (expires_ms > license->expires_ms)
		return rules_refuse(r, ERR_DENIED, "", "the visa would outlive the license");
	if (expires_ms <= r->now.wall_ms ||
	    expires_ms > r->now.wall_ms + RULES_VISA_SECONDS * 1000LL)
		return rules_refuse(r, ERR_DENIED, "", "a visa of ours lives up to %d s",
				    RULES_VISA_SECONDS);
	return OK;
}

enum err rules_visa_sign(struct rules *r, const struct wire_visa_sign *ask, struct license *license,
			 struct arena *a)
{
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find_kind(r, &e, ask->event, EVENT_VISA_ISSUE, RULES_FRESH_MS));
	if (license_verify(license, a, ask->license, ask->signature, r->license_public) != OK)
		return rules_refuse(r, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE",
				    "the license is not one that this keeper signed");
	TRY(evidence_id(r, e.payload, "license", license->id));
	TRY(evidence_id(r, e.payload, "person", license->person));
	TRY(evidence_text(r, e.payload, "iss", ask->iss));
	TRY(evidence_number(r, e.payload, "expires", ask->expires_seconds));
	TRY(check_times(r, ask, license));
	TRY(rules_check_license_state(r, license));
	return evidence_use(r, &e, S(""));
}
