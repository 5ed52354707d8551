/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age_stream.h - the payload of an age v1 file: a nonce of 16 bytes, then chunks of 64 KiB,
 * each sealed with ChaCha20-Poly1305 under its number and a last-chunk flag. So a chunk that is
 * swapped, dropped, repeated or cut off is found, and any range opens without what is before it.
 *
 * Chunk i stands at 16 + i * 65552. Plaintext in memory here is wiped when done.
 */
#ifndef CRYPTO_AGE_STREAM_H
#define CRYPTO_AGE_STREAM_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "crypto/secret.h"

enum {
	AGE_CHUNK = 64 * 1024,
	AGE_TAG = 16,
	AGE_NONCE = 16,
	AGE_SEALED_CHUNK = AGE_CHUNK + AGE_TAG,
};

#define AGE_PLAIN_MAX (UINT64_C(1) << 46) /* 64 TiB a file */

uint64_t age_sealed_size(uint64_t plain_size);              /* of a payload */
RESULT age_plain_size(uint64_t *out, uint64_t sealed_size); /* ERR_FORMAT: no such size */

/* Where bytes go: all of them, or an error that ends the work and is passed on. */
typedef enum err age_sink_fn(void *context, struct slice bytes);
/* Exactly `size` bytes at `offset` of the payload, or an error. */
typedef enum err age_source_fn(void *context, void *out, size_t size, uint64_t offset);

/* Sealing: push plaintext in any pieces, then finish. The sink gets the payload in order. */
struct age_sealer;
RESULT age_sealer_new(struct age_sealer **out, const struct secret *file_key, age_sink_fn *sink,
		      void *context); /* a fresh random nonce */
RESULT age_sealer_push(struct age_sealer *s, struct slice plain);
RESULT age_sealer_finish(struct age_sealer *s); /* seals the last chunk; push no more */
void age_sealer_free(struct age_sealer *s);     /* NULL is fine */

/* Opening: a payload of sealed_size bytes behind a source. age_opener_new opens the last
 * chunk, which authenticates the length. ERR_FORGED if anything does not verify. */
struct age_opener;
RESULT age_opener_new(struct age_opener **out, const struct secret *file_key, age_source_fn *source,
		      void *context, uint64_t sealed_size);
uint64_t age_opener_size(const struct age_opener *o); /* bytes of plaintext */

/* Plaintext [offset, offset + length) to the sink, in pieces of at most AGE_CHUNK; each piece
 * was authenticated before. ERR_LIMIT if the range is not inside the file. */
RESULT age_opener_range(struct age_opener *o, uint64_t offset, uint64_t length, age_sink_fn *sink,
			void *context);
void age_opener_free(struct age_opener *o); /* NULL is fine */

/*
 * Opening by several threads at once, straight into the caller's memory: a payload (which knows
 * key and size) read with a reader, of which each thread has its own. The descriptor is borrowed.
 * age_payload_open opens the last chunk, which authenticates the length.
 */
struct age_payload;
struct age_reader;
RESULT age_payload_open(struct age_payload **out, const struct secret *file_key, int fd,
			uint64_t sealed_size);
uint64_t age_payload_size(const struct age_payload *p); /* bytes of plaintext */
void age_payload_free(struct age_payload *p);           /* NULL is fine */

RESULT age_reader_new(struct age_reader **out);
void age_reader_free(struct age_reader *r); /* NULL is fine */

/* Plaintext [offset, offset + size) into `out`. Whole chunks are read and opened in place, so while
 * this runs `out` holds what is not authenticated yet; after a failure it is wiped. ERR_FORGED,
 * ERR_LIMIT if the range is not inside the file. */
RESULT age_payload_read(const struct age_payload *p, struct age_reader *r, uint8_t *out,
			uint64_t offset, size_t size);

/* A source that preads: context is a `const int *`, the descriptor of the payload. */
enum err age_source_file(void *context, void *out, size_t size, uint64_t offset);

AUTO_POINTER(age_sealer)
AUTO_POINTER(age_opener)
AUTO_POINTER(age_payload)
AUTO_POINTER(age_reader)

#endif
