/* SPDX-License-Identifier: Apache-2.0 */
/* open.h - the tokenizer of a folder, or of a GGUF file, for programs that stand beside tests. */
#ifndef TESTS_CONFORMANCE_TOKENIZE_OPEN_H
#define TESTS_CONFORMANCE_TOKENIZE_OPEN_H

#include "inference/format/gguf.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

static inline enum err open_gguf(struct tokenizer **out, struct model_files *files,
				 const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(GGUF_MAX_HEADER);
	AUTO(gguf_auto) struct gguf *gguf = NULL;
	struct weight_source source;

	TRY(file_read(&bytes, AT_FDCWD, path));
	source = bytes_source(buf_slice(&bytes));
	TRY(gguf_open(&gguf, &source, path));
	return tokenizer_open_files(out, files, gguf);
}

static inline enum err open_any(struct tokenizer **out, const char *path)
{
	bool is_gguf = slice_ends_with(slice_of_string(path), S(".gguf"));
	struct folder folder;
	enum err opened;

	folder_init(&folder, is_gguf ? "/nothing" : path);
	opened = is_gguf ? open_gguf(out, &folder.files, path)
			 : tokenizer_open_files(out, &folder.files, NULL);
	folder_free(&folder);
	return opened;
}

#endif
