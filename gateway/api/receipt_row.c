/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/receipt_row.h"

#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/reply.h"
#include "schema/audit/batch.h"
#include "schema/store/audit_batch.h"

static json_t *describe_path(struct arena *arena, const struct merkle_proof *path)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < path->count; i++)
		json_push_text(list,
			       slice_of_string(api_base64(arena, digest_slice(&path->nodes[i]))));
	return list;
}

enum err receipt_row_of(json_t **out, struct arena *arena, const struct store_event *event,
			struct slice hashes)
{
	size_t count = hashes.size / DIGEST_SIZE;
	struct digest *leaves = arena_alloc(arena, (count + 1) * sizeof *leaves);
	struct merkle_proof path;

	if (hashes.size % DIGEST_SIZE || event->row >= count || count > AUDIT_BATCH_MAX)
		return failure(ERR_INTERNAL, "the rows of a batch are not whole");
	memcpy(leaves, hashes.data, hashes.size);
	audit_batch_path(&path, leaves, count, event->row);
	*out = json_object_new();
	json_put_text(*out, "entry", event->leaf);
	if (event->payload.size) {
		json_put_text(
			*out, "nonce",
			slice_of_string(api_base64(arena, slice_of(event->nonce, STORE_NONCE))));
		json_put_text(*out, "payload", event->payload);
	} else {
		json_put(*out, "erased", audit_describe_erased(event));
	}
	json_put_int(*out, "index", event->row);
	json_put_int(*out, "count", (int64_t)count);
	json_put(*out, "path", describe_path(arena, &path));
	return OK;
}

enum err receipt_row(json_t **out, struct store_event *batch, struct arena *arena, struct api *api,
		     const struct store_event *event)
{
	struct store *auditor = api_auditor_take(api);
	struct store_batch_entry entry;
	enum err result = store_audit_batch(auditor, arena, &entry, event->index);

	api_auditor_return(api, auditor);
	TRY(result);
	*batch = entry.event;
	return receipt_row_of(out, arena, event, entry.hashes);
}
