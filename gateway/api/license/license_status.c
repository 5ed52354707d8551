/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of license states, for verifiers that do not ask about one license: they fetch the whole
 * list, so nobody learns which they are interested in, and a place says nothing of whose it is. A
 * job signs a list anew soon after a state has changed, or when half of its time is over; each
 * signature has an entry, so that what a list once said can be proved.
 */
#include <zlib.h>

#include "crypto/base/clock.h"
#include "crypto/license_jwt.h"
#include "gateway/api/jobs.h"
#include "gateway/api/license/documents.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/status_list.h"

enum { STATUS_LISTS_MAX = 1024 };

static void serve(struct exchange *x, struct route_context *context, int64_t number)
{
	struct store_status_list list;
	enum err result = store_status_get(context->store, exchange_arena(x), &list, number);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "Cache-Control", "max-age=%d", LICENSE_STATUS_TTL);
	reply_text(x, 200, "application/statuslist+jwt", list.token);
}

void status_licenses(struct exchange *x, struct route_context *context)
{
	serve(x, context, 0);
}

void status_licenses_more(struct exchange *x, struct route_context *context)
{
	uint64_t number;

	if (slice_to_u64(exchange_param(x, "list"), STATUS_LISTS_MAX, &number))
		serve(x, context, (int64_t)number);
	else
		reply_code(x, CODE_NOT_FOUND, "there is no such list", NULL);
}

static enum err write_payload(struct buf *out, const char *uri, int64_t now_ms,
			      const uint8_t bits[LICENSE_STATUS_BYTES])
{
	uint8_t compressed[LICENSE_STATUS_BYTES + 256];
	uLongf size = sizeof compressed;

	if (compress2(compressed, &size, bits, LICENSE_STATUS_BYTES, 9) != Z_OK)
		return failure(ERR_INTERNAL, "the list of states cannot be compressed");
	return license_status_write(out, slice_of_string(uri), now_ms / 1000,
				    slice_of(compressed, size));
}

static enum err sign_list(struct route_context *context, struct arena *arena,
			  struct store_status_list *list, const uint8_t bits[LICENSE_STATUS_BYTES])
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(buf_free) struct buf payload = buf_new(LICENSE_JWT_TEXT);
	AUTO(buf_free) struct buf input = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf token = buf_new(LICENSE_JWT_MAX);
	uint8_t signature[SIGN_SIGNATURE];
	struct api_keys keys;
	int64_t place;
	const char *uri = document_status_uri(arena, context->api,
					      list->list * LICENSE_STATUS_PER_LIST, &place);

	list->signed_ms = clock_now_ms();
	list->expires_ms = list->signed_ms + LICENSE_STATUS_SECONDS * INT64_C(1000);
	TRY(api_keys_get(&keys, context->api));
	TRY(write_payload(&payload, uri, list->signed_ms, bits));
	audit_event_begin(&event, AUDIT_STATUS_PUBLISH, NULL, S("gateway"));
	audit_event_number(&event, "list", list->list);
	audit_event_hex(&event, "bits_sha256", slice_of(list->bits_sha256, STORE_SHA256));
	TRY(document_sign(signature, context, &event, buf_slice(&payload), NULL));
	TRY(license_jws_input(&input, S("statuslist+jwt"), keys.license_public,
			      buf_slice(&payload)));
	TRY(license_jws_finish(&token, buf_slice(&input), signature));
	list->token = buf_slice(&token);
	return store_status_put(context->store, list);
}

/* Nothing to do while it says what is so, and for long enough. */
static enum err refresh(struct route_context *context, struct arena *arena, int64_t number)
{
	uint8_t *bits = arena_alloc(arena, LICENSE_STATUS_BYTES);
	struct store_status_list list = {.list = number};
	struct digest digest;
	enum err found;

	TRY(store_status_bits(context->store, bits, number, LICENSE_STATUS_PER_LIST));
	digest = digest_of(slice_of(bits, LICENSE_STATUS_BYTES));
	found = store_status_get(context->store, arena, &list, number);
	if (found != OK && found != ERR_NOT_FOUND)
		return found;
	if (found == OK && memcmp(list.bits_sha256, digest.bytes, DIGEST_SIZE) == 0 &&
	    clock_now_ms() < list.signed_ms + LICENSE_STATUS_SECONDS * INT64_C(500))
		return OK;
	list.list = number;
	memcpy(list.bits_sha256, digest.bytes, DIGEST_SIZE);
	return sign_list(context, arena, &list, bits);
}

enum err job_license_status(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	int64_t count;

	(void)now_ms;
	TRY(store_status_lists(context->store, &count, LICENSE_STATUS_PER_LIST));
	for (int64_t i = 0; i < count && i < STATUS_LISTS_MAX; i++)
		TRY(refresh(context, arena, i));
	return OK;
}
