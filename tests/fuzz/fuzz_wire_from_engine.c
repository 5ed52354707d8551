/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_from_engine.c - what an engine answers. */
#include "schema/wire/engine.h"
#include "schema/wire/engine_look.h"
#include "schema/wire/engine_read.h"
#include "tests/fuzz/fuzz_wire.h"

FUZZ_WIRE(engine_loaded)
FUZZ_WIRE(engine_need)
FUZZ_WIRE(engine_loading)
FUZZ_WIRE(engine_delta)
FUZZ_WIRE(engine_done)
FUZZ_WIRE(engine_tokens)
FUZZ_WIRE(engine_text)
FUZZ_WIRE(engine_checked)
FUZZ_WIRE(engine_vectors)
FUZZ_WIRE(engine_embedded)
FUZZ_WIRE(engine_seen)
FUZZ_WIRE(engine_looked)

static fuzz_wire_fn *const checks[] = {
	check_engine_loaded,  check_engine_delta,    check_engine_done, check_engine_need,
	check_engine_loading, check_engine_tokens,   check_engine_text, check_engine_checked,
	check_engine_vectors, check_engine_embedded, check_engine_seen, check_engine_looked,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_wire(checks, sizeof checks / sizeof checks[0], data, size);
}
