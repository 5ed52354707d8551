/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/upload/upload_keys.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/digest.h"
#include "gateway/api/authorize.h"
#include "gateway/api/download/release.h"
#include "gateway/api/upload/seal.h"

struct row {
	uint8_t upload[STORE_ID];
	struct upload_key key;
	uint32_t generation; /* of the porter: another one has not got the key */
	int64_t expires_ms;  /* 0: a free row */
};

struct upload_keys {
	pthread_mutex_t lock;
	struct row rows[UPLOAD_KEYS_MAX];
};

struct upload_keys *upload_keys_new(void)
{
	struct upload_keys *k = calloc(1, sizeof *k);

	assert(k);
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void upload_keys_free(struct upload_keys *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static bool is_of(const struct row *row, const uint8_t upload[STORE_ID])
{
	return memcmp(row->upload, upload, STORE_ID) == 0;
}

static bool find(uint64_t *handle, struct api *api, const uint8_t upload[STORE_ID], unsigned porter)
{
	struct upload_keys *k = api->upload_keys;
	int64_t now_ms = clock_monotonic_ms();
	bool found = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < UPLOAD_KEYS_MAX && !found; i++) {
		const struct row *row = &k->rows[i];

		found = now_ms < row->expires_ms && row->key.porter == porter &&
			is_of(row, upload) &&
			row->generation == rpc_generation(api->rpc, ROLE_PORTER, porter);
		*handle = row->key.handle;
	}
	pthread_mutex_unlock(&k->lock);
	return found;
}

/* In a free row, or over the one that ends first: its key is resumed when it is needed. */
void upload_key_remember(struct api *api, const uint8_t upload[STORE_ID],
			 const struct upload_key *key)
{
	struct upload_keys *k = api->upload_keys;
	struct row *oldest;

	pthread_mutex_lock(&k->lock);
	oldest = &k->rows[0];
	for (size_t i = 1; i < UPLOAD_KEYS_MAX; i++)
		if (k->rows[i].expires_ms < oldest->expires_ms)
			oldest = &k->rows[i];
	*oldest = (struct row){
		.key = *key,
		.generation = rpc_generation(api->rpc, ROLE_PORTER, key->porter),
		.expires_ms = clock_monotonic_ms() + UPLOAD_KEYS_SECONDS * 1000,
	};
	memcpy(oldest->upload, upload, STORE_ID);
	pthread_mutex_unlock(&k->lock);
}

void upload_keys_drop(struct api *api, const uint8_t upload[STORE_ID])
{
	struct upload_keys *k = api->upload_keys;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < UPLOAD_KEYS_MAX; i++) {
		AUTO(buf_free) struct buf body = buf_new(16);
		struct row *row = &k->rows[i];

		if (row->expires_ms == 0 || !is_of(row, upload))
			continue;
		row->expires_ms = 0;
		wire_write_porter_drop(&body, &(struct wire_porter_drop){row->key.handle});
		/* A porter that is gone has forgotten already. */
		if (rpc_note(api->rpc, ROLE_PORTER, row->key.porter, WIRE_PORTER_DROP,
			     buf_slice(&body)) != OK)
			continue;
	}
	pthread_mutex_unlock(&k->lock);
}

static enum err log_resume(uint8_t event_id[WIRE_ID], struct exchange *x,
			   struct route_context *context, const struct store_upload *upload,
			   const struct upload_key *key)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct digest digest = digest_of(upload->header);

	audit_event_begin(&event, AUDIT_KEY_RESUME, who->authenticated ? who->person.id : NULL,
			  who->person.name);
	audit_event_uuid(&event, "blob", upload->id);
	audit_event_hex(&event, "header_sha256", slice_of(digest.bytes, DIGEST_SIZE));
	audit_event_number(&event, "index", key->porter);
	audit_event_number(&event, "handle", (int64_t)key->handle);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err resume(struct exchange *x, struct route_context *context,
		       const struct store_upload *upload, const struct upload_key *key)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_resume ask = {
		.header = upload->header, .porter = (uint8_t)key->porter, .handle = key->handle};

	memcpy(ask.blob, upload->id, WIRE_ID);
	TRY(log_resume(ask.event, x, context, upload, key));
	wire_write_key_resume(&body, &ask);
	TRY(buf_done(&body));
	return api_ask_keeper(&reply, context->api, WIRE_KEY_RESUME, buf_slice(&body));
}

enum err upload_key_get(struct upload_key *out, struct exchange *x, struct route_context *context,
			const struct store_upload *upload)
{
	TRY(release_pick_porter(&out->porter, context->api));
	if (find(&out->handle, context->api, upload->id, out->porter))
		return OK;
	out->handle = seal_new_handle();
	TRY(resume(x, context, upload, out));
	upload_key_remember(context->api, upload->id, out);
	return OK;
}
