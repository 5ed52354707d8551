/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large files on their way in: Git LFS as the Hub's clients speak it (research/access-and-hub.md
 * 1.8), whole ("basic") or cut into parts ("multipart"). Everything is sealed as it arrives. The
 * addresses are capabilities, since LFS clients send no token to them.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/parts.h"
#include "gateway/api/upload/seal.h"

enum { LFS_MAX_OBJECTS = 1000, LFS_MAX_ADDRESSES = 32 * 1024 };

/* A batch under way. */
struct batch {
	struct exchange *x;
	struct route_context *context;
	struct store_model model;
	bool may_cut;       /* the client knows "multipart" */
	bool is_cut;        /* some object is */
	uint32_t addresses; /* so far: each is a line of the answer */
};

static enum err read_object(struct capability *out, const json_t *object)
{
	struct slice oid;
	int64_t size;

	TRY(json_get_text(&oid, object, "oid"));
	TRY(json_get_int(&size, object, "size"));
	if (size < 0)
		return failure(ERR_FORMAT, "\"size\" is negative");
	out->size = (uint64_t)size;
	return text_read_hex(out->sha256, 32, oid);
}

static struct slice address_of(struct batch *b, const struct capability *c)
{
	AUTO(buf_free) struct buf text = buf_new(512);

	b->addresses++;
	capability_write(&text, c, b->context->api->capability_key);
	return slice_of_string(arena_printf(exchange_arena(b->x), "%s/upload/%s",
					    b->context->api->settings->external_url,
					    buf_string(&text)));
}

/* {"chunk_size": "67108864", "1": address, "2": ...}: all of them, since that is what clients
 * count. Whether one has come already, a HEAD of its address says. */
static void describe_parts(json_t *header, struct batch *b, struct capability c)
{
	uint32_t count = capability_part_count(c.size);

	json_put_text(
		header, "chunk_size",
		slice_of_string(arena_printf(exchange_arena(b->x), "%llu",
					     (unsigned long long)capability_part_size(c.size))));
	c.kind = CAPABILITY_PART;
	for (c.part = 1; c.part <= count; c.part++)
		json_put_text(header, arena_printf(exchange_arena(b->x), "%u", (unsigned)c.part),
			      address_of(b, &c));
}

/* Cut or whole: where to send it. */
static void describe_upload(json_t *actions, struct batch *b, struct capability *c)
{
	json_t *upload = json_object_new();

	json_put(actions, "upload", upload);
	if (b->may_cut && capability_part_count(c->size) > 1) {
		json_t *header = json_object_new();

		b->is_cut = true;
		json_put(upload, "header", header);
		describe_parts(header, b, *c);
		c->kind = CAPABILITY_COMPLETE;
	}
	json_put_text(upload, "href", address_of(b, c));
	json_put_int(upload, "expires_in", CAPABILITY_SECONDS);
}

/* What is there already needs no upload: the answer then has no actions. */
static enum err describe_object(json_t *list, struct batch *b, const json_t *object)
{
	struct capability c = {.expires_seconds = clock_now_seconds() + CAPABILITY_SECONDS};
	struct store_blob blob;
	json_t *one, *actions;
	enum err known;

	TRY(read_object(&c, object));
	memcpy(c.person, authorize_principal(b->x)->person.id, STORE_ID);
	memcpy(c.model, b->model.id, STORE_ID);
	known = store_blob_by_sha256(b->context->store, exchange_arena(b->x), &blob, b->model.id,
				     c.sha256);
	one = json_object_new();
	json_push(list, one);
	json_put_text(one, "oid",
		      slice_of_string(api_hex(exchange_arena(b->x), slice_of(c.sha256, 32))));
	json_put_int(one, "size", (int64_t)c.size);
	if (known != ERR_NOT_FOUND)
		return known;
	actions = json_object_new();
	json_put(one, "actions", actions);
	describe_upload(actions, b, &c);
	if (b->addresses > LFS_MAX_ADDRESSES)
		return failure(ERR_LIMIT, "these objects have too many parts for one batch; ask "
					  "for fewer at a time");
	return OK;
}

static bool offers_multipart(const json_t *body)
{
	const json_t *transfers = json_object_get(body, "transfers");

	for (size_t i = 0; i < json_array_size(transfers); i++) {
		struct slice one;

		if (json_text_at(&one, transfers, i) == OK && slice_equal(one, S("multipart")))
			return true;
	}
	return false;
}

static enum err describe_all(json_t *list, struct batch *b, const json_t *body)
{
	struct slice operation;
	const json_t *objects;

	TRY(json_get_text_or(&operation, body, "operation", S("upload")));
	TRY(json_get_array(&objects, body, "objects"));
	if (!slice_equal(operation, S("upload")) || json_array_size(objects) > LFS_MAX_OBJECTS)
		return failure(ERR_UNSUPPORTED, "this route takes uploads of at most %d objects",
			       LFS_MAX_OBJECTS);
	b->may_cut = offers_multipart(body);
	for (size_t i = 0; i < json_array_size(objects); i++)
		TRY(describe_object(list, b, json_array_get(objects, i)));
	return OK;
}

void hub_lfs_batch(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(json_auto) json_t *list = json_array_new();
	struct batch b = {.x = x, .context = context};
	json_t *answer;
	enum err result;

	if (!body || !hub_find_model(&b.model, x, context))
		return;
	seal_sweep(context, exchange_arena(x));
	result = describe_all(list, &b, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "transfer", b.is_cut ? S("multipart") : S("basic"));
	json_put(answer, "objects", json_incref(list));
	reply_json(x, 200, answer);
}

/* Whoever was given the address acts as the person it was given to, if they still may. */
static enum err act_as(struct exchange *x, struct route_context *context,
		       const struct capability *c)
{
	struct principal *who = exchange_subject(x);
	struct slice model;

	TRY(store_person_by_id(context->store, exchange_arena(x), &who->person, c->person));
	TRY(store_model_name(context->store, exchange_arena(x), &model, c->model));
	if (!slice_equal(who->person.state, S("active")) ||
	    !(offices_on(who->person.held, model, clock_now_ms()) & right_bit(RIGHT_MODELS_MANAGE)))
		return failure(ERR_DENIED,
			       "the person this upload address was made for may no longer upload");
	who->authenticated = true;
	who->credential = CODE_OK_ALLOWED;
	return OK;
}

static enum err read_capability(struct capability *out, struct exchange *x,
				struct route_context *context)
{
	TRY(capability_read(out, exchange_param(x, "capability"), context->api->capability_key,
			    clock_now_seconds()));
	TRY(act_as(x, context, out));
	return store_upload_may_begin(context->store, out->model);
}

/* Is the content here by now? Then the address has done its work. */
static enum err is_done(bool *out, struct exchange *x, struct route_context *context,
			const struct capability *c)
{
	struct store_blob blob;
	enum err result = store_blob_by_sha256(context->store, exchange_arena(x), &blob, c->model,
					       c->sha256);

	*out = result == OK;
	return result == ERR_NOT_FOUND ? OK : result;
}

static enum err check_length(const struct exchange *x, uint64_t announced)
{
	const struct http_request *request = exchange_request(x);

	if (!request->is_chunked && request->content_length != announced)
		return failure(ERR_FORMAT, "the upload has %llu bytes, %llu were announced",
			       (unsigned long long)request->content_length,
			       (unsigned long long)announced);
	return OK;
}

static enum err receive_whole(struct exchange *x, struct route_context *context,
			      const struct capability *c)
{
	AUTO(seal_clear) struct seal seal = {.pipe = -1};
	uint64_t moved;
	enum err result, pumped;
	int pipe_end;

	TRY(check_length(x, c->size));
	TRY(seal_begin_large(&seal, x, context, c->model, c->size));
	pipe_end = seal.pipe;
	seal.pipe = -1;
	pumped = exchange_pump_body(x, pipe_end, &moved); /* closes it */
	result = seal_end(&seal, context, c->sha256);
	return result == OK ? pumped : result;
}

static enum err receive_part(struct exchange *x, struct route_context *context,
			     const struct capability *c)
{
	struct store_part part;
	char etag[PARTS_ETAG];
	uint64_t size;

	TRY(capability_part_bytes(&size, c));
	TRY(check_length(x, size));
	TRY(parts_receive(&part, x, context, c));
	parts_etag(etag, &part);
	exchange_header(x, "ETag", "%s", etag);
	return OK;
}

static enum err receive(struct exchange *x, struct route_context *context)
{
	struct capability c;
	bool done;

	TRY(read_capability(&c, x, context));
	if (c.kind == CAPABILITY_COMPLETE)
		return failure(ERR_FORMAT, "this address takes a POST when all parts were sent");
	TRY(is_done(&done, x, context, &c));
	if (done)
		return c.kind == CAPABILITY_WHOLE
			       ? OK
			       : failure(ERR_CONFLICT, "the file is here already, and whole");
	return c.kind == CAPABILITY_WHOLE ? receive_whole(x, context, &c)
					  : receive_part(x, context, &c);
}

static void refuse(struct exchange *x, enum err result)
{
	if (result == ERR_FORGED)
		reply_code(x, CODE_CREDENTIAL_BAD_SIGNATURE, failure_text(), NULL);
	else if (result == ERR_EXPIRED)
		reply_code(x, CODE_CREDENTIAL_EXPIRED, failure_text(), NULL);
	else
		reply_failure(x, result);
}

void hub_upload(struct exchange *x, struct route_context *context)
{
	enum err result = receive(x, context);

	if (result == OK)
		reply_empty(x, 200);
	else
		refuse(x, result);
}

/* Has this part come? So a client of ours need not send it again. */
static enum err look(struct exchange *x, struct route_context *context)
{
	struct capability c;
	struct store_part part;
	char etag[PARTS_ETAG];

	TRY(read_capability(&c, x, context));
	if (c.kind != CAPABILITY_PART)
		return failure(ERR_FORMAT, "this address is not that of a part");
	TRY(parts_find(&part, x, context, &c));
	parts_etag(etag, &part);
	exchange_header(x, "ETag", "%s", etag);
	return OK;
}

void hub_upload_look(struct exchange *x, struct route_context *context)
{
	enum err result = look(x, context);

	if (result == OK)
		reply_empty(x, 200);
	else
		refuse(x, result);
}

static enum err complete(struct exchange *x, struct route_context *context, const json_t *body)
{
	struct capability c, said = {0};
	const json_t *parts;
	struct slice oid;
	bool done;

	TRY(read_capability(&c, x, context));
	if (c.kind != CAPABILITY_COMPLETE)
		return failure(ERR_FORMAT, "this address takes a PUT of bytes");
	TRY(json_get_text(&oid, body, "oid"));
	TRY(text_read_hex(said.sha256, 32, oid));
	if (memcmp(said.sha256, c.sha256, sizeof c.sha256) != 0)
		return failure(ERR_FORMAT, "the address was made for another \"oid\"");
	TRY(json_get_array(&parts, body, "parts"));
	TRY(is_done(&done, x, context, &c));
	return done ? OK : parts_complete(x, context, &c, parts);
}

/* A client whose answer was lost asks again: what is whole is whole. */
void hub_upload_complete(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	enum err result;

	if (!body)
		return;
	result = complete(x, context, body);
	if (result == OK)
		reply_json(x, 200, json_object_new());
	else
		refuse(x, result);
}

/* Python's client asks again after the upload: is it there? */
void hub_verify(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_model model;
	struct store_blob blob;
	struct capability c = {0};
	enum err result;

	if (!body || !hub_find_model(&model, x, context))
		return;
	result = read_object(&c, body);
	if (result == OK)
		result = store_blob_by_sha256(context->store, exchange_arena(x), &blob, model.id,
					      c.sha256);
	if (result == OK && blob.size != c.size)
		result = failure(ERR_FORMAT, "the object has %llu bytes, not %llu",
				 (unsigned long long)blob.size, (unsigned long long)c.size);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 200, json_object_new());
}
