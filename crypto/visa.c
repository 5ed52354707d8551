/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/visa.h"

#include "crypto/json.h"
#include "crypto/jws.h"

enum { VISA_TEXT_MAX = 255 };

static enum err check_type(struct slice type)
{
	if (type.size && !slice_equal_ignoring_case(type, S("JWT")) &&
	    !slice_equal_ignoring_case(type, S("vnd.ga4gh.visa+jwt")))
		return failure(ERR_FORMAT, "visa: a JWT of type \"%.*s\" is no visa",
			       type.size < 64 ? (int)type.size : 64, (const char *)type.data);
	return OK;
}

static enum err claim_text(struct slice *out, struct arena *a, const json_t *claims,
			   const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, claims, name));
	if (text.size == 0 || text.size > VISA_TEXT_MAX)
		return failure(ERR_FORMAT, "visa: \"%s\" must have 1 to %d bytes", name,
			       VISA_TEXT_MAX);
	*out = arena_copy(a, text);
	return OK;
}

static enum err claim_text_or_none(struct slice *out, struct arena *a, const json_t *claims,
				   const char *name)
{
	*out = S("");
	return json_has(claims, name) ? claim_text(out, a, claims, name) : OK;
}

/* NumericDate may have a fraction (RFC 7519 section 2); the whole second counts. */
static enum err claim_time(int64_t *out, const json_t *claims, const char *name)
{
	double seconds;

	TRY(json_get_number_or(&seconds, claims, name, -1));
	if (!(seconds >= 0 && seconds < 253402300800.0)) /* the year 10000 */
		return failure(ERR_FORMAT, "visa: \"%s\" is missing, or no time", name);
	*out = (int64_t)seconds;
	return OK;
}

/* The key address must be the listed one, byte for byte; a visa that names none goes with any
 * entry of its issuer, whose keys are pinned here. */
static bool entry_fits(const struct visa_issuer *entry, const struct jws *jws, struct slice iss)
{
	return slice_equal(iss, entry->iss) &&
	       (jws->jku.size == 0 || slice_equal(jws->jku, entry->jku));
}

static enum err refuse_issuer(const struct jws *jws, struct slice iss,
			      const struct visa_issuer *issuers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(iss, issuers[i].iss))
			return failure(ERR_DENIED,
				       "visa: the key address (jku) \"%.*s\" is not "
				       "listed for its issuer",
				       SLICE_PRINT(slice_part(jws->jku, 0, VISA_URL_MAX)));
	return failure(ERR_DENIED, "visa: the issuer \"%.*s\" is not trusted here",
		       SLICE_PRINT(iss));
}

/* An issuer may be listed with several key addresses: the first that has the key decides. */
static enum err verify_by_issuer(const struct jws *jws, struct slice iss,
				 const struct visa_issuer *issuers, size_t count)
{
	bool listed = false;
	enum err result = OK;

	for (size_t i = 0; i < count; i++) {
		if (!entry_fits(&issuers[i], jws, iss))
			continue;
		listed = true;
		result = jws_verify(jws, issuers[i].keys);
		if (result != ERR_NOT_FOUND)
			return result;
	}
	return listed ? result : refuse_issuer(jws, iss, issuers, count);
}

static enum err check_times(const struct visa *v, int64_t now_seconds)
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

/* Conditions say which other visas must hold too; one that is not evaluated must not count
 * (Passport 1.2, "conditions"). */
static enum err check_conditions(const json_t *statement)
{
	const json_t *conditions = json_object_get(statement, "conditions");

	if (!conditions || json_is_null(conditions) ||
	    (json_is_array(conditions) && json_array_size(conditions) == 0))
		return OK;
	return failure(ERR_UNSUPPORTED, "visa: it holds only under conditions, which are not "
					"evaluated here; ask its issuer for one without");
}

static enum err read_statement(struct visa *out, struct arena *a, const json_t *claims)
{
	const json_t *statement;

	TRY(json_get_object(&statement, claims, "ga4gh_visa_v1"));
	TRY(claim_text(&out->type, a, statement, "type"));
	TRY(claim_text(&out->value, a, statement, "value"));
	TRY(claim_text(&out->source, a, statement, "source"));
	TRY(claim_text_or_none(&out->by, a, statement, "by"));
	TRY(claim_time(&out->asserted_seconds, statement, "asserted"));
	return check_conditions(statement);
}

static enum err read_claims(struct visa *out, struct arena *a, const json_t *claims)
{
	TRY(claim_text(&out->sub, a, claims, "sub"));
	TRY(claim_text_or_none(&out->jti, a, claims, "jti"));
	TRY(claim_time(&out->issued_seconds, claims, "iat"));
	TRY(claim_time(&out->expires_seconds, claims, "exp"));
	return read_statement(out, a, claims);
}

enum err visa_verify(struct visa *out, struct arena *a, struct slice jwt,
		     const struct visa_issuer *issuers, size_t count, int64_t now_seconds)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	*out = (struct visa){0};
	TRY(jws_parse(&jws, a, jwt, VISA_MAX));
	TRY(check_type(jws.type));
	TRY(json_read(&claims, jws.payload, VISA_MAX));
	TRY(claim_text(&out->iss, a, claims, "iss"));
	TRY(verify_by_issuer(&jws, out->iss, issuers, count));
	TRY(read_claims(out, a, claims));
	return check_times(out, now_seconds);
}

enum err visa_peek_issuer(struct slice *iss, struct slice *jku, struct arena *a, struct slice jwt)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	TRY(jws_parse(&jws, a, jwt, VISA_MAX));
	TRY(json_read(&claims, jws.payload, VISA_MAX));
	*jku = jws.jku;
	return claim_text(iss, a, claims, "iss");
}
