/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internals_answer.h - what was seen inside a model, taken from an engine's bytes and written as
 * JSON or as a safetensors file. Pure.
 */
#ifndef GATEWAY_API_INFER_INTERNALS_ANSWER_H
#define GATEWAY_API_INFER_INTERNALS_ANSWER_H

#include "gateway/api/infer/internals_ask.h"

enum {
	INTERNALS_MAX_BYTES = 24 * 1024 * 1024,  /* from an engine */
	INTERNALS_MAX_ANSWER = 40 * 1024 * 1024, /* base64 makes a third more of them */
	INTERNALS_MAX_LISTED = 4096, /* numbers of one tensor that JSON lists; more are base64 */
};

struct internals_tensor {
	bool is_lens;
	unsigned dim_count;
	uint32_t dims[3];
	size_t count;
	const float *values;
	const uint32_t *ids;       /* of a lens */
	const struct slice *names; /* of those */
};

struct internals_seen {
	uint32_t token_count;
	const uint32_t *tokens;
	const struct slice *names;
	size_t count;
	const struct internals_tensor *tensors;
};

/* `bytes` (aligned as malloc does) are borrowed. ERR_INTERNAL: they are not what `looked` says, or
 * a value is no number; ERR_FORMAT: float16 does not hold one. */
RESULT internals_seen_read(struct internals_seen *out, struct arena *arena,
			   const struct internals_ask *ask, const struct wire_engine_looked *looked,
			   struct slice bytes);

/* What leaves with it, for the budget. */
RESULT internals_seen_count(struct internals_revelation *sum, const struct internals_ask *ask,
			    const struct internals_seen *seen);

/* Who is told of it. */
struct internals_about {
	struct slice model, revision;
	const char *event; /* id of the entry that stands for the call */
};

/* ERR_LIMIT: larger than INTERNALS_MAX_ANSWER. */
RESULT internals_write_json(struct buf *out, struct arena *arena, const struct internals_ask *ask,
			    const struct internals_seen *seen, const struct internals_about *about,
			    const struct internals_revelation *sum);
RESULT internals_write_safetensors(struct buf *out, struct arena *arena,
				   const struct internals_ask *ask,
				   const struct internals_seen *seen,
				   const struct internals_about *about);

/* IEEE 754 binary16 of a number, to the nearest, ties to even; beyond its range an infinity. */
uint16_t internals_half(float value);
float internals_half_value(uint16_t half);

#endif
