/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/trust.h"

#include "crypto/base/log.h"

static void forget_revoked(struct jwk_set *set, struct slice kids)
{
	struct slice kid;
	bool more = kids.size > 0;

	while (more) {
		more = slice_cut(kids, '\n', &kid, &kids);
		jwk_set_remove(set, kid);
	}
}

/* An issuer that published a set without any key for us has withdrawn them all: no set. */
static struct jwk_set *keys_of(const struct store_issuer *row)
{
	struct jwk_set *set = NULL;

	if (row->jwks.size == 0)
		return NULL;
	if (jwks_parse(&set, row->jwks) != OK) {
		log_warn("issuer.keys", "iss=\"%.*s\" why=\"%s\"", SLICE_PRINT(row->iss),
			 failure_text());
		return NULL;
	}
	forget_revoked(set, row->revoked_kids);
	return set;
}

void trust_make(struct trust *out, const struct store_issuer *rows, size_t count)
{
	*out = (struct trust){.count = count < TRUST_ISSUERS_MAX ? count : TRUST_ISSUERS_MAX};
	for (size_t i = 0; i < out->count; i++) {
		out->sets[i] = keys_of(&rows[i]);
		out->issuers[i] = (struct visa_issuer){rows[i].iss, rows[i].jku, out->sets[i]};
	}
}

void trust_clear(struct trust *t)
{
	for (size_t i = 0; i < t->count; i++)
		jwk_set_free(t->sets[i]);
	t->count = 0;
}

struct visa_trust trust_at(const struct trust *t, const struct api *api, int64_t now_seconds)
{
	return (struct visa_trust){.issuers = t->issuers,
				   .count = t->count,
				   .audience = slice_of_string(api->settings->external_url),
				   .now_seconds = now_seconds};
}
