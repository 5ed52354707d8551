/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_porter.c - porter, scribe, courier and control channels, both directions. */
#include "schema/wire/control.h"
#include "schema/wire/courier.h"
#include "schema/wire/porter.h"
#include "schema/wire/scribe.h"
#include "tests/fuzz/fuzz_wire.h"

FUZZ_WIRE(porter_seal)
FUZZ_WIRE(porter_sealed)
FUZZ_WIRE(porter_join)
FUZZ_WIRE(porter_open)
FUZZ_WIRE(porter_opened)
FUZZ_WIRE(porter_drop)
FUZZ_WIRE(porter_discard)
FUZZ_WIRE(scribe_await)
FUZZ_WIRE(scribe_published)
FUZZ_WIRE(peer)
FUZZ_WIRE(fail)
FUZZ_WIRE(courier_get)
FUZZ_WIRE(courier_got)
FUZZ_WIRE(courier_call)
FUZZ_WIRE(courier_called)
FUZZ_WIRE(porter_copy)
FUZZ_WIRE(porter_copied)
FUZZ_WIRE(ring_pool)
FUZZ_WIRE(ring_fill)
FUZZ_WIRE(ring_filled)
FUZZ_WIRE(ring_close)

static fuzz_wire_fn *const checks[] = {
	check_porter_seal,      check_porter_sealed, check_porter_open,    check_porter_join,
	check_porter_opened,    check_porter_drop,   check_porter_discard, check_scribe_await,
	check_scribe_published, check_peer,          check_fail,           check_courier_get,
	check_courier_got,      check_porter_copy,   check_porter_copied,  check_ring_pool,
	check_ring_fill,        check_ring_filled,   check_ring_close,     check_courier_call,
	check_courier_called,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_wire(checks, sizeof checks / sizeof checks[0], data, size);
}
