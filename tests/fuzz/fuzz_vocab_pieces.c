/* SPDX-License-Identifier: Apache-2.0 */
/* Any tokenizer.model (SentencePiece's, or LLaMA 3's ranks) is refused, or a tokenizer. */
#include "tests/fuzz/fuzz_vocabulary.h"

#define SETTINGS \
	"{\"bos_token\":\"<s>\",\"added_tokens_decoder\":{\"300\":{\"content\":\"<s>\"," \
	"\"special\"" \
	":true}}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_folder folder = {
		{{"tokenizer.model", slice_of(data, size), {0}},
		 {"config.json", S("{\"model_type\":\"llama\"}"), {0}},
		 {size % 2 ? "tokenizer_config.json" : "none", S(SETTINGS), {0}}}};

	fuzz_tokenizer_holds(&folder, NULL);
	return 0;
}
