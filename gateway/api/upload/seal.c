/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2 */
#include "gateway/api/upload/seal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/download/release.h"
#include "gateway/api/jobs.h"
#include "gateway/api/upload/parts.h"
#include "schema/store/revision.h"

enum {
	SEAL_WAIT_MS = 24 * 3600 * 1000, /* the edge's own time-outs end a stalled upload sooner */
	SEAL_ORPHAN_MS = 24 * 3600 * 1000,
	SEAL_SWEEP_MS = 3600 * 1000,
	SEAL_SWEEP_AGAIN_MS = 1000, /* after one that could not be done: a porter is away */
};

uint64_t seal_new_handle(void)
{
	uint64_t handle;

	random_bytes(&handle, sizeof handle);
	return handle >> 11; /* JSON integers have 53 bits */
}

/* The key.create entry, published, and then the key: the header comes back, the key goes to the
 * porter. */
enum err seal_make_key(struct slice *header, struct exchange *x, struct route_context *context,
		       const uint8_t blob[STORE_ID], unsigned porter, uint64_t handle)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_key_create ask = {.porter = (uint8_t)porter, .handle = handle};
	struct wire_key_created made;

	audit_event_begin(&event, AUDIT_KEY_CREATE, who->authenticated ? who->person.id : NULL,
			  who->person.name);
	audit_event_uuid(&event, "blob", blob);
	TRY(api_log(context->store, &event));
	TRY(api_publish(context->api, event.id));
	memcpy(ask.event, event.id, WIRE_ID);
	memcpy(ask.blob, blob, WIRE_ID);
	wire_write_key_create(&body, &ask);
	TRY(api_ask_keeper(&reply, context->api, WIRE_KEY_CREATE, buf_slice(&body)));
	TRY(wire_read_key_created(&made, buf_slice(&reply.body)));
	*header = arena_copy(exchange_arena(x), made.header);
	return OK;
}

enum err seal_start(struct seal *seal, struct api *api, enum wire_content content,
		    uint64_t expected)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_seal ask = {
		.handle = seal->handle, .size = expected, .content = content};
	int ends[2];
	enum err result;

	memcpy(ask.blob, seal->blob.id, WIRE_ID);
	wire_write_porter_seal(&body, &ask);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_errno("no pipe");
	result = rpc_open_stream(&seal->sealing, api->rpc, ROLE_PORTER, seal->porter,
				 WIRE_PORTER_SEAL, buf_slice(&body), ends[0]);
	close(ends[0]);
	if (result != OK) {
		close(ends[1]);
		return result;
	}
	seal->pipe = ends[1];
	return OK;
}

static enum err begin(struct seal *out, struct exchange *x, struct route_context *context,
		      const uint8_t model[STORE_ID], enum wire_content content, uint64_t expected)
{
	const struct principal *who = authorize_principal(x);

	*out = (struct seal){.pipe = -1, .blob.created_ms = clock_now_ms()};
	random_uuid(out->blob.id, out->blob.created_ms);
	memcpy(out->blob.model, model, STORE_ID);
	out->handle = seal_new_handle();
	TRY(release_pick_porter(&out->porter, context->api));
	TRY(seal_make_key(&out->blob.header, x, context, out->blob.id, out->porter, out->handle));
	TRY(store_blob_create(context->store, &out->blob, who->person.id));
	return seal_start(out, context->api, content, expected);
}

enum err seal_begin(struct seal *out, struct exchange *x, struct route_context *context,
		    const uint8_t model[STORE_ID], uint64_t expected)
{
	return begin(out, x, context, model, WIRE_CONTENT_REGULAR, expected);
}

enum err seal_begin_large(struct seal *out, struct exchange *x, struct route_context *context,
			  const uint8_t model[STORE_ID], uint64_t expected)
{
	return begin(out, x, context, model, WIRE_CONTENT_LARGE, expected);
}

enum err seal_discard(struct api *api, const uint8_t blob[STORE_ID])
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	unsigned porter;

	TRY(release_pick_porter(&porter, api));
	return rpc_call(api->rpc, ROLE_PORTER, porter, WIRE_PORTER_DISCARD, slice_of(blob, WIRE_ID),
			-1, &reply, API_CALL_MS);
}

/* The row goes first: it goes only if no revision holds the blob by now. */
void seal_forget(const uint8_t blob[STORE_ID], struct route_context *context)
{
	if (store_blob_delete(context->store, blob) != OK || seal_discard(context->api, blob) != OK)
		log_warn("blob.orphan", "reason=\"%s\"", failure_text());
}

enum err seal_wait(struct wire_porter_sealed *out, struct seal *seal)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	TRY(rpc_next(seal->sealing, &reply, SEAL_WAIT_MS));
	return wire_read_porter_sealed(out, buf_slice(&reply.body));
}

static enum err record(struct seal *seal, struct route_context *context, const uint8_t *sha256)
{
	struct wire_porter_sealed sealed;

	TRY(seal_wait(&sealed, seal));
	if (sha256 && !slice_equal(slice_of(sha256, 32), slice_of(sealed.sha256, 32)))
		return failure(ERR_FORMAT,
			       "the content does not have the SHA-256 that was promised");
	TRY(store_blob_sealed(context->store, seal->blob.id, sealed.size, sealed.sha256,
			      sealed.git_sha1, sealed.is_pickle));
	seal->blob.is_pickle = sealed.is_pickle;
	seal->blob.size = sealed.size;
	memcpy(seal->blob.sha256, sealed.sha256, sizeof sealed.sha256);
	memcpy(seal->blob.git_sha1, sealed.git_sha1, sizeof sealed.git_sha1);
	return OK;
}

/* A porter that died may have given the file its name: then the row stays, for the sweep. */
enum err seal_end(struct seal *seal, struct route_context *context, const uint8_t *sha256)
{
	enum err result = record(seal, context, sha256);
	char why[FAILURE_MAX_TEXT];

	if (result == OK || result == ERR_UNAVAILABLE || result == ERR_TIMEOUT)
		return result;
	snprintf(why, sizeof why, "%s", failure_text());
	seal_forget(seal->blob.id, context);
	return failure(result, "%s", why);
}

void seal_clear(struct seal *seal)
{
	file_close(&seal->pipe);
	rpc_stream_free(seal->sealing);
	*seal = (struct seal){.pipe = -1};
}

enum err seal_bytes(struct store_blob *out, struct exchange *x, struct route_context *context,
		    const uint8_t model[STORE_ID], struct slice bytes)
{
	AUTO(seal_clear) struct seal seal = {.pipe = -1};
	enum err result;

	TRY(seal_begin(&seal, x, context, model, bytes.size));
	result = file_write_all(seal.pipe, bytes);
	file_close(&seal.pipe);
	seal.pipe = -1;
	TRY(seal_end(&seal, context, NULL)); /* why the porter stopped, if it did */
	if (result != OK)
		return failure(ERR_UNAVAILABLE,
			       "a porter stopped while it sealed a file; try again");
	*out = seal.blob;
	return OK;
}

static enum err sweep(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_blob *orphans;
	size_t count;

	TRY(store_revision_sweep(context->store, now_ms - SEAL_ORPHAN_MS));
	TRY(store_blob_orphans(context->store, arena, &orphans, &count, now_ms - SEAL_ORPHAN_MS));
	for (size_t i = 0; i < count; i++)
		seal_forget(orphans[i].id, context);
	if (count)
		log_info("blob.swept", "count=%zu", count);
	return parts_sweep(context, arena, now_ms);
}

void seal_sweep(struct route_context *context, struct arena *arena)
{
	int64_t now_ms = clock_now_ms();
	int64_t due_ms = atomic_load(&context->api->sweep_due_ms);

	if (now_ms < due_ms || !atomic_compare_exchange_strong(&context->api->sweep_due_ms, &due_ms,
							       now_ms + SEAL_SWEEP_MS))
		return;
	if (sweep(context, arena, now_ms) == OK)
		return;
	log_warn("blob.sweep", "reason=\"%s\"", failure_text());
	atomic_store(&context->api->sweep_due_ms, now_ms + SEAL_SWEEP_AGAIN_MS);
}

enum err job_sweep(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	(void)now_ms; /* it keeps its own time: uploads call it, too */
	seal_sweep(context, arena);
	return OK;
}
