/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/release.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "schema/wire/porter.h"

struct held {
	bool used;
	struct digest about; /* of license, person, model, revision, path and client address */
	uint8_t license[STORE_ID];
	uint32_t generation; /* of the porter: another one has forgotten the key */
	int64_t expires_ms;
	struct release release;
};

struct releases {
	pthread_mutex_t lock;
	unsigned next_porter;
	struct held rows[RELEASE_MAX];
};

struct releases *releases_new(void)
{
	struct releases *r = calloc(1, sizeof *r);

	assert(r);
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void releases_free(struct releases *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static struct digest about_of(const struct exchange *x, const struct grant *g)
{
	AUTO(buf_free) struct buf text = buf_new(8192);

	buf_write(&text, slice_of(g->who->person.id, STORE_ID));
	if (g->license)
		buf_write(&text, slice_of(g->license->id, STORE_ID));
	buf_write_block(&text, g->access.model.name);
	buf_write_block(&text, g->access.revision.id);
	buf_write_block(&text, g->access.file.path);
	buf_write_block(&text, exchange_client_address(x));
	return digest_of(buf_slice(&text));
}

static void forget(struct api *api, struct held *row)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_porter_drop drop = {.handle = row->release.handle};

	row->used = false;
	wire_write_porter_drop(&body, &drop);
	/* A porter that is gone has forgotten already. */
	if (rpc_note(api->rpc, ROLE_PORTER, row->release.porter, WIRE_PORTER_DROP,
		     buf_slice(&body)) != OK)
		return;
}

/* Under the lock. Also sweeps what has expired. */
static struct held *find(struct api *api, const struct digest *about, int64_t now_ms)
{
	struct held *found = NULL;

	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &api->releases->rows[i];

		if (!row->used)
			continue;
		if (now_ms >= row->expires_ms)
			forget(api, row);
		else if (digest_equal(&row->about, about) &&
			 row->generation ==
				 rpc_generation(api->rpc, ROLE_PORTER, row->release.porter))
			found = row;
	}
	return found;
}

/* Under the lock: a free row, or the one that ends first. */
static struct held *take_row(struct api *api)
{
	struct held *oldest = api->releases->rows;

	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &api->releases->rows[i];

		if (!row->used)
			return row;
		if (row->expires_ms < oldest->expires_ms)
			oldest = row;
	}
	forget(api, oldest);
	return oldest;
}

enum err release_pick_porter(unsigned *out, struct api *api)
{
	unsigned count = (unsigned)api->settings->porters;

	pthread_mutex_lock(&api->releases->lock);
	*out = api->releases->next_porter++ % count;
	pthread_mutex_unlock(&api->releases->lock);
	for (unsigned i = 0; i < count; i++, *out = (*out + 1) % count)
		if (rpc_generation(api->rpc, ROLE_PORTER, *out))
			return OK;
	return failure(ERR_UNAVAILABLE, "no porter is up; try again");
}

/* The act: the decision and its key.release entry, published. */
static enum err log_release(struct release *release, struct exchange *x,
			    struct route_context *context, const struct grant *g)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event;

	audit_event_begin(&event, AUDIT_KEY_RELEASE,
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(&event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "path", g->access.file.path);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "role", S("porter"));
	audit_event_number(&event, "index", release->porter);
	audit_event_number(&event, "handle", (int64_t)release->handle);
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(x)));
	audit_event_text(&event, "address", exchange_client_address(x));
	TRY(store_begin(store));
	TRY(authorize_record(store, x, g));
	TRY(api_log(store, &event));
	TRY(store_commit(store));
	memcpy(release->event, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err ask_keeper(const struct release *release, struct api *api, const struct grant *g)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_release ask = {
		.header = g->access.file.header,
		.path = g->access.file.path,
		.role = ROLE_PORTER,
		.index = (uint8_t)release->porter,
		.handle = release->handle,
	};

	memcpy(ask.event, release->event, WIRE_ID);
	if (g->decision.basis == BASIS_LICENSE) {
		ask.license = g->license->document;
		memcpy(ask.signature, g->license->signature, WIRE_SIGNATURE);
	}
	wire_write_key_release(&body, &ask);
	TRY(buf_done(&body));
	return api_ask_keeper(&reply, api, WIRE_KEY_RELEASE, buf_slice(&body));
}

enum err release_file(struct release *out, struct exchange *x, struct route_context *context,
		      const struct grant *g)
{
	struct api *api = context->api;
	struct digest about = about_of(x, g);
	struct held *row, fresh = {.used = true, .about = about};

	pthread_mutex_lock(&api->releases->lock);
	row = find(api, &about, g->now_ms);
	if (row)
		*out = row->release;
	pthread_mutex_unlock(&api->releases->lock);
	if (row)
		return OK;

	TRY(release_pick_porter(&out->porter, api));
	random_bytes(&out->handle, sizeof out->handle);
	out->handle >>= 11; /* it also stands in the log: JSON integers have 53 bits */
	fresh.generation = rpc_generation(api->rpc, ROLE_PORTER, out->porter);
	TRY(log_release(out, x, context, g));
	TRY(ask_keeper(out, api, g));

	fresh.release = *out;
	fresh.expires_ms = g->now_ms + RELEASE_SECONDS * 1000;
	if (g->license)
		memcpy(fresh.license, g->license->id, STORE_ID);
	pthread_mutex_lock(&api->releases->lock);
	*take_row(api) = fresh;
	pthread_mutex_unlock(&api->releases->lock);
	return OK;
}

void releases_drop_license(struct api *api, const uint8_t license[STORE_ID])
{
	pthread_mutex_lock(&api->releases->lock);
	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &api->releases->rows[i];

		if (row->used &&
		    slice_equal(slice_of(row->license, STORE_ID), slice_of(license, STORE_ID)))
			forget(api, row);
	}
	pthread_mutex_unlock(&api->releases->lock);
}
