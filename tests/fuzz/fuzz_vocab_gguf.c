/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of any GGUF file whose header is good is refused, or a tokenizer. */
#include "inference/format/gguf.h"
#include "tests/fuzz/fuzz_vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weight_source source = bytes_source(slice_of(data, size));
	AUTO(gguf_auto) struct gguf *gguf = NULL;
	struct fuzz_folder folder = {0};

	if (gguf_open(&gguf, &source, "model.gguf") == OK)
		fuzz_tokenizer_holds(&folder, gguf);
	return 0;
}
