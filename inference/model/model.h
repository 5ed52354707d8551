/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the weights of a model, as F32 in one locked region, ready to be multiplied with.
 * Tensors are named as Hugging Face names them; each matrix is [outputs][inputs], whatever way it
 * lies in the file.
 */
#ifndef INFERENCE_MODEL_MODEL_H
#define INFERENCE_MODEL_MODEL_H

#include "inference/format/source.h"
#include "inference/model/family.h"

/* A product or a norm. The bias is NULL where there is none. */
struct affine {
	const float *weight;
	const float *bias;
};

struct model_layer {
	struct affine attention_norm;
	struct affine q, k, v; /* one behind the other: files may have them in one */
	struct affine o;
	struct affine q_norm, k_norm; /* of each head, for families that have it */
	struct affine cross_norm;     /* attention of a decoder to what its encoder has read */
	struct affine cross_q, cross_k, cross_v, cross_o;
	struct affine mlp_norm;
	struct affine gate, up, down; /* no gate: the activation stands behind `up` */
};

struct model_stack {
	struct model_layer *layers;
	struct affine norm;     /* behind the last; none in BERT */
	const float *distances; /* [buckets][heads] */
};

struct model {
	struct config config;
	const float *embedding; /* [vocabulary][hidden] */
	const float *positions; /* [context][hidden], where they are learned */
	const float *segments;  /* [segments][hidden] */
	const float
		*rope_factors; /* [head_size / 2]; a frequency is divided by its own, if there */
	struct affine embedding_norm;
	struct model_stack encoder, decoder;
	struct affine head;                      /* [vocabulary][hidden]; the embedding if tied */
	struct affine transform, transform_norm; /* of a masked head, before `head` */
	struct affine pooler;
	struct affine classifier; /* [labels][hidden] */
	size_t memory_bytes;
	bool locked; /* false: the lock was refused, and swap may see the weights */
	struct model_memory *memory;
};

/* Bytes of locked memory that the weights will take, before anything is loaded. */
size_t model_memory_needed(const struct config *config);

/* And beside them while it loads, for a tensor that has to be turned round; 0: none has. */
size_t model_turning_needed(const struct config *config);

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
