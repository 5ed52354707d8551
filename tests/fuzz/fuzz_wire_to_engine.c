/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_to_engine.c - what the edge may send to an engine. */
#include "schema/wire/engine.h"
#include "schema/wire/engine_look.h"
#include "schema/wire/engine_read.h"
#include "tests/fuzz/fuzz_wire.h"

FUZZ_WIRE(engine_check)
FUZZ_WIRE(engine_load)
FUZZ_WIRE(engine_generate)
FUZZ_WIRE(engine_cancel)
FUZZ_WIRE(engine_tokenize)
FUZZ_WIRE(engine_detokenize)
FUZZ_WIRE(engine_embed)
FUZZ_WIRE(engine_look)

static fuzz_wire_fn *const checks[] = {
	check_engine_check,    check_engine_load,       check_engine_generate, check_engine_cancel,
	check_engine_tokenize, check_engine_detokenize, check_engine_embed,    check_engine_look,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_wire(checks, sizeof checks / sizeof checks[0], data, size);
}
