/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/terms_signature.h"

#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/license/signed_by.h"

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

enum err terms_signature_read(struct store_acceptance *out, struct exchange *x,
			      struct route_context *context, const json_t *object,
			      const struct terms_statement *s)
{
	AUTO(buf_free) struct buf statement = buf_new(16 * 1024);
	struct signed_by by;
	struct slice time;

	TRY(json_get_text(&time, object, "time"));
	TRY(check_time(&out->signed_ms, time));
	buf_write(&statement, S("sallyport/terms/v2\n"));
	TRY(write_statement(&statement, exchange_arena(x), s, time));
	TRY(signed_by_read(&by, x, context, object, buf_slice(&statement), "terms"));
	memcpy(out->key, by.key, STORE_ID);
	memcpy(out->signature, by.signature, STORE_SIGNATURE);
	memcpy(out->person, authorize_principal(x)->person.id, STORE_ID);
	memcpy(out->sha256, s->sha256, STORE_SHA256);
	out->accepted_ms = clock_now_ms();
	return OK;
}
