/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age_wrap.c - the part of a header that touches keys: wrapping the file key for a KEK or an
 * X25519 recipient, unwrapping it, and the MAC over the whole.
 */
#include <assert.h>

#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_scalarmult_curve25519.h>

#include "crypto/age_header.h"
#include "crypto/age_wire.h"
#include "crypto/base/text.h"
#include "crypto/random.h"

enum { AGE_SALT = 16, AGE_WRAPPED = AGE_FILE_KEY + 16 };

/* Each wrap key is used once, so the nonce may be constant (as age does). */
static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

static enum err derive(struct secret **out, struct slice ikm, struct slice salt, struct slice info)
{
	TRY(secret_new(out, AGE_KEK));
	digest_hkdf(secret_bytes(*out), AGE_KEK, ikm, salt, info);
	return OK;
}

static void write_wrapped(struct buf *out, const struct secret *wrap, const struct secret *file_key)
{
	uint8_t body[AGE_WRAPPED];

	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, secret_slice(file_key).data,
						  AGE_FILE_KEY, NULL, 0, NULL, zero_nonce,
						  secret_slice(wrap).data);
	age_write_body(out, slice_of(body, sizeof body));
}

static enum err open_wrapped(struct secret **file_key, const struct secret *wrap, struct slice body)
{
	AUTO(secret_auto) struct secret *key = NULL;

	if (body.size != AGE_WRAPPED)
		return failure(ERR_FORMAT, "age header: a wrapped file key has %d bytes",
			       AGE_WRAPPED);
	TRY(secret_new(&key, AGE_FILE_KEY));
	if (crypto_aead_chacha20poly1305_ietf_decrypt(secret_bytes(key), NULL, NULL, body.data,
						      body.size, NULL, 0, zero_nonce,
						      secret_slice(wrap).data) != 0)
		return failure(ERR_FORGED, "age header: this key does not open the file key");
	*file_key = key;
	key = NULL; /* given away */
	return OK;
}

static enum err header_mac(struct digest *out, struct slice covered, const struct secret *file_key)
{
	AUTO(secret_auto) struct secret *key = NULL;

	assert(secret_size(file_key) == AGE_FILE_KEY);
	TRY(derive(&key, secret_slice(file_key), S(""), S("header")));
	*out = digest_hmac(secret_slice(key), covered, S(""));
	return OK;
}

/* Takes the key over: it is given on only if the MAC holds. */
static enum err give_if_mac_holds(struct secret **out, struct secret **file_key,
				  const struct age_header *h)
{
	struct digest mac;

	TRY(header_mac(&mac, h->covered, *file_key));
	if (!digest_equal(&mac, &h->mac))
		return failure(ERR_FORGED, "age header: it was changed; its MAC does not verify");
	*out = *file_key;
	*file_key = NULL;
	return OK;
}

static enum err read_share(uint8_t *out, size_t size, struct slice text)
{
	AUTO(buf_free) struct buf share = buf_new(size);

	if (text_read_base64(&share, text, TEXT_BASE64_RAW) != OK || share.size != size)
		return failure(ERR_FORMAT,
			       "age header: a stanza argument is not base64 of %zu "
			       "bytes",
			       size);
	memcpy(out, share.data, size);
	return OK;
}

enum err age_header_open_kek(struct secret **file_key, const struct age_header *h,
			     struct slice kek_id, const struct secret *kek)
{
	const struct age_stanza *stanza = age_header_find(h, AGE_KEK_STANZA);
	AUTO(secret_auto) struct secret *wrap = NULL;
	AUTO(secret_auto) struct secret *key = NULL;
	uint8_t salt[AGE_SALT];
	struct slice id;

	assert(secret_size(kek) == AGE_KEK);
	TRY(age_header_kek_id(&id, h));
	if (!slice_equal(id, kek_id))
		return failure(ERR_NOT_FOUND, "age header: sealed under key \"%.*s\"",
			       SLICE_PRINT(id));
	TRY(read_share(salt, sizeof salt, stanza->arguments[2]));
	TRY(derive(&wrap, secret_slice(kek), slice_of(salt, sizeof salt), S("sallyport/kek/v1")));
	TRY(open_wrapped(&key, wrap, stanza->body));
	return give_if_mac_holds(file_key, &key, h);
}

/* HKDF(shared secret, salt = share || recipient); an all-zero shared secret is refused. */
static enum err x25519_wrap_key(struct secret **out, const struct secret *scalar,
				const uint8_t point[AGE_KEY], const uint8_t share[AGE_KEY],
				const uint8_t recipient[AGE_KEY])
{
	AUTO(secret_auto) struct secret *shared = NULL;
	uint8_t salt[2 * AGE_KEY];

	memcpy(salt, share, AGE_KEY);
	memcpy(salt + AGE_KEY, recipient, AGE_KEY);
	TRY(secret_new(&shared, AGE_KEY));
	if (crypto_scalarmult_curve25519(secret_bytes(shared), secret_slice(scalar).data, point) !=
	    0)
		return failure(ERR_FORMAT, "age: an X25519 key of low order");
	return derive(out, secret_slice(shared), slice_of(salt, sizeof salt),
		      S("age-encryption.org/v1/X25519"));
}

static enum err open_x25519_stanza(struct secret **file_key, const struct age_stanza *stanza,
				   const struct secret *identity)
{
	AUTO(secret_auto) struct secret *wrap = NULL;
	uint8_t share[AGE_KEY], recipient[AGE_KEY];

	if (stanza->argument_count != 2)
		return failure(ERR_FORMAT, "age header: an X25519 stanza has one argument");
	TRY(read_share(share, sizeof share, stanza->arguments[1]));
	age_identity_recipient(identity, recipient);
	TRY(x25519_wrap_key(&wrap, identity, share, share, recipient));
	return open_wrapped(file_key, wrap, stanza->body);
}

/* Stanzas do not say for whom they are, so each is tried; a malformed one ends the search. */
enum err age_header_open_x25519(struct secret **file_key, const struct age_header *h,
				const struct secret *identity)
{
	AUTO(secret_auto) struct secret *key = NULL;
	enum err result = ERR_FORGED;

	assert(secret_size(identity) == AGE_KEY);
	for (size_t i = 0; i < h->stanza_count && result == ERR_FORGED; i++)
		if (slice_equal(h->stanzas[i].arguments[0], AGE_X25519_STANZA))
			result = open_x25519_stanza(&key, &h->stanzas[i], identity);
	if (result == ERR_FORGED)
		return failure(ERR_NOT_FOUND, "age header: not sealed for this identity");
	TRY(result);
	return give_if_mac_holds(file_key, &key, h);
}

enum err age_header_add_kek(struct buf *out, struct slice kek_id, const struct secret *kek,
			    const struct secret *file_key)
{
	AUTO(secret_auto) struct secret *wrap = NULL;
	uint8_t salt[AGE_SALT];

	assert(secret_size(kek) == AGE_KEK && secret_size(file_key) == AGE_FILE_KEY);
	assert(kek_id.size && kek_id.size <= AGE_KEK_ID_MAX &&
	       slice_find(kek_id, ' ') == kek_id.size);
	random_bytes(salt, sizeof salt);
	TRY(derive(&wrap, secret_slice(kek), slice_of(salt, sizeof salt), S("sallyport/kek/v1")));
	buf_printf(out, "-> %.*s %.*s ", SLICE_PRINT(AGE_KEK_STANZA), SLICE_PRINT(kek_id));
	text_write_base64(out, slice_of(salt, sizeof salt), TEXT_BASE64_RAW);
	buf_write_u8(out, '\n');
	write_wrapped(out, wrap, file_key);
	return buf_done(out);
}

enum err age_header_add_x25519(struct buf *out, const uint8_t recipient[AGE_KEY],
			       const struct secret *file_key)
{
	AUTO(secret_auto) struct secret *ephemeral = NULL;
	AUTO(secret_auto) struct secret *wrap = NULL;
	uint8_t share[AGE_KEY];

	assert(secret_size(file_key) == AGE_FILE_KEY);
	TRY(age_identity_new(&ephemeral));
	age_identity_recipient(ephemeral, share);
	TRY(x25519_wrap_key(&wrap, ephemeral, recipient, share, recipient));
	buf_printf(out, "-> %.*s ", SLICE_PRINT(AGE_X25519_STANZA));
	text_write_base64(out, slice_of(share, sizeof share), TEXT_BASE64_RAW);
	buf_write_u8(out, '\n');
	write_wrapped(out, wrap, file_key);
	return buf_done(out);
}

enum err age_header_finish(struct buf *out, const struct secret *file_key)
{
	struct digest mac;

	buf_write_string(out, "---");
	TRY(buf_done(out));
	TRY(header_mac(&mac, buf_slice(out), file_key));
	buf_write_u8(out, ' ');
	text_write_base64(out, digest_slice(&mac), TEXT_BASE64_RAW);
	buf_write_u8(out, '\n');
	return buf_done(out);
}
