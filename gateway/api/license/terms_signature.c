/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/terms_signature.h"

#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "crypto/verify.h"
#include "schema/store/key.h"

static int compare(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t common = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->data, y->data, common);

	return order ? order : (x->size > y->size) - (x->size < y->size);
}

static json_t *sorted(struct slice list)
{
	struct slice rights[RIGHT_COUNT];
	json_t *array = json_array_new();
	bool more = list.size > 0;
	size_t count = 0;

	while (more && count < RIGHT_COUNT)
		more = slice_cut(list, ',', &rights[count++], &list);
	qsort(rights, count, sizeof rights[0], compare);
	for (size_t i = 0; i < count; i++)
		json_push_text(array, rights[i]);
	return array;
}

static enum err write_statement(struct buf *out, struct arena *arena,
				const struct terms_statement *s, struct slice time)
{
	AUTO(json_auto) json_t *object = json_object_new();
	struct digest use = digest_of(s->use);

	json_put_int(object, "v", 1);
	json_put_text(object, "model", s->model);
	json_put(object, "rights", sorted(s->rights));
	json_put_text(object, "terms_sha256",
		      slice_of_string(api_hex(arena, slice_of(s->sha256, STORE_SHA256))));
	json_put_text(object, "use_sha256", slice_of_string(api_hex(arena, digest_slice(&use))));
	json_put_text(object, "time", time);
	return json_write_canonical(out, object);
}

static enum err check_time(int64_t *out, struct slice time)
{
	int64_t now_ms = clock_now_ms();

	if (clock_parse(out, time) != OK)
		return failure(ERR_FORMAT, "\"time\" is not a time of RFC 3339 in UTC");
	if (*out > now_ms + TERMS_AHEAD_SECONDS * 1000LL)
		return failure(ERR_DENIED,
			       "the terms were signed in the future; look at the clocks");
	if (*out < now_ms - TERMS_SIGNED_SECONDS * 1000LL)
		return failure(ERR_DENIED,
			       "the terms were signed more than %d minutes ago; sign "
			       "them anew",
			       TERMS_SIGNED_SECONDS / 60);
	return OK;
}

static enum err find_key(struct store_key *out, struct exchange *x, struct route_context *context,
			 const uint8_t id[STORE_ID])
{
	enum err found = store_key_get(context->store, exchange_arena(x), out, id,
				       authorize_principal(x)->person.id);

	if (found == ERR_NOT_FOUND || (found == OK && !slice_equal(out->kind, S("ed25519"))))
		return failure(ERR_FORMAT, "\"key_id\" is no Ed25519 key that you have enrolled");
	return found;
}

enum err terms_signature_read(struct store_acceptance *out, struct exchange *x,
			      struct route_context *context, const json_t *object,
			      const struct terms_statement *s)
{
	AUTO(buf_free) struct buf signature = buf_new(2 * SIGN_SIGNATURE);
	AUTO(buf_free) struct buf statement = buf_new(16 * 1024);
	struct slice id, sig, time;
	struct store_key key;

	TRY(json_get_text(&id, object, "key_id"));
	TRY(json_get_text(&sig, object, "sig"));
	TRY(json_get_text(&time, object, "time"));
	TRY(text_read_uuid(out->key, id));
	TRY(text_read_base64(&signature, sig, TEXT_BASE64));
	TRY(check_time(&out->signed_ms, time));
	TRY(find_key(&key, x, context, out->key));
	TRY(write_statement(&statement, exchange_arena(x), s, time));
	if (signature.size != SIGN_SIGNATURE ||
	    !sign_is_valid_in(S("sallyport/terms/v2\n"), key.public, buf_slice(&statement),
			      signature.data))
		return failure(ERR_FORMAT, "the signature of the terms does not verify");
	memcpy(out->signature, signature.data, SIGN_SIGNATURE);
	memcpy(out->person, authorize_principal(x)->person.id, STORE_ID);
	memcpy(out->sha256, s->sha256, STORE_SHA256);
	out->accepted_ms = clock_now_ms();
	return OK;
}
