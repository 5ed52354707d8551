/* SPDX-License-Identifier: Apache-2.0 */
/* Any vocab.json, merges.txt and tokenizer_config.json, parted by zeros; or, if the input begins
 * with one, any vocab.txt and tokenizer_config.json. */
#include "tests/fuzz/fuzz_vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	struct fuzz_folder folder = {0};
	bool is_bert = size > 0 && data[0] == 0;

	if (is_bert)
		rest = slice_of(data + 1, size - 1);
	folder.files[0].name = is_bert ? "vocab.txt" : "vocab.json";
	slice_cut(rest, 0, &folder.files[0].bytes, &rest);
	folder.files[1].name = is_bert ? "none" : "merges.txt";
	if (!is_bert)
		slice_cut(rest, 0, &folder.files[1].bytes, &rest);
	folder.files[2].name = rest.size > 0 ? "tokenizer_config.json" : "none";
	folder.files[2].bytes = rest;
	folder.files[3].name = "config.json";
	folder.files[3].bytes = is_bert    ? S("{\"model_type\":\"bert\"}")
				: size % 2 ? S("{\"model_type\":\"qwen2\"}")
					   : S("{\"model_type\":\"roberta\"}");
	fuzz_tokenizer_holds(&folder, NULL);
	return 0;
}
