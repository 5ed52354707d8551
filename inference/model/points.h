/* SPDX-License-Identifier: Apache-2.0 */
/*
 * points.h - the names of what can be read inside a model. They are TransformerLens's, so that what
 * is written for that reads on: "blocks.12.hook_resid_post". A family has the points that its
 * computation has (README.md lists them with their shapes).
 */
#ifndef INFERENCE_MODEL_POINTS_H
#define INFERENCE_MODEL_POINTS_H

#include "inference/model/forward.h"

enum point_kind {
	POINT_TAP,     /* something of each row */
	POINT_PATTERN, /* who looks at whom, for each head */
	POINT_FINAL,   /* the residual stream behind the last norm */
};

struct point {
	enum point_kind kind;
	enum forward_point tap; /* POINT_FINAL: what the norm is applied to */
	unsigned layer;
	size_t heads; /* 0: it has none */
	size_t width; /* of a head, or of all; POINT_PATTERN: 0, it is that of the text */
};

enum { POINT_MAX_NAME = 64 };

/* ERR_FORMAT: this model has none of that name; the text lists those it has. */
RESULT point_parse(struct point *out, const struct config *config, struct slice name);

/* May the logit lens look through it: is it a residual stream that the model's head could read? */
bool point_has_lens(const struct point *p, const struct config *config);

#endif
