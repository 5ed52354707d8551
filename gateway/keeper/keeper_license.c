/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses are signed here, and the approvers kept on whose signatures that rests. */
#include "crypto/license_jwt.h"
#include "gateway/keeper/keeper_state.h"

enum err keeper_license_sign(struct keeper *k, const struct wire_license_sign *ask,
			     struct rules_time now, uint8_t signature[SIGN_SIGNATURE])
{
	struct rules rules = keeper_rules_of(k, now);
	struct rules_used used;
	enum err allowed = rules_license_sign(&rules, ask, &used);

	k->code = rules.code;
	TRY(allowed);
	if (used.count) /* on the disk before there is a license that rests on it */
		TRY(keeper_write_fact(k, used.facts, used.count));
	sign_make_in(LICENSE_DOMAIN, keyring_license_key(k->keyring), ask->document, signature);
	return OK;
}

enum err keeper_document_sign(struct keeper *k, const struct wire_document_sign *ask,
			      struct rules_time now, uint8_t signature[SIGN_SIGNATURE])
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX);
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed = rules_document_sign(&rules, ask, &text);

	k->code = rules.code;
	TRY(allowed);
	sign_make(keyring_license_key(k->keyring), buf_slice(&text), signature);
	return OK;
}

enum err keeper_license_check(struct keeper *k, const struct wire_license_sign *ask,
			      struct rules_time now)
{
	struct rules rules = keeper_rules_of(k, now);
	struct rules_used used;
	enum err allowed = rules_license_check(&rules, ask, &used);

	k->code = rules.code;
	return allowed;
}

enum err keeper_approver_check(struct keeper *k, const struct wire_approver_check *ask,
			       struct rules_time now)
{
	enum err allowed = ledger_check(&k->ledger, ask->kind, ask->payload, now);

	k->code = allowed == OK ? "" : "APPROVAL_NEEDED";
	return allowed;
}

enum err keeper_entry_reduce(const struct keeper *k, const struct wire_log_entry *ask,
			     struct buf *facts, struct digest *seal)
{
	return ledger_reduce(&k->ledger, ask, facts, seal);
}

static uint64_t fact_of_journal(const void *context, const struct fact *like)
{
	return journal_fact(context, like);
}

static struct approvers approvers_of(const struct keeper *k)
{
	return (struct approvers){.fact = fact_of_journal,
				  .context = k->journal,
				  .gateway = slice_of_string(k->log_key.name)};
}

void keeper_approvers(const struct keeper *k, struct slice model, struct wire_approvers_are *out)
{
	struct approvers approvers = approvers_of(k);

	*out = (struct wire_approvers_are){
		.persons = (uint32_t)approvers_persons(&approvers),
		.needed = (uint16_t)approvers_needed(&approvers, model),
		.floor = (uint16_t)approvers_floor(&approvers),
		.gateway = approvers.gateway,
	};
}

enum err keeper_recover_approver(struct keeper *k, const uint8_t key[SIGN_PUBLIC],
				 const uint8_t person[WIRE_ID])
{
	struct approvers approvers = approvers_of(k);
	struct approvers_change change;

	TRY(approvers_enroll(&change, &approvers, key, person));
	return keeper_write_fact(k, change.facts, change.count);
}

enum err keeper_first_approver(struct keeper *k, const uint8_t key[SIGN_PUBLIC],
			       const uint8_t person[WIRE_ID])
{
	struct approvers approvers = approvers_of(k);

	if (approvers_persons(&approvers))
		return failure(ERR_CONFLICT, "there are approvers: they enroll the next one");
	return keeper_recover_approver(k, key, person);
}

/* First the journal says that statements from before are refused, then they are forgotten: so a
 * clock that is set back brings none of them to life. The second only moves on. */
enum err keeper_forget_statements(struct keeper *k, uint64_t now_seconds)
{
	struct fact horizon = fact_of(FACT_HORIZON, S(""), S(""), 0);
	struct approvers approvers = approvers_of(k);
	uint64_t before = now_seconds - APPROVERS_HORIZON_SECONDS;

	if (approvers_persons(&approvers) == 0 || now_seconds < APPROVERS_HORIZON_SECONDS ||
	    before <= journal_fact(k->journal, &horizon))
		return OK;
	horizon.value = before;
	TRY(keeper_write_fact(k, &horizon, 1));
	journal_forget_statements(k->journal, before);
	return OK;
}
