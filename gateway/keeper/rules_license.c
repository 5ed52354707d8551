/* SPDX-License-Identifier: Apache-2.0 */
/* The one question that approvers answer with: may this license be signed? */
#include "crypto/approval.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/keeper/evidence.h"
#include "gateway/keeper/standing.h"

static uint64_t fact_of_journal(const void *context, const struct fact *like)
{
	return journal_fact(context, like);
}

static struct approvers approvers_of(const struct rules *r)
{
	return (struct approvers){fact_of_journal, r->journal, r->origin, r->now.wall_ms};
}

/* Both say the same but for the terms, and what every license has of its own. */
static enum err compare_but_terms(struct slice old, struct slice new)
{
	AUTO(json_auto) json_t *before = NULL;
	AUTO(json_auto) json_t *after = NULL;

	TRY(approval_subject_of_license(&before, old));
	TRY(approval_subject_of_license(&after, new));
	json_object_del(before, "terms_sha256");
	json_object_del(after, "terms_sha256");
	if (!json_equal(before, after))
		return failure(ERR_DENIED, "more than the terms would change");
	return OK;
}

/*
 * New terms accepted: a license that the keeper signed, and that is in force but for its terms, is
 * replaced by one that says the same. No approver is asked, since nothing is given that was not
 * approved; the old one ends by the same write, so that one approval is never two licenses.
 */
static enum err check_replacement(struct rules *r, const struct wire_license_sign *ask,
				  struct rules_used *used)
{
	AUTO(arena_free) struct arena a = {0};
	struct license old;
	char id[TEXT_UUID];
	struct fact fact;
	uint64_t bits;

	if (license_verify(&old, &a, ask->replaced, ask->replaced_signature, r->license_public) !=
	    OK)
		return rules_refuse(r, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE",
				    "the license to replace is not one that this keeper signed");
	text_uuid(id, old.id);
	fact = fact_of(FACT_LICENSE, slice_of_string(id), S(""), 0);
	bits = journal_fact(r->journal, &fact);
	if (bits & (FACT_LICENSE_REVOKED | FACT_LICENSE_SUSPENDED))
		return rules_refuse(r, ERR_DENIED,
				    bits & FACT_LICENSE_REVOKED ? "LICENSE_REVOKED"
								: "LICENSE_SUSPENDED",
				    "the license to replace was revoked or is suspended");
	if (compare_but_terms(ask->replaced, ask->document) != OK)
		return rules_refuse(r, ERR_DENIED, "APPROVAL_NEEDED", "%s", failure_text());
	fact.value = bits | FACT_LICENSE_REVOKED;
	used->facts[used->count++] = fact;
	return OK;
}

static enum err weigh(struct rules *r, const struct license *license,
		      const struct wire_license_sign *ask, struct rules_used *used)
{
	struct approvers approvers = approvers_of(r);
	struct approvers_question question = {
		.kind = APPROVAL_LICENSE,
		.document = ask->document,
		.person = slice_of(license->person, WIRE_ID),
		.persons = approvers_needed(&approvers, license->model),
	};
	struct approvers_found found;

	TRY(approvers_weigh(&found, &approvers, &question, ask->approvals, ask->approval_count));
	memcpy(used->facts, found.statements, found.count * sizeof found.statements[0]);
	used->count = found.count;
	return OK;
}

static enum err check_approval(struct rules *r, const struct license *license,
			       const struct wire_license_sign *ask, struct rules_used *used)
{
	struct approvers approvers = approvers_of(r);
	enum err result;

	used->count = 0;
	if (ask->replaced.size)
		return check_replacement(r, ask, used);
	if (approvers_persons(&approvers) == 0)
		return OK;
	result = ask->approval_count ? weigh(r, license, ask, used)
				     : standing_check(&approvers, ask->document);
	if (result != OK)
		return rules_refuse(r, ERR_DENIED, "APPROVAL_NEEDED", "%s", failure_text());
	return OK;
}

static enum err check_license(struct rules *r, const struct license *license,
			      const struct wire_license_sign *ask, struct rules_used *used)
{
	if (r->now.wall_ms >= license->expires_ms)
		return rules_refuse(r, ERR_EXPIRED, "LICENSE_EXPIRED", "the license has expired");
	TRY(rules_check_license_state(r, license));
	return check_approval(r, license, ask, used);
}

enum err rules_license_check(struct rules *r, const struct wire_license_sign *ask,
			     struct rules_used *used)
{
	AUTO(arena_free) struct arena a = {0};
	struct license license;

	r->code = "";
	TRY(license_parse(&license, &a, ask->document));
	return check_license(r, &license, ask, used);
}

enum err rules_license_sign(struct rules *r, const struct wire_license_sign *ask,
			    struct rules_used *used)
{
	AUTO(evidence_clear) struct evidence e = {0};
	AUTO(arena_free) struct arena a = {0};
	struct digest digest = digest_of(ask->document);
	struct license license;

	r->code = "";
	TRY(evidence_find(r, &e, ask->event, RULES_FRESH_MS));
	if (e.event->kind != EVENT_LICENSE_ISSUE && e.event->kind != EVENT_LICENSE_RENEW)
		return rules_refuse(r, ERR_DENIED, "", "a %s is no ground for a license",
				    event_kind_name(e.event->kind));
	TRY(license_parse(&license, &a, ask->document));
	TRY(evidence_id(r, e.payload, "license", license.id));
	TRY(evidence_digest(r, e.payload, "license_sha256", digest.bytes));
	if (memcmp(license.entry, ask->event, WIRE_ID) != 0)
		return rules_refuse(r, ERR_DENIED, "", "the license names another entry");
	TRY(check_license(r, &license, ask, used));
	return evidence_use(r, &e, S(""));
}
