/* SPDX-License-Identifier: Apache-2.0 */
/* A wish to read inside a model is refused by a parameter's name, or becomes a message that an
 * engine reads as it was written, with names that differ and positions that are in the text. */
#include <assert.h>
#include <string.h>

#include "crypto/json.h"
#include "gateway/api/infer/internals_ask.h"
#include "tests/fuzz/fuzz.h"

enum { TOKENS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct internals_ask ask;
	static struct wire_engine_look back;
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	AUTO(buf_free) struct buf frame = buf_new(WIRE_MAX_BODY);
	struct generation_flaw flaw = {0};
	size_t count;

	if (json_read(&body, slice_of(data, size), 1 << 20) != OK)
		return 0;
	if (internals_ask_read(&ask, &flaw, &arena, body) != OK) {
		assert(flaw.param && flaw.message);
		return 0;
	}
	wire_write_engine_look(&frame, &ask.look);
	assert(buf_done(&frame) == OK); /* whatever it is, it fits into one */
	assert(wire_read_engine_look(&back, buf_slice(&frame)) == OK);
	for (unsigned i = 0; i < ask.look.count; i++) {
		const uint32_t *at = internals_positions(&count, &arena, &back.asks[i], TOKENS);

		assert(i == 0 || strcmp(ask.names[i], ask.names[i - 1]) != 0);
		for (size_t k = 0; k < count; k++)
			assert(at[k] < TOKENS);
	}
	return 0;
}
