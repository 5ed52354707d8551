/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - a weight source for tests and fuzz targets: bytes in memory.
 */
#ifndef TESTS_UNIT_INFERENCE_BYTES_H
#define TESTS_UNIT_INFERENCE_BYTES_H

#include "inference/format/source.h"

static inline enum err bytes_read(struct weight_source *source, void *out, size_t size,
				  uint64_t offset)
{
	if (size > source->size || offset > source->size - size)
		return failure(ERR_INTERNAL, "read past the end");
	memcpy(out, (const uint8_t *)source->context + offset, size);
	return OK;
}

/* Borrows the bytes. */
static inline struct weight_source bytes_source(struct slice bytes)
{
	return (struct weight_source){bytes_read, bytes.size, (void *)(uintptr_t)bytes.data, true};
}

#endif
