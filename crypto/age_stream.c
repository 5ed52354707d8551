/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/age_stream.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/base/file.h"
#include "crypto/digest.h"
#include "crypto/random.h"

enum { AGE_FILE_KEY_SIZE = 16, AGE_PAYLOAD_KEY_SIZE = 32, AGE_CHUNK_NONCE = 12 };

/* An eleven-byte counter, then 1 for the last chunk. */
static void chunk_nonce(uint8_t out[AGE_CHUNK_NONCE], uint64_t chunk, bool last)
{
	memset(out, 0, AGE_CHUNK_NONCE);
	for (int i = 0; i < 8; i++)
		out[3 + i] = (uint8_t)(chunk >> (56 - 8 * i));
	out[11] = last;
}

static enum err payload_key(struct secret **out, const struct secret *file_key,
			    const uint8_t nonce[AGE_NONCE])
{
	assert(secret_size(file_key) == AGE_FILE_KEY_SIZE);
	TRY(secret_new(out, AGE_PAYLOAD_KEY_SIZE));
	digest_hkdf(secret_bytes(*out), AGE_PAYLOAD_KEY_SIZE, secret_slice(file_key),
		    slice_of(nonce, AGE_NONCE), S("payload"));
	return OK;
}

static enum err cipher_new(EVP_CIPHER_CTX **out)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	assert(cipher);
	if (EVP_CipherInit_ex(cipher, EVP_chacha20_poly1305(), NULL, NULL, NULL, 1) != 1) {
		EVP_CIPHER_CTX_free(cipher);
		return failure(ERR_INTERNAL, "OpenSSL gives no ChaCha20-Poly1305");
	}
	*out = cipher;
	return OK;
}

static enum err cipher_use_key(EVP_CIPHER_CTX *cipher, const struct secret *key)
{
	if (EVP_CipherInit_ex(cipher, NULL, NULL, secret_slice(key).data, NULL, 1) != 1)
		return failure(ERR_INTERNAL, "OpenSSL takes no key");
	return OK;
}

static enum err stream_new(EVP_CIPHER_CTX **out, const struct secret *file_key,
			   const uint8_t nonce[AGE_NONCE])
{
	AUTO(secret_auto) struct secret *key = NULL;

	TRY(payload_key(&key, file_key, nonce));
	TRY(cipher_new(out));
	return cipher_use_key(*out, key);
}

/* out gets plain.size + AGE_TAG bytes. */
static enum err seal_chunk(EVP_CIPHER_CTX *cipher, uint8_t *out, struct slice plain, uint64_t chunk,
			   bool last)
{
	uint8_t nonce[AGE_CHUNK_NONCE];
	int size = 0, rest = 0;

	chunk_nonce(nonce, chunk, last);
	if (EVP_CipherInit_ex(cipher, NULL, NULL, NULL, nonce, 1) != 1 ||
	    EVP_CipherUpdate(cipher, out, &size, plain.data, (int)plain.size) != 1 ||
	    EVP_CipherFinal_ex(cipher, out + size, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AGE_TAG, out + plain.size) != 1)
		return failure(ERR_INTERNAL, "OpenSSL could not seal a chunk");
	return OK;
}

/* In place. */
static enum err open_chunk(EVP_CIPHER_CTX *cipher, uint8_t *bytes, size_t size,
			   const uint8_t tag[AGE_TAG], uint64_t chunk, bool last)
{
	uint8_t nonce[AGE_CHUNK_NONCE];
	int done = 0, rest = 0;

	chunk_nonce(nonce, chunk, last);
	if (EVP_CipherInit_ex(cipher, NULL, NULL, NULL, nonce, 0) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AGE_TAG, (void *)(uintptr_t)tag) !=
		    1)
		return failure(ERR_INTERNAL, "OpenSSL could not open a chunk");
	if (EVP_CipherUpdate(cipher, bytes, &done, bytes, (int)size) != 1 ||
	    EVP_CipherFinal_ex(cipher, bytes + done, &rest) != 1) {
		secret_wipe(bytes, size);
		return failure(ERR_FORGED, "sealed file: chunk %llu does not verify",
			       (unsigned long long)chunk);
	}
	return OK;
}

static uint64_t chunk_count(uint64_t plain_size)
{
	return plain_size ? (plain_size - 1) / AGE_CHUNK + 1 : 1;
}

uint64_t age_sealed_size(uint64_t plain_size)
{
	assert(plain_size <= AGE_PLAIN_MAX);
	return AGE_NONCE + plain_size + AGE_TAG * chunk_count(plain_size);
}

enum err age_plain_size(uint64_t *out, uint64_t sealed_size)
{
	uint64_t chunks, plain;

	if (sealed_size < AGE_NONCE + AGE_TAG || sealed_size > age_sealed_size(AGE_PLAIN_MAX))
		return failure(ERR_FORMAT, "sealed file: %llu bytes are no possible size",
			       (unsigned long long)sealed_size);
	chunks = (sealed_size - AGE_NONCE - 1) / AGE_SEALED_CHUNK + 1;
	plain = sealed_size - AGE_NONCE - chunks * AGE_TAG;
	if (chunks * AGE_TAG > sealed_size - AGE_NONCE || age_sealed_size(plain) != sealed_size)
		return failure(ERR_FORMAT, "sealed file: cut off inside a chunk's tag");
	*out = plain;
	return OK;
}

struct age_sealer {
	EVP_CIPHER_CTX *cipher;
	age_sink_fn *sink;
	void *context;
	uint64_t chunk;
	bool begun; /* the nonce was given out */
	bool finished;
	uint8_t nonce[AGE_NONCE];
	size_t size; /* bytes waiting in plain */
	uint8_t plain[AGE_CHUNK];
	uint8_t sealed[AGE_SEALED_CHUNK];
};

enum err age_sealer_new(struct age_sealer **out, const struct secret *file_key, age_sink_fn *sink,
			void *context)
{
	AUTO(age_sealer_auto) struct age_sealer *s = calloc(1, sizeof *s);

	assert(s);
	s->sink = sink;
	s->context = context;
	random_bytes(s->nonce, AGE_NONCE);
	TRY(stream_new(&s->cipher, file_key, s->nonce));
	*out = s;
	s = NULL; /* given away */
	return OK;
}

static enum err give_chunk(struct age_sealer *s, struct slice plain, bool last)
{
	if (!s->begun)
		TRY(s->sink(s->context, slice_of(s->nonce, AGE_NONCE)));
	s->begun = true;
	if (s->chunk >= AGE_PLAIN_MAX / AGE_CHUNK)
		return failure(ERR_LIMIT, "sealed file: more than 64 TiB");
	TRY(seal_chunk(s->cipher, s->sealed, plain, s->chunk++, last));
	return s->sink(s->context, slice_of(s->sealed, plain.size + AGE_TAG));
}

/* A full chunk waits until a byte follows it: it may be the last. */
enum err age_sealer_push(struct age_sealer *s, struct slice plain)
{
	assert(!s->finished);
	while (plain.size) {
		size_t part = AGE_CHUNK - s->size;

		if (part == 0) {
			TRY(give_chunk(s, slice_of(s->plain, AGE_CHUNK), false));
			s->size = 0;
			continue;
		}
		if (s->size == 0 && plain.size > AGE_CHUNK) { /* no copy of whole chunks */
			TRY(give_chunk(s, slice_part(plain, 0, AGE_CHUNK), false));
			plain = slice_part(plain, AGE_CHUNK, plain.size);
			continue;
		}
		part = part < plain.size ? part : plain.size;
		memcpy(s->plain + s->size, plain.data, part);
		s->size += part;
		plain = slice_part(plain, part, plain.size);
	}
	return OK;
}

enum err age_sealer_finish(struct age_sealer *s)
{
	assert(!s->finished);
	s->finished = true;
	return give_chunk(s, slice_of(s->plain, s->size), true);
}

void age_sealer_free(struct age_sealer *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->cipher);
	secret_wipe(s, sizeof *s);
	free(s);
}

struct age_opener {
	EVP_CIPHER_CTX *cipher;
	age_source_fn *source;
	void *context;
	uint64_t plain_size;
	uint64_t chunks;
	uint8_t bytes[AGE_SEALED_CHUNK];
};

static size_t chunk_size(uint64_t plain_size, uint64_t chunk)
{
	uint64_t left = plain_size - chunk * AGE_CHUNK;

	return left < AGE_CHUNK ? (size_t)left : AGE_CHUNK;
}

static uint64_t chunk_start(uint64_t chunk)
{
	return AGE_NONCE + chunk * (uint64_t)AGE_SEALED_CHUNK;
}

/* The plaintext of a chunk, in o->bytes until the next call. */
static enum err load_chunk(struct slice *out, struct age_opener *o, uint64_t chunk)
{
	size_t plain = chunk_size(o->plain_size, chunk);

	TRY(o->source(o->context, o->bytes, plain + AGE_TAG, chunk_start(chunk)));
	TRY(open_chunk(o->cipher, o->bytes, plain, o->bytes + plain, chunk,
		       chunk == o->chunks - 1));
	*out = slice_of(o->bytes, plain);
	return OK;
}

enum err age_opener_new(struct age_opener **out, const struct secret *file_key,
			age_source_fn *source, void *context, uint64_t sealed_size)
{
	AUTO(age_opener_auto) struct age_opener *o = calloc(1, sizeof *o);
	uint8_t nonce[AGE_NONCE];
	struct slice last;

	assert(o);
	o->source = source;
	o->context = context;
	TRY(age_plain_size(&o->plain_size, sealed_size));
	o->chunks = chunk_count(o->plain_size);
	TRY(source(context, nonce, sizeof nonce, 0));
	TRY(stream_new(&o->cipher, file_key, nonce));
	TRY(load_chunk(&last, o, o->chunks - 1));
	*out = o;
	o = NULL; /* given away */
	return OK;
}

uint64_t age_opener_size(const struct age_opener *o)
{
	return o->plain_size;
}

enum err age_opener_range(struct age_opener *o, uint64_t offset, uint64_t length, age_sink_fn *sink,
			  void *context)
{
	if (offset > o->plain_size || length > o->plain_size - offset)
		return failure(ERR_LIMIT, "sealed file: the range ends behind its %llu bytes",
			       (unsigned long long)o->plain_size);
	while (length) {
		struct slice plain;

		TRY(load_chunk(&plain, o, offset / AGE_CHUNK));
		plain = slice_part(plain, (size_t)(offset % AGE_CHUNK),
				   length < AGE_CHUNK ? (size_t)length : AGE_CHUNK);
		TRY(sink(context, plain));
		offset += plain.size;
		length -= plain.size;
	}
	return OK;
}

void age_opener_free(struct age_opener *o)
{
	if (!o)
		return;
	EVP_CIPHER_CTX_free(o->cipher);
	secret_wipe(o, sizeof *o);
	free(o);
}

struct age_payload {
	int fd;
	struct secret *key;
	uint64_t plain_size;
	uint64_t chunks;
};

struct age_reader {
	EVP_CIPHER_CTX *cipher;
	uint8_t bytes[AGE_CHUNK]; /* a chunk of which only a part is wanted */
};

/* A whole chunk, at `out`. */
static enum err read_chunk(const struct age_payload *p, struct age_reader *r, uint8_t *out,
			   uint64_t chunk)
{
	size_t plain = chunk_size(p->plain_size, chunk);
	uint8_t tag[AGE_TAG];

	TRY(file_read_pair_at(p->fd, out, plain, tag, sizeof tag, chunk_start(chunk)));
	return open_chunk(r->cipher, out, plain, tag, chunk, chunk == p->chunks - 1);
}

enum err age_reader_new(struct age_reader **out)
{
	AUTO(age_reader_auto) struct age_reader *r = calloc(1, sizeof *r);

	assert(r);
	TRY(cipher_new(&r->cipher));
	*out = r;
	r = NULL; /* given away */
	return OK;
}

void age_reader_free(struct age_reader *r)
{
	if (!r)
		return;
	EVP_CIPHER_CTX_free(r->cipher);
	secret_wipe(r, sizeof *r);
	free(r);
}

static enum err check_length(const struct age_payload *p)
{
	AUTO(age_reader_auto) struct age_reader *r = NULL;

	TRY(age_reader_new(&r));
	TRY(cipher_use_key(r->cipher, p->key));
	return read_chunk(p, r, r->bytes, p->chunks - 1);
}

enum err age_payload_open(struct age_payload **out, const struct secret *file_key, int fd,
			  uint64_t sealed_size)
{
	AUTO(age_payload_auto) struct age_payload *p = calloc(1, sizeof *p);
	uint8_t nonce[AGE_NONCE];

	assert(p);
	p->fd = fd;
	TRY(age_plain_size(&p->plain_size, sealed_size));
	p->chunks = chunk_count(p->plain_size);
	TRY(file_read_at(fd, nonce, sizeof nonce, 0));
	TRY(payload_key(&p->key, file_key, nonce));
	TRY(check_length(p));
	*out = p;
	p = NULL; /* given away */
	return OK;
}

uint64_t age_payload_size(const struct age_payload *p)
{
	return p->plain_size;
}

void age_payload_free(struct age_payload *p)
{
	if (!p)
		return;
	secret_free(p->key);
	free(p);
}

static enum err read_range(const struct age_payload *p, struct age_reader *r, uint8_t *out,
			   uint64_t offset, size_t size)
{
	TRY(cipher_use_key(r->cipher, p->key));
	while (size) {
		uint64_t chunk = offset / AGE_CHUNK;
		size_t skip = (size_t)(offset % AGE_CHUNK),
		       plain = chunk_size(p->plain_size, chunk);
		size_t part = plain - skip < size ? plain - skip : size;

		if (part == plain) {
			TRY(read_chunk(p, r, out, chunk));
		} else {
			TRY(read_chunk(p, r, r->bytes, chunk));
			memcpy(out, r->bytes + skip, part);
		}
		out += part;
		offset += part;
		size -= part;
	}
	return OK;
}

enum err age_payload_read(const struct age_payload *p, struct age_reader *r, uint8_t *out,
			  uint64_t offset, size_t size)
{
	enum err result;

	if (offset > p->plain_size || size > p->plain_size - offset)
		return failure(ERR_LIMIT, "sealed file: the range ends behind its %llu bytes",
			       (unsigned long long)p->plain_size);
	result = read_range(p, r, out, offset, size);
	if (result != OK)
		secret_wipe(out, size);
	return result;
}

enum err age_source_file(void *context, void *out, size_t size, uint64_t offset)
{
	const int *fd = context;

	return file_read_at(*fd, out, size, offset);
}
