/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/proofs.h"

#include "gateway/api/facts.h"
#include "gateway/api/proof/trust.h"

static struct slice failure_in(struct arena *arena)
{
	return arena_copy(arena, slice_of_string(failure_text()));
}

/* The subject it was bound by is the one it names: whatever was changed in the database since. */
static enum err verify_one(struct visa *out, struct arena *arena, const struct store_proof *row,
			   const struct visa_trust *trust)
{
	TRY(visa_verify_undated(out, arena, row->jwt, trust));
	if (!slice_equal(out->iss, row->iss) || !slice_equal(out->sub, row->sub))
		return failure(ERR_DENIED, "visa: it is another subject's");
	return OK;
}

static void verify_all(struct proofs *out, struct arena *arena, const struct store_proofs *rows,
		       const struct api *api)
{
	AUTO(trust_clear) struct trust trust;
	struct visa_trust at;

	trust_make(&trust, rows->issuers, rows->issuer_count);
	at = trust_at(&trust, api, 0);
	out->visas = arena_alloc(arena, (rows->visa_count + 1) * sizeof *out->visas);
	out->visa_count = rows->visa_count;
	for (size_t i = 0; i < rows->visa_count; i++) {
		struct proof *proof = &out->visas[i];

		memcpy(proof->id, rows->visas[i].id, STORE_ID);
		memcpy(proof->linked, rows->visas[i].linked, STORE_ID);
		proof->is_verified = verify_one(&proof->visa, arena, &rows->visas[i], &at) == OK;
		proof->why_not = proof->is_verified ? S("") : failure_in(arena);
	}
}

enum err proofs_of(struct proofs *out, struct route_context *context, struct arena *arena,
		   const uint8_t person[STORE_ID], int64_t now_seconds)
{
	struct facts *facts = context->api->facts;
	struct facts_mark mark = facts_mark(facts);
	struct store_proofs rows;

	if (!facts_find_proofs(facts, arena, out, mark, person)) {
		TRY(store_proofs_load(context->store, arena, &rows, person));
		*out = (struct proofs){.members = rows.members,
				       .member_count = rows.member_count,
				       .referees = rows.referees,
				       .referee_count = rows.referee_count};
		verify_all(out, arena, &rows, context->api);
		facts_keep_proofs(facts, out, mark, person);
	}
	proofs_weigh(out, arena, now_seconds);
	return OK;
}
