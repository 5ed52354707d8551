/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the weights of a model in one locked region, ready to be multiplied with: matrices as
 * the kernels read them (packed.h), at the width that the file stores, where there are kernels for
 * it (F32, BF16, F16, Q8_0, Q4_0, Q4_K, Q6_K), else as F32; vectors, and tables that are only
 * looked up, as F32. Tensors are named as Hugging Face names them; each matrix is
 * [outputs][inputs], whatever way it lies in the file.
 */
#ifndef INFERENCE_MODEL_MODEL_H
#define INFERENCE_MODEL_MODEL_H

#include <stdatomic.h>

#include "inference/format/source.h"
#include "inference/kernel/packed.h"
#include "inference/kernel/pool.h"
#include "inference/model/family.h"

/* A norm. The bias is NULL where there is none. */
struct affine {
	const float *weight;
	const float *bias;
};

/* A product; without data there is none. */
struct dense {
	struct packed weight;
	const float *bias;
};

struct model_layer {
	struct affine attention_norm;
	struct dense q, k, v; /* one behind the other: files may have them in one */
	struct dense o;
	struct affine q_norm, k_norm; /* of each head, for families that have it */
	struct affine cross_norm;     /* attention of a decoder to what its encoder has read */
	struct dense cross_q, cross_k, cross_v, cross_o;
	struct affine mlp_norm;
	struct dense gate, up, down; /* no gate: the activation stands behind `up` */
};

struct model_stack {
	struct model_layer *layers;
	struct affine norm;     /* behind the last; none in BERT */
	const float *distances; /* [buckets][heads] */
};

struct model {
	struct config config;
	struct packed embedding; /* [vocabulary][hidden] */
	const float *positions;  /* [context][hidden], where they are learned */
	const float *segments;   /* [segments][hidden] */
	const float
		*rope_factors; /* [head_size / 2]; a frequency is divided by its own, if there */
	struct affine embedding_norm;
	struct model_stack encoder, decoder;
	struct dense head;      /* [vocabulary][hidden]; the embedding if tied */
	struct dense transform; /* of a masked head, before `head` */
	struct affine transform_norm;
	struct dense pooler;
	struct dense classifier; /* [labels][hidden] */
	size_t memory_bytes;
	bool locked; /* false: the lock was refused, and swap may see the weights */
	struct model_memory *memory;
};

/* What safetensors are to become in memory; weights of a GGUF file stay what they are. W8A8, of
 * both: rows of bytes with one scale, multiplied with rows of bytes: fast for prompts, less exact.
 */
enum model_quantize { MODEL_AS_STORED, MODEL_Q8_0, MODEL_Q4_0, MODEL_W8A8 };

struct model_options {
	size_t budget_bytes;
	bool strict; /* refuse (ERR_DENIED) memory that cannot be locked */
	enum model_quantize quantize;
	struct pool *pool;       /* who helps to load; NULL: nobody */
	const atomic_uint *lent; /* of the pool's threads; see loader.h */
	bool is_quick;           /* to be loaded soon; model_settle makes it quick to run */
};

/* Bytes of locked memory that the weights take if files have all matrices in that type. By the
 * description alone. */
size_t model_memory_most(const struct config *config, enum packed_type stored,
			 enum model_quantize quantize);

/* What they will take, by the files' headers, before anything is loaded; and beside them while
 * they load on so many threads. */
RESULT model_memory_needed(size_t *weights, size_t *beside, struct model_files *files,
			   const struct config *config, enum model_quantize quantize,
			   unsigned threads);

/* Loads all weights of `files`. ERR_LIMIT if they need more than the budget; ERR_FORMAT for a
 * missing tensor, a wrong shape, a value that is not finite; ERR_UNSUPPORTED for a tensor too many
 * or of a type we do not compute with. The caller frees *out. */
RESULT model_open(struct model **out, struct model_files *files, const struct config *config,
		  const struct model_options *options);

/* Some of a model that was loaded with `is_quick` into large pages (region_settle), which are
 * quicker to read; false: all is. Between two passes. */
bool model_settle(struct model *m);

void model_free(struct model *m); /* wipes; NULL is fine */
AUTO_POINTER(model)

/* All that model_open would find wrong in the headers, without reading a weight. */
RESULT model_check(struct model_files *files, const struct config *config);

#endif
