/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the weights of a LLaMA, as F32 in one locked region, ready to be multiplied with.
 * Tensors are named as Hugging Face names them; each matrix is [outputs][inputs].
 */
#ifndef INFERENCE_MODEL_MODEL_H
#define INFERENCE_MODEL_MODEL_H

#include "inference/format/source.h"
#include "inference/model/config.h"

struct model_layer {
	const float *attention_norm;
	const float *q, *q_bias; /* a bias is NULL where the model has none */
	const float *k, *k_bias;
	const float *v, *v_bias;
	const float *o, *o_bias;
	const float *mlp_norm;
	const float *gate, *gate_bias;
	const float *up, *up_bias;
	const float *down, *down_bias;
};

struct model {
	struct config config;
	const float *embedding; /* [vocabulary][hidden] */
	const float *norm;
	const float *head; /* [vocabulary][hidden]; the embedding if tied */
	struct model_layer *layers;
	size_t memory_bytes;
	bool locked; /* false: the lock was refused, and swap may see the weights */
	struct model_memory *memory;
};

/* Bytes of locked memory that the weights will take, before anything is loaded. */
size_t model_memory_needed(const struct config *config);

/* Loads all weights of `files`. ERR_LIMIT if they need more than `budget_bytes`; ERR_FORMAT for a
 * missing tensor or a wrong shape; ERR_UNSUPPORTED for one too many or of a type we do not
 * compute with; `strict`: ERR_DENIED where memory cannot be locked. The caller frees *out. */
RESULT model_open(struct model **out, struct model_files *files, const struct config *config,
		  size_t budget_bytes, bool strict);
void model_free(struct model *m); /* wipes; NULL is fine */
AUTO_POINTER(model)

/* All that model_open would find wrong in the headers, without reading a weight. */
RESULT model_check(struct model_files *files, const struct config *config);

#endif
