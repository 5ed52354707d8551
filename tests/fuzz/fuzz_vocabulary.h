/* SPDX-License-Identifier: Apache-2.0 */
/* A model's directory out of one input, for the loaders of vocabularies, and what holds for any
 * tokenizer that comes of it: ids that it has, and text that is UTF-8. */
#ifndef TESTS_FUZZ_FUZZ_VOCABULARY_H
#define TESTS_FUZZ_FUZZ_VOCABULARY_H

#include <assert.h>

#include "inference/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

struct fuzz_folder {
	struct {
		const char *name;
		struct slice bytes;
		struct weight_source source;
	} files[4];
};

static inline enum err fuzz_find(struct model_files *files, const char *name,
				 struct weight_source **out)
{
	struct fuzz_folder *folder = files->context;

	for (size_t i = 0; i < 4; i++)
		if (folder->files[i].name && strcmp(folder->files[i].name, name) == 0) {
			folder->files[i].source = bytes_source(folder->files[i].bytes);
			*out = &folder->files[i].source;
			return OK;
		}
	return failure(ERR_NOT_FOUND, "there is no %s", name);
}

static inline void fuzz_tokenizer_holds(struct fuzz_folder *folder, const struct gguf *gguf)
{
	static const char text[] = "a bc <s> \xc3\xa9\xe2\x82\xac_ abcabc  A,.! 12 "
				   "e\xcc\x81\xe6\xbc\xa2\xe2\x96\x81\n it's <0x0A> b<mine>[x] ";
	struct model_files files = {.find = fuzz_find, .context = folder};
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(token_list_free) struct token_list ids = {0};
	AUTO(buf_free) struct buf out = buf_new(1 << 20);

	if (tokenizer_open_files(&t, &files, gguf) != OK ||
	    tokenizer_encode(t, &ids, slice_of_string(text)) != OK)
		return;
	for (size_t i = 0; i < ids.count; i++)
		assert(ids.ids[i] < tokenizer_vocabulary(t) && tokenizer_token(t, ids.ids[i]).data);
	if (tokenizer_decode_all(t, &out, ids.ids, ids.count) == OK)
		assert(slice_is_utf8(buf_slice(&out)));
}

#endif
