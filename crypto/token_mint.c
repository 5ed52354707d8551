/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base62.h"
#include "crypto/token_wire.h"

enum err token_mint(struct buf *out, const struct sign_key *key, const struct token *token)
{
	AUTO(buf_free) struct buf wire = buf_new(TOKEN_WIRE);
	uint8_t public_key[SIGN_PUBLIC];
	uint8_t signature[SIGN_SIGNATURE];
	struct token_key id;

	if (token->expires_seconds < 0 || token->expires_seconds > UINT32_MAX)
		return failure(ERR_LIMIT, "token: an expiry outside of 1970 to 2106");
	sign_key_public(key, public_key);
	id = token_key_of(public_key);
	buf_write_u8(&wire, TOKEN_VERSION);
	buf_write(&wire, slice_of(id.id, TOKEN_KEY_ID));
	buf_write(&wire, slice_of(token->credential, TOKEN_CREDENTIAL));
	buf_write_u8(&wire, token->flags);
	buf_write_u32(&wire, (uint32_t)token->expires_seconds);
	sign_make_in(TOKEN_DOMAIN, key, buf_slice(&wire), signature);
	buf_write(&wire, slice_of(signature, SIGN_SIGNATURE));
	TRY(buf_done(&wire));
	buf_write_string(out, "hf_");
	base62_write(out, buf_slice(&wire), TOKEN_DIGITS);
	return buf_done(out);
}
