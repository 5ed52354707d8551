/* SPDX-License-Identifier: Apache-2.0 */
/* Of a header that is read, each key is found by its name and each list has as many texts as it
 * says; tensors stand in order, within the file, and are found by name. */
#include <assert.h>

#include "inference/format/gguf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

static void check_key(const struct gguf *g, const char *key)
{
	struct gguf_array texts;
	struct slice text;

	assert(gguf_has(g, key));
	if (gguf_get_texts(g, key, &texts) != OK)
		return;
	while (gguf_next_text(&texts, &text))
		assert(texts.count-- > 0);
	assert(texts.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct weight_source source = bytes_source(slice_of(data, size));
	uint64_t next = 0;

	if (gguf_open(&g, &source, "fuzz.gguf") != OK)
		return 0;
	for (size_t i = 0; i < gguf_key_count(g); i++)
		check_key(g, gguf_key_at(g, i));
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct tensor *t = gguf_tensor_at(g, i);

		assert(t->offset >= next && t->size <= size && t->offset <= size - t->size);
		assert(gguf_find_tensor(g, t->name) == t);
		next = t->offset + t->size;
	}
	return 0;
}
