/* SPDX-License-Identifier: Apache-2.0 */
/* Config, NUL, tensors: what is loaded takes no more memory than its file times a small factor. */
#include <assert.h>

#include "inference/adapter/adapter.h"
#include "inference/model/family.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/inference/bytes.h"

struct pair {
	struct weight_source config, tensors;
};

static enum err find(struct model_files *files, const char *name, struct weight_source **out)
{
	struct pair *p = files->context;

	*out = strcmp(name, "adapter_config.json") == 0 ? &p->config : &p->tensors;
	if (strcmp(name, "adapter_model.bin") == 0)
		return failure(ERR_NOT_FOUND, "none");
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* clang-format off */
	const struct config base = {.family = &family_llama, .layers = 2, .hidden_size = 8, .heads = 2,
				    .kv_heads = 1, .head_size = 4, .intermediate_size = 16};
	/* clang-format on */
	AUTO(adapter_auto) struct adapter *a = NULL;
	struct slice head, rest;
	struct pair pair;
	struct model_files files = {.find = find, .context = &pair};

	slice_cut(slice_of(data, size), 0, &head, &rest);
	pair = (struct pair){bytes_source(head), bytes_source(rest)};
	if (adapter_open(&a, &files, &base, 1 << 20, false) != OK)
		return 0;
	assert(a->rank >= 1 && a->rank <= ADAPTER_MAX_RANK && a->products >= 1);
	assert(a->memory_bytes <= 4 * size + 64 * 4 * a->products); /* F16 widened, and aligned */
	return 0;
}
