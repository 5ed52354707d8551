/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/token.h"

#include "crypto/base/reader.h"
#include "crypto/base62.h"
#include "crypto/digest.h"
#include "crypto/token_wire.h"

struct token_key token_key_of(const uint8_t public_key[SIGN_PUBLIC])
{
	struct token_key key;
	uint8_t text[sizeof "sallyport/token-key/v1\n" - 1 + SIGN_PUBLIC];
	struct digest digest;

	memcpy(text, "sallyport/token-key/v1\n", sizeof text - SIGN_PUBLIC);
	memcpy(text + sizeof text - SIGN_PUBLIC, public_key, SIGN_PUBLIC);
	digest = digest_of(slice_of(text, sizeof text));
	memcpy(key.id, digest.bytes, TOKEN_KEY_ID);
	memcpy(key.public_key, public_key, SIGN_PUBLIC);
	return key;
}

static enum err read_wire(uint8_t wire[TOKEN_WIRE], struct slice text)
{
	if (text.size != TOKEN_TEXT)
		return failure(ERR_FORMAT, "token: %zu characters, %d expected", text.size,
			       TOKEN_TEXT);
	if (!slice_starts_with(text, S("hf_")))
		return failure(ERR_FORMAT, "token: it does not begin with hf_");
	TRY(base62_read(wire, TOKEN_WIRE, slice_part(text, 3, TOKEN_DIGITS)));
	if (wire[0] != TOKEN_VERSION)
		return failure(ERR_FORMAT, "token: version %u, %d expected", wire[0],
			       TOKEN_VERSION);
	return OK;
}

static const struct token_key *find_key(const uint8_t id[TOKEN_KEY_ID],
					const struct token_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keys[i].id, id, TOKEN_KEY_ID) == 0)
			return &keys[i];
	return NULL;
}

enum err token_verify(struct token *out, struct slice text, const struct token_key *keys,
		      size_t count, int64_t now_seconds)
{
	uint8_t wire[TOKEN_WIRE];
	struct token token;
	const struct token_key *key;
	struct reader r;

	TRY(read_wire(wire, text));
	r = reader_of(slice_of(wire + 1, TOKEN_SIGNED - 1));
	read_array(&r, token.key_id, TOKEN_KEY_ID);
	read_array(&r, token.credential, TOKEN_CREDENTIAL);
	token.flags = read_u8(&r);
	token.expires_seconds = read_u32(&r);
	TRY(reader_done(&r));
	key = find_key(token.key_id, keys, count);
	if (!key)
		return failure(ERR_NOT_FOUND, "token: signed by a key that is not known here");
	if (!sign_is_valid_in(TOKEN_DOMAIN, key->public_key, slice_of(wire, TOKEN_SIGNED),
			      wire + TOKEN_SIGNED))
		return failure(ERR_FORGED, "token: the signature does not verify");
	if (now_seconds >= token.expires_seconds)
		return failure(ERR_EXPIRED, "token: it has expired; ask for a new one");
	*out = token;
	return OK;
}
