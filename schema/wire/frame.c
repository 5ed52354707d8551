/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/frame.h"

#include "crypto/base/reader.h"

void frame_write_header(uint8_t out[WIRE_FRAME_HEADER], uint16_t type, uint32_t call)
{
	out[0] = (uint8_t)(type >> 8);
	out[1] = (uint8_t)type;
	out[2] = 0;
	out[3] = 0;
	out[4] = (uint8_t)(call >> 24);
	out[5] = (uint8_t)(call >> 16);
	out[6] = (uint8_t)(call >> 8);
	out[7] = (uint8_t)call;
}

enum err frame_read(struct frame *out, struct slice packet)
{
	struct reader r = reader_of(packet);
	uint16_t zero;

	out->type = read_u16(&r);
	zero = read_u16(&r);
	out->call = read_u32(&r);
	out->body = r.rest;
	out->fd = -1;
	if (r.failed || packet.size > WIRE_MAX_FRAME)
		return failure(ERR_FORMAT, "frame: %zu bytes, %d to %d expected", packet.size,
			       WIRE_FRAME_HEADER, WIRE_MAX_FRAME);
	if (zero != 0)
		return failure(ERR_FORMAT, "frame: bytes 2 and 3 are not zero");
	return OK;
}
