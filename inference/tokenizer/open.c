/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - which files of a model's directory its tokenizer is read from. */
#include "inference/tokenizer/load.h"

/* The whole file into an empty buffer. */
static enum err read_file(struct buf *out, struct model_files *files, const char *name)
{
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, name, &source));
	if (source->size > TOKENIZER_MAX_FILE)
		return failure(ERR_LIMIT, "%s: more than %d bytes", name, TOKENIZER_MAX_FILE);
	room = buf_reserve(out, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(out, (size_t)source->size);
	return OK;
}

enum err tokenizer_open_files(struct tokenizer **out, struct model_files *files,
			      const struct gguf *gguf)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);

	(void)gguf;
	TRY(read_file(&text, files, "tokenizer.json"));
	return tokenizer_open(out, buf_slice(&text));
}
