/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log as the public sees it (static files the scribe writes), and receipts for those an
 * entry is about. Payloads are read with the auditor's role; what a person may see of them is
 * decided here.
 */
#include "crypto/base/file.h"
#include "crypto/json.h"
#include "crypto/tile.h"
#include "crypto/tlog_proof.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/authorize.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/license/receipt.h"
#include "gateway/api/log_tiles.h"
#include "gateway/api/receipt_row.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/witness/witnesses.h"

enum {
	LOG_MAX_FILE = TILE_WIDTH * (TILE_ENTRY_MAX + 2),
	LOG_MAX_TEXT = 128 * 1024,
};

/* Only names of the tlog-tiles grammar reach the file system. */
void log_file(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf bytes = buf_new(LOG_MAX_FILE);
	struct slice path = slice_part(exchange_request(x)->path, sizeof "/log/" - 1, SIZE_MAX);
	bool is_checkpoint = slice_equal(path, S("checkpoint"));
	struct tile tile;
	enum err result = OK;

	if (!is_checkpoint)
		result = tile_path_parse(&tile, path);
	if (result == OK)
		result = file_read(&bytes, context->api->log_directory,
				   arena_string(exchange_arena(x), path));
	if (result == ERR_FORMAT || result == ERR_NOT_FOUND) {
		reply_code(x, CODE_NOT_FOUND, "no such file in the log", NULL);
		return;
	}
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "Cache-Control", "%s",
			is_checkpoint ? "no-cache" : "public, max-age=31536000, immutable");
	reply_text(x, 200, is_checkpoint ? "text/plain; charset=utf-8" : "application/octet-stream",
		   is_checkpoint
			   ? witnesses_add_lines(context, exchange_arena(x), buf_slice(&bytes))
			   : buf_slice(&bytes));
}

void log_vkey(struct exchange *x, struct route_context *context)
{
	struct api_keys keys;
	enum err result = api_keys_get(&keys, context->api);

	if (result != OK)
		reply_failure(x, result);
	else
		reply_text(x, 200, "text/plain; charset=utf-8",
			   slice_of_string(arena_printf(exchange_arena(x), "%s\n", keys.log_vkey)));
}

/* The newest that enough witnesses have cosigned, if it covers the entry; else the newest. */
static enum err best_checkpoint(struct buf *note, struct checkpoint *out,
				struct route_context *context, struct arena *arena, uint64_t index)
{
	struct slice witnessed, text;
	uint64_t size;

	if (witnesses_newest(&witnessed, &size, context, arena) != OK || size <= index)
		return log_checkpoint_read(note, out, context->api->log_directory);
	buf_write(note, witnessed);
	TRY(note_text(&text, buf_slice(note)));
	return checkpoint_parse(out, text);
}

/* ERR_NOT_FOUND: the published checkpoint does not cover it yet. The index is of the entry, and so
 * is the nonce. */
static enum err write_proof(struct buf *out, struct route_context *context, struct arena *arena,
			    const struct store_event *event)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct tile_source source = {log_tiles_fetch, &context->api->log_directory};
	struct tlog_proof proof = {
		.index = event->index, .has_extra = !event->is_erased, .extra_size = STORE_NONCE};
	struct checkpoint checkpoint;

	TRY(best_checkpoint(&note, &checkpoint, context, arena, event->index));
	if (!event->is_published || event->index >= checkpoint.size)
		return failure(ERR_NOT_FOUND, "the entry is not published yet");
	TRY(tile_inclusion(&proof.inclusion, &source, event->index, checkpoint.size));
	memcpy(proof.extra, event->nonce, STORE_NONCE);
	proof.checkpoint = buf_slice(&note);
	tlog_proof_write(out, &proof);
	return buf_done(out);
}

static json_t *describe_receipt(struct arena *arena, const struct store_event *event,
				struct slice proof)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(arena, event->id)));
	json_put_int(answer, "index", (int64_t)event->index);
	json_put_text(answer, "entry", event->leaf);
	if (event->is_erased) {
		json_put(answer, "erased", audit_describe_erased(event));
	} else {
		json_put_text(
			answer, "nonce",
			slice_of_string(api_base64(arena, slice_of(event->nonce, STORE_NONCE))));
		json_put_text(answer, "payload", event->payload);
	}
	json_put_text(answer, "proof", proof);
	return answer;
}

/* Receipts are for whoever acted, whoever holds the license the entry is about, and auditors. */
static bool may_see(const struct exchange *x, struct route_context *context,
		    const struct store_event *event)
{
	const struct principal *who = authorize_principal(x);
	struct arena arena = {0};
	struct store_license license;
	bool own;

	if (principal_holds_on(who, RIGHT_AUDIT_READ, event->model) ||
	    principal_is(who, event->actor))
		return true;
	if (store_id_is_none(event->license))
		return false;
	own = store_license_get(context->store, &arena, &license, event->license) == OK &&
	      principal_is(who, license.person);
	arena_free(&arena);
	return own;
}

static enum err get_event(struct store_event *out, struct exchange *x,
			  struct route_context *context, const uint8_t id[STORE_ID])
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_get(auditor, exchange_arena(x), out, id);

	api_auditor_return(context->api, auditor);
	return result;
}

/* An entry of its own, or a row of one: then the entry's proof, and what leads from it to the row.
 */
static enum err make_receipt(json_t **out, struct exchange *x, struct route_context *context,
			     const struct store_event *event)
{
	AUTO(buf_free) struct buf proof = buf_new(LOG_MAX_TEXT);
	AUTO(json_auto) json_t *row = NULL;
	struct arena *arena = exchange_arena(x);
	struct store_event batch = *event;

	if (event->is_row)
		TRY(receipt_row(&row, &batch, arena, context->api, event));
	TRY(write_proof(&proof, context, arena, &batch));
	*out = describe_receipt(arena, &batch, buf_slice(&proof));
	if (!row)
		return OK;
	json_put_text(*out, "id", slice_of_string(api_uuid(arena, event->id)));
	json_put(*out, "row", json_incref(row));
	return OK;
}

static void reply_proof(struct exchange *x, struct route_context *context,
			const struct store_event *event)
{
	json_t *receipt = NULL;
	enum err result = make_receipt(&receipt, x, context, event);

	if (result == ERR_NOT_FOUND) {
		json_t *answer = json_object_new();

		json_put_text(answer, "state", S("pending"));
		exchange_header(x, "Retry-After", "1");
		reply_json(x, 202, answer);
	} else if (result != OK) {
		reply_failure(x, result);
	} else {
		reply_json(x, 200, receipt);
	}
}

enum err receipt_of(json_t **out, struct exchange *x, struct route_context *context,
		    const uint8_t id[STORE_ID])
{
	struct store_event event;

	TRY(get_event(&event, x, context, id));
	return make_receipt(out, x, context, &event);
}

void receipt_get(struct exchange *x, struct route_context *context)
{
	struct store_event event;
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = get_event(&event, x, context, id);
	if (result == OK && !may_see(x, context, &event))
		result = failure(ERR_NOT_FOUND, "no such event");
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	reply_proof(x, context, &event);
}

static enum err get_commit(struct store_event *out, struct exchange *x,
			   struct route_context *context, const struct grant *grant)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_commit(auditor, exchange_arena(x), out,
					     grant->access.model.name, grant->access.revision.id);

	api_auditor_return(context->api, auditor);
	return result;
}

/* Who may read a revision may know the entry that made it: what its files are is what it says. */
void revision_receipt(struct exchange *x, struct route_context *context)
{
	struct grant *grant = authorize_model(x, context, RIGHT_WEIGHTS_READ, hub_model_name(x),
					      exchange_param(x, "revision"), S(""));
	struct store_event event;
	enum err result;

	if (!grant)
		return;
	result = grant->access.has_revision ? get_commit(&event, x, context, grant)
					    : failure(ERR_NOT_FOUND, "no such revision");
	if (result == OK)
		reply_proof(x, context, &event);
	else
		reply_failure(x, result);
}
