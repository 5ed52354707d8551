/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/idempotent.h"

#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/digest.h"
#include "gateway/api/reply.h"
#include "schema/store/idempotency.h"

/* Method, path and body, each behind its length: no two requests run together the same. */
static struct digest digest_of_request(struct exchange *x)
{
	const struct http_request *request = exchange_request(x);
	struct slice body = exchange_body(x);
	AUTO(buf_free)
	struct buf text = buf_new(request->method.size + request->path.size + body.size + 64);

	buf_printf(&text, "%zu %zu %zu\n", request->method.size, request->path.size, body.size);
	buf_write(&text, request->method);
	buf_write(&text, request->path);
	buf_write(&text, body);
	return digest_of(buf_slice(&text));
}

static bool key_is_good(struct slice key)
{
	if (key.size == 0 || key.size > STORE_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.size; i++)
		if (key.data[i] < 0x21 || key.data[i] > 0x7e)
			return false;
	return true;
}

static void answer_again(struct exchange *x, const struct store_key_answer *found)
{
	exchange_header(x, "Idempotent-Replayed", "true");
	if (!store_id_is_none(found->receipt))
		exchange_header(x, "X-Audit-Receipt", "%s",
				api_uuid(exchange_arena(x), found->receipt));
	reply_text(x, (unsigned)found->status, "application/json", found->answer);
}

bool idempotent_begin(struct idempotent *out, struct exchange *x, struct route_context *context)
{
	struct store_key_answer found;
	struct digest digest;
	enum err result;

	out->key = http_header(exchange_request(x), "idempotency-key");
	if (!out->key.data)
		return true;
	if (!key_is_good(out->key)) {
		reply_code(x, CODE_BAD_REQUEST,
			   "\"Idempotency-Key\" is 1 to 255 visible ASCII signs", NULL);
		return false;
	}
	digest = digest_of_request(x);
	result = store_key_claim(context->store, exchange_arena(x), &found,
				 authorize_principal(x)->person.id, out->key, digest.bytes,
				 clock_now_ms());
	if (result == OK && found.is_mine)
		return true;
	if (result != OK)
		reply_failure(x, result);
	else if (!found.is_same)
		reply_code(x, CODE_IDEMPOTENCY_KEY_REUSED, NULL, NULL);
	else if (!found.status)
		reply_code(x, CODE_CONFLICT,
			   "the request with this key is still being worked on; try again", NULL);
	else
		answer_again(x, &found);
	return false;
}

void idempotent_reply(const struct idempotent *once, struct exchange *x,
		      struct route_context *context, unsigned status, json_t *body,
		      const uint8_t *receipt)
{
	static const uint8_t none[STORE_ID];
	char *text = once->key.data ? json_dumps(body, JSON_COMPACT) : NULL;

	/* It has happened, whatever becomes of this: the client gets its answer. */
	if (text && store_key_answer(context->store, authorize_principal(x)->person.id, once->key,
				     status, slice_of_string(text), receipt ? receipt : none) != OK)
		log_warn("idempotency.lost", "request=%s reason=\"%s\"", exchange_request_id(x),
			 failure_text());
	free(text);
	reply_json(x, status, body);
}

void idempotent_fail(const struct idempotent *once, struct exchange *x,
		     struct route_context *context, enum err why)
{
	const char *text = arena_string(exchange_arena(x), slice_of_string(failure_text()));

	if (once->key.data &&
	    store_key_release(context->store, authorize_principal(x)->person.id, once->key) != OK)
		log_warn("idempotency.left", "request=%s reason=\"%s\"", exchange_request_id(x),
			 failure_text());
	reply_failure(x, failure(why, "%s", text));
}
