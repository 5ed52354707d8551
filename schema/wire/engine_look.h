/* SPDX-License-Identifier: Apache-2.0 */
/* engine_look.h - what the edge asks of an engine to read inside a model, and how that comes. */
#ifndef SCHEMA_WIRE_ENGINE_LOOK_H
#define SCHEMA_WIRE_ENGINE_LOOK_H

#include "schema/wire/engine_read.h"

enum wire_reduce { WIRE_REDUCE_NONE, WIRE_REDUCE_MEAN, WIRE_REDUCE_NORM, WIRE_REDUCE_COUNT };

/* Positions; below 0 from the end of the text, in two's complement. */
struct wire_look_range {
	uint32_t first, end;
	bool ends_text; /* instead of `end` */
};

struct wire_look_ask {
	struct slice at;
	uint16_t range_count; /* 0: all positions */
	struct wire_look_range ranges[WIRE_MAX_LOOK_RANGES];
	uint16_t head_count; /* 0: all */
	uint16_t heads[WIRE_MAX_LOOK_HEADS];
	enum wire_reduce reduce;
	uint32_t top; /* above 0: a logit lens */
};

struct wire_engine_look {
	uint64_t pass; /* one the keeper gave this engine, for internals:read */
	struct wire_input input;
	uint16_t reads; /* how many of the asks are reads; lenses follow */
	uint16_t count;
	struct wire_look_ask asks[WIRE_MAX_LOOKS];
};
WIRE_DECLARE(engine_look);

/*
 * The next bytes of: the text's ids; of each ask its values, and of a lens the ids they belong to;
 * then the names of the text's tokens and of the lenses' ids, each behind a byte that counts it.
 * Values and ids have four bytes each, as they lie in memory.
 */
struct wire_engine_seen {
	struct slice bytes;
};
WIRE_DECLARE(engine_seen);

struct wire_look_tensor {
	bool is_lens;
	uint8_t dim_count;
	uint32_t dims[3];
};

struct wire_engine_looked {
	bool is_whole; /* false: it was canceled */
	uint32_t tokens;
	uint16_t count;
	struct wire_look_tensor tensors[WIRE_MAX_LOOKS];
};
WIRE_DECLARE(engine_looked);

#endif
