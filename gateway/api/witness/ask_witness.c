/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/witness/ask_witness.h"

#include <stdio.h>

#include "crypto/add_checkpoint.h"
#include "crypto/base/text.h"
#include "gateway/api/log_tiles.h"
#include "gateway/api/outbound/outbound_call.h"
#include "gateway/api/witness/witnesses.h"

enum { ASK_TRIES = 2, ASK_MAX_ANSWER = ADD_CHECKPOINT_NOTE };

/* The log's files, of a tree of that size. */
struct files {
	int *directory;
	uint64_t size;
};

/* What an older tree had as a narrow tile may be there only as the wider one of today. */
static enum err fetch(void *context, struct digest *out, struct tile tile)
{
	struct digest row[TILE_WIDTH];
	const struct files *f = context;
	struct tile wide = tile_of(tile.level, tile.index, f->size);
	enum err result = log_tiles_fetch(f->directory, out, tile);

	if (result != ERR_NOT_FOUND || wide.width <= tile.width)
		return result;
	TRY(log_tiles_fetch(f->directory, row, wide));
	memcpy(out, row, tile.width * sizeof *row);
	return OK;
}

static enum err compare(struct route_context *context, const struct witness_question *q,
			const struct checkpoint *there)
{
	const struct slice name = slice_of_string(q->witness->key.name);
	struct files files = {&context->api->log_directory, q->here.size};
	struct tile_source source = {fetch, &files};
	struct digest root;

	if (there->size > q->here.size)
		return failure(ERR_CONFLICT,
			       "the witness %.*s has cosigned %llu entries of this log, and here "
			       "are %llu: was the gateway put back to a backup?",
			       SLICE_PRINT(name), (unsigned long long)there->size,
			       (unsigned long long)q->here.size);
	if (tile_root(&root, &source, there->size) != OK)
		return failure(ERR_UNAVAILABLE, "the log's files cannot be read");
	if (!digest_equal(&root, &there->root))
		return failure(ERR_CONFLICT,
			       "the witness %.*s has cosigned another history of this log: its "
			       "first %llu entries are not those that are here",
			       SLICE_PRINT(name), (unsigned long long)there->size);
	return OK;
}

static const char *url_of(struct arena *arena, const struct log_policy_part *w, const char *path)
{
	struct slice url = w->url;

	while (slice_ends_with(url, S("/")))
		url.size--;
	return arena_printf(arena, "%.*s/%s", SLICE_PRINT(url), path);
}

enum err ask_witness_look(uint64_t *size, struct route_context *context, struct arena *arena,
			  const struct witness_question *q)
{
	struct digest origin = digest_of(q->here.origin);
	const char *hex = api_hex(arena, digest_slice(&origin));
	const char *url = url_of(arena, q->witness, arena_printf(arena, "%s/checkpoint", hex));
	const struct outbound_request ask = {.method = WIRE_METHOD_GET,
					     .url = slice_of_string(url),
					     .most = ASK_MAX_ANSWER,
					     .timeout_ms = WITNESSES_CALL_MS};
	struct outbound_answer answer;
	struct checkpoint there;
	struct slice text;

	TRY(outbound_call(&answer, context, arena, &ask));
	if (answer.status == 404)
		return failure(ERR_NOT_FOUND, "the witness has no checkpoint of this log");
	if (answer.status != 200)
		return failure(ERR_UNAVAILABLE, "the witness answers %u", answer.status);
	TRY(note_verify(&text, answer.body, &q->log, 1));
	TRY(checkpoint_parse(&there, text));
	if (!slice_equal(there.origin, q->here.origin))
		return failure(ERR_FORMAT, "the witness shows a checkpoint of another log");
	*size = there.size;
	return compare(context, q, &there);
}

static enum err post(struct outbound_answer *answer, struct route_context *context,
		     struct arena *arena, const struct witness_question *q)
{
	AUTO(buf_free) struct buf body = buf_new(ADD_CHECKPOINT_MAX);
	struct files files = {&context->api->log_directory, q->here.size};
	struct tile_source source = {fetch, &files};
	struct merkle_proof proof = {.count = 0};
	struct outbound_request ask = {
		.method = WIRE_METHOD_POST,
		.url = slice_of_string(url_of(arena, q->witness, "add-checkpoint")),
		.headers = S("Content-Type: text/plain; charset=utf-8\n"),
		.most = ASK_MAX_ANSWER,
		.timeout_ms = WITNESSES_CALL_MS};

	if (q->old_size > 0 && q->old_size < q->here.size)
		TRY(tile_consistency(&proof, &source, q->old_size, q->here.size));
	add_checkpoint_write(&body, q->old_size, &proof, q->note);
	TRY(buf_done(&body));
	ask.body = buf_slice(&body);
	return outbound_call(answer, context, arena, &ask);
}

/* Its line must verify; whatever other lines it sends are left out. */
static enum err take_lines(struct slice *lines, struct arena *arena,
			   const struct witness_question *q, struct slice body)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	const char *start = arena_printf(arena, "\xe2\x80\x94 %s ", q->witness->key.name);
	AUTO(buf_free) struct buf kept = buf_new(ADD_CHECKPOINT_NOTE);
	struct slice line, rest = body, text;

	while (slice_cut(rest, '\n', &line, &rest))
		if (kept.size == 0 && slice_starts_with(line, slice_of_string(start)))
			buf_printf(&kept, "%.*s\n", SLICE_PRINT(line));
	buf_write(&note, q->text);
	buf_write_u8(&note, '\n');
	buf_write(&note, buf_slice(&kept));
	TRY(buf_done(&note));
	if (kept.size == 0 || note_verify(&text, buf_slice(&note), &q->witness->key, 1) != OK)
		return failure(ERR_FORGED, "the witness answers no cosignature of its key");
	*lines = arena_copy(arena, buf_slice(&kept));
	return OK;
}

/* It has another size than we thought. Of a larger one than ours it must show the proof. */
static enum err learn_size(struct witness_question *q, struct route_context *context,
			   struct arena *arena, struct slice body)
{
	struct slice line, rest;
	uint64_t size;

	slice_cut(body, '\n', &line, &rest);
	if (!slice_to_u64(line, INT64_MAX, &size))
		return failure(ERR_FORMAT, "the witness answers 409 without a size");
	if (size >= q->here.size)
		TRY(ask_witness_look(&size, context, arena, q));
	q->old_size = size;
	return OK;
}

enum err ask_witness_cosign(struct slice *lines, struct route_context *context, struct arena *arena,
			    struct witness_question *q)
{
	struct outbound_answer answer;

	for (int i = 0; i < ASK_TRIES; i++) {
		TRY(post(&answer, context, arena, q));
		if (answer.status == 200)
			return take_lines(lines, arena, q, answer.body);
		if (answer.status != 409)
			break;
		TRY(learn_size(q, context, arena, answer.body));
	}
	return failure(ERR_UNAVAILABLE, "the witness answers %u to add-checkpoint", answer.status);
}
