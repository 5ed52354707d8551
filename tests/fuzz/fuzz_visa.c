/* SPDX-License-Identifier: Apache-2.0 */
/* JWS, JWK sets and visas: nothing that a stranger writes verifies. The first part, up to a NUL,
 * is a key set; the rest is a token. */
#include <assert.h>

#include "crypto/jws.h"
#include "crypto/passport.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(jwk_set_auto) struct jwk_set *set = NULL;
	struct slice keys, token;
	struct jws jws;

	slice_cut(slice_of(data, size), '\0', &keys, &token);
	if (jws_parse(&jws, &a, token, VISA_MAX) == OK)
		assert(jws.covered.size < token.size && jws.signature.size <= JWS_SIGNATURE_MAX);
	if (jwks_parse(&set, keys) == OK) {
		const struct visa_issuer issuer = {.iss = S("https://i.example"), .keys = set};
		const struct visa_trust trust = {&issuer, 1, S(""), 1800000000};
		struct visa visa;
		struct passport passport;

		assert(jwk_set_count(set) > 0);
		(void)!visa_verify(&visa, &a, token, &trust);
		(void)!passport_verify(&passport, &a, token, &trust);
	}
	return 0;
}
