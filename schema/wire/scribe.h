/* SPDX-License-Identifier: Apache-2.0 */
/* scribe.h - what the edge asks of the scribe. SCRIBE_WAKE has an empty body. */
#ifndef SCHEMA_WIRE_SCRIBE_H
#define SCHEMA_WIRE_SCRIBE_H

#include "schema/wire/codec.h"

struct wire_scribe_await {
	uint8_t event[WIRE_ID];
};
WIRE_DECLARE(scribe_await);

struct wire_scribe_published {
	uint64_t index;
	uint64_t size; /* of the published checkpoint that covers it */
};
WIRE_DECLARE(scribe_published);

#endif
