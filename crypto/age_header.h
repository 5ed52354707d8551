/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age_header.h - the header of an age v1 file (C2SP age.md), which we keep apart from the
 * payload. It wraps the file key for whoever may open it and names what the payload is; its
 * MAC is keyed by the file key, so no line of it can be changed by who cannot open it.
 *
 *     age-encryption.org/v1
 *     -> sallyport.dev/kek <kek id> <salt>           the file key under a key of the keeper
 *     -> X25519 <ephemeral share>                    the same for an offline escrow key
 *     -> sallyport.dev/ctx <model> <revision> <base64url path> <sha256 hex>
 *     --- <MAC>
 *
 * The stock age tool ignores the stanzas it does not know, but the MAC covers them.
 */
#ifndef CRYPTO_AGE_HEADER_H
#define CRYPTO_AGE_HEADER_H

#include "crypto/age_key.h"
#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

enum {
	AGE_FILE_KEY = 16,
	AGE_KEK = 32,
	AGE_HEADER_MAX = 16 * 1024,
	AGE_STANZAS_MAX = 32,
	AGE_ARGUMENTS_MAX = 8,
	AGE_KEK_ID_MAX = 64,
};

struct age_stanza {
	struct slice arguments[AGE_ARGUMENTS_MAX]; /* the first is the type */
	size_t argument_count;
	struct slice body;
};

struct age_header {
	struct age_stanza stanzas[AGE_STANZAS_MAX];
	size_t stanza_count;
	struct slice covered; /* the bytes under the MAC, up to and with "---" */
	struct digest mac;
	size_t size; /* bytes of the whole header; the payload begins behind them */
};

/* What the payload is: of which model, revision and path, with which SHA-256. */
struct age_context {
	struct slice model;
	struct slice revision;
	struct slice path;
	struct digest sha256;
};

/* Reading. `text` may go on behind the header (a whole age file). Slices of *out point into
 * `text` or the arena. Strict: one header has one text. The MAC is not checked by this. */
RESULT age_header_parse(struct age_header *out, struct arena *a, struct slice text);
const struct age_stanza *age_header_find(const struct age_header *h, struct slice type);
RESULT age_header_kek_id(struct slice *out, const struct age_header *h); /* ERR_NOT_FOUND */
RESULT age_header_context(struct age_context *out, struct arena *a, const struct age_header *h);

/* The file key, and the MAC checked with it. ERR_NOT_FOUND: no stanza for this key.
 * ERR_FORGED: the key does not open its stanza, or the header was changed. */
RESULT age_header_open_kek(struct secret **file_key, const struct age_header *h,
			   struct slice kek_id, const struct secret *kek);
RESULT age_header_open_x25519(struct secret **file_key, const struct age_header *h,
			      const struct secret *identity);

/* Writing, in this order: begin, stanzas, finish. `file_key` is AGE_FILE_KEY bytes. */
void age_header_begin(struct buf *out);
RESULT age_header_add_kek(struct buf *out, struct slice kek_id, const struct secret *kek,
			  const struct secret *file_key);
RESULT age_header_add_x25519(struct buf *out, const uint8_t recipient[AGE_KEY],
			     const struct secret *file_key);
RESULT age_header_add_context(struct buf *out, const struct age_context *context);
RESULT age_header_finish(struct buf *out, const struct secret *file_key); /* buf_done too */

#endif
