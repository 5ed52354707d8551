/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quantize.h - what the weights of a model become when an engine loads them: its safetensors, that
 * is; what a GGUF file holds stays what it is, but for w8a8.
 */
#ifndef SCHEMA_STORE_QUANTIZE_H
#define SCHEMA_STORE_QUANTIZE_H

#include "schema/store/store.h"

enum store_quantize {
	STORE_QUANTIZE_NONE,
	STORE_QUANTIZE_Q8_0,
	STORE_QUANTIZE_Q4_0,
	STORE_QUANTIZE_W8A8,
};
enum { STORE_QUANTIZE_COUNT = STORE_QUANTIZE_W8A8 + 1 };

/* "none", "q8_0", "q4_0", "w8a8". ERR_FORMAT: it is none of these. */
struct slice store_quantize_name(enum store_quantize q);
RESULT store_quantize_of(enum store_quantize *out, struct slice name);

/* What its revisions need in memory is counted anew. Within a transaction. */
RESULT store_quantize_set(struct store *s, const uint8_t model[STORE_ID], enum store_quantize q,
			  const uint8_t by[STORE_ID], int64_t now_ms);
RESULT store_quantize_get(struct store *s, enum store_quantize *out, const uint8_t model[STORE_ID]);

#endif
