/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/approvers.h"

#include <stdio.h>

#include "crypto/approval.h"
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

_Static_assert((int)APPROVAL_MAX_KEYS == (int)WIRE_MAX_APPROVALS, "one ceiling");
_Static_assert((int)APPROVAL_MAX == (int)WIRE_MAX_STATEMENT, "one ceiling");
_Static_assert((int)APPROVERS_HORIZON_SECONDS > (int)APPROVAL_SECONDS,
	       "a statement is stale before it is forgotten");

uint64_t approvers_holder(const uint8_t person[WIRE_ID])
{
	struct digest digest = digest_of(slice_of(person, WIRE_ID));
	uint64_t holder = 0;

	for (size_t i = 0; i < 8; i++)
		holder = holder << 8 | digest.bytes[i];
	return holder | 1; /* a fact's value is not zero */
}

static uint64_t value_of(const struct approvers *a, enum fact_kind kind, struct slice name,
			 struct slice part)
{
	struct fact like = fact_of(kind, name, part, 0);

	return a->fact(a->context, &like);
}

static struct slice holder_name(const uint64_t *holder)
{
	return slice_of(holder, sizeof *holder);
}

uint64_t approvers_persons(const struct approvers *a)
{
	return value_of(a, FACT_APPROVERS, S(""), S(""));
}

unsigned approvers_floor(const struct approvers *a)
{
	uint64_t floor = value_of(a, FACT_APPROVERS, S("floor"), S(""));

	return floor ? (unsigned)floor : 1;
}

unsigned approvers_needed(const struct approvers *a, struct slice model)
{
	uint64_t needed = value_of(a, FACT_NEEDED, model, S(""));

	if (needed == 0)
		needed = value_of(a, FACT_NEEDED, S(""), S(""));
	return needed ? (unsigned)needed : 1;
}

static enum err check_unused(const struct approvers *a, const struct approval *approval,
			     const struct fact *used)
{
	uint64_t horizon = value_of(a, FACT_HORIZON, S(""), S(""));

	if (a->fact(a->context, used))
		return failure(ERR_CONFLICT, "this approval was used already");
	if (approval->signed_ms < 0 || (uint64_t)(approval->signed_ms / 1000) < horizon)
		return failure(ERR_EXPIRED,
			       "the approval was signed before what the keeper remembers");
	return OK;
}

static enum err check_subject(const struct approvers_question *q, const json_t *subject)
{
	if (!q->subject)
		return approval_covers(subject, q->document);
	if (!json_equal(subject, q->subject))
		return failure(ERR_DENIED, "the approval is for something else");
	return OK;
}

static enum err refuse_own(void)
{
	return failure(ERR_DENIED, "nobody approves what is for themselves");
}

/* Whoever is named beside others has a stake in all of it. */
static enum err check_not_named(const json_t *subject, uint64_t holder)
{
	const json_t *persons;
	uint8_t person[WIRE_ID];
	struct slice text;

	TRY(json_get_array(&persons, subject, "persons"));
	for (size_t i = 0; i < json_array_size(persons); i++) {
		TRY(json_text_at(&text, persons, i));
		TRY(text_read_uuid(person, text));
		if (approvers_holder(person) == holder)
			return refuse_own();
	}
	return OK;
}

/* A statement for several persons is used by each of them for themselves. */
static enum err find_use(struct fact *used, const struct approvers_question *q,
			 const json_t *subject, struct slice statement, uint64_t holder)
{
	bool several = q->person.size && approval_names_several(subject);
	struct digest digest = digest_of(statement);

	if (several)
		TRY(check_not_named(subject, holder));
	*used = fact_of(FACT_STATEMENT, digest_slice(&digest), several ? q->person : S(""), 0);
	return OK;
}

static enum err check_statement(const struct approvers *a, const struct approvers_question *q,
				const struct wire_approval *given, uint64_t holder,
				struct fact *used)
{
	AUTO(json_auto) json_t *statement = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	struct approval approval;

	TRY(approval_parse(&approval, &statement, &subject, given->statement));
	if (!slice_equal(approval.kind, slice_of_string(q->kind)))
		return failure(ERR_DENIED, "the approval is of kind \"%.*s\", \"%s\" is needed",
			       SLICE_PRINT(slice_part(approval.kind, 0, 40)), q->kind);
	if (!slice_equal(approval.gateway, a->gateway))
		return failure(ERR_DENIED, "the approval is for another gateway");
	TRY(approval_check_time(&approval, a->now_ms));
	TRY(find_use(used, q, subject, given->statement, holder));
	TRY(check_unused(a, &approval, used));
	used->value = (uint64_t)(approval.signed_ms / 1000);
	return check_subject(q, subject);
}

/* The signature is looked at first: nothing of a statement is read that no approver signed. */
static enum err check_approval(const struct approvers *a, const struct approvers_question *q,
			       const struct wire_approval *given, uint64_t *holder,
			       struct fact *used)
{
	*holder = value_of(a, FACT_APPROVER, slice_of(given->key, WIRE_PUBLIC), S(""));
	if (*holder == 0)
		return failure(ERR_DENIED, "the key is not an approver's");
	if (q->person.size && *holder == approvers_holder(q->person.data))
		return refuse_own();
	if (!sign_is_valid_in(APPROVAL_DOMAIN, given->key, given->statement, given->signature))
		return failure(ERR_FORGED, "the approver's signature does not verify");
	return check_statement(a, q, given, *holder, used);
}

static bool is_among(const uint64_t *holders, size_t count, uint64_t holder)
{
	for (size_t i = 0; i < count; i++)
		if (holders[i] == holder)
			return true;
	return false;
}

enum err approvers_weigh(struct approvers_found *out, const struct approvers *a,
			 const struct approvers_question *q, const struct wire_approval *given,
			 size_t count)
{
	uint64_t holders[WIRE_MAX_APPROVALS];
	char why[FAILURE_MAX_TEXT] = "";

	out->count = 0;
	for (size_t i = 0; i < count && i < WIRE_MAX_APPROVALS; i++) {
		uint64_t *holder = &holders[out->count];

		if (check_approval(a, q, &given[i], holder, &out->statements[out->count]) == OK)
			out->count += !is_among(holders, out->count, *holder);
		else if (!why[0])
			snprintf(why, sizeof why, ": %s", failure_text());
	}
	if (out->count >= q->persons)
		return OK;
	if (q->persons == 1)
		return failure(ERR_DENIED, "an approver's signature is needed%.200s", why);
	return failure(ERR_DENIED,
		       "signatures of %u different approvers are needed, %zu of %zu count%.200s",
		       q->persons, out->count, count, why);
}

static enum err get_bytes(uint8_t *out, size_t size, const json_t *object, const char *name)
{
	AUTO(buf_free) struct buf bytes = buf_new(128);
	struct slice text;

	TRY(json_get_text(&text, object, name));
	TRY(text_read_base64(&bytes, text, TEXT_BASE64));
	if (bytes.size != size)
		return failure(ERR_FORMAT, "\"%s\" has %zu bytes, not %zu", name, bytes.size, size);
	memcpy(out, bytes.data, size);
	return OK;
}

enum err approvers_read(struct wire_approval given[WIRE_MAX_APPROVALS], size_t *count,
			const json_t *payload)
{
	const json_t *list;

	*count = 0;
	if (!json_has(payload, "approvals"))
		return OK;
	TRY(json_get_array(&list, payload, "approvals"));
	if (json_array_size(list) > WIRE_MAX_APPROVALS)
		return failure(ERR_LIMIT, "more than %d approvals", WIRE_MAX_APPROVALS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		TRY(get_bytes(given[i].key, WIRE_PUBLIC, one, "key"));
		TRY(get_bytes(given[i].signature, WIRE_SIGNATURE, one, "sig"));
		TRY(json_get_text(&given[i].statement, one, "statement"));
	}
	*count = json_array_size(list);
	return OK;
}

static void put(struct approvers_change *out, struct fact fact)
{
	out->facts[out->count++] = fact;
}

enum err approvers_enroll(struct approvers_change *out, const struct approvers *a,
			  const uint8_t key[WIRE_PUBLIC], const uint8_t person[WIRE_ID])
{
	struct slice name = slice_of(key, WIRE_PUBLIC);
	uint64_t holder = approvers_holder(person);
	uint64_t keys = value_of(a, FACT_HOLDER, holder_name(&holder), S(""));

	out->count = 0;
	if (value_of(a, FACT_APPROVER, name, S("")))
		return failure(ERR_CONFLICT, "the key is an approver's already");
	put(out, fact_of(FACT_APPROVER, name, S(""), holder));
	put(out, fact_of(FACT_HOLDER, holder_name(&holder), S(""), keys + 1));
	if (keys == 0)
		put(out, fact_of(FACT_APPROVERS, S(""), S(""), approvers_persons(a) + 1));
	return OK;
}

/* Whoever is left must be able to do what the rules ask for, or nothing could be changed again. */
enum err approvers_remove(struct approvers_change *out, const struct approvers *a,
			  const uint8_t key[WIRE_PUBLIC])
{
	struct slice name = slice_of(key, WIRE_PUBLIC);
	uint64_t holder = value_of(a, FACT_APPROVER, name, S(""));
	uint64_t keys = value_of(a, FACT_HOLDER, holder_name(&holder), S(""));
	uint64_t left = approvers_persons(a) - (keys == 1);

	out->count = 0;
	if (holder == 0)
		return failure(ERR_CONFLICT, "the key is no approver's");
	if (left < approvers_floor(a))
		return failure(ERR_CONFLICT,
			       "%llu approvers would be left, and the rules ask for %u: enroll "
			       "another first, or change the rule",
			       (unsigned long long)left, approvers_floor(a));
	put(out, fact_of(FACT_APPROVER, name, S(""), 0));
	put(out, fact_of(FACT_HOLDER, holder_name(&holder), S(""), keys - 1));
	if (keys == 1)
		put(out, fact_of(FACT_APPROVERS, S(""), S(""), left));
	return OK;
}

/*
 * What licenses of the strictest model need, a change of the approvers needs too: otherwise one
 * person could enroll two of their own and be three. The rule for all models sets this floor, a
 * model's own rule can only raise it.
 */
enum err approvers_rule(struct approvers_change *out, const struct approvers *a, struct slice model,
			int64_t needed)
{
	uint64_t floor = approvers_floor(a);

	out->count = 0;
	if (needed < 1 || needed > WIRE_MAX_APPROVALS || (uint64_t)needed > approvers_persons(a))
		return failure(ERR_CONFLICT,
			       "%lld approvers cannot be asked for: 1 to %d, and there are %llu",
			       (long long)needed, WIRE_MAX_APPROVALS,
			       (unsigned long long)approvers_persons(a));
	if (model.size == 0 || (uint64_t)needed > floor)
		floor = (uint64_t)needed;
	put(out, fact_of(FACT_NEEDED, model, S(""), (uint64_t)needed));
	put(out, fact_of(FACT_APPROVERS, S("floor"), S(""), floor));
	return OK;
}
