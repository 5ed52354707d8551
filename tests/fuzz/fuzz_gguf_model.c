/* SPDX-License-Identifier: Apache-2.0 */
/* A model that a GGUF file describes has sizes that fit together, and its tensors are checked
 * against them without a crash. */
#include <assert.h>

#include "inference/model/config_gguf.h"
#include "inference/model/model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

static enum err find(struct model_files *files, const char *name, struct weight_source **out)
{
	*out = files->context;
	return strcmp(name, "fuzz.gguf") == 0 ? OK : ERR_NOT_FOUND;
}

static const char *name_at(struct model_files *files, size_t i)
{
	(void)files;
	return i == 0 ? "fuzz.gguf" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct weight_source source = bytes_source(slice_of(data, size));
	struct model_files files = {.find = find, .context = &source, .name_at = name_at};
	struct config config;
	size_t weights, beside;

	if (gguf_find(&g, NULL, &files) != OK || config_of_gguf(&config, g) != OK)
		return 0;
	assert(config.head_size > 0 && config.heads % config.kv_heads == 0);
	assert(config.eos_count <= CONFIG_MAX_EOS && config.vocabulary > 0);
	if (model_check(&files, &config) == OK)
		assert(model_memory_needed(&weights, &beside, &files, &config, MODEL_AS_STORED,
					   2) == OK &&
		       weights > 0);
	return 0;
}
