/* SPDX-License-Identifier: Apache-2.0 */
/* bench_crypto.c - one JSON line a measurement: how fast sealed files are written and read,
 * beside plain ChaCha20-Poly1305 of libsodium, and how many tokens a core verifies. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sodium/crypto_aead_chacha20poly1305.h>

#include "crypto/age_stream.h"
#include "crypto/base/buf.h"
#include "crypto/token.h"

enum { SIZE = 256 * 1024 * 1024, TOKENS = 20000 };

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_rate(const char *name, double seconds, double plain_seconds)
{
	printf("{\"bench\":\"%s\",\"mb_per_s\":%.0f,\"ratio_to_libsodium\":%.2f}\n", name,
	       SIZE / seconds / 1e6, plain_seconds / seconds);
}

/* Sealed bytes go to, and come from, one buffer. */
struct memory {
	uint8_t *bytes;
	size_t size;
};

static enum err to_memory(void *context, struct slice bytes)
{
	struct memory *m = context;

	memcpy(m->bytes + m->size, bytes.data, bytes.size);
	m->size += bytes.size;
	return OK;
}

static enum err from_memory(void *context, void *out, size_t size, uint64_t offset)
{
	const struct memory *m = context;

	memcpy(out, m->bytes + offset, size);
	return OK;
}

static enum err discard(void *context, struct slice bytes)
{
	*(uint64_t *)context += bytes.size;
	return OK;
}

/* libsodium over the same bytes in the same chunks. */
static double time_libsodium(const uint8_t *plain, uint8_t *sealed)
{
	static const uint8_t key[32], nonce[12];
	double start = now_seconds();

	for (size_t at = 0; at < SIZE; at += AGE_CHUNK)
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain + at, AGE_CHUNK, NULL,
							  0, NULL, nonce, key);
	return now_seconds() - start;
}

static enum err bench_stream(void)
{
	AUTO(secret_auto) struct secret *key = NULL;
	AUTO(age_sealer_auto) struct age_sealer *sealer = NULL;
	AUTO(age_opener_auto) struct age_opener *opener = NULL;
	uint8_t *plain = calloc(1, SIZE);
	struct memory sealed = {.bytes = malloc(age_sealed_size(SIZE))};
	double start, reference;
	uint64_t count = 0;

	assert(plain && sealed.bytes);
	memset(sealed.bytes, 1, age_sealed_size(SIZE)); /* page it in before the clock runs */
	TRY(secret_random(&key, 16));
	reference = time_libsodium(plain, sealed.bytes);
	start = now_seconds();
	TRY(age_sealer_new(&sealer, key, to_memory, &sealed));
	TRY(age_sealer_push(sealer, slice_of(plain, SIZE)));
	TRY(age_sealer_finish(sealer));
	print_rate("age.seal", now_seconds() - start, reference);
	start = now_seconds();
	TRY(age_opener_new(&opener, key, from_memory, &sealed, sealed.size));
	TRY(age_opener_range(opener, 0, SIZE, discard, &count));
	print_rate("age.open", now_seconds() - start, reference);
	assert(count == SIZE);
	free(plain);
	free(sealed.bytes);
	return OK;
}

static enum err bench_token(void)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf text = buf_new(TOKEN_TEXT);
	struct token token = {.expires_seconds = 4000000000};
	uint8_t public_key[SIGN_PUBLIC];
	struct token_key known;
	double start;

	TRY(sign_key_random(&key));
	sign_key_public(key, public_key);
	known = token_key_of(public_key);
	TRY(token_mint(&text, key, &token));
	start = now_seconds();
	for (int i = 0; i < TOKENS; i++)
		TRY(token_verify(&token, buf_slice(&text), &known, 1, 0));
	printf("{\"bench\":\"token.verify\",\"per_s\":%.0f}\n", TOKENS / (now_seconds() - start));
	return OK;
}

int main(void)
{
	if (bench_stream() != OK || bench_token() != OK) {
		fprintf(stderr, "bench_crypto: %s\n", failure_text());
		return 1;
	}
	return 0;
}
