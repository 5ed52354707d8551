/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/recall.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"

static const struct facts_mark no_mark;

static struct facts_mark mark_of(const struct exchange *x, const struct route_context *context)
{
	return store_is_in_transaction(context->store) ? no_mark : authorize_principal(x)->mark;
}

enum err recall_token(enum err *verdict, struct token *out, struct exchange *x,
		      struct route_context *context, struct slice text)
{
	struct api *api = context->api;
	int64_t now = clock_now_seconds();
	uint32_t keeper = rpc_generation(api->rpc, ROLE_KEEPER, 0);
	struct api_keys keys;

	if (facts_find_token(api->facts, out, keeper, text)) {
		*verdict = now < out->expires_seconds ? OK : ERR_EXPIRED;
		return OK;
	}
	exchange_may_wait(x);
	TRY(api_keys_get(&keys, api));
	*verdict = token_verify(out, text, &keys.token, 1, now);
	if (*verdict == OK)
		facts_keep_token(api->facts, out, keys.generation, text);
	return OK;
}

enum err recall_holder(struct store_holder *out, struct exchange *x, struct route_context *context,
		       const uint8_t credential[STORE_ID])
{
	struct facts *facts = context->api->facts;
	struct facts_mark mark = mark_of(x, context);
	struct arena *arena = exchange_arena(x);

	if (facts_find_holder(facts, arena, out, mark, credential))
		return OK;
	exchange_may_wait(x);
	TRY(store_credential_find(context->store, arena, &out->credential, &out->person,
				  credential));
	/* Another edge may lift this before our lease tells of it: who would be refused is looked
	 * up each time. */
	if (!out->credential.revoked_ms && slice_equal(out->person.state, S("active")))
		facts_keep_holder(facts, out, mark);
	return OK;
}

bool recall_access(struct store_access *out, struct exchange *x, struct route_context *context,
		   const struct store_access_question *question)
{
	return facts_find_access(context->api->facts, exchange_arena(x), out, mark_of(x, context),
				 question);
}

enum err read_access(struct store_access *out, struct exchange *x, struct route_context *context,
		     const struct store_access_question *question)
{
	exchange_may_wait(x);
	TRY(store_access_load(context->store, exchange_arena(x), out, question));
	facts_keep_access(context->api->facts, out, mark_of(x, context), question);
	return OK;
}

static void answer(struct exchange *x, const struct facts_answer *known)
{
	if (known->revision.size)
		exchange_header_text(x, "X-Repo-Commit", known->revision);
	reply_text(x, 200, "application/json", known->body);
}

bool recall_answer(struct exchange *x, struct route_context *context,
		   const struct facts_topic *topic)
{
	struct facts_answer known;

	if (!facts_find_answer(context->api->facts, exchange_arena(x), &known, mark_of(x, context),
			       topic)) {
		exchange_may_wait(x);
		return false;
	}
	answer(x, &known);
	return true;
}

void remember_answer(struct exchange *x, struct route_context *context,
		     const struct facts_topic *topic, struct slice revision, json_t *body)
{
	AUTO(json_auto) json_t *owned = body;
	struct facts_answer made = {.revision = revision};
	char *text = json_dumps(owned, JSON_COMPACT);

	if (text) {
		made.body = slice_of_string(text);
		facts_keep_answer(context->api->facts, &made, mark_of(x, context), topic);
		answer(x, &made);
	} else {
		reply_code(x, CODE_INTERNAL, NULL, NULL);
	}
	free(text);
}
