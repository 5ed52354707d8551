/* SPDX-License-Identifier: Apache-2.0 */
/* load_files.h - the loaders of what models bring instead of a tokenizer.json. Each gives
 * ERR_NOT_FOUND where its file is not there, and refuses by name what it does not know. */
#ifndef INFERENCE_TOKENIZER_LOAD_FILES_H
#define INFERENCE_TOKENIZER_LOAD_FILES_H

#include "inference/tokenizer/settings.h"

RESULT load_tokenizer_model(struct tokenizer **out, struct model_files *files);
RESULT load_tiktoken(struct tokenizer **out, struct settings *s, struct slice text);
RESULT load_spiece_model(struct tokenizer **out, struct model_files *files);
RESULT load_vocab_json(struct tokenizer **out, struct model_files *files); /* with merges.txt */
RESULT load_vocab_txt(struct tokenizer **out, struct model_files *files);
RESULT load_gguf(struct tokenizer **out, const struct gguf *gguf);

#endif
