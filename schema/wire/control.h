/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - what the supervisor says to its children, and FAIL, which answers any call. STOP,
 * LISTENER and READY have empty bodies. */
#ifndef SCHEMA_WIRE_CONTROL_H
#define SCHEMA_WIRE_CONTROL_H

#include "schema/wire/codec.h"

/* PEER (with the channel's end), PEER_GONE, and a child's PEER_REFUSED. A PEER for a pair that is
 * there replaces it. */
struct wire_peer {
	enum role role;
	uint8_t index;
};
WIRE_DECLARE(peer);

/* CORES: what an engine may use while others work, too; of those that the supervisor has. */
struct wire_cores {
	uint16_t first;
	uint16_t count; /* at least one */
};
WIRE_DECLARE(cores);

/* AT_WORK: an engine has something to do, or (false) nothing more. */
struct wire_at_work {
	bool is_at_work;
};
WIRE_DECLARE(at_work);

struct wire_fail {
	enum err kind;     /* never OK */
	struct slice code; /* of the closed list of reasons, or empty */
	struct slice text; /* for a person */
};
WIRE_DECLARE(fail);

/* For messages that say all by their type. ERR_FORMAT if there is a body. */
RESULT wire_read_empty(struct slice body);

#endif
