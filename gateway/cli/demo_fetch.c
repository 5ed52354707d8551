/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/demo_fetch.h"

#include "crypto/base/file.h"

enum { HASH_PIECE = 64 * 1024 };

struct hashing {
	struct digest_state state;
	uint64_t bytes;
};

static enum err add(void *context, struct slice bytes)
{
	struct hashing *h = context;

	digest_update(&h->state, bytes);
	h->bytes += bytes.size;
	return OK;
}

enum err demo_fetch(struct demo_fetched *out, struct demo *d, struct client *c, const char *model,
		    const char *revision, struct slice path)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct hashing h = {.bytes = 0};
	enum err result;
	struct client_request request = {
		.method = "GET",
		.path = arena_printf(&d->arena, "/%s/resolve/%s/%s", model, revision,
				     client_encode_path(&d->arena, path)),
		.sink = add,
		.sink_context = &h,
	};

	digest_begin(&h.state);
	result = client_send(c, &answer, &request);
	out->bytes = h.bytes;
	TRY(result);
	TRY(client_check(c, &answer));
	out->sha256 = digest_end(&h.state);
	out->event = arena_string(&d->arena, client_header(&answer, "X-Audit-Receipt"));
	return OK;
}

enum err demo_hash_file(struct digest *out, struct walk *w, struct arena *arena,
			const struct walk_file *file)
{
	AUTO(file_close) int fd = -1;
	uint8_t piece[HASH_PIECE];
	struct digest_state state;

	TRY(walk_open(&fd, w, arena, file));
	digest_begin(&state);
	for (uint64_t at = 0; at < file->size;) {
		uint64_t left = file->size - at;
		size_t size = left < HASH_PIECE ? (size_t)left : HASH_PIECE;

		TRY(file_read_at(fd, piece, size, at));
		digest_update(&state, slice_of(piece, size));
		at += size;
	}
	*out = digest_end(&state);
	return OK;
}
