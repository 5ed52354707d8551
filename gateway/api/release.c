/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/release.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "schema/wire/porter.h"

/*
 *   FREE --reserve--> MAKING --the porter has the key--> HELD --ten minutes, or dropped--> FREE
 *                        \--failed, or dropped meanwhile (DROPPED)--------------------------^
 */
enum held_state { HELD_FREE, HELD_MAKING, HELD_DROPPED, HELD_READY };

struct held {
	enum held_state state;
	struct digest about; /* of basis, license, person, model, revision, path, client address */
	uint8_t license[STORE_ID], model[STORE_ID];
	uint32_t generation; /* of the porter: another one has forgotten the key */
	int64_t expires_ms;
	struct release release;
};

struct releases {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a row left MAKING */
	unsigned next_porter;
	struct held rows[RELEASE_MAX];
};

struct releases *releases_new(void)
{
	struct releases *r = calloc(1, sizeof *r);

	assert(r);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	return r;
}

void releases_free(struct releases *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* What the release rests on: all zero if it is on no license. */
static const uint8_t *license_of(const struct grant *g)
{
	static const uint8_t none[STORE_ID];

	return g->decision.basis == BASIS_LICENSE ? g->license->id : none;
}

static struct digest about_of(const struct exchange *x, const struct grant *g)
{
	AUTO(buf_free) struct buf text = buf_new(8192);

	buf_write_block(&text, slice_of_string(decision_basis_name(g->decision.basis)));
	buf_write_block(&text, slice_of(license_of(g), STORE_ID));
	buf_write(&text, slice_of(g->who->person.id, STORE_ID));
	buf_write_block(&text, g->access.model.name);
	buf_write_block(&text, g->access.revision.id);
	buf_write_block(&text, g->access.file.path);
	buf_write_block(&text, exchange_client_address(x));
	return digest_of(buf_slice(&text));
}

/* Under the lock. One that is being made is only marked: its maker lets it go. */
static void forget(struct api *api, struct held *row)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_porter_drop drop = {.handle = row->release.handle};

	if (row->state == HELD_MAKING)
		row->state = HELD_DROPPED;
	if (row->state != HELD_READY)
		return;
	row->state = HELD_FREE;
	wire_write_porter_drop(&body, &drop);
	/* A porter that is gone has forgotten already. */
	if (rpc_note(api->rpc, ROLE_PORTER, row->release.porter, WIRE_PORTER_DROP,
		     buf_slice(&body)) != OK)
		return;
}

static bool is_porter_gone(struct api *api, const struct held *row)
{
	return row->generation != rpc_generation(api->rpc, ROLE_PORTER, row->release.porter);
}

/* Under the lock. Also sweeps what has expired. */
static struct held *find(struct api *api, const struct digest *about, int64_t now_ms)
{
	struct held *found = NULL;

	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &api->releases->rows[i];
		bool is_same = digest_equal(&row->about, about);

		if (row->state == HELD_READY &&
		    (now_ms >= row->expires_ms || (is_same && is_porter_gone(api, row))))
			forget(api, row);
		if (is_same && (row->state == HELD_READY || row->state == HELD_MAKING))
			found = row;
	}
	return found;
}

/* Under the lock: a free row, or the held one that ends first. NULL: all are being made. */
static struct held *take_row(struct api *api)
{
	struct held *oldest = NULL;

	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &api->releases->rows[i];

		if (row->state == HELD_FREE)
			return row;
		if (row->state == HELD_READY && (!oldest || row->expires_ms < oldest->expires_ms))
			oldest = row;
	}
	if (oldest)
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
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_KEY_RELEASE,
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(&event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "path", g->access.file.path);
	if (g->open_pattern.size) /* the keeper asks which of the model's patterns opens the file */
		audit_event_text(&event, "pattern", g->open_pattern);
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

/* One that is held (copied to *out, NULL is returned), after waiting for one that is being made; or
 * a row reserved for the caller to make it. */
static struct held *find_or_reserve(struct release *out, struct api *api,
				    const struct digest *about, const struct grant *g)
{
	struct releases *r = api->releases;
	struct held *row;

	pthread_mutex_lock(&r->lock);
	while ((row = find(api, about, g->now_ms)) != NULL && row->state == HELD_MAKING)
		pthread_cond_wait(&r->changed, &r->lock); /* its maker's calls have time-outs */
	if (row) {
		*out = row->release;
		row = NULL;
	} else {
		row = take_row(api);
		assert(row); /* there are far fewer workers than rows */
		*row = (struct held){.state = HELD_MAKING, .about = *about};
		memcpy(row->license, license_of(g), STORE_ID);
		memcpy(row->model, g->access.model.id, STORE_ID);
	}
	pthread_mutex_unlock(&r->lock);
	return row;
}

static enum err make(struct release *out, uint32_t *generation, struct exchange *x,
		     struct route_context *context, const struct grant *g)
{
	struct api *api = context->api;

	TRY(release_pick_porter(&out->porter, api));
	random_bytes(&out->handle, sizeof out->handle);
	out->handle >>= 11; /* it also stands in the log: JSON integers have 53 bits */
	*generation = rpc_generation(api->rpc, ROLE_PORTER, out->porter);
	TRY(log_release(out, x, context, g));
	TRY(ask_keeper(out, api, g));
	metrics_add(&api->metrics, METRIC_KEY_RELEASES, 1);
	return OK;
}

/* The row becomes what others find, unless making it failed or it was dropped meanwhile. */
static enum err settle(struct held *row, struct api *api, const struct held *made, enum err result)
{
	struct releases *r = api->releases;
	bool was_dropped;

	pthread_mutex_lock(&r->lock);
	was_dropped = row->state == HELD_DROPPED;
	if (result == OK)
		*row = *made;
	if (result != OK)
		row->state = HELD_FREE;
	else if (was_dropped)
		forget(api, row);
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (result == OK && was_dropped)
		return failure(ERR_DENIED, "the license or the model was withdrawn");
	return result;
}

enum err release_file(struct release *out, struct exchange *x, struct route_context *context,
		      const struct grant *g)
{
	struct api *api = context->api;
	struct held made = {.state = HELD_READY, .about = about_of(x, g)};
	struct held *row = find_or_reserve(out, api, &made.about, g);
	enum err result;

	if (!row) /* released before; that it was used again rests on a decision all the same */
		return authorize_record(context->store, x, g);
	result = make(out, &made.generation, x, context, g);
	made.release = *out;
	made.expires_ms = g->now_ms + RELEASE_SECONDS * 1000;
	memcpy(made.license, license_of(g), STORE_ID);
	memcpy(made.model, g->access.model.id, STORE_ID);
	return settle(row, api, &made, result);
}

void releases_drop_license(struct api *api, const uint8_t license[STORE_ID])
{
	pthread_mutex_lock(&api->releases->lock);
	for (size_t i = 0; i < RELEASE_MAX; i++)
		if (memcmp(api->releases->rows[i].license, license, STORE_ID) == 0)
			forget(api, &api->releases->rows[i]);
	pthread_mutex_unlock(&api->releases->lock);
}

void releases_drop_model(struct api *api, const uint8_t model[STORE_ID])
{
	pthread_mutex_lock(&api->releases->lock);
	for (size_t i = 0; i < RELEASE_MAX; i++)
		if (memcmp(api->releases->rows[i].model, model, STORE_ID) == 0)
			forget(api, &api->releases->rows[i]);
	pthread_mutex_unlock(&api->releases->lock);
}
