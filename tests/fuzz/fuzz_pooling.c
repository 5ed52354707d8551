/* SPDX-License-Identifier: Apache-2.0 */
/* The files of sentence-transformers, divided by NUL: what is read is one mode and a limit that a
 * model can have. */
#include <assert.h>

#include "inference/reading/pooling.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

struct parts {
	struct slice rest;
	struct weight_source sources[4];
};

static enum err find_part(struct model_files *files, const char *name, struct weight_source **out)
{
	static const char *const names[] = {"modules.json", "1_Pooling/config.json",
					    "sentence_bert_config.json",
					    "config_sentence_transformers.json"};
	struct parts *p = files->context;

	for (size_t i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0 && p->sources[i].size > 0) {
			*out = &p->sources[i];
			return OK;
		}
	return failure(ERR_NOT_FOUND, "no %s", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts p = {.rest = slice_of(data, size)};
	struct model_files files = {.find = find_part, .context = &p};
	struct config config = {.hidden_size = 64, .encoder_layers = 1};
	struct pooling pooling;

	for (size_t i = 0; i < 4; i++) {
		size_t end = slice_find(p.rest, '\0');

		p.sources[i] = bytes_source(slice_part(p.rest, 0, end));
		p.rest = slice_part(p.rest, end + 1, p.rest.size);
	}
	if (pooling_read(&pooling, &files, &config) == OK)
		assert(pooling.mode <= POOLING_MAX && pooling.limit <= CONFIG_MAX_CONTEXT);
	return 0;
}
