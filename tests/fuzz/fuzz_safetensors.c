/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of a header that is read cover the data: in order, without a gap, to the last byte. */
#include <assert.h>

#include "inference/format/safetensors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(safetensors_auto) struct safetensors *s = NULL;
	struct weight_source source = bytes_source(slice_of(data, size));
	uint64_t total = 0;
	uint64_t next = 0;

	if (safetensors_open(&s, &source) != OK)
		return 0;
	for (size_t i = 0; i < safetensors_count(s); i++) {
		const struct tensor *t = safetensors_at(s, i);

		assert(i == 0 || t->offset == next);
		assert(t->size == t->count * tensor_type_size(t->type));
		assert(safetensors_find(s, t->name) == t);
		next = t->offset + t->size;
		total += t->size;
	}
	assert(total <= size && (safetensors_count(s) == 0 || next == size));
	return 0;
}
