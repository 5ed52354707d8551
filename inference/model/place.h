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

/* A matrix on its way: where the rows of its tensor go. */
struct place_matrix {
	const struct tensor *tensor;
	enum family_layout layout;
	struct packed *parts[PLACE_PARTS]; /* share its outputs, one behind the other */
	unsigned count;
};

/* What a thread works with. */
struct placing {
	const struct weights *weights;
	const struct config *config;
	void *room; /* its own, for a piece: place_room of each tensor */
	size_t room_bytes;
};

/* What a matrix of that type is kept as. */
enum packed_type place_type(enum tensor_type stored);

/* Bytes of room that this tensor needs at least. */
size_t place_room(const struct tensor *t, enum family_layout layout);

/* Rows of the file that one thread takes at a time: each such stretch is put by itself. */
size_t place_stretch(const struct tensor *t);

/* Rows [first, last) of the file; first is a multiple of place_stretch. A failure names the
 * tensor; ERR_FORMAT: a value is not finite. */
RESULT place_rows(const struct placing *p, const struct place_matrix *m, size_t first, size_t last);

/* A vector, or a table that is only looked up, as floats. */
RESULT place_floats(const struct placing *p, const struct tensor *t, enum family_layout layout,
		    float *out);

#endif
