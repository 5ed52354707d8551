/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/intake.h"

#include "crypto/base/clock.h"
#include "crypto/passport.h"
#include "crypto/random.h"
#include "crypto/visa_values.h"
#include "gateway/api/proof/jwks.h"
#include "gateway/api/proof/trust.h"
#include "schema/store/identity.h"

bool intake_is_refusal(enum err kind)
{
	return kind != ERR_UNAVAILABLE && kind != ERR_TIMEOUT && kind != ERR_CLOSED &&
	       kind != ERR_IO && kind != ERR_INTERNAL;
}

/* What is verified: a visa, or a passport. */
typedef enum err verify_fn(void *out, struct arena *a, struct slice jwt,
			   const struct visa_trust *trust);

static enum err verify_visa(void *out, struct arena *a, struct slice jwt,
			    const struct visa_trust *trust)
{
	return visa_verify(out, a, jwt, trust);
}

static enum err verify_passport(void *out, struct arena *a, struct slice jwt,
				const struct visa_trust *trust)
{
	return passport_verify(out, a, jwt, trust);
}

static enum err verify_by(void *out, verify_fn *run, struct exchange *x,
			  struct route_context *context, struct slice jwt,
			  const struct store_issuer *row)
{
	AUTO(trust_clear) struct trust trust;
	struct visa_trust at;

	trust_make(&trust, row, row ? 1 : 0);
	at = trust_at(&trust, context->api, clock_now_seconds());
	return run(out, exchange_arena(x), jwt, &at);
}

/* The list is asked first: for an issuer that is not on it nothing is ever fetched. A listed one
 * whose keys are fetched may have a new one by now (roll-over). */
static enum err verify(void *out, verify_fn *run, struct exchange *x, struct route_context *context,
		       struct slice jwt, struct slice iss)
{
	struct store_issuer issuer;
	const char *why;
	enum err known = store_issuer_get(context->store, exchange_arena(x), &issuer, iss);
	enum err result;

	if (known == ERR_NOT_FOUND) /* let the verifier say so, in its words */
		return verify_by(out, run, x, context, jwt, NULL);
	TRY(known);
	result = verify_by(out, run, x, context, jwt, &issuer);
	if (result != ERR_NOT_FOUND || issuer.pinned)
		return result;
	why = arena_string(exchange_arena(x), slice_of_string(failure_text()));
	if (jwks_fetch(context, exchange_arena(x), iss) != OK) {
		store_rollback(context->store);
		return failure(ERR_NOT_FOUND, "%s (and no newer keys can be had: %s)", why,
			       arena_string(exchange_arena(x), slice_of_string(failure_text())));
	}
	TRY(store_issuer_get(context->store, exchange_arena(x), &issuer, iss));
	return verify_by(out, run, x, context, jwt, &issuer);
}

static struct store_visa row_of(const struct exchange *x, const struct visa *v, struct slice jwt)
{
	struct store_visa row = {
		.iss = v->iss,
		.sub = v->sub,
		.type = v->type,
		.value = v->value,
		.source = v->source,
		.by = v->by,
		.asserted_ms = v->asserted_seconds * 1000,
		.expires_ms = v->expires_seconds * 1000,
		.jwt = jwt,
		.added_ms = clock_now_ms(),
	};

	random_uuid(row.id, row.added_ms);
	memcpy(row.person, authorize_principal(x)->person.id, STORE_ID);
	return row;
}

/* What a LinkedIdentities visa names is this person's from now on, as long as the visa counts. */
static enum err link_subjects(struct exchange *x, struct store *store, const struct store_visa *row)
{
	struct visa_identity links[VISA_LINKS_MAX];
	struct store_identity identity = {.how = S("linked"), .bound_ms = row->added_ms};
	size_t count;

	if (!slice_equal(row->type, S(VISA_LINKED)))
		return OK;
	memcpy(identity.person, row->person, STORE_ID);
	memcpy(identity.by_visa, row->id, STORE_ID);
	TRY(visa_links(links, &count, exchange_arena(x), row->value));
	for (size_t i = 0; i < count; i++) {
		identity.iss = links[i].iss;
		identity.sub = links[i].sub;
		TRY(store_identity_link(store, &identity));
	}
	return OK;
}

static enum err add_visa(struct exchange *x, struct route_context *context,
			 const struct store_visa *row, bool has_receipt)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_VISA_ADD, who->person.id, who->person.name);
	audit_event_uuid(&event, "visa", row->id);
	audit_event_text(&event, "iss", row->iss);
	audit_event_text(&event, "sub", row->sub);
	audit_event_text(&event, "type", row->type);
	audit_event_text(&event, "value", row->value);
	TRY(store_begin(store));
	TRY(store_visa_add(store, row));
	TRY(link_subjects(x, store, row));
	return has_receipt ? api_finish(x, context, &event) : api_commit(context, &event);
}

enum err intake_visa(struct store_visa *out, struct exchange *x, struct route_context *context,
		     struct slice jwt, bool has_receipt)
{
	struct slice iss, jku;
	struct visa visa;

	TRY(visa_peek_issuer(&iss, &jku, exchange_arena(x), jwt));
	TRY(verify(&visa, verify_visa, x, context, jwt, iss));
	*out = row_of(x, &visa, jwt);
	return add_visa(x, context, out, has_receipt);
}

/* A passport binds nothing, but one of another person's subject is not theirs to present. */
static enum err check_subject(const struct exchange *x, struct route_context *context,
			      struct slice iss, struct slice sub, const char *refusal)
{
	uint8_t owner[STORE_ID];
	static const uint8_t nobody[STORE_ID];

	TRY(store_identity_owner(context->store, owner, iss, sub));
	if (memcmp(owner, nobody, STORE_ID) == 0 || principal_is(authorize_principal(x), owner))
		return OK;
	return failure(ERR_DENIED, "%s", refusal);
}

/* All visas of a passport are one person's: one that is somebody else's makes it theirs. What does
 * not verify says nothing about anybody. */
static enum err check_visas(struct exchange *x, struct route_context *context,
			    const struct passport *passport)
{
	for (size_t i = 0; i < passport->visa_count; i++) {
		struct slice iss, jku;
		struct visa visa;
		enum err result = visa_peek_issuer(&iss, &jku, exchange_arena(x),
						   passport->visas[i]);

		if (result == OK)
			result = verify(&visa, verify_visa, x, context, passport->visas[i], iss);
		if (result == OK)
			TRY(check_subject(x, context, visa.iss, visa.sub,
					  "passport: it holds a visa of another person"));
		else if (!intake_is_refusal(result))
			return result;
	}
	return OK;
}

enum err intake_passport(struct passport *out, struct exchange *x, struct route_context *context,
			 struct slice jwt)
{
	struct slice iss, kid;

	TRY(passport_peek_issuer(&iss, &kid, exchange_arena(x), jwt));
	TRY(verify(out, verify_passport, x, context, jwt, iss));
	TRY(check_subject(x, context, out->iss, out->sub,
			  "passport: its subject is another person"));
	return check_visas(x, context, out);
}
