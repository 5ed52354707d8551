/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - which files of a model's directory its tokenizer is read from. */
#include "inference/tokenizer/load_files.h"

static enum err load_tokenizer_json(struct tokenizer **out, struct model_files *files)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);

	TRY(settings_read_file(&text, files, "tokenizer.json"));
	return tokenizer_open(out, buf_slice(&text));
}

enum err tokenizer_open_files(struct tokenizer **out, struct model_files *files,
			      const struct gguf *gguf)
{
	static const struct {
		const char *name; /* the file that the form is known by */
		enum err (*load)(struct tokenizer **out, struct model_files *files);
	} forms[] = {
		{"tokenizer.json", load_tokenizer_json}, {"tokenizer.model", load_tokenizer_model},
		{"spiece.model", load_spiece_model},     {"vocab.json", load_vocab_json},
		{"vocab.txt", load_vocab_txt},
	};
	struct weight_source *source;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		enum err found = files->find(files, forms[i].name, &source);

		if (found != ERR_NOT_FOUND)
			return found == OK ? forms[i].load(out, files) : found;
	}
	if (gguf)
		return load_gguf(out, gguf);
	return failure(ERR_NOT_FOUND,
		       "the model has no tokenizer.json, nor a vocabulary of another "
		       "kind that this engine reads");
}
