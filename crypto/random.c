/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

void random_bytes(void *out, size_t size)
{
	uint8_t *at = out;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		assert(got > 0);
		at += got;
		size -= (size_t)got;
	}
}

void random_uuid(uint8_t out[RANDOM_UUID], int64_t now_ms)
{
	random_bytes(out, RANDOM_UUID);
	for (int i = 0; i < 6; i++)
		out[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	out[6] = (uint8_t)(0x70 | (out[6] & 0x0f)); /* version 7 */
	out[8] = (uint8_t)(0x80 | (out[8] & 0x3f)); /* the variant of RFC 9562 */
}
