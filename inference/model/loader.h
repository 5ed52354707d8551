/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader.h - all tensors of a model, each read, looked at and put where it belongs in one pass, by
 * all threads of a pool: whoever is free takes the next stretch of rows. Of several that fail the
 * first in the order of the stretches is reported, on however many threads.
 */
#ifndef INFERENCE_MODEL_LOADER_H
#define INFERENCE_MODEL_LOADER_H

#include <stdatomic.h>

#include "inference/kernel/pool.h"
#include "inference/model/place.h"

struct loader;

struct loader *loader_new(void);
void loader_free(struct loader *l); /* NULL is fine */
AUTO_POINTER(loader)

/* What is to be loaded; parts and `out` must live until it is. */
void loader_add_matrix(struct loader *l, const struct place_matrix *m);
void loader_add_floats(struct loader *l, const struct tensor *t, enum family_layout layout,
		       float *out);

/* Bytes of room beside the weights, if one tensor needs `room` of it at most. */
size_t loader_beside(size_t room, unsigned threads);

struct loader_options {
	const struct weights *weights;
	const struct config *config;
	struct pool *pool; /* NULL: the calling thread alone */
	/* So many of its threads load at a time, the calling one among them; 0 or NULL: all. It may
	 * change meanwhile: who has no core waits for one. */
	const atomic_uint *lent;
	size_t room; /* the most that a tensor needs: place_room */
	bool strict; /* refuse (ERR_DENIED) room that cannot be locked */
};

/* Loads all that was added. The calling thread has its share of it, so that sources may look
 * around between two reads; where they are not for several threads, it is the only one. */
RESULT loader_run(struct loader *l, const struct loader_options *options);

#endif
