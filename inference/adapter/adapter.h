/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adapter.h - a LoRA adapter (Hu et al., 2021) in memory: for some of a base model's products a
 * pair of narrow matrices, y += scale * B (A x). Read from what PEFT saves, adapter_config.json and
 * adapter_model.safetensors; the base is not touched, so rows of one pass may have different
 * adapters or none. Numbers lie in a locked region of their own, which is wiped.
 */
#ifndef INFERENCE_ADAPTER_ADAPTER_H
#define INFERENCE_ADAPTER_ADAPTER_H

#include "inference/adapter/config.h"
#include "inference/format/source.h"
#include "inference/model/config.h"

/* The products of a decoder's layer that an adapter may change. */
enum adapter_site {
	ADAPTER_Q,
	ADAPTER_K,
	ADAPTER_V,
	ADAPTER_O,
	ADAPTER_GATE,
	ADAPTER_UP,
	ADAPTER_DOWN,
	ADAPTER_SITES,
};

/* Of one product. */
struct adapter_pair {
	const float *a; /* [rank][inputs] */
	const float *b; /* [rank][outputs]: B turned round, times the scale */
	uint32_t rank;  /* 0: the product is as in the base */
};

struct adapter_layer {
	struct adapter_pair sites[ADAPTER_SITES];
};

struct adapter {
	struct adapter_layer *layers; /* as many as the base has */
	uint32_t rank;                /* the largest */
	size_t products;              /* that it changes */
	size_t memory_bytes;
	bool locked; /* false: it may reach swap */
	struct adapter_memory *memory;
};

/* A product's matrix in a model of this config. */
struct adapter_shape {
	size_t outputs, inputs;
};
struct adapter_shape adapter_site_shape(const struct config *config, enum adapter_site site);

/* `files` is the adapter's own folder. ERR_NOT_FOUND: a file is missing; ERR_FORMAT: a tensor that
 * does not fit the base, or is no number; ERR_UNSUPPORTED: what this engine does not compute, by
 * name; ERR_LIMIT: more than `budget_bytes`. The caller frees *out. */
RESULT adapter_open(struct adapter **out, struct model_files *files, const struct config *config,
		    size_t budget_bytes, bool strict);
void adapter_free(struct adapter *a); /* wipes; NULL is fine */
AUTO_POINTER(adapter)

#endif
