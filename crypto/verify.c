/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify.h"

#include <sodium/crypto_sign.h>

#include "crypto/base/buf.h"

enum { SIGN_MESSAGE_MAX = 16 * 1024 * 1024 };

bool sign_is_valid(const uint8_t public_key[SIGN_PUBLIC], struct slice message,
		   const uint8_t signature[SIGN_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0;
}

bool sign_is_valid_in(struct slice domain, const uint8_t public_key[SIGN_PUBLIC],
		      struct slice message, const uint8_t signature[SIGN_SIGNATURE])
{
	AUTO(buf_free) struct buf whole = buf_new(SIGN_MESSAGE_MAX);

	buf_write(&whole, domain);
	buf_write(&whole, message);
	return buf_done(&whole) == OK && sign_is_valid(public_key, buf_slice(&whole), signature);
}
