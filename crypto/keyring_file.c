/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyring_file.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium/crypto_aead_xchacha20poly1305.h>

#include "crypto/base/reader.h"
#include "crypto/random.h"

enum {
	KEYRING_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	KEYRING_TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

#define KEYRING_MAGIC S("sallyport-keyring/1\n")

void keyring_entry_free(struct keyring_entry *e)
{
	if (!e)
		return;
	secret_free(e->key);
	free(e);
}

void keyring_content_clear(struct keyring_content *c)
{
	for (size_t i = 0; i < KEYRING_SIGNERS; i++)
		sign_key_free(c->signers[i]);
	for (size_t i = 0; i < c->entry_count; i++)
		keyring_entry_free(c->entries[i]);
	*c = (struct keyring_content){0};
}

enum err keyring_content_set_escrow(struct keyring_content *c, struct slice recipient)
{
	uint8_t key[AGE_KEY];

	if (recipient.size)
		TRY(age_recipient_parse(key, recipient));
	memset(c->escrow, 0, sizeof c->escrow);
	if (recipient.size)
		memcpy(c->escrow, recipient.data, recipient.size);
	return OK;
}

enum err keyring_file_root(struct secret **out, const struct secret *root)
{
	if (secret_size(root) != UNSEAL_ROOT)
		return failure(ERR_FORMAT, "keyring: a root key of %zu bytes, %d expected",
			       secret_size(root), UNSEAL_ROOT);
	TRY(secret_new(out, crypto_aead_xchacha20poly1305_ietf_KEYBYTES));
	digest_hkdf(secret_bytes(*out), secret_size(*out), secret_slice(root), S(""),
		    S("sallyport/keyring/v1"));
	return OK;
}

/* Writes into secret memory of a size that was counted before: a `buf` is not wiped. */
struct cursor {
	uint8_t *at;
};

static void put(struct cursor *c, struct slice bytes)
{
	if (bytes.size)
		memcpy(c->at, bytes.data, bytes.size);
	c->at += bytes.size;
}

static void put_u32(struct cursor *c, uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
			    (uint8_t)value};

	put(c, slice_of(bytes, sizeof bytes));
}

static void put_block(struct cursor *c, struct slice bytes)
{
	put_u32(c, (uint32_t)bytes.size);
	put(c, bytes);
}

static size_t content_size(const struct keyring_content *c)
{
	size_t size = KEYRING_SIGNERS * SIGN_SEED + 4 + strlen(c->escrow) + 4;

	for (size_t i = 0; i < c->entry_count; i++)
		size += 4 + strlen(c->entries[i]->id) + 4 + strlen(c->entries[i]->model) + 4 +
			AGE_KEK;
	return size;
}

static enum err encode(struct secret **out, const struct keyring_content *c)
{
	struct cursor cursor;

	TRY(secret_new(out, content_size(c)));
	cursor.at = secret_bytes(*out);
	for (size_t i = 0; i < KEYRING_SIGNERS; i++)
		put(&cursor, sign_key_seed(c->signers[i]));
	put_block(&cursor, slice_of_string(c->escrow));
	put_u32(&cursor, (uint32_t)c->entry_count);
	for (size_t i = 0; i < c->entry_count; i++) {
		put_block(&cursor, slice_of_string(c->entries[i]->id));
		put_block(&cursor, slice_of_string(c->entries[i]->model));
		put_u32(&cursor, c->entries[i]->epoch);
		put(&cursor, secret_slice(c->entries[i]->key));
	}
	assert(cursor.at == secret_bytes(*out) + secret_size(*out));
	return OK;
}

enum err keyring_file_seal(struct buf *out, const struct keyring_content *c,
			   const struct secret *file_root)
{
	AUTO(secret_auto) struct secret *plain = NULL;
	uint8_t nonce[KEYRING_NONCE];
	uint8_t *room;

	TRY(encode(&plain, c));
	random_bytes(nonce, sizeof nonce);
	buf_write(out, KEYRING_MAGIC);
	buf_write(out, slice_of(nonce, sizeof nonce));
	room = buf_reserve(out, secret_size(plain) + KEYRING_TAG);
	TRY(buf_done(out));
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		room, NULL, secret_slice(plain).data, secret_size(plain), KEYRING_MAGIC.data,
		KEYRING_MAGIC.size, NULL, nonce, secret_slice(file_root).data);
	buf_commit(out, secret_size(plain) + KEYRING_TAG);
	return OK;
}

static enum err open_sealed(struct secret **out, struct slice sealed,
			    const struct secret *file_root)
{
	struct slice nonce = slice_part(sealed, KEYRING_MAGIC.size, KEYRING_NONCE);
	struct slice box = slice_part(sealed, KEYRING_MAGIC.size + KEYRING_NONCE, sealed.size);
	AUTO(secret_auto) struct secret *plain = NULL;

	if (!slice_starts_with(sealed, KEYRING_MAGIC) || box.size <= KEYRING_TAG)
		return failure(ERR_FORMAT, "keyring: the file is not a keyring of version 1");
	TRY(secret_new(&plain, box.size - KEYRING_TAG));
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    secret_bytes(plain), NULL, NULL, box.data, box.size, KEYRING_MAGIC.data,
		    KEYRING_MAGIC.size, nonce.data, secret_slice(file_root).data) != 0)
		return failure(ERR_FORGED,
			       "keyring: this root key does not open it, or the file was "
			       "changed");
	*out = plain;
	plain = NULL; /* given away */
	return OK;
}

static enum err copy_text(char *out, size_t room, struct slice text)
{
	if (text.size >= room)
		return failure(ERR_FORMAT, "keyring: a text of %zu bytes", text.size);
	if (text.size)
		memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	return OK;
}

static enum err read_entry(struct keyring_content *out, struct reader *r)
{
	struct slice id = read_block(r, KEYRING_ID_TEXT);
	struct slice model = read_block(r, KEYRING_MODEL_MAX);
	AUTO(keyring_entry_auto) struct keyring_entry *e = calloc(1, sizeof *e);

	assert(e);
	TRY(copy_text(e->id, sizeof e->id, id));
	TRY(copy_text(e->model, sizeof e->model, model));
	e->epoch = read_u32(r);
	TRY(secret_new(&e->key, AGE_KEK));
	read_array(r, secret_bytes(e->key), AGE_KEK);
	out->entries[out->entry_count++] = e;
	e = NULL; /* given away */
	return OK;
}

static enum err decode(struct keyring_content *out, struct slice plain)
{
	struct reader r = reader_of(plain);
	uint32_t count;

	for (size_t i = 0; i < KEYRING_SIGNERS; i++) {
		struct slice seed = read_bytes(&r, SIGN_SEED);

		if (r.failed)
			return failure(ERR_FORMAT, "keyring: it is cut off");
		TRY(sign_key_from_seed(&out->signers[i], seed));
	}
	TRY(copy_text(out->escrow, sizeof out->escrow, read_block(&r, AGE_RECIPIENT_TEXT)));
	count = read_u32(&r);
	if (count > KEYRING_KEKS_MAX)
		return failure(ERR_LIMIT, "keyring: more than %d keys", KEYRING_KEKS_MAX);
	for (uint32_t i = 0; i < count && !r.failed; i++)
		TRY(read_entry(out, &r));
	return reader_done(&r);
}

enum err keyring_file_open(struct keyring_content *out, struct slice sealed,
			   const struct secret *file_root)
{
	AUTO(secret_auto) struct secret *plain = NULL;

	TRY(open_sealed(&plain, sealed, file_root));
	return decode(out, secret_slice(plain));
}
