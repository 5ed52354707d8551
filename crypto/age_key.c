/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/age_key.h"

#include <assert.h>

#include <sodium/crypto_scalarmult_curve25519.h>

#include "crypto/bech32.h"

#define AGE_RECIPIENT_PREFIX S("age")
#define AGE_IDENTITY_PREFIX S("AGE-SECRET-KEY-")

enum err age_recipient_parse(uint8_t out[AGE_KEY], struct slice text)
{
	if (text.size != AGE_RECIPIENT_TEXT ||
	    bech32_read(out, AGE_RECIPIENT_PREFIX, text, BECH32_LOWER) != OK)
		return failure(ERR_FORMAT, "age recipient: not an \"age1...\" of %d characters",
			       AGE_RECIPIENT_TEXT);
	return OK;
}

void age_recipient_write(struct buf *out, const uint8_t recipient[AGE_KEY])
{
	char text[AGE_RECIPIENT_TEXT];

	bech32_write(text, AGE_RECIPIENT_PREFIX, recipient, BECH32_LOWER);
	buf_write(out, slice_of(text, sizeof text));
}

enum err age_identity_new(struct secret **out)
{
	return secret_random(out, AGE_KEY);
}

enum err age_identity_parse(struct secret **out, struct slice text)
{
	AUTO(secret_auto) struct secret *key = NULL;

	TRY(secret_new(&key, AGE_KEY));
	if (text.size != AGE_IDENTITY_TEXT ||
	    bech32_read(secret_bytes(key), AGE_IDENTITY_PREFIX, text, BECH32_UPPER) != OK)
		return failure(ERR_FORMAT,
			       "age identity: not an \"AGE-SECRET-KEY-1...\" of %d characters",
			       AGE_IDENTITY_TEXT);
	*out = key;
	key = NULL; /* given away */
	return OK;
}

void age_identity_recipient(const struct secret *identity, uint8_t out[AGE_KEY])
{
	assert(secret_size(identity) == AGE_KEY);
	crypto_scalarmult_curve25519_base(out, secret_slice(identity).data);
}

enum err age_identity_text(struct secret **out, const struct secret *identity)
{
	assert(secret_size(identity) == AGE_KEY);
	TRY(secret_new(out, AGE_IDENTITY_TEXT));
	bech32_write((char *)secret_bytes(*out), AGE_IDENTITY_PREFIX, secret_slice(identity).data,
		     BECH32_UPPER);
	return OK;
}
