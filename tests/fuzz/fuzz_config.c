/* SPDX-License-Identifier: Apache-2.0 */
/* A config that is read has sizes that fit together and that memory can be counted for. */
#include <assert.h>

#include "inference/model/model.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;

	if (config_parse(&c, slice_of(data, size)) != OK)
		return 0;
	assert(c.hidden_size > 0 && c.layers > 0 && c.vocabulary > 0 && c.context > 0);
	assert(c.heads % c.kv_heads == 0 && c.head_size % 2 == 0);
	assert(c.eos_count <= CONFIG_MAX_EOS && c.rope_theta > 0);
	assert(model_memory_most(&c, PACKED_F32, MODEL_AS_STORED) >=
	       (size_t)c.vocabulary * c.hidden_size * sizeof(float));
	return 0;
}
