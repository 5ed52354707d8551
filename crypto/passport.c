/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/passport.h"

#include "crypto/visa_claims.h"

#define PASSPORT_TYPE S("vnd.ga4gh.passport+jwt")

bool passport_is_one(struct slice jwt)
{
	AUTO(arena_free) struct arena a = {0};
	struct jws jws;

	return jws_parse(&jws, &a, jwt, PASSPORT_MAX) == OK &&
	       slice_equal_ignoring_case(jws.type, PASSPORT_TYPE);
}

static enum err read_visas(struct passport *out, struct arena *a, const json_t *claims)
{
	const json_t *list;

	TRY(json_get_array(&list, claims, "ga4gh_passport_v1"));
	out->visa_count = json_array_size(list);
	if (out->visa_count > PASSPORT_VISAS_MAX)
		return failure(ERR_LIMIT, "passport: %zu visas, at most %d are read",
			       out->visa_count, PASSPORT_VISAS_MAX);
	for (size_t i = 0; i < out->visa_count; i++) {
		struct slice jwt;

		TRY(json_text_at(&jwt, list, i));
		out->visas[i] = arena_copy(a, jwt);
	}
	return OK;
}

static enum err check_times(const struct passport *p, int64_t issued, int64_t now)
{
	if (issued > now + VISA_LEEWAY_SECONDS)
		return failure(ERR_DENIED, "passport: it was issued in the future (iat)");
	if (now >= p->expires_seconds)
		return failure(ERR_EXPIRED, "passport: it has expired; get a fresh one");
	return OK;
}

static enum err read_claims(struct passport *out, struct arena *a, const json_t *claims,
			    int64_t now)
{
	int64_t issued;

	TRY(visa_claim_text(&out->sub, a, claims, "sub"));
	TRY(visa_claim_time(&issued, claims, "iat"));
	TRY(visa_claim_time(&out->expires_seconds, claims, "exp"));
	TRY(check_times(out, issued, now));
	return read_visas(out, a, claims);
}

enum err passport_verify(struct passport *out, struct arena *a, struct slice jwt,
			 const struct visa_trust *trust)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	*out = (struct passport){0};
	TRY(jws_parse(&jws, a, jwt, PASSPORT_MAX));
	if (!slice_equal_ignoring_case(jws.type, PASSPORT_TYPE))
		return failure(ERR_FORMAT, "passport: its type (typ) is not "
					   "vnd.ga4gh.passport+jwt");
	TRY(json_read(&claims, jws.payload, PASSPORT_MAX));
	TRY(visa_claim_text(&out->iss, a, claims, "iss"));
	TRY(visa_check_issuer(&jws, out->iss, trust));
	TRY(visa_check_audience(claims, trust->audience));
	return read_claims(out, a, claims, trust->now_seconds);
}

enum err passport_peek_issuer(struct slice *iss, struct slice *kid, struct arena *a,
			      struct slice jwt)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	TRY(jws_parse(&jws, a, jwt, PASSPORT_MAX));
	TRY(json_read(&claims, jws.payload, PASSPORT_MAX));
	*kid = jws.kid;
	return visa_claim_text(iss, a, claims, "iss");
}
