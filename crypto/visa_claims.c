/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/visa_claims.h"

enum { VISA_TEXT_MAX = 255 };

enum err visa_claim_text(struct slice *out, struct arena *a, const json_t *claims, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, claims, name));
	if (text.size == 0 || text.size > VISA_TEXT_MAX)
		return failure(ERR_FORMAT, "visa: \"%s\" must have 1 to %d bytes", name,
			       VISA_TEXT_MAX);
	*out = arena_copy(a, text);
	return OK;
}

enum err visa_claim_text_or_none(struct slice *out, struct arena *a, const json_t *claims,
				 const char *name)
{
	*out = S("");
	return json_has(claims, name) ? visa_claim_text(out, a, claims, name) : OK;
}

/* NumericDate may have a fraction (RFC 7519 section 2); the whole second counts. */
enum err visa_claim_time(int64_t *out, const json_t *claims, const char *name)
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

static enum err verify_by_entry(const struct jws *jws, const struct visa_issuer *entry)
{
	if (!entry->keys)
		return failure(ERR_NOT_FOUND, "visa: there are no keys of its issuer here yet");
	return jws_verify(jws, entry->keys);
}

/* An issuer may be listed with several key addresses: the first that has the key decides. */
enum err visa_check_issuer(const struct jws *jws, struct slice iss, const struct visa_trust *trust)
{
	bool listed = false;
	enum err result = OK;

	for (size_t i = 0; i < trust->count; i++) {
		if (!entry_fits(&trust->issuers[i], jws, iss))
			continue;
		listed = true;
		result = verify_by_entry(jws, &trust->issuers[i]);
		if (result != ERR_NOT_FOUND)
			return result;
	}
	return listed ? result : refuse_issuer(jws, iss, trust->issuers, trust->count);
}

/* Whom it is for, if it says so: one text, or a list of them (RFC 7519 section 4.1.3). */
enum err visa_check_audience(const json_t *claims, struct slice audience)
{
	const json_t *aud = json_object_get(claims, "aud");
	struct slice one;

	if (!aud)
		return OK;
	if (json_is_string(aud)) {
		TRY(json_get_text(&one, claims, "aud"));
		if (slice_equal(one, audience))
			return OK;
	}
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (json_text_at(&one, aud, i) == OK && slice_equal(one, audience))
			return OK;
	return failure(ERR_DENIED, "visa: it is for somebody else (aud)");
}
