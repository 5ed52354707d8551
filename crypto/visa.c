/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/visa.h"

#include "crypto/visa_claims.h"
#include "crypto/visa_values.h"

static enum err check_type(struct slice type)
{
	if (type.size && !slice_equal_ignoring_case(type, S("JWT")) &&
	    !slice_equal_ignoring_case(type, S("vnd.ga4gh.visa+jwt")))
		return failure(ERR_FORMAT, "visa: a JWT of type \"%.*s\" is no visa",
			       type.size < 64 ? (int)type.size : 64, (const char *)type.data);
	return OK;
}

static enum err read_statement(struct visa *out, struct arena *a, const json_t *claims)
{
	const json_t *statement;

	TRY(json_get_object(&statement, claims, "ga4gh_visa_v1"));
	TRY(visa_claim_text(&out->type, a, statement, "type"));
	TRY(visa_claim_text(&out->value, a, statement, "value"));
	TRY(visa_claim_text(&out->source, a, statement, "source"));
	TRY(visa_claim_text_or_none(&out->by, a, statement, "by"));
	TRY(visa_claim_time(&out->asserted_seconds, statement, "asserted"));
	TRY(visa_conditions_read(&out->conditions, a, json_object_get(statement, "conditions")));
	return visa_check_value(out);
}

static enum err read_claims(struct visa *out, struct arena *a, const json_t *claims)
{
	TRY(visa_claim_text(&out->sub, a, claims, "sub"));
	TRY(visa_claim_text_or_none(&out->jti, a, claims, "jti"));
	TRY(visa_claim_time(&out->issued_seconds, claims, "iat"));
	TRY(visa_claim_time(&out->expires_seconds, claims, "exp"));
	return read_statement(out, a, claims);
}

enum err visa_verify_undated(struct visa *out, struct arena *a, struct slice jwt,
			     const struct visa_trust *trust)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	*out = (struct visa){0};
	TRY(jws_parse(&jws, a, jwt, VISA_MAX));
	TRY(check_type(jws.type));
	TRY(json_read(&claims, jws.payload, VISA_MAX));
	TRY(visa_claim_text(&out->iss, a, claims, "iss"));
	TRY(visa_check_issuer(&jws, out->iss, trust));
	TRY(visa_check_audience(claims, trust->audience));
	return read_claims(out, a, claims);
}

enum err visa_check_times(const struct visa *v, int64_t now_seconds)
{
	if (v->issued_seconds > now_seconds + VISA_LEEWAY_SECONDS)
		return failure(ERR_DENIED, "visa: it was issued in the future (iat)");
	if (now_seconds >= v->expires_seconds)
		return failure(ERR_EXPIRED,
			       "visa: it has expired; get a fresh one from its issuer");
	if (v->asserted_seconds > now_seconds + VISA_LEEWAY_SECONDS)
		return failure(ERR_DENIED, "visa: its fact was asserted in the future");
	return OK;
}

enum err visa_verify(struct visa *out, struct arena *a, struct slice jwt,
		     const struct visa_trust *trust)
{
	TRY(visa_verify_undated(out, a, jwt, trust));
	return visa_check_times(out, trust->now_seconds);
}

enum err visa_peek_issuer(struct slice *iss, struct slice *jku, struct arena *a, struct slice jwt)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	TRY(jws_parse(&jws, a, jwt, VISA_MAX));
	TRY(json_read(&claims, jws.payload, VISA_MAX));
	*jku = jws.jku;
	return visa_claim_text(iss, a, claims, "iss");
}
