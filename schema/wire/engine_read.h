/* SPDX-License-Identifier: Apache-2.0 */
/* engine_read.h - what the edge asks of an engine to read, and what it makes of it. */
#ifndef SCHEMA_WIRE_ENGINE_READ_H
#define SCHEMA_WIRE_ENGINE_READ_H

#include "schema/wire/codec.h"

/* What a model with such a config.json can be asked for: "embed,generate". */
struct wire_engine_checked {
	struct slice tasks;
};
WIRE_DECLARE(engine_checked);

struct wire_input {
	bool is_text;
	struct slice bytes; /* UTF-8, or ids of four bytes each, big endian */
};

enum wire_length {
	WIRE_LENGTH_MODEL, /* 1 if the model's own files say so */
	WIRE_LENGTH_ONE,
	WIRE_LENGTH_AS_IS,
	WIRE_LENGTH_COUNT,
};

struct wire_engine_embed {
	uint64_t pass;       /* one the keeper gave this engine, for infer:embed */
	bool truncates;      /* else an input over the limit is a failure */
	uint32_t truncate;   /* to so many tokens; 0: to the model's limit */
	uint32_t dimensions; /* the first so many; 0: all */
	enum wire_length length;
	uint32_t first; /* how failures count the inputs: the first of these */
	uint16_t count; /* at least 1 */
	struct wire_input inputs[WIRE_MAX_INPUTS];
};
WIRE_DECLARE(engine_embed);

/* The next of the values of all inputs, one vector behind the other, as they lie in memory. */
struct wire_engine_vectors {
	struct slice values;
};
WIRE_DECLARE(engine_vectors);

struct wire_engine_embedded {
	bool is_whole;  /* false: it was canceled */
	uint32_t width; /* values of one vector */
	uint32_t tokens;
};
WIRE_DECLARE(engine_embedded);

#endif
