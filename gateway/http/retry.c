/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/retry.h"

bool retry_is_worth(long status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
	       status == 504;
}

int64_t retry_pause_ms(unsigned failures, int64_t asked_seconds)
{
	int64_t pause = RETRY_FIRST_MS;

	while (failures-- > 1 && pause < RETRY_LONGEST_MS)
		pause *= 2;
	if (asked_seconds >= RETRY_LONGEST_ASKED_MS / 1000)
		return RETRY_LONGEST_ASKED_MS;
	return asked_seconds * 1000 > pause ? asked_seconds * 1000 : pause;
}
