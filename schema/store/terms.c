/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/terms.h"

#include "schema/store/query.h"

enum err store_terms_add(struct store *s, const uint8_t sha256[STORE_SHA256], struct slice body,
			 int64_t now_ms, const uint8_t added_by[STORE_ID])
{
	static const struct store_statement insert = {
		"terms_insert", "INSERT INTO terms (sha256, body, added_at, added_by) "
				"VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_bytes(&step, slice_of(sha256, STORE_SHA256));
	store_put_bytes(&step, body);
	store_put_time(&step, now_ms);
	store_put_id(&step, added_by);
	return store_run(s, &step, 1);
}

enum err store_terms_get(struct store *s, struct arena *arena, struct slice *out,
			 const uint8_t sha256[STORE_SHA256])
{
	static const struct store_statement find = {"terms_get",
						    "SELECT body FROM terms WHERE sha256 = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_bytes(&step, slice_of(sha256, STORE_SHA256));
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "there are no terms of this digest");
	*out = store_take_text(&step);
	return OK;
}
