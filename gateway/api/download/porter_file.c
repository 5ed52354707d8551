/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/porter_file.h"

static enum err find_ring(uint32_t *ring, struct exchange *x, struct api *api, unsigned porter)
{
	uint32_t generation = rpc_generation(api->rpc, ROLE_PORTER, porter);

	if (generation == 0)
		return failure(ERR_UNAVAILABLE, "the porter is away, try again");
	return exchange_ring(ring, x, porter, generation);
}

enum err porter_file_open(struct exchange_file *out, struct exchange *x, struct api *api,
			  unsigned porter, const struct wire_porter_open *ask)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_porter_opened opened;

	TRY(find_ring(&out->ring, x, api, porter));
	wire_write_porter_open(&body, ask);
	TRY(rpc_call(api->rpc, ROLE_PORTER, porter, WIRE_PORTER_OPEN, buf_slice(&body), -1, &reply,
		     API_CALL_MS));
	TRY(wire_read_porter_opened(&opened, buf_slice(&reply.body)));
	out->transfer = opened.transfer;
	out->offset = ask->offset;
	out->length = ask->length;
	return OK;
}

enum err porter_file_copy(struct exchange_file *out, struct exchange *x, struct api *api,
			  unsigned porter, const uint8_t blob[WIRE_ID])
{
	AUTO(buf_free) struct buf body = buf_new(64);
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_porter_copied copied;
	struct wire_porter_copy ask;

	memcpy(ask.blob, blob, WIRE_ID);
	TRY(find_ring(&out->ring, x, api, porter));
	wire_write_porter_copy(&body, &ask);
	TRY(rpc_call(api->rpc, ROLE_PORTER, porter, WIRE_PORTER_COPY, buf_slice(&body), -1, &reply,
		     API_CALL_MS));
	TRY(wire_read_porter_copied(&copied, buf_slice(&reply.body)));
	out->transfer = copied.transfer;
	out->offset = 0;
	out->length = copied.size;
	return OK;
}

enum err porter_file_ring(void *shared, unsigned porter, int fd)
{
	struct api *api = shared;
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	return rpc_call(api->rpc, ROLE_PORTER, porter, WIRE_PORTER_RING, S(""), fd, &reply,
			API_CALL_MS);
}

void porter_file_refuse(void *shared, unsigned porter)
{
	struct api *api = shared;
	const struct channel peer = {
		.fd = -1, .self = ROLE_EDGE, .peer = ROLE_PORTER, .index = porter};

	process_refuse(api->process, &peer);
}
