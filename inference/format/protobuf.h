/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf.h - the fields of a message in Protocol Buffers' encoding, one after the other. No
 * schema: the reader of a message says what its numbers mean. Groups, long out of use, are refused.
 * Source: protobuf.dev, "Encoding".
 */
#ifndef INFERENCE_FORMAT_PROTOBUF_H
#define INFERENCE_FORMAT_PROTOBUF_H

#include "crypto/base/slice.h"

enum protobuf_wire {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;     /* of all but BYTES, as it stands there */
	struct slice bytes; /* of BYTES: a text, or a message in it; borrowed */
};

struct protobuf {
	struct slice rest;
	size_t at;      /* of `rest`, in bytes from the beginning */
	bool is_broken; /* from the first fault on */
};

struct protobuf protobuf_of(struct slice message);

/* False at the end, and where the message is broken: ask protobuf.is_broken then. */
bool protobuf_next(struct protobuf *p, struct protobuf_field *out);

/* A FIXED32 as the number that it is. */
float protobuf_float(const struct protobuf_field *f);

#endif
