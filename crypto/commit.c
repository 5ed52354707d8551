/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/commit.h"

struct digest audit_commitment(const uint8_t nonce[COMMIT_NONCE], struct slice payload)
{
	return digest_hmac(slice_of(nonce, COMMIT_NONCE), S("audit/v1\n"), payload);
}
