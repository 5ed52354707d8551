/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/claims_of.h"

/* Newest first comes in; what does not fit is the oldest. */
static void add(struct claims *out, struct claim *list, const struct claim *claim)
{
	if (out->count < CLAIMS_MAX)
		list[out->count++] = *claim;
}

static int64_t end_of_link(const struct proofs *p, const struct proof *proof)
{
	for (size_t i = 0; i < p->visa_count; i++)
		if (memcmp(p->visas[i].id, proof->linked, STORE_ID) == 0)
			return p->visas[i].visa.expires_seconds;
	return INT64_MAX;
}

static struct claim claim_of_visa(const struct proofs *p, const struct proof *proof)
{
	const struct visa *v = &proof->visa;
	int64_t link = end_of_link(p, proof);
	struct claim claim = {
		.type = v->type,
		.value = v->value,
		.source = v->source,
		.by = v->by,
		.iss = v->iss,
		.asserted_seconds = v->asserted_seconds,
		.expires_seconds = link < v->expires_seconds ? link : v->expires_seconds,
	};

	memcpy(claim.id, proof->id, CLAIM_ID);
	return claim;
}

/* Where an institution of theirs is: no office of ours, but an administrator's word. */
static struct claim claim_of_member(const struct store_member *m)
{
	struct claim claim = {
		.type = slice_of_string(CLAIM_COUNTRY),
		.value = m->institution_country,
		.source = m->institution_name,
		.by = S("so"),
		.iss = S(""),
		.asserted_seconds = m->since_ms / 1000,
		.expires_seconds = INT64_MAX,
	};

	memcpy(claim.id, m->institution, CLAIM_ID);
	return claim;
}

static struct claim claim_of_referee(const struct store_referee *r)
{
	struct claim claim = {
		.type = slice_of_string(CLAIM_REFERENCE),
		.value = r->email,
		.source = r->name,
		.by = S("peer"),
		.iss = S(""),
		.asserted_seconds = r->answered_ms / 1000,
		.expires_seconds = INT64_MAX,
	};

	memcpy(claim.id, r->id, CLAIM_ID);
	return claim;
}

/* All that say one say the same, or it is not known. */
static struct country country_of(const struct claims *claims)
{
	struct country country = {.source = COUNTRY_NONE};
	struct slice found = S("");

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->list[i];

		if (!slice_equal(claim->type, slice_of_string(CLAIM_COUNTRY)) ||
		    claim->value.size != 2)
			continue;
		if (found.size && !slice_equal(found, claim->value))
			return country;
		found = claim->value;
	}
	if (!found.size)
		return country;
	country.source = COUNTRY_CLAIM;
	memcpy(country.code, found.data, 2);
	return country;
}

void claims_of_proofs(struct claims *out, struct arena *arena, const struct proofs *proofs)
{
	struct claim *list = arena_alloc(arena, CLAIMS_MAX * sizeof *list);
	struct claim claim;

	*out = (struct claims){.list = list};
	for (size_t i = 0; i < proofs->member_count; i++) {
		claim = claim_of_member(&proofs->members[i]);
		if (claim.value.size &&
		    slice_equal(proofs->members[i].institution_state, S("active")))
			add(out, list, &claim);
	}
	for (size_t i = 0; i < proofs->referee_count; i++) {
		claim = claim_of_referee(&proofs->referees[i]);
		if (slice_equal(proofs->referees[i].state, S("confirmed")))
			add(out, list, &claim);
	}
	for (size_t i = 0; i < proofs->visa_count; i++)
		if (proofs->visas[i].counts) {
			claim = claim_of_visa(proofs, &proofs->visas[i]);
			add(out, list, &claim);
		}
	out->country = country_of(out);
}
