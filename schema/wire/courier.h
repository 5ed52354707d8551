/* SPDX-License-Identifier: Apache-2.0 */
/* courier.h - what the edge asks of the courier: one address, its body into a pipe. */
#ifndef SCHEMA_WIRE_COURIER_H
#define SCHEMA_WIRE_COURIER_H

#include "schema/wire/codec.h"

struct wire_courier_get { /* with the write end of a pipe; only a 2xx body is written to it */
	struct slice url;
	struct slice token; /* sent as Bearer to the host of `url` alone; empty: none */
	uint64_t most;      /* bytes of the body; more is an error */
	bool is_exact;      /* and so is less */
};
WIRE_DECLARE(courier_get);

struct wire_courier_moved { /* now and then, while it goes on */
	uint64_t bytes;
};
WIRE_DECLARE(courier_moved);

struct wire_courier_got { /* any status is an answer; a FAIL tells that there was none */
	uint16_t status;
	uint64_t bytes;
	struct slice reason; /* what the host said of a refusal, visible ASCII; may be empty */
	struct slice next;   /* the address of the next page (Link: rel="next"); may be empty */
};
WIRE_DECLARE(courier_got);

struct wire_courier_cancel {
	uint32_t call; /* of the COURIER_GET */
};
WIRE_DECLARE(courier_cancel);

#endif
