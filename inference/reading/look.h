/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.h - what is read inside a model while it reads one text: a list of points, each at some
 * positions, as they are or reduced, and logit lenses. Nothing of the model is changed, and nothing
 * is computed that was not asked for.
 *
 *     look_new --look_watch, a pass, look_unwatch (again, for a long text)--> look_finish
 */
#ifndef INFERENCE_READING_LOOK_H
#define INFERENCE_READING_LOOK_H

#include "inference/model/points.h"

enum {
	LOOK_MAX_ASKS = 64,
	LOOK_MAX_VALUES = 4 << 20, /* of all that one call reads */
	LOOK_MAX_LENS_ROWS = 64,   /* positions of all lenses: each is a product with the head */
	LOOK_MAX_TOP = 100,
};

enum look_reduce {
	LOOK_AS_IS,
	LOOK_MEAN, /* over the positions */
	LOOK_NORM, /* the Euclidean one, of each position (and head) */
};

/* Positions first <= p < end; below 0 they count from the end of the text. */
struct look_range {
	int32_t first, end;
	bool ends_text; /* instead of `end` */
};

struct look_ask {
	struct slice at;
	const struct look_range *ranges;
	size_t range_count; /* 0: all positions */
	const uint16_t *heads;
	size_t head_count; /* 0: all */
	enum look_reduce reduce;
	uint32_t top; /* above 0: a logit lens with so many tokens */
};

/* values, [dims]; ids of tokens, [dims], for a lens only. */
struct look_tensor {
	size_t dims[3];
	unsigned dim_count;
	size_t count;
	float *values;
	uint32_t *ids;
};

struct look;

/* For a text of so many tokens. ERR_FORMAT: a point, position or head that is not there, or twice;
 * ERR_UNSUPPORTED: no lens there; ERR_LIMIT. The texts name the ask: "read 3: ...". `reads` of the
 * asks are reads, lenses are counted anew. */
RESULT look_new(struct look **out, const struct model *model, const struct look_ask *asks,
		size_t count, size_t reads, size_t tokens);
void look_free(struct look *l); /* wipes; NULL is fine */
AUTO_POINTER(look)

/* The next pass has one row for each position from `first` on. */
void look_watch(struct look *l, struct forward *f, size_t first);
void look_unwatch(struct forward *f);
RESULT look_finish(struct look *l, struct forward *f); /* after the last pass */

size_t look_count(const struct look *l);
const struct look_tensor *look_tensor(const struct look *l, size_t ask); /* borrowed */

#endif
