/* SPDX-License-Identifier: Apache-2.0 */
/* What a grammar is made of is made within its ceilings; what is written by one of JSON is JSON.
 * The first byte says the kind, the next 32 choose the way. */
#include <assert.h>
#include <jansson.h>

#include "inference/grammar/grammar.h"
#include "tests/fuzz/fuzz.h"

enum { WAY = 32, STEPS = 200, MEMORY = 24 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(grammar_auto) struct grammar *g = NULL;
	AUTO(grammar_run_auto) struct grammar_run *r = NULL;
	AUTO(buf_free) struct buf text = buf_new(STEPS);
	enum grammar_kind kind;
	json_t *value;

	if (size < 1 + WAY)
		return 0;
	kind = (enum grammar_kind)(data[0] % GRAMMAR_KINDS);
	if (grammar_new(&g, kind, slice_of(data + 1 + WAY, size - 1 - WAY), NULL) != OK)
		return 0;
	r = grammar_run_new(g);
	for (unsigned step = 0; step < STEPS && !grammar_run_is_over(r); step++) {
		uint8_t first = (uint8_t)(data[1 + step % WAY] + step), byte = first;

		while (!grammar_run_take(r, slice_of(&byte, 1)) && ++byte != first)
			;
		buf_write_u8(&text, byte);
	}
	assert(grammar_memory_bytes(g) < MEMORY);
	if (!grammar_run_is_over(r) || (kind != GRAMMAR_OBJECT && kind != GRAMMAR_SCHEMA))
		return 0;
	value = json_loadb((const char *)text.data, text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL,
			   NULL);
	assert(value);
	json_decref(value);
	return 0;
}
