/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_from_keeper.c - what the keeper answers. */
#include "schema/wire/keeper.h"
#include "tests/fuzz/fuzz_wire.h"

FUZZ_WIRE(keeper_keys)
FUZZ_WIRE(key_created)
FUZZ_WIRE(key_bound)
FUZZ_WIRE(license_signed)
FUZZ_WIRE(token_signed)
FUZZ_WIRE(document_signed)
FUZZ_WIRE(log_state_is)
FUZZ_WIRE(log_appended)
FUZZ_WIRE(handle_key)
FUZZ_WIRE(engine_serves)
FUZZ_WIRE(engine_pass)
FUZZ_WIRE(approvers_are)
FUZZ_WIRE(report_signed)

static fuzz_wire_fn *const checks[] = {
	check_keeper_keys,   check_key_created,     check_key_bound,    check_license_signed,
	check_token_signed,  check_document_signed, check_log_state_is, check_log_appended,
	check_handle_key,    check_engine_serves,   check_engine_pass,  check_approvers_are,
	check_report_signed,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_wire(checks, sizeof checks / sizeof checks[0], data, size);
}
