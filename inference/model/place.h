/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - the elements of one tensor, from its file to where they are multiplied with or added:
 * read in bounded pieces, looked at for what is no number, and put where they belong, in one pass.
 */
#ifndef INFERENCE_MODEL_PLACE_H
#define INFERENCE_MODEL_PLACE_H

#include "inference/format/weights.h"
#include "inference/kernel/packed.h"
#include "inference/kernel/pool.h"
#include "inference/model/family.h"

enum { PLACE_PARTS = 3 };

struct placing {
	const struct weights *weights;
	const struct config *config;
	struct pool *pool; /* NULL: the calling thread alone */
	void *room;        /* for a piece: place_room of each tensor */
	size_t room_bytes;
};

/* What a matrix of that type is kept as. */
enum packed_type place_type(enum tensor_type stored);

/* Bytes of room that this tensor needs at least. */
size_t place_room(const struct tensor *t, enum family_layout layout);

/* Into `count` matrices that share its outputs, one behind the other. ERR_FORMAT names the tensor
 * where a value is not finite. */
RESULT place_matrix(const struct placing *p, const struct tensor *t, enum family_layout layout,
		    struct packed *const *parts, unsigned count);

/* A vector, or a table that is only looked up, as floats. */
RESULT place_floats(const struct placing *p, const struct tensor *t, enum family_layout layout,
		    float *out);

#endif
