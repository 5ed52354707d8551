/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - a file on its way in: the keeper makes its key against a key.create entry, a porter
 * seals the stream, and the database learns of the blob. Until a revision holds it, nobody sees
 * it; what a killed upload leaves is an orphan, swept later.
 */
#ifndef GATEWAY_API_UPLOAD_SEAL_H
#define GATEWAY_API_UPLOAD_SEAL_H

#include "gateway/api/api.h"
#include "schema/store/blob.h"
#include "schema/wire/porter.h"

struct seal {
	struct store_blob blob; /* id, model, size, digests, header, once seal_end said OK */
	unsigned porter;
	uint64_t handle;
	struct rpc_stream *sealing;
	int pipe; /* write end: give it the plaintext; whoever writes closes it */
};

/* Make key and blob, start the porter. `expected` is the exact size that will come. */
RESULT seal_begin(struct seal *out, struct exchange *x, struct route_context *context,
		  const uint8_t model[STORE_ID], uint64_t expected);

/* The same for a large file: git knows it by a pointer, so its bytes are not hashed for git. */
RESULT seal_begin_large(struct seal *out, struct exchange *x, struct route_context *context,
			const uint8_t model[STORE_ID], uint64_t expected);

/* Wait for the porter and record the blob. `sha256`, if not NULL, is what the client promised:
 * another one is ERR_FORMAT. After any failure the blob is discarded. ERR_FULL: no room. */
RESULT seal_end(struct seal *seal, struct route_context *context, const uint8_t *sha256);

void seal_clear(struct seal *seal); /* fit for AUTO; closes what is still open */

/* A small file that is already in memory. */
RESULT seal_bytes(struct store_blob *out, struct exchange *x, struct route_context *context,
		  const uint8_t model[STORE_ID], struct slice bytes);

/* The steps of this, for files that come in parts. A new file key for `blob`, handed to a porter by
 * a handle; its header lives in the arena. */
RESULT seal_make_key(struct slice *header, struct exchange *x, struct route_context *context,
		     const uint8_t blob[STORE_ID], unsigned porter, uint64_t handle);

/* With blob.id, porter and handle set: the porter reads from seal->pipe. */
RESULT seal_start(struct seal *seal, struct api *api, enum wire_content content, uint64_t expected);
RESULT seal_wait(struct wire_porter_sealed *out, struct seal *seal);

/* A file of the store goes; not there is fine. Any porter does it. */
RESULT seal_discard(struct api *api, const uint8_t blob[STORE_ID]);
/* A blob that nothing holds any more: row and file. What cannot be done now the sweep finds. */
void seal_forget(const uint8_t blob[STORE_ID], struct route_context *context);
uint64_t seal_new_handle(void); /* 53 bits: it also stands in the log */

/* At most once an hour: remove blobs that no revision holds, revisions that never became visible,
 * and uploads in parts that nobody goes on with, older than a day. An upload calls it before it
 * begins: uploads are what leaves them. */
void seal_sweep(struct route_context *context, struct arena *arena);

#endif
