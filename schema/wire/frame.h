/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - how a message stands in its packet: u16 type, u16 zero, u32 call, body. */
#ifndef SCHEMA_WIRE_FRAME_H
#define SCHEMA_WIRE_FRAME_H

#include "crypto/base/buf.h"
#include "schema/wire/message.h"

struct frame {
	uint16_t type; /* enum wire_type, once wire_check() said so */
	uint32_t call; /* chosen by the caller, repeated in the answers; 0 for a note */
	struct slice body;
	int fd; /* -1: none; whoever received the frame owns it */
};

void frame_write_header(uint8_t out[WIRE_FRAME_HEADER], uint16_t type, uint32_t call);

/* The body is borrowed from the packet; out->fd becomes -1. ERR_FORMAT. */
RESULT frame_read(struct frame *out, struct slice packet);

#endif
