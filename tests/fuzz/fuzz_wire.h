/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire.h - what decodes encodes to the same bytes, for one message of a channel's list. */
#ifndef TESTS_FUZZ_FUZZ_WIRE_H
#define TESTS_FUZZ_FUZZ_WIRE_H

#include <stdlib.h>

#include "schema/wire/codec.h"
#include "tests/fuzz/fuzz.h"

typedef void fuzz_wire_fn(struct slice body);

#define FUZZ_WIRE(name) \
	static void check_##name(struct slice body) \
	{ \
		static struct wire_##name message; \
		AUTO(buf_free) struct buf again = buf_new(WIRE_MAX_BODY); \
\
		if (wire_read_##name(&message, body) != OK) \
			return; \
		wire_write_##name(&again, &message); \
		if (buf_done(&again) != OK || !slice_equal(buf_slice(&again), body)) \
			abort(); \
	}

/* The first byte picks the message, the rest is its body. */
static inline int fuzz_wire(fuzz_wire_fn *const *checks, size_t count, const uint8_t *data,
			    size_t size)
{
	if (size > 0 && size <= WIRE_MAX_BODY)
		checks[data[0] % count](slice_of(data + 1, size - 1));
	return 0;
}

#endif
