/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include <assert.h>
#include <sodium/crypto_pwhash_argon2id.h>
#include <stdio.h>

enum { MEMORY = 64 * 1024 * 1024, PASSES = 3 };

static_assert(crypto_pwhash_argon2id_STRBYTES == PASSWORD_HASH, "the text form has another size");

/* Of a password nobody has, with today's costs. */
static const char nobodys[] = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
			      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum err password_check(struct slice password)
{
	if (password.size < PASSWORD_LEAST || password.size > PASSWORD_MOST)
		return failure(ERR_FORMAT, "a password has %d to %d bytes", PASSWORD_LEAST,
			       PASSWORD_MOST);
	if (!slice_is_utf8(password))
		return failure(ERR_FORMAT, "a password is text in UTF-8");
	return OK;
}

enum err password_hash(char out[PASSWORD_HASH], struct slice password)
{
	TRY(password_check(password));
	if (crypto_pwhash_argon2id_str(out, (const char *)password.data, password.size, PASSES,
				       MEMORY) != 0)
		return failure(ERR_UNAVAILABLE, "there is no memory to hash a password now");
	return OK;
}

bool password_verify(struct slice hash, struct slice password)
{
	char text[PASSWORD_HASH];
	bool is_hash = hash.size > 0 && hash.size < sizeof text;
	bool is_right;

	if (is_hash)
		snprintf(text, sizeof text, "%.*s", SLICE_PRINT(hash));
	else
		snprintf(text, sizeof text, "%s", nobodys);
	if (password.size > PASSWORD_MOST)
		return false;
	is_right = crypto_pwhash_argon2id_str_verify(text, (const char *)password.data,
						     password.size) == 0;
	return is_right && is_hash;
}
