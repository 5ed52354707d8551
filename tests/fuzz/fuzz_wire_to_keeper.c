/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_to_keeper.c - what edge and scribe may send to the keeper. */
#include "schema/wire/keeper.h"
#include "tests/fuzz/fuzz_wire.h"

FUZZ_WIRE(key_create)
FUZZ_WIRE(key_resume)
FUZZ_WIRE(key_bind)
FUZZ_WIRE(key_release)
FUZZ_WIRE(pass_issue)
FUZZ_WIRE(license_sign)
FUZZ_WIRE(token_sign)
FUZZ_WIRE(document_sign)
FUZZ_WIRE(log_append)
FUZZ_WIRE(visa_sign)
FUZZ_WIRE(approver_check)
FUZZ_WIRE(approvers)
FUZZ_WIRE(report_sign)

static fuzz_wire_fn *const checks[] = {
	check_key_create,   check_key_resume,     check_key_bind,      check_key_release,
	check_license_sign, check_token_sign,     check_document_sign, check_log_append,
	check_pass_issue,   check_approver_check, check_approvers,     check_visa_sign,
	check_report_sign,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_wire(checks, sizeof checks / sizeof checks[0], data, size);
}
