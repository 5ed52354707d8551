/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_names.h - how a GGUF file calls what config.json and safetensors call otherwise: a table a
 * family, for its keys and for its tensors. Which tensors there are says family.h; here is only
 * what differs: the name, and how it lies.
 */
#ifndef INFERENCE_MODEL_GGUF_NAMES_H
#define INFERENCE_MODEL_GGUF_NAMES_H

#include "inference/model/family.h"

/* A tensor's name without ".weight" or ".bias", ours and the file's. */
struct gguf_alias {
	const char *ours;
	const char *theirs;
	enum family_layout layout;
};

/* `path` as in struct family_tensors. */
struct gguf_part {
	const char *path;
	const struct gguf_alias *rows;
	size_t count;
};

struct gguf_family {
	const char *architecture; /* general.architecture, and what the keys begin with */
	const struct family *family;
	const struct family_key *keys; /* without the architecture and its dot */
	size_t key_count;
	struct gguf_part outer, encoder, decoder;
};

/* By general.architecture; NULL: none that this engine runs. */
const struct gguf_family *gguf_family_find(struct slice architecture);
const struct gguf_family *gguf_family_of(const struct family *family);

/* The row of a slot of one of the family's three tables; NULL: no GGUF file has it. */
const struct gguf_alias *gguf_alias_of(const struct family *family,
				       const struct family_tensors *table,
				       const struct family_slot *slot);

/* The whole name of a tensor. */
void gguf_write_name(char *out, size_t size, const struct family *family,
		     const struct family_tensors *table, const struct family_slot *slot,
		     uint32_t layer);

/* A tensor that says nothing new. */
bool gguf_is_needless(const char *name);

#endif
