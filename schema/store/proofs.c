/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/proofs.h"

#include "schema/store/rows.h"

/* The order of the steps in the batch. */
enum { VISAS, ISSUERS, MEMBERS, REFEREES };

static void take_proof(struct store_step *step, void *out)
{
	struct store_proof *proof = out;

	store_take_id(step, proof->id);
	proof->jwt = store_take_text(step);
	proof->iss = store_take_text(step);
	proof->sub = store_take_text(step);
	store_take_id(step, proof->linked);
}

enum err store_proofs_load(struct store *s, struct arena *arena, struct store_proofs *out,
			   const uint8_t person[STORE_ID])
{
	static const struct store_statement visas = {
		"proof_list",
		"SELECT v.id, v.jwt, v.iss, v.sub, i.by_visa FROM visa v JOIN identity i "
		"ON i.iss = v.iss AND i.sub = v.sub AND i.person = v.person "
		"WHERE v.person = $1 ORDER BY v.added_at DESC, v.id LIMIT 256"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_put_id(store_batch_add(&batch, &visas, arena), person);
	store_put_id(store_batch_add(&batch, &issuer_of_visas_statement, arena), person);
	store_put_id(store_batch_add(&batch, &institutions_of_statement, arena), person);
	store_put_id(store_batch_add(&batch, &referee_list_statement, arena), person);
	TRY(store_batch_run(s, &batch));
	*out = (struct store_proofs){0};
	out->visas = store_all(&batch.steps[VISAS], &out->visa_count, sizeof *out->visas,
			       take_proof);
	out->issuers = store_all(&batch.steps[ISSUERS], &out->issuer_count, sizeof *out->issuers,
				 issuer_take);
	out->members = store_all(&batch.steps[MEMBERS], &out->member_count, sizeof *out->members,
				 member_take);
	out->referees = store_all(&batch.steps[REFEREES], &out->referee_count,
				  sizeof *out->referees, referee_take);
	return OK;
}
