/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of logs: what parses has a quorum that all of its witnesses reach. */
#include <assert.h>

#include "crypto/log_policy.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	struct log_policy policy;

	if (log_policy_parse(&policy, &arena, slice_of(data, size)) != OK)
		return 0;
	assert(log_policy_holds(&policy, UINT64_MAX));
	assert(policy.quorum < (int)policy.part_count);
	assert(policy.quorum < 0 || !log_policy_holds(&policy, 0));
	return 0;
}
