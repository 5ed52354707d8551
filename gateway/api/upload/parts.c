/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/upload/parts.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/download/release.h"
#include "gateway/api/upload/seal.h"
#include "gateway/api/upload/upload_keys.h"
#include "schema/wire/porter.h"

enum { JOIN_WAIT_MS = 6 * 3600 * 1000 };

/* The keeper hands a fresh key again for five days; an upload ends sooner. */
#define PARTS_LIFE_MS (INT64_C(4) * 24 * 3600 * 1000)

void parts_etag(char out[PARTS_ETAG], const struct store_part *part)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * STORE_SHA256);

	text_write_hex(&hex, slice_of(part->sha256, STORE_SHA256));
	snprintf(out, PARTS_ETAG, "\"%s\"", buf_string(&hex));
}

static enum err create(struct store_upload *out, struct exchange *x, struct route_context *context,
		       const struct capability *c)
{
	struct upload_key key = {.handle = seal_new_handle()};

	*out = (struct store_upload){.size = c->size,
				     .part_size = capability_part_size(c->size),
				     .created_ms = clock_now_ms()};
	random_uuid(out->id, out->created_ms);
	memcpy(out->model, c->model, STORE_ID);
	memcpy(out->sha256, c->sha256, STORE_SHA256);
	TRY(release_pick_porter(&key.porter, context->api));
	TRY(seal_make_key(&out->header, x, context, out->id, key.porter, key.handle));
	TRY(store_upload_create(context->store, out, authorize_principal(x)->person.id));
	upload_key_remember(context->api, out->id, &key);
	return OK;
}

static enum err find_upload(struct store_upload *out, struct exchange *x,
			    struct route_context *context, const struct capability *c)
{
	return store_upload_find(context->store, exchange_arena(x), out, c->model, c->sha256,
				 c->size);
}

/* The first parts come at the same time: of those that begin the upload one wins. */
static enum err find_or_create(struct store_upload *out, struct exchange *x,
			       struct route_context *context, const struct capability *c)
{
	enum err result = find_upload(out, x, context, c);
	char why[FAILURE_MAX_TEXT];

	if (result != ERR_NOT_FOUND)
		return result;
	result = create(out, x, context, c);
	if (result != ERR_CONFLICT)
		return result;
	snprintf(why, sizeof why, "%s", failure_text());
	if (find_upload(out, x, context, c) == OK)
		return OK;
	return failure(ERR_CONFLICT, "%s", why);
}

/* The file first: no file is ever left that no row names. */
static enum err remove_part(struct route_context *context, const struct store_part *part)
{
	TRY(seal_discard(context->api, part->id));
	return store_part_delete(context->store, part->id);
}

static void remove_parts(struct route_context *context, const struct store_part *parts,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (remove_part(context, &parts[i]) != OK)
			log_warn("part.left", "reason=\"%s\"", failure_text());
}

static enum err remove_upload(struct route_context *context, struct arena *arena,
			      const uint8_t upload[STORE_ID])
{
	struct store_part *parts;
	size_t count;

	upload_keys_drop(context->api, upload);
	TRY(store_part_all(context->store, arena, &parts, &count, upload));
	remove_parts(context, parts, count);
	return store_upload_delete(context->store, upload);
}

static enum err seal_body(struct wire_porter_sealed *out, struct exchange *x,
			  struct route_context *context, const struct store_part *part,
			  const struct upload_key *key)
{
	AUTO(seal_clear)
	struct seal seal = {.pipe = -1, .porter = key->porter, .handle = key->handle};
	enum err pumped, result;
	uint64_t moved;
	int pipe_end;

	memcpy(seal.blob.id, part->id, STORE_ID);
	TRY(seal_start(&seal, context->api, WIRE_CONTENT_LARGE, part->size));
	pipe_end = seal.pipe;
	seal.pipe = -1;
	pumped = exchange_pump_body(x, pipe_end, &moved); /* closes it */
	result = seal_wait(out, &seal);
	return result == OK ? pumped : result;
}

static enum err seal_part(struct store_part *part, struct exchange *x,
			  struct route_context *context, const struct upload_key *key)
{
	struct wire_porter_sealed sealed;

	TRY(seal_body(&sealed, x, context, part, key));
	memcpy(part->sha256, sealed.sha256, STORE_SHA256);
	return store_part_sealed(context->store, part, clock_now_ms());
}

static void remove_replaced(struct exchange *x, struct route_context *context,
			    const struct store_part *part)
{
	struct store_part *replaced;
	size_t count;

	if (store_part_replaced(context->store, exchange_arena(x), &replaced, &count, part) == OK)
		remove_parts(context, replaced, count);
	else
		log_warn("part.left", "reason=\"%s\"", failure_text());
}

enum err parts_receive(struct store_part *out, struct exchange *x, struct route_context *context,
		       const struct capability *c)
{
	struct store_upload upload;
	struct upload_key key;
	char why[FAILURE_MAX_TEXT];
	enum err result;

	*out = (struct store_part){.number = c->part};
	TRY(capability_part_bytes(&out->size, c));
	TRY(find_or_create(&upload, x, context, c));
	random_uuid(out->id, clock_now_ms());
	memcpy(out->upload, upload.id, STORE_ID);
	TRY(upload_key_get(&key, x, context, &upload));
	TRY(store_part_begin(context->store, out, clock_now_ms()));
	result = seal_part(out, x, context, &key);
	if (result == OK) {
		remove_replaced(x, context, out);
		return OK;
	}
	snprintf(why, sizeof why, "%s", failure_text());
	/* A porter that died may have given the file its name: then the row stays, for the sweep.
	 */
	if (result != ERR_UNAVAILABLE && result != ERR_TIMEOUT)
		remove_parts(context, out, 1);
	return failure(result, "%s", why);
}

enum err parts_find(struct store_part *out, struct exchange *x, struct route_context *context,
		    const struct capability *c)
{
	struct store_upload upload;
	struct store_part *parts;
	size_t count;

	TRY(find_upload(&upload, x, context, c));
	TRY(store_part_list(context->store, exchange_arena(x), &parts, &count, upload.id));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].number != c->part)
			continue;
		*out = parts[i];
		return OK;
	}
	return failure(ERR_NOT_FOUND, "this part has not come yet");
}

/* With or without quotes, as clients send it back. */
static bool is_etag_of(struct slice etag, const struct store_part *part)
{
	char text[PARTS_ETAG];
	struct slice own;

	parts_etag(text, part);
	own = slice_of_string(text);
	return slice_equal(etag, own) || slice_equal(etag, slice_part(own, 1, own.size - 2));
}

static enum err check_one(const json_t *said, const struct store_part *parts, size_t count,
			  bool *seen)
{
	struct slice etag;
	int64_t number;

	TRY(json_get_int(&number, said, "partNumber"));
	TRY(json_get_text(&etag, said, "etag"));
	if (number < 1 || number > (int64_t)count)
		return failure(ERR_FORMAT, "there is no part %lld of %zu", (long long)number,
			       count);
	if (seen[number - 1])
		return failure(ERR_FORMAT, "part %lld is named twice", (long long)number);
	seen[number - 1] = true;
	if (!is_etag_of(etag, &parts[number - 1]))
		return failure(ERR_FORMAT, "part %lld has another etag", (long long)number);
	return OK;
}

/* All parts are here, and each is the one the client means. */
static enum err check_parts(const json_t *said, const struct store_part *parts, size_t count,
			    uint32_t expected)
{
	bool seen[STORE_MAX_UPLOAD_PARTS] = {false};

	for (size_t i = 0; i < count; i++)
		if (parts[i].number != i + 1)
			return failure(ERR_FORMAT, "part %zu has not come", i + 1);
	if (count < expected)
		return failure(ERR_FORMAT, "part %zu has not come", count + 1);
	if (json_array_size(said) != expected)
		return failure(ERR_FORMAT, "%zu parts are named, there are %u",
			       json_array_size(said), expected);
	for (size_t i = 0; i < count; i++)
		TRY(check_one(json_array_get(said, i), parts, count, seen));
	return OK;
}

static enum err ask_join(struct wire_porter_sealed *out, struct exchange *x,
			 struct route_context *context, const struct store_upload *upload,
			 const uint8_t blob[STORE_ID], const struct store_part *parts, size_t count)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_porter_join *ask = arena_alloc(exchange_arena(x), sizeof *ask);
	struct upload_key key;

	TRY(upload_key_get(&key, x, context, upload));
	*ask = (struct wire_porter_join){.handle = key.handle,
					 .size = upload->size,
					 .part_size = upload->part_size,
					 .count = (uint16_t)count};
	memcpy(ask->blob, blob, WIRE_ID);
	for (size_t i = 0; i < count; i++)
		memcpy(ask->parts[i], parts[i].id, WIRE_ID);
	wire_write_porter_join(&body, ask);
	TRY(buf_done(&body));
	TRY(rpc_call(context->api->rpc, ROLE_PORTER, key.porter, WIRE_PORTER_JOIN, buf_slice(&body),
		     -1, &reply, JOIN_WAIT_MS));
	return wire_read_porter_sealed(out, buf_slice(&reply.body));
}

/* The whole gets a name of its own each time, so that one whose answer was lost is in nobody's
 * way: the sweep finds it. */
static enum err join(struct exchange *x, struct route_context *context,
		     const struct store_upload *upload, const struct store_part *parts,
		     size_t count)
{
	struct store_blob blob = {.header = upload->header, .created_ms = clock_now_ms()};
	struct wire_porter_sealed sealed;
	char why[FAILURE_MAX_TEXT];
	enum err result;

	random_uuid(blob.id, blob.created_ms);
	memcpy(blob.model, upload->model, STORE_ID);
	TRY(store_blob_create(context->store, &blob, authorize_principal(x)->person.id));
	result = ask_join(&sealed, x, context, upload, blob.id, parts, count);
	if (result != OK && result != ERR_UNAVAILABLE && result != ERR_TIMEOUT) {
		snprintf(why, sizeof why, "%s", failure_text());
		TRY(store_blob_delete(context->store, blob.id)); /* it left no file */
		return failure(result, "%s", why);
	}
	TRY(result);
	if (!slice_equal(slice_of(sealed.sha256, 32), slice_of(upload->sha256, 32))) {
		TRY(store_blob_delete(context->store, blob.id));
		TRY(seal_discard(context->api, blob.id));
		TRY(remove_upload(context, exchange_arena(x), upload->id));
		return failure(ERR_FORMAT, "the parts together do not have the SHA-256 that was "
					   "promised; send them anew");
	}
	return store_blob_sealed(context->store, blob.id, sealed.size, sealed.sha256,
				 sealed.git_sha1, sealed.is_pickle);
}

enum err parts_complete(struct exchange *x, struct route_context *context,
			const struct capability *c, const json_t *said)
{
	struct store_upload upload;
	struct store_part *parts;
	size_t count;

	TRY(find_upload(&upload, x, context, c));
	TRY(store_part_list(context->store, exchange_arena(x), &parts, &count, upload.id));
	TRY(check_parts(said, parts, count, capability_part_count(c->size)));
	TRY(join(x, context, &upload, parts, count));
	if (remove_upload(context, exchange_arena(x), upload.id) != OK) /* the sweep does it */
		log_warn("upload.left", "reason=\"%s\"", failure_text());
	return OK;
}

enum err parts_sweep(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_upload *uploads;
	size_t count;

	TRY(store_upload_abandoned(context->store, arena, &uploads, &count, now_ms - PARTS_IDLE_MS,
				   now_ms - PARTS_LIFE_MS));
	for (size_t i = 0; i < count; i++)
		TRY(remove_upload(context, arena, uploads[i].id));
	if (count)
		log_info("upload.swept", "count=%zu", count);
	return OK;
}
