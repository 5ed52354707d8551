/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/release.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "gateway/api/download/delivery.h"
#include "gateway/api/download/release_entry.h"
#include "gateway/api/lease/cuts.h"
#include "schema/wire/porter.h"

enum { CLOSER_MS = 500, CLOSER_LAST_TRIES = 20 };

/*
 *   FREE --reserve--> MAKING --the porter has the key--> READY --time over, dropped--> ENDING
 *    ^                   \--failed, or dropped meanwhile (DROPPED)--> FREE or ENDING      |
 *    +---------------------the last transfer has left; its download.end is written---------+
 */
enum held_state { HELD_FREE, HELD_MAKING, HELD_DROPPED, HELD_READY, HELD_ENDING };

struct held {
	enum held_state state;
	/* Of basis, license, person, capability, model, revision, path, client address. */
	struct digest about;
	uint8_t license[STORE_ID], model[STORE_ID], revision[STORE_ID];
	uint32_t generation;         /* of the porter: another one has forgotten the key */
	bool has_key;                /* the porter, for us */
	unsigned users;              /* transfers */
	int64_t expires_ms, used_ms; /* monotonic */
	struct release release;
	struct delivery *delivery; /* from READY on */
};

struct releases {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a row left MAKING */
	unsigned next_porter;
	size_t used; /* rows behind this one were never used */
	struct held rows[RELEASE_MAX];
	bool is_closing; /* the closer runs */
	pthread_t closer;
	struct store *store;                     /* the closer's */
	struct delivery *unwritten[RELEASE_MAX]; /* that have ended */
	size_t unwritten_count;
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
	store_free(r->store);
	free(r);
}

/* What the release rests on: all zero if it is on no license. */
static const uint8_t *license_of(const struct grant *g)
{
	static const uint8_t none[STORE_ID];

	return g->decision.basis == BASIS_LICENSE ? g->license->id : none;
}

/* What a withdrawal finds it by. */
static void name_ground(struct held *row, const struct grant *g)
{
	memcpy(row->license, license_of(g), STORE_ID);
	memcpy(row->model, g->access.model.id, STORE_ID);
	cuts_revision(row->revision, g->access.model.id, g->access.revision.id);
}

/* No key stays longer than the license it was released on. */
static void end_with_license(struct held *row, const struct grant *g)
{
	int64_t left_ms;

	if (g->decision.basis != BASIS_LICENSE)
		return;
	left_ms = g->license->expires_ms - clock_now_ms();
	if (row->expires_ms > row->used_ms + left_ms)
		row->expires_ms = row->used_ms + left_ms;
}

static struct digest about_of(const struct exchange *x, const struct grant *g)
{
	AUTO(buf_free) struct buf text = buf_new(8192);

	buf_write_block(&text, slice_of_string(decision_basis_name(g->decision.basis)));
	buf_write_block(&text, slice_of(license_of(g), STORE_ID));
	buf_write(&text, slice_of(g->who->person.id, STORE_ID));
	if (g->who->is_capability) /* its first use is an entry that names it */
		buf_write(&text, slice_of(g->who->credential_id, STORE_ID));
	buf_write_block(&text, g->access.model.name);
	buf_write_block(&text, g->access.revision.id);
	buf_write_block(&text, g->access.file.path);
	buf_write_block(&text, exchange_client_address(x));
	return digest_of(buf_slice(&text));
}

/* Under the lock: the porter closes what runs on the key. One that is gone has forgotten already.
 */
static void drop_key(struct api *api, struct held *row)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_porter_drop drop = {.handle = row->release.handle};

	if (!row->has_key)
		return;
	row->has_key = false;
	wire_write_porter_drop(&body, &drop);
	if (rpc_note(api->rpc, ROLE_PORTER, row->release.porter, WIRE_PORTER_DROP,
		     buf_slice(&body)) != OK)
		log_debug("release.drop", "reason=\"%s\"", failure_text());
}

/* Under the lock. One that is being made is only marked: its maker lets it go. */
static void forget(struct api *api, struct held *row)
{
	if (row->state == HELD_MAKING)
		row->state = HELD_DROPPED;
	if (row->state == HELD_READY)
		row->state = HELD_ENDING;
	if (row->state == HELD_ENDING)
		drop_key(api, row);
}

/* Under the lock: no new transfer comes; those that run go on. */
static void expire(struct api *api, struct held *row)
{
	row->state = HELD_ENDING;
	if (row->users == 0)
		drop_key(api, row);
}

static bool is_porter_gone(struct api *api, const struct held *row)
{
	return row->generation != rpc_generation(api->rpc, ROLE_PORTER, row->release.porter);
}

/* Under the lock. */
static struct held *find(struct api *api, const struct digest *about)
{
	struct releases *r = api->releases;
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < r->used; i++) {
		struct held *row = &r->rows[i];

		if ((row->state != HELD_READY && row->state != HELD_MAKING) ||
		    !digest_equal(&row->about, about))
			continue;
		if (row->state == HELD_MAKING)
			return row;
		if (now_ms < row->expires_ms && !is_porter_gone(api, row))
			return row;
		expire(api, row);
	}
	return NULL;
}

/* Under the lock: the last transfer has left. False: there is no room for one more unwritten. */
static bool free_row(struct api *api, struct held *row)
{
	struct releases *r = api->releases;

	if (r->unwritten_count == RELEASE_MAX)
		return false;
	drop_key(api, row);
	r->unwritten[r->unwritten_count++] = row->delivery;
	*row = (struct held){.state = HELD_FREE};
	return true;
}

/* Under the lock: a free row, or that of the idle release that ends first. NULL: all are in use. */
static struct held *take_row(struct api *api)
{
	struct releases *r = api->releases;
	struct held *oldest = NULL;

	for (size_t i = 0; i < RELEASE_MAX; i++) {
		struct held *row = &r->rows[i];

		if (row->state == HELD_FREE) {
			r->used = i < r->used ? r->used : i + 1;
			return row;
		}
		if (row->state == HELD_READY && row->users == 0 &&
		    (!oldest || row->expires_ms < oldest->expires_ms))
			oldest = row;
	}
	return oldest && free_row(api, oldest) ? oldest : NULL;
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

/* A row reserved for the caller to make it, or NULL: one is held, after waiting for one that is
 * being made, and is copied to *out. ERR_UNAVAILABLE: the table is full. */
static enum err find_or_reserve(struct held **reserved, struct release *out, struct api *api,
				const struct digest *about, const struct grant *g)
{
	struct releases *r = api->releases;
	struct held *row;
	enum err result = OK;

	*reserved = NULL;
	pthread_mutex_lock(&r->lock);
	while ((row = find(api, about)) != NULL && row->state == HELD_MAKING)
		pthread_cond_wait(&r->changed, &r->lock); /* its maker's calls have time-outs */
	if (row) {
		row->users++;
		*out = row->release;
	} else if ((row = take_row(api)) != NULL) {
		*row = (struct held){.state = HELD_MAKING, .about = *about};
		name_ground(row, g);
		*reserved = row;
	} else {
		result = failure(ERR_UNAVAILABLE, "%d files are being downloaded; try again",
				 RELEASE_MAX);
	}
	pthread_mutex_unlock(&r->lock);
	return result;
}

static enum err make(struct release *out, uint32_t *generation, struct exchange *x,
		     struct route_context *context, const struct grant *g)
{
	struct api *api = context->api;

	TRY(release_pick_porter(&out->porter, api));
	random_bytes(&out->handle, sizeof out->handle);
	out->handle >>= 11; /* it also stands in the log: JSON integers have 53 bits */
	*generation = rpc_generation(api->rpc, ROLE_PORTER, out->porter);
	TRY(release_log(out, x, context, g));
	TRY(release_ask_keeper(out, api, g));
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
	else
		row->state = HELD_FREE;
	if (result == OK && was_dropped) {
		row->users = 0;
		forget(api, row);
	}
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (result == OK && was_dropped)
		return failure(ERR_UNAVAILABLE,
			       "the license or the model changed meanwhile; try again");
	return result;
}

static enum err make_row(struct held *row, struct release *out, struct exchange *x,
			 struct route_context *context, const struct grant *g)
{
	struct api *api = context->api;
	struct held made = {.state = HELD_READY, .about = row->about, .has_key = true, .users = 1};
	enum err result = make(out, &made.generation, x, context, g);

	out->row = (unsigned)(row - api->releases->rows);
	made.release = *out;
	made.used_ms = clock_monotonic_ms();
	made.expires_ms = made.used_ms + api->settings->release_seconds * 1000;
	name_ground(&made, g);
	end_with_license(&made, g);
	if (result == OK)
		made.delivery = delivery_new(g, out->event);
	return settle(row, api, &made, result);
}

void release_leave(struct api *api, const struct release *release, uint64_t first, uint64_t sent)
{
	struct held *row = &api->releases->rows[release->row];

	pthread_mutex_lock(&api->releases->lock);
	assert(row->users > 0);
	row->users--;
	row->used_ms = clock_monotonic_ms();
	if (sent)
		delivery_add(row->delivery, first, sent);
	pthread_mutex_unlock(&api->releases->lock);
}

enum err release_file(struct release *out, struct exchange *x, struct route_context *context,
		      const struct grant *g)
{
	struct digest about = about_of(x, g);
	struct held *row;
	enum err result;

	TRY(find_or_reserve(&row, out, context->api, &about, g));
	if (row)
		return make_row(row, out, x, context, g);
	/* released before; that it was used again rests on a decision all the same */
	result = authorize_note(x, context, g);
	if (result != OK)
		release_leave(context->api, out, 0, 0);
	return result;
}

/* Those that have this id at this place of their row. */
static void drop_where(struct api *api, size_t place, const uint8_t id[STORE_ID])
{
	struct held *rows = api->releases->rows;

	pthread_mutex_lock(&api->releases->lock);
	for (size_t i = 0; i < RELEASE_MAX; i++)
		if (memcmp((const uint8_t *)&rows[i] + place, id, STORE_ID) == 0)
			forget(api, &rows[i]);
	pthread_mutex_unlock(&api->releases->lock);
}

void releases_drop_license(struct api *api, const uint8_t license[STORE_ID])
{
	drop_where(api, offsetof(struct held, license), license);
}

void releases_drop_model(struct api *api, const uint8_t model[STORE_ID])
{
	drop_where(api, offsetof(struct held, model), model);
}

void releases_drop_revision(struct api *api, const uint8_t subject[STORE_ID])
{
	drop_where(api, offsetof(struct held, revision), subject);
}

void releases_drop_all(struct api *api)
{
	pthread_mutex_lock(&api->releases->lock);
	for (size_t i = 0; i < api->releases->used; i++)
		forget(api, &api->releases->rows[i]);
	pthread_mutex_unlock(&api->releases->lock);
}

/* Under the lock. */
static bool has_ended(struct api *api, struct held *row, int64_t now_ms)
{
	bool is_old = now_ms >= row->expires_ms;
	bool is_whole = row->state == HELD_READY && row->users == 0 &&
			now_ms >= row->used_ms + RELEASE_WHOLE_MS &&
			delivery_is_whole(row->delivery);

	if (row->state == HELD_READY && (is_old || is_whole || !api->releases->is_closing))
		expire(api, row);
	return row->state == HELD_ENDING && row->users == 0;
}

static void collect(struct api *api)
{
	struct releases *r = api->releases;
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < r->used; i++)
		if (has_ended(api, &r->rows[i], now_ms) && !free_row(api, &r->rows[i]))
			return;
}

/* Under the lock, which is let go while the database works. OK: nothing is left. */
static enum err write_ends(struct releases *r)
{
	while (r->unwritten_count) {
		struct delivery *last = r->unwritten[--r->unwritten_count];
		enum err result;

		pthread_mutex_unlock(&r->lock);
		result = delivery_log(last, r->store);
		pthread_mutex_lock(&r->lock);
		if (result != OK && r->unwritten_count < RELEASE_MAX) {
			r->unwritten[r->unwritten_count++] = last;
			return result;
		}
		if (result != OK)
			log_error("download.unrecorded", "count=1");
		delivery_free(last);
	}
	return OK;
}

static void pause_closer(struct releases *r)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)CLOSER_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&r->changed, &r->lock, &until);
}

static void *close_ended(void *argument)
{
	struct api *api = argument;
	struct releases *r = api->releases;
	enum err result = OK;
	int last_tries = 0;

	pthread_mutex_lock(&r->lock);
	do {
		if (r->is_closing || result != OK)
			pause_closer(r);
		last_tries += !r->is_closing;
		collect(api);
		result = write_ends(r);
		if (result != OK)
			log_debug("download.unwritten", "count=%zu reason=\"%s\"",
				  r->unwritten_count, failure_text());
	} while (r->is_closing ||
		 (last_tries < CLOSER_LAST_TRIES && (result != OK || !last_tries)));
	pthread_mutex_unlock(&r->lock);
	if (r->unwritten_count)
		log_error("download.unrecorded", "count=%zu", r->unwritten_count);
	return NULL;
}

enum err releases_start(struct api *api)
{
	struct releases *r = api->releases;

	r->store = api->release_store;
	api->release_store = NULL;
	r->is_closing = true;
	if (pthread_create(&r->closer, NULL, close_ended, api) == 0)
		return OK;
	r->is_closing = false;
	return failure_errno("edge: no thread for the ends of downloads");
}

void releases_stop(struct api *api)
{
	struct releases *r = api->releases;

	pthread_mutex_lock(&r->lock);
	r->is_closing = false;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->closer, NULL);
}
